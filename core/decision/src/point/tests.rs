use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::json;

use super::*;

fn named(name: &str) -> DecisionPoint {
    decision_points().unwrap().into_iter().find(|point| point.name == name).unwrap()
}

#[test]
fn credit_terms_is_read_as_declared() {
    let point = named("credit.terms");
    assert_eq!(
        (point.field.as_str(), point.output_type.as_str(), point.subject.as_str(), point.mode, point.fail),
        ("creditTerms", "CreditTerms", "Customer", Mode::Independent, FailPolicy::Default)
    );
    assert_eq!(point.description, "The payment terms a customer gets.");
    assert!(point.request_type().is_none());
    assert_eq!(point.parameters_type().as_deref(), Some("CreditTermsParameters"));
    let defaults: Vec<_> =
        point.parameters.iter().map(|field| (field.name.as_str(), field.default.as_ref().unwrap().to_json())).collect();
    let expected =
        [("netDays", json!(30)), ("discount", json!("0")), ("discountDays", json!(0)), ("lateAfterDays", json!(15))];
    assert_eq!(defaults, expected);
    assert!(point.outputs.iter().all(|field| field.combine == CombineRule::Min && !field.nullable));
}

#[test]
fn credit_check_is_read_as_declared() {
    let point = named("credit.check");
    assert_eq!((point.fail, point.enums.len()), (FailPolicy::Deny, 1));
    let outcome = point.output("outcome").unwrap();
    assert_eq!(outcome.combine, CombineRule::MostRestrictive(vec!["APPROVED".into(), "HELD".into()]));
    assert_eq!(outcome.default, Some(Datum::Text("HELD".into())));
    assert_eq!(
        point.request.iter().map(|field| (field.name.as_str(), field.required)).collect::<Vec<_>>(),
        [("amount", true)]
    );
}

#[test]
fn the_directives_are_graphql() {
    let schema =
        format!("{DIRECTIVES_SDL}\ntype Query {{ a: CreditTerms b: CreditCheck }}\n{}", point_sdl().join("\n"));
    apollo_compiler::Schema::parse_and_validate(schema, "decisions.graphql").unwrap();
}

#[test]
fn every_point_asks_about_a_type_of_the_model() {
    let model = guildhall_model::Model::core();
    for point in decision_points().unwrap() {
        let object = model.object(&point.subject).unwrap();
        assert!(object.get(&point.field).is_none() && object.relation(&point.field).is_none(), "{}", point.field);
    }
}

#[track_caller]
fn request(name: &str, given: serde_json::Value, expected: Result<serde_json::Value, &str>) {
    let read = named(name).read_request(&given).map_err(|error| error.to_string());
    assert_eq!(read, expected.map_err(str::to_owned));
}

#[test]
fn requests_have_one_form() {
    let check = "credit.check";
    request(check, json!({"amount": "12000.50"}), Ok(json!({"amount": "12000.5"})));
    request(
        check,
        json!({"amount": 12000}),
        Err("`amount` in the request of `credit.check` is not a decimal number written as text, like \"0.02\""),
    );
    request(check, json!({}), Err("the request of `credit.check` needs `amount`"));
    request(check, json!({"amount": "1", "sum": "1"}), Err("`credit.check` is not asked with `sum`; it takes amount"));
    request(check, json!([]), Err("the request of `credit.check` is no object; give its fields by name"));
    request("credit.terms", json!(null), Ok(json!(null)));
    request("credit.terms", json!({}), Ok(json!(null)));
    request("credit.terms", json!({"a": 1}), Err("`credit.terms` is not asked with `a`; it takes nothing"));
}

const WHOLE: &str = r#"
"Churn." type ChurnRisk @point(name: "acme.churn", subject: "Customer", field: "churnRisk", mode: INDEPENDENT, fail: SKIP) {
  "How likely." risk: Decimal! @combine(rule: MAX) @default(value: "0")
  "Why." signs: [String!]! @combine(rule: UNION) @default(value: "[]")
  "Grade." grade: Grade @combine(rule: MOST_RESTRICTIVE, order: ["LOW", "HIGH"])
}
"Grade." enum Grade { "Low." LOW "High." HIGH }
"Settings." input ChurnRiskParameters { "Days." days: Int = 3 }
"#;

#[track_caller]
fn refuse(from: &str, to: &str, expected: &str) {
    let sdl = WHOLE.replacen(from, to, 1);
    assert_ne!(sdl, WHOLE, "`{from}` is not in the text");
    assert_eq!(read_points(&sdl).unwrap_err().to_string(), expected);
}

