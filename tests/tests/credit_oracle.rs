//! The credit check against an oracle: whatever the case, finance's plugin under a strategy says what a plain and slow
//! implementation says that was written from the documentation alone. Amounts are whole cents here, shares ten thousandths.

mod case;
mod served;
mod verdict;

use guildhall_decision::{
    DecisionPoint, Proposal, ProposedOutput, Question, Strategy, Subject, canonical_json, decide, decision_points,
    resolve,
};
use guildhall_model::Model;
use guildhall_plugin::Call as NativeCall;
use guildhall_plugin_host::{Call, Guest};
use serde_json::{Map, Value, json};

use crate::native::guest;
use case::{Case, Dice};
use verdict::{Expected, expected};

const CASES: usize = 600;

#[test]
fn every_verdict_is_the_oracles() {
    let model = Model::core();
    let points = decision_points().unwrap();
    let (_, guest) = guest("credit-rules");
    let mut dice = Dice(0x5eed_0001);
    let (mut approved, mut payable, mut seen) = (0, 0, std::collections::BTreeSet::new());
    for number in 0..CASES {
        let case = Case::drawn(&mut dice);
        let wanted = expected(&case);
        approved += usize::from(wanted.approved);
        payable += usize::from(wanted.to_pay.is_some_and(|cents| cents > 0));
        seen.extend(wanted.blockers.iter().copied());
        let strategy =
            Strategy::read(&case.strategy(), &model, &points).unwrap_or_else(|problems| panic!("{problems}"));
        for wasm in [None, Some(&guest)] {
            let found = asked(&case, &strategy, &points, wasm);
            wanted.holds(&found, &format!("case {number}, wasm {}: {case:#?}", wasm.is_some()));
        }
    }
    // Cases of one kind would say little.
    assert!(approved > CASES / 10 && payable > CASES / 10, "{approved} approved, {payable} payable");
    assert_eq!(seen.len(), 10, "{seen:?}");
}

/// What the plugin, asked natively or as wasm, and the strategy make of a case.
fn asked(case: &Case, strategy: &Strategy, points: &[DecisionPoint], wasm: Option<&Guest>) -> Map<String, Value> {
    let point = points.iter().find(|point| point.name == "credit.check").unwrap();
    let facts = case.rule_facts();
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("all"), facts: &facts };
    let request = point.read_request(&case.request()).unwrap();
    let question = Question { strategy, point, subject, request: &request, at: case::at() };
    let parameters = resolve(&question);
    let given = canonical_json(&parameters.to_json());
    let input = json!({ "subject": case.subject(), "request": request, "settings": {} }).to_string();
    let (at, given, input) = (case::AT, given.as_bytes(), input.as_bytes());
    let answer = match wasm {
        None => {
            let call = NativeCall { parameters: given, input };
            let answer = guildhall_credit_rules::decide(&point.name, at, &[call]).pop().unwrap();
            serde_json::from_slice(&answer.unwrap_or_else(|refused| panic!("{refused}: {case:#?}"))).unwrap()
        }
        Some(guest) => {
            let answer = guest.decide(&point.name, at, &[Call { parameters: given, input }]).answers.pop().unwrap();
            let answer = answer.unwrap_or_else(|failure| panic!("{failure}: {case:#?}"));
            json!({ "output": answer.output, "reasons": answer.reasons })
        }
    };
    let reasons = answer["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap().to_owned());
    let proposal = Proposal {
        plugin: "credit-rules".to_owned(),
        version: "0.1.0".to_owned(),
        digest: "d".to_owned(),
        department: "finance".to_owned(),
        result: Ok(ProposedOutput {
            output: answer["output"].as_object().unwrap().clone(),
            reasons: reasons.collect(),
        }),
        fuel: 0,
    };
    decide(&question, &parameters, vec![proposal], None).output
}

impl Expected {
    /// Whether a verdict's output says the same.
    #[track_caller]
    fn holds(&self, output: &Map<String, Value>, of: &str) {
        let cents = |name: &str| match &output[name] {
            Value::Null => None,
            value => Some(case::cents(value.as_str().unwrap())),
        };
        let outcome = if self.approved { "APPROVED" } else { "HELD" };
        assert_eq!(output["outcome"], outcome, "{of}");
        let mut blockers: Vec<&str> =
            output["blockers"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        blockers.sort_unstable();
        let mut wanted: Vec<&str> = self.blockers.clone();
        wanted.sort_unstable();
        assert_eq!(blockers, wanted, "{of}");
        let found =
            ["exposure", "exposureDynamic", "ceiling", "ceilingStatic", "ceilingGroup", "amountToPay"].map(cents);
        let wanted = [self.exposure, self.dynamic, self.ceiling, self.ceiling_static, self.ceiling_group, self.to_pay];
        assert_eq!(found, wanted, "exposure, dynamic, ceilings, to pay: {of}");
    }
}
