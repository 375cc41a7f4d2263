use serde_json::json;

use super::*;
use crate::strategy::tests::{DEMO, POINTS, demo, read};
use crate::{department_defaults, resolve};

mod customer;
mod obstacles;
mod properties;
mod random;
mod scenarios;
mod sets;

pub(super) fn point(name: &str) -> DecisionPoint {
    POINTS.iter().find(|point| point.name == name).unwrap().clone()
}

pub(super) fn proposal(plugin: &str, department: &str, output: Json, reasons: &[&str]) -> Proposal {
    let output = output.as_object().unwrap().clone();
    let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    Proposal { result: Ok(ProposedOutput { output, reasons }), ..failed(plugin, department, "") }
}

pub(super) fn failed(plugin: &str, department: &str, message: &str) -> Proposal {
    let failure = ProposalFailure { code: "TRAPPED".into(), message: message.into() };
    Proposal {
        plugin: plugin.into(),
        version: "1.0.0".into(),
        digest: "d1".into(),
        department: department.into(),
        result: Err(failure),
        fuel: 1_000,
    }
}

pub(super) fn terms(net_days: i32, discount: &str, discount_days: i32) -> Json {
    json!({"netDays": net_days, "discount": discount, "discountDays": discount_days})
}

/// Asks for the payment terms of a customer of segment `segment`.
pub(super) fn ask_terms(strategy: &Strategy, segment: Option<&str>, proposals: Vec<Proposal>) -> Verdict {
    let point = point("credit.terms");
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment, facts: &Json::Null };
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let question = Question { strategy, point: &point, subject, request: &Json::Null, at };
    decide(&question, &resolve(&question), proposals, None)
}

#[track_caller]
fn explains(verdict: &Verdict, expected: &[&str]) {
    assert_eq!(verdict.explanation, expected);
}

#[test]
fn a_verdict_explains_itself() {
    let strategy = demo();
    let proposals = vec![
        proposal("sales-terms", "sales", terms(90, "0.03", 10), &[]),
        proposal("credit-rules", "finance", terms(75, "0.03", 10), &["pays 3 days late on average.", "no reminder"]),
    ];
    let verdict = ask_terms(&strategy, Some("core"), proposals);
    assert_eq!(Json::Object(verdict.output.clone()), terms(60, "0.03", 10));
    explains(
        &verdict,
        &[
            "Segment `core` sets netDays to 30, discount to 0.02 and discountDays to 10.",
            "credit-rules (finance) proposed netDays 75, discount 0.03 and discountDays 10: pays 3 days late on average; no reminder.",
            "sales-terms (sales) proposed netDays 90, discount 0.03 and discountDays 10.",
            "Together the proposals give netDays 75, discount 0.03 and discountDays 10.",
            "Ground rule GR2 limits netDays to 60: our bank finances 60 days.",
        ],
    );
    let bounds = serde_json::to_value(&verdict.bounds).unwrap();
    let expected = json!([{"rule": "GR2", "name": "Longest terms", "field": "netDays", "before": 75, "after": 60,
                           "reason": "our bank finances 60 days", "undecided": false}]);
    assert_eq!(bounds, expected);
}

#[test]
fn a_verdict_is_the_same_unexplained() {
    let (strategy, point) = (demo(), point("credit.terms"));
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("core"), facts: &Json::Null };
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let question = Question { strategy: &strategy, point: &point, subject, request: &Json::Null, at };
    let proposals = vec![proposal("credit-rules", "finance", terms(75, "0.03", 10), &["no reminder"])];
    let explained = decide(&question, &resolve(&question), proposals.clone(), None);
    let unexplained = decide_unexplained(&question, &resolve(&question), proposals);
    let (explanation, customer_explanation) = (Vec::new(), Vec::new());
    assert_eq!(unexplained, Verdict { explanation, customer_explanation, ..explained });
}

#[test]
fn a_plugin_that_fails_leaves_the_answer_to_the_fallback() {
    let strategy = demo();
    let good = proposal("a", "sales", terms(45, "0", 0), &[]);
    let verdict = ask_terms(&strategy, None, vec![good, failed("b", "finance", "out of fuel")]);
    assert!(verdict.fallback);
    assert_eq!(Json::Object(verdict.output.clone()), terms(0, "0", 0));
    explains(
        &verdict,
        &[
            "The customer belongs to no segment of the strategy.",
            "a (sales) proposed netDays 45, discount 0 and discountDays 0.",
            "b (finance) could not answer: out of fuel.",
            "Not every plugin could answer, so the fail policy DEFAULT answers: netDays 0, discount 0 and discountDays 0.",
        ],
    );
    let nobody = ask_terms(&strategy, Some("small"), Vec::new());
    assert!(nobody.fallback && nobody.failures.is_empty());
    assert!(nobody.explanation[1].starts_with("No plugin serves credit.terms, so the fail policy DEFAULT answers"));
}

