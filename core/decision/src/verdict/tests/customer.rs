//! What a customer is told.

use serde_json::json;

use super::*;

#[track_caller]
fn credit(facts: Json, output: Json, strategy: &str, expected: &[&str]) {
    let (strategy, point) = (read(strategy).unwrap(), point("credit.check"));
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("core"), facts: &facts };
    let request = json!({"amount": "12000.00", "neededOn": null});
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let question = Question { strategy: &strategy, point: &point, subject, request: &request, at };
    let proposals = vec![proposal("credit-rules", "finance", output, &["242,381.33 of 470,000 are owed"])];
    let verdict = decide(&question, &resolve(&question), proposals, None);
    assert_eq!(verdict.customer_explanation, expected);
    let told = verdict.customer_explanation.join(" ");
    for secret in ["470000", "282000", "246912", "291790.71", "1.2417", "GR1", "core", "finance"] {
        assert!(!told.contains(secret), "{told} tells {secret}");
    }
}

fn facts(exposure: &str, overdue: &str) -> Json {
    json!({"currency": "EUR", "overdueAmount": {"amount": overdue},
        "creditAccount": {"currency": "EUR", "limit": {"amount": "235000"}, "exposure": {"amount": exposure}}})
}

fn answer(outcome: &str, blockers: &[&str], to_pay: &str) -> Json {
    json!({"outcome": outcome, "utilization": "1.2417", "exposure": "291790.71", "exposureDynamic": "291790.71",
        "ceiling": "282000", "ceilingStatic": "470000", "ceilingGroup": "246912", "amountToPay": to_pay, "blockers": blockers})
}

#[test]
fn credit_is_explained_in_words_with_what_is_the_customers_own() {
    credit(facts("0", "0"), answer("APPROVED", &[], "0"), DEMO, &["Your order over 12000 EUR can go ahead."]);
    credit(
        facts("0", "4100.50"),
        answer("HELD", &["limit", "oldest-open-item"], "9790.71"),
        DEMO,
        &[
            "Your order over 12000 EUR waits.",
            "Invoices of yours have been open for too long.",
            "4100.5 EUR of what you owe us is overdue.",
            "With this order more would be open than we can give credit for now.",
            "It goes ahead once you have paid 9790.71 EUR.",
        ],
    );
    // What those owe who share a limit is their business, and a payment does not help an account that has to be looked at.
    for blocker in ["group-limit", "on-hold"] {
        let why = match blocker {
            "group-limit" => "With this order more would be open than we can give credit for now.",
            _ => "We have to look at your account first.",
        };
        credit(
            facts("0", "0"),
            answer("HELD", &[blocker], "9790.71"),
            DEMO,
            &[
                "Your order over 12000 EUR waits.",
                why,
                "It goes ahead once one of us has released it; please talk to us.",
            ],
        );
    }
    credit(
        facts("300000", "0"),
        answer("APPROVED", &[], "0"),
        DEMO,
        &[
            "Your order over 12000 EUR waits.",
            "One of our rules, which nobody lifts, does not allow it as it is.",
            "Please talk to us about a smaller order or a payment.",
        ],
    );
}

#[test]
fn service_is_explained_in_words() {
    let (strategy, point) = (demo(), point("service.level"));
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("key"), facts: &Json::Null };
    let (request, at) = (json!({"severity": 3}), "2026-11-22T12:00:00Z".parse().unwrap());
    let question = Question { strategy: &strategy, point: &point, subject, request: &request, at };
    let told = |output: Json| {
        decide(&question, &resolve(&question), vec![proposal("desk", "service", output, &[])], None)
            .customer_explanation
    };
    assert_eq!(told(json!({"responseHours": "2", "resolutionHours": null})), ["We answer you within 2 hours."]);
    assert_eq!(
        told(json!({"responseHours": "2", "resolutionHours": "24"})),
        ["We answer you within 2 hours, and settle your case within 24 hours."]
    );
}

const CONTRACT: &str = r#"
[[contracts]]
customer = "cus_01900000000070008000000000000001"
point = "credit.terms"
parameters = { discount = 0.03, netDays = 75 }
expires = 2099-12-31
reason = "agreed"
"#;

#[test]
fn what_fell_behind_a_contract_says_why() {
    let strategy = read(&format!("{DEMO}{CONTRACT}")).unwrap();
    let (point, at) = (point("credit.terms"), "2026-11-22T12:00:00Z".parse().unwrap());
    let id = "cus_01900000000070008000000000000001";
    let subject = Subject { id, source: None, external_id: None, segment: Some("core"), facts: &Json::Null };
    let question = Question { strategy: &strategy, point: &point, subject, request: &Json::Null, at };
    let told = |output: Json| {
        let proposals = vec![proposal("credit-rules", "finance", output, &[])];
        decide(&question, &resolve(&question), proposals, None).customer_explanation
    };
    let agreed = "Your contract until 2099-12-31 says net days 75 and discount 0.03.";
    assert_eq!(
        told(terms(75, "0", 10)),
        [
            agreed,
            "Net days is 60 instead, because one of our rules, which nobody lifts, allows no other.",
            "Discount is 0 instead, because of how your account stands with us: what is overdue, and how late invoices are paid.",
            "Our answer is net days 60, discount 0 and discount days 10.",
            "One of our rules limits net days to 60.",
        ]
    );
    assert_eq!(
        told(terms(75, "0.03", 10))[1..2],
        ["Net days is 60 instead, because one of our rules, which nobody lifts, allows no other."]
    );
}