#[test]
fn incomplete_declarations_are_refused_with_what_to_do() {
    assert_eq!(read_points(WHOLE).unwrap().len(), 1);
    refuse("\"How likely.\"", "", "`ChurnRisk.risk` has no description; say in a sentence what it means");
    refuse(
        "rule: MAX",
        "rule: FIRST",
        "`ChurnRisk.risk` combines by FIRST, which depends on the order of the plugins; choose another rule",
    );
    refuse("rule: MAX", "rule: UNION", "`ChurnRisk.risk` has type `Decimal`, which UNION cannot combine");
    refuse(
        "rule: MAX",
        "rule: MAX, order: [\"A\"]",
        "`ChurnRisk.risk` has an `order`, which only MOST_RESTRICTIVE takes",
    );
    refuse(
        " @default(value: \"0\")",
        "",
        "`ChurnRisk.risk` needs `@default(value: ...)`: what answers when no plugin can",
    );
    refuse(
        "value: \"0\"",
        "value: \"none\"",
        "`ChurnRisk.risk` has a default that is not a decimal number written as text, like \"0.02\"",
    );
    refuse(
        "[\"LOW\", \"HIGH\"]",
        "[\"LOW\"]",
        "`ChurnRisk.grade` needs an `order` that names every value of `Grade` once",
    );
    refuse(
        "risk: Decimal!",
        "risk: Float!",
        "`ChurnRisk.risk` has type `Float`; use Int, Decimal, Boolean, String, Date, [String!] or an enum of the same file",
    );
    refuse("fail: SKIP", "fail: RETRY", "`ChurnRisk` has fail policy `RETRY`; use DENY, DEFAULT or SKIP");
    refuse(", fail: SKIP", "", "`ChurnRisk` needs `fail` in `@point`");
    refuse(
        "fail: SKIP",
        "fail: SKIP, retries: 3",
        "`ChurnRisk` gives `@point` an unknown argument `retries`; remove it",
    );
    refuse(
        "input ChurnRiskParameters",
        "input ChurnParameters",
        "`ChurnParameters` belongs to no decision point; name it like the answer, with `Request` or `Parameters` behind",
    );
    refuse(
        "days: Int = 3",
        "days: Int!",
        "`ChurnRiskParameters.days` needs a default: what the department does by itself",
    );
    refuse(
        "enum Grade",
        "scalar Other enum Grade",
        "`Other` does not belong here; decision SDL has types, inputs and enums only",
    );
    refuse("\"Why.\" signs:", "\"Why.\" risk:", "`ChurnRisk.risk` stands there twice; remove one");
    refuse("HIGH }", "LOW }", "`Grade.LOW` stands there twice; remove one");
    refuse(
        " signs:",
        " __signs:",
        "`ChurnRisk.__signs` begins with `__`, which GraphQL keeps for introspection; choose another name",
    );
    refuse(
        "enum Grade",
        "enum __Grade",
        "`__Grade` begins with `__`, which GraphQL keeps for introspection; choose another name",
    );
    refuse(
        "\"Low.\" LOW",
        "\"Low.\" true",
        "the decision SDL is not GraphQL: line 7, column 30: syntax error: invalid Enum Value",
    );
    refuse(" signs:", " true:", "`ChurnRisk.true` has a name that is a value in GraphQL; choose another");
    refuse(
        " signs:",
        " explanation:",
        "`ChurnRisk.explanation` has a name that every decision uses to say how it was made; choose another",
    );
    refuse(
        "\"Low.\" LOW \"High.\" HIGH",
        "",
        "the decision SDL is not GraphQL: line 7, column 24: syntax error: expected Enum Value Definition",
    );
    refuse(
        "input ChurnRiskParameters { \"Days.\" days: Int = 3 }",
        "enum Other { \"A.\" A }",
        "`Other` is used by no decision point; remove it",
    );
    refuse(
        "Why.",
        "Why\\u0007.",
        "`ChurnRisk.signs` has a description with a control character or a backslash; leave it out",
    );
    refuse(
        "Why.",
        "Why \\\\.",
        "`ChurnRisk.signs` has a description with a control character or a backslash; leave it out",
    );
    refuse("Why.", &"why ".repeat(200), "`ChurnRisk.signs` has a description of more than 500 characters; say less");
    refuse(
        "enum Grade",
        &format!("enum {}", "G".repeat(65)),
        &format!("`{}` has a name of more than 64 characters; choose a shorter one", "G".repeat(64)),
    );
    let many: String = (0..101).map(|number| format!("\"V.\" V{number} ")).collect();
    refuse("\"Low.\" LOW \"High.\" HIGH", &many, "`Grade` has 101 members; at most 100 are read");
    refuse(
        "type ChurnRisk",
        "extend type Customer { risk: Int } type ChurnRisk",
        "the decision SDL is not GraphQL: line 2, column 1: syntax error: Invalid Type System Extension. This extension cannot be applied.",
    );
    assert!(matches!(read_points("type {"), Err(PointError::Syntax(_))));
    assert!(matches!(read_points(&" ".repeat(70_000)), Err(PointError::TooLarge(70_000))));
}

fn datums(rule: CombineRule) -> (CombineRule, BoxedStrategy<Datum>) {
    let texts = |texts: Vec<String>| Datum::Texts(texts.into_iter().collect());
    let values = match rule {
        CombineRule::MostRestrictive(_) => {
            prop_oneof![Just("A"), Just("B"), Just("C")].prop_map(|name: &str| Datum::Text(name.into())).boxed()
        }
        CombineRule::Union => prop::collection::vec("[a-c]{1,2}", 0..3).prop_map(texts).boxed(),
        CombineRule::All | CombineRule::Any => any::<bool>().prop_map(Datum::Bool).boxed(),
        _ => any::<i32>().prop_map(Datum::Int).boxed(),
    };
    (rule, values)
}

proptest! {
    #[test]
    fn no_rule_depends_on_the_order(seed in prop::collection::vec(any::<prop::sample::Index>(), 6), pick in 0usize..7) {
        let order = ["B", "A", "C"].map(str::to_owned).to_vec();
        let rules = [CombineRule::Min, CombineRule::Max, CombineRule::MostRestrictive(order), CombineRule::Union,
                     CombineRule::Sum, CombineRule::All, CombineRule::Any];
        let (rule, values) = datums(rules[pick].clone());
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..10 {
            let values = prop::collection::vec(values.clone(), 1..6).new_tree(&mut runner).unwrap().current();
            let mut shuffled = values.clone();
            for (index, other) in seed.iter().enumerate() {
                shuffled.swap(index % values.len(), other.index(values.len()));
            }
            prop_assert_eq!(rule.combine(values.iter()), rule.combine(shuffled.iter()));
        }
    }
}