#[test]
fn with_skip_the_other_plugins_answer() {
    let strategy = demo();
    let point = DecisionPoint { fail: FailPolicy::Skip, ..point("credit.terms") };
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &Json::Null };
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &Json::Null, at: DateTime::UNIX_EPOCH };
    let proposals = vec![proposal("a", "sales", terms(45, "0", 0), &[]), failed("b", "finance", "trapped")];
    let verdict = decide(&question, &department_defaults(&point), proposals, None);
    assert!(!verdict.fallback && verdict.failures.len() == 1);
    assert_eq!(verdict.output["netDays"], json!(45));
    let all_failed = decide(&question, &department_defaults(&point), vec![failed("b", "finance", "trapped")], None);
    assert!(all_failed.fallback);
}

#[track_caller]
fn invalid(output: Json, expected: &str) {
    let verdict = ask_terms(&demo(), Some("key"), vec![proposal("a", "finance", output, &[])]);
    assert!(verdict.fallback);
    assert_eq!((verdict.failures[0].code.as_str(), verdict.failures[0].message.as_str()), ("INVALID_OUTPUT", expected));
    assert!(verdict.proposals[0].result.is_err());
}

#[test]
fn an_output_that_is_no_answer_is_a_failure() {
    invalid(json!({"netDays": 45, "discount": "0"}), "`discountDays` is missing; answer every field");
    invalid(json!({"netDays": 45.5, "discount": "0", "discountDays": 0}), "`netDays` is not a whole number of 32 bits");
    invalid(json!({"netDays": null, "discount": "0", "discountDays": 0}), "`netDays` is not a whole number of 32 bits");
    invalid(
        json!({"netDays": 45, "discount": 0.02, "discountDays": 0}),
        "`discount` is not a decimal number written as text, like \"0.02\"",
    );
    let surplus = json!({"netDays": 45, "discount": "0", "discountDays": 0, "limit": 1});
    invalid(surplus, "`limit` is no field of `credit.terms`; it has netDays, discount, discountDays");
}

#[test]
fn sums_out_of_range_are_answered_by_the_fallback() {
    let sdl = r#""S." type Slots @point(name: "s", subject: "Customer", field: "slots", mode: INDEPENDENT, fail: SKIP) {
        "N." count: Int! @combine(rule: SUM) @default(value: "1") }"#;
    let point = crate::read_points(sdl).unwrap().remove(0);
    let strategy = read("name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]").unwrap();
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &Json::Null };
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &Json::Null, at: DateTime::UNIX_EPOCH };
    let ask = |counts: &[i32]| {
        let proposals =
            counts.iter().map(|count| proposal(&count.to_string(), "d", json!({"count": count}), &[])).collect();
        decide(&question, &department_defaults(&point), proposals, None)
    };
    assert_eq!(ask(&[2, 3]).output["count"], json!(5));
    assert_eq!(ask(&[i32::MAX, 3, -3]).output["count"], json!(i32::MAX));
    let verdict = ask(&[i32::MAX, 3]);
    assert_eq!(
        (verdict.fallback, &verdict.output["count"], verdict.failures[0].code.as_str()),
        (true, &json!(1), "OUT_OF_RANGE")
    );
}

#[test]
fn two_forced_values_leave_the_strictest() {
    let rule = "[[ground_rules]]\nid = \"GR0\"\nname = \"n\"\nreason = \"r\"\npoint = \"credit.check\"\nforce = { outcome = \"APPROVED\" }\n";
    let strategy = read(&format!("{DEMO}\n{rule}")).unwrap();
    let point = point("credit.check");
    let facts = json!({"currency": "EUR", "creditAccount": {"currency": "EUR", "limit": {"amount": "100"},
        "exposure": {"amount": "200"}}});
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &facts };
    let request = json!({"amount": "1"});
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &request, at: DateTime::UNIX_EPOCH };
    let proposals = vec![proposal("a", "finance", json!({"outcome": "APPROVED", "utilization": "2.01"}), &[])];
    assert_eq!(decide(&question, &department_defaults(&point), proposals, None).output["outcome"], json!("HELD"));
}

/// Asks whether a customer who owes 200 of 100 gets 1 more, under the demo strategy and further rules.
fn ask_credit(rules: &str, proposals: Vec<Proposal>) -> Verdict {
    let (strategy, point) = (read(&format!("{DEMO}\n{rules}")).unwrap(), point("credit.check"));
    let account = json!({"currency": "EUR", "limit": {"amount": "100"}, "exposure": {"amount": "200"}});
    let facts = json!({"currency": "EUR", "creditAccount": account});
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &facts };
    let request = json!({"amount": "1"});
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &request, at: DateTime::UNIX_EPOCH };
    decide(&question, &department_defaults(&point), proposals, None)
}

