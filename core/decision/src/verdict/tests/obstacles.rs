//! Why nobody answers though plugins did: old facts, two departments at one point, bounds that cannot be computed.

use super::*;

const INFORMED: &str = "[[information]]\nfact = \"customer.margin12m\"\nowner = \"finance\"\nmax_age_days = 2\n";

fn ask(strategy: &Strategy, facts: Json) -> Verdict {
    let point = point("credit.terms");
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("small"), facts: &facts };
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let question = Question { strategy, point: &point, subject, request: &Json::Null, at };
    decide(&question, &resolve(&question), vec![proposal("credit-rules", "finance", terms(14, "0", 0), &[])], None)
}

#[track_caller]
fn stale(facts: Json, expected: Option<&str>) {
    let verdict = ask(&read(&format!("{DEMO}\n{INFORMED}")).unwrap(), facts);
    let said = verdict.failures.first().map(|failure| format!("{} {}", failure.code, failure.message));
    assert_eq!((verdict.fallback, said.as_deref()), (expected.is_some(), expected));
    let named = verdict.explanation.iter().any(|sentence| sentence.contains("so the fail policy DEFAULT answers"));
    assert_eq!(named, expected.is_some(), "{:?}", verdict.explanation);
}

#[test]
fn facts_that_are_too_old_leave_the_answer_to_the_fail_policy() {
    stale(json!({"factsAsOf": "2026-11-20"}), None);
    stale(
        json!({"factsAsOf": "2026-11-19"}),
        Some("STALE_FACTS the customer's facts are of 2026-11-19, 3 days old, and they may be 2 days old at most"),
    );
    let unknown = Some("STALE_FACTS nobody knows how old the customer's facts are, and they may be 2 days old at most");
    stale(json!({"factsAsOf": null}), unknown);
    stale(json!(null), unknown);
    let asked = read(&format!("{DEMO}\n{INFORMED}")).unwrap();
    assert_eq!(asked.rule_reads("credit.terms"), [["factsAsOf"]]);
    assert!(demo().rule_reads("credit.terms").is_empty());
}

#[test]
fn two_departments_at_an_exclusive_point_are_not_combined() {
    let mut exclusive = DecisionPoint { fail: FailPolicy::Skip, ..point("credit.terms") };
    exclusive.outputs[0].combine = crate::CombineRule::Only;
    let strategy = demo();
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &Json::Null };
    let question =
        Question { strategy: &strategy, point: &exclusive, subject, request: &Json::Null, at: DateTime::UNIX_EPOCH };
    let both = vec![proposal("b", "sales", terms(45, "0", 0), &[]), proposal("a", "finance", terms(30, "0", 0), &[])];
    let verdict = decide(&question, &department_defaults(&exclusive), both, None);
    assert_eq!((verdict.fallback, verdict.failures[0].code.as_str()), (true, "EXCLUSIVE_POINT"));
    assert_eq!(Json::Object(verdict.output), terms(0, "0", 0));
}

#[track_caller]
fn discount(request: Json, facts: Json, expected: &str, undecided: bool) {
    let strategy = demo();
    let point = point("price.discount");
    let request = point.read_request(&request).unwrap();
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("core"), facts: &facts };
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &request, at: DateTime::UNIX_EPOCH };
    let output = json!({"discount": "0.3", "source": "spring", "prompt": "0"});
    let proposals = vec![proposal("sales-prices", "sales", output, &[])];
    let verdict = decide(&question, &resolve(&question), proposals, None);
    assert_eq!(verdict.output["discount"], json!(expected));
    assert_eq!(verdict.bounds.iter().map(|bound| bound.undecided).collect::<Vec<_>>(), [undecided]);
}

#[test]
fn a_bound_that_cannot_be_computed_leaves_the_default() {
    discount(json!({"list": "20", "cost": "16.20"}), Json::Null, "0.1195", false);
    // Divides by zero: nobody gives a discount on what has no price.
    discount(json!({"list": "0", "cost": "16.20"}), Json::Null, "0", true);
    // Out of the range of exact numbers.
    discount(
        json!({"list": "0.0000000000000000000000000001", "cost": "79228162514264337593543950335"}),
        Json::Null,
        "0",
        true,
    );
}