#[test]
fn a_rule_that_says_what_finance_says_is_in_the_record() {
    let held = proposal("a", "finance", json!({"outcome": "HELD", "utilization": "2.01"}), &["owes too much"]);
    let verdict = ask_credit("", vec![held]);
    let bound = &verdict.bounds[0];
    assert_eq!((bound.rule.as_str(), &bound.before, &bound.after), ("GR1", &json!("HELD"), &json!("HELD")));
    let told = verdict.explanation.last().unwrap();
    assert!(told.starts_with("Ground rule GR1 sets outcome to HELD: "), "{told}");
}

#[test]
fn no_payment_is_known_to_lift_a_rule() {
    let held = json!({"outcome": "HELD", "utilization": "2", "amountToPay": "100"});
    let verdict = ask_credit("", vec![proposal("a", "finance", held, &[])]);
    assert_eq!((&verdict.output["outcome"], &verdict.output["amountToPay"]), (&json!("HELD"), &Json::Null));
}

#[test]
fn a_bound_is_the_limit_where_nobody_sets_one() {
    let rule = |field: &str, end: &str| {
        format!(
            "[[ground_rules]]\nid = \"GR9\"\nname = \"n\"\nreason = \"r\"\npoint = \"credit.check\"\n\
             clamp = {{ field = \"{field}\", {end} = \"customer.creditAccount.limit * 1.3\" }}"
        )
    };
    let silent = || vec![proposal("a", "finance", json!({"outcome": "APPROVED", "utilization": "0"}), &[])];
    // Whether a department left it open or none answered.
    for proposals in [silent(), Vec::new()] {
        let verdict = ask_credit(&rule("ceilingStatic", "max"), proposals);
        assert_eq!(verdict.output["ceilingStatic"], json!("130"));
        let noted = verdict.bounds.iter().find(|bound| bound.field == "ceilingStatic").unwrap();
        assert_eq!((&noted.before, &noted.after), (&Json::Null, &json!("130")));
    }
    // Nothing to pay is no amount that could be raised, nor does a least limit make one.
    assert_eq!(ask_credit(&rule("amountToPay", "max"), silent()).output["amountToPay"], Json::Null);
    assert_eq!(ask_credit(&rule("ceilingStatic", "min"), silent()).output["ceilingStatic"], Json::Null);
}

#[test]
fn a_customer_is_told_his_contract_the_answer_and_that_a_rule_bounds_it() {
    let strategy = read(DEMO).unwrap();
    let proposals = vec![
        proposal("sales-terms", "sales", terms(90, "0.03", 10), &[]),
        proposal("credit-rules", "finance", terms(75, "0.03", 10), &["pays 3 days late on average"]),
    ];
    let verdict = ask_terms(&strategy, Some("core"), proposals);
    assert_eq!(
        verdict.customer_explanation,
        ["Our answer is net days 60, discount 0.03 and discount days 10.", "One of our rules limits net days to 60."]
    );
    let nobody = ask_terms(&strategy, None, vec![failed("b", "finance", "out of fuel")]);
    assert_eq!(
        nobody.customer_explanation,
        [
            "We could not work out everything that matters here, so this is our cautious answer.",
            "Our answer is net days 0, discount 0 and discount days 0."
        ]
    );
}

#[test]
fn a_customer_is_told_what_a_value_means() {
    let (strategy, point) = (read(DEMO).unwrap(), point("collections.next"));
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &Json::Null };
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &Json::Null, at: DateTime::UNIX_EPOCH };
    let proposals = vec![proposal("a", "finance", json!({"step": "CALL", "afterDays": 3}), &["owes us"])];
    let verdict = decide(&question, &department_defaults(&point), proposals, None);
    assert_eq!(verdict.customer_explanation, ["Our answer is step CALL (a call) and after days 3."]);
}

#[test]
fn a_customer_is_not_told_what_plugins_write() {
    let sdl = r#""S." type Notes @point(name: "s", subject: "Customer", field: "notes", mode: INDEPENDENT, fail: SKIP) {
        "N." count: Int! @combine(rule: SUM) @default(value: "1")
        "T." titles: [String!]! @combine(rule: UNION) @default(value: "[]") }"#;
    let point = crate::read_points(sdl).unwrap().remove(0);
    let strategy = read("name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]").unwrap();
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &Json::Null };
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &Json::Null, at: DateTime::UNIX_EPOCH };
    let proposals = vec![proposal("a", "d", json!({"count": 2, "titles": ["owes us money"]}), &[])];
    let verdict = decide(&question, &department_defaults(&point), proposals, None);
    assert_eq!(verdict.customer_explanation, ["Our answer is count 2."]);
}
