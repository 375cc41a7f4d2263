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
        [("amount", true), ("neededOn", false)]
    );
}

#[test]
fn the_directives_are_graphql() {
    let points = decision_points().unwrap();
    let fields: Vec<_> = points.iter().map(|point| format!("{}: {}", point.field, point.output_type)).collect();
    let schema = format!("{DIRECTIVES_SDL}\ntype Query {{ {} }}\n{}", fields.join(" "), point_sdl().join("\n"));
    apollo_compiler::Schema::parse_and_validate(schema, "decisions.graphql").unwrap();
}

#[test]
fn every_point_has_a_rule_for_every_field_and_an_act() {
    let points = decision_points().unwrap();
    let names: Vec<_> = points.iter().map(|point| (point.name.as_str(), point.mode, point.is_field())).collect();
    use Mode::{Independent, Set};
    let expected = [
        ("credit.terms", Independent, true),
        ("credit.check", Independent, true),
        ("collections.next", Independent, true),
        ("fulfillment.priority", Set, false),
        ("fulfillment.allocate", Set, false),
        ("fulfillment.promise", Independent, false),
        ("marketing.eligibility", Independent, true),
        ("marketing.contact", Set, false),
        ("nba.arbitrate", Set, false),
        ("service.level", Independent, true),
        ("price.discount", Independent, true),
        ("segment.assign", Independent, true),
        ("followup.propose", Independent, true),
    ];
    assert_eq!(names, expected);
    assert!(points.iter().all(|point| point.enforced_by.is_some() && point.members.is_some() == (point.mode == Set)));
    let exclusive: Vec<_> =
        points.iter().filter(|point| point.is_exclusive()).map(|point| point.name.as_str()).collect();
    assert_eq!(exclusive, ["fulfillment.allocate"]);
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
    request(check, json!({"amount": "12000.50"}), Ok(json!({"amount": "12000.5", "neededOn": null})));
    request(
        check,
        json!({"amount": 12000}),
        Err("`amount` in the request of `credit.check` is not a decimal number written as text, like \"0.02\""),
    );
    request(check, json!({}), Err("the request of `credit.check` needs `amount`"));
    request(
        check,
        json!({"amount": "1", "sum": "1"}),
        Err("`credit.check` is not asked with `sum`; it takes amount, neededOn"),
    );
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
        // Few values, so that two are often best.
        CombineRule::BestOf(_) => (0..4).prop_map(Datum::Int).boxed(),
        CombineRule::WeightedSum(_) => {
            any::<i64>().prop_map(|units| Datum::Decimal(rust_decimal::Decimal::new(units, 9))).boxed()
        }
        _ => any::<i32>().prop_map(Datum::Int).boxed(),
    };
    (rule, values)
}

proptest! {
    #[test]
    fn no_rule_depends_on_the_order(seed in prop::collection::vec(any::<prop::sample::Index>(), 6), pick in 0usize..9) {
        let order = ["B", "A", "C"].map(str::to_owned).to_vec();
        let rules = [CombineRule::Min, CombineRule::Max, CombineRule::MostRestrictive(order), CombineRule::Union,
                     CombineRule::Sum, CombineRule::All, CombineRule::Any,
                     CombineRule::BestOf("by".into()), CombineRule::WeightedSum("by".into())];
        let (rule, values) = datums(rules[pick].clone());
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..10 {
            let by = prop_oneof![Just(None), (0..3).prop_map(|by| Some(Datum::Int(by)))];
            let values = prop::collection::vec((values.clone(), by), 1..6).new_tree(&mut runner).unwrap().current();
            let mut shuffled = values.clone();
            for (index, other) in seed.iter().enumerate() {
                shuffled.swap(index % values.len(), other.index(values.len()));
            }
            let combined = |all: &[(Datum, Option<Datum>)]| rule.combine_by(all.iter().map(|(value, by)| (value, by.as_ref())));
            prop_assert_eq!(combined(&values), combined(&shuffled));
        }
    }
}

const A_SET: &str = r#"
"Queue." type Queue @point(name: "acme.queue", subject: "Order", field: "queue", mode: SET, fail: SKIP) {
  "Places." places: [Place!]! @each(of: "orders", key: "order") @rank(by: ["weight"], into: "place")
}
"Place." type Place {
  "Order." order: String!
  "Weight." weight: Decimal! @combine(rule: ONLY) @default(value: "0")
  "Place." place: Int! @combine(rule: CORE) @default(value: "0")
}
"Asked." input QueueRequest { "Orders." orders: [Waiting!]! }
"Waiting." input Waiting { "Order." order: String! "Hours." hours: Int! = 1 }
"#;

#[track_caller]
fn refuse_set(from: &str, to: &str, expected: &str) {
    let sdl = A_SET.replacen(from, to, 1);
    assert_ne!(sdl, A_SET, "`{from}` is not in the text");
    assert_eq!(read_points(&sdl).unwrap_err().to_string(), expected);
}

#[test]
fn a_set_says_who_its_members_are() {
    let point = read_points(A_SET).unwrap().remove(0);
    let members = point.members.as_ref().unwrap();
    assert_eq!((members.list.as_str(), members.answers.as_str(), members.key.as_str()), ("orders", "places", "order"));
    assert_eq!(members.settle, Some(Settle::Rank { by: vec!["weight".into()], into: "place".into() }));
    assert!(point.is_exclusive() && !point.is_field() && point.request.is_empty());
    refuse_set("mode: SET", "mode: INDEPENDENT", "`Queue` has `@each`, which only a SET has");
    refuse_set(
        " @each(of: \"orders\", key: \"order\")",
        "",
        "`Queue.places` has `@rank` where it is unknown or stands twice; remove it",
    );
    refuse_set("of: \"orders\"", "of: \"things\"", "`QueueRequest.orders` is a list of something else than `String!`");
    refuse_set(
        "by: [\"weight\"]",
        "by: [\"heft\"]",
        "`Queue.places` needs `by`: fields of the answer, each of which plugins answer or `@score` fills in",
    );
    refuse_set(
        "into: \"place\"",
        "into: \"weight\"",
        "`Queue.places` has the into `weight`, which is no Int! that combines by CORE",
    );
    refuse_set(
        " @rank(by: [\"weight\"], into: \"place\")",
        "",
        "`Place.place` combines by CORE, and neither `@score`, `@rank`, `@choose` nor `@ration` fills it in",
    );
    refuse_set("\"Order.\" order: String!\n", "", "`Place` needs `order: String!`, which names the member");
    refuse_set(
        "\"Orders.\" orders",
        "\"Hours.\" hours: Int! \"Orders.\" orders",
        "`Waiting.hours` has the name of a field of the request; conditions could not tell them apart",
    );
}

#[test]
fn requests_name_each_member_once() {
    let point = read_points(A_SET).unwrap().remove(0);
    #[track_caller]
    fn check(point: &DecisionPoint, given: serde_json::Value, expected: Result<serde_json::Value, &str>) {
        assert_eq!(point.read_request(&given).map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }
    let read = json!({"orders": [{"order": "O1", "hours": 1}, {"order": "O2", "hours": 5}]});
    check(&point, json!({"orders": [{"order": "O1"}, {"order": "O2", "hours": 5}]}), Ok(read));
    check(&point, json!({}), Err("the request of `acme.queue` needs `orders`"));
    let twice = json!({"orders": [{"order": "O1"}, {"order": "O1"}]});
    check(&point, twice, Err("`O1` stands twice in the request of `acme.queue`; name each member once"));
    check(
        &point,
        json!({"orders": [{"order": "O1", "days": 1}]}),
        Err("`acme.queue` is not asked with `orders[0].days`; it takes hours, order"),
    );
    check(
        &point,
        json!({"orders": [{"order": "O1", "hours": "1"}]}),
        Err("`orders[0].hours` in the request of `acme.queue` is not a whole number of 32 bits"),
    );
    check(
        &point,
        json!({"orders": {}}),
        Err("`orders` in the request of `acme.queue` is not a list of at most 10000 objects"),
    );
}

#[test]
fn two_departments_cannot_share_an_exclusive_point() {
    let points = decision_points().unwrap();
    let claim = |plugin, department, point| Claim { plugin, department, point };
    let shared = [claim("b", "sales", "credit.terms"), claim("a", "finance", "credit.terms")];
    assert_eq!(exclusive_claims(&points, shared), Ok(()));
    let same = [claim("a", "fulfillment", "fulfillment.allocate"), claim("a", "fulfillment", "fulfillment.allocate")];
    assert_eq!(exclusive_claims(&points, same), Ok(()));
    let both = [claim("b", "sales", "fulfillment.allocate"), claim("a", "fulfillment", "fulfillment.allocate")];
    let refused = exclusive_claims(&points, both).unwrap_err().to_string();
    assert_eq!(
        refused,
        "`fulfillment.allocate` is served by one plugin at most, and `a` (fulfillment) and `b` (sales) want to; remove all but one, or let one department answer for all"
    );
}

#[test]
fn values_beside_others_are_numbers() {
    let best = WHOLE.replace("rule: UNION", "rule: BEST_OF, by: \"risk\"");
    let point = read_points(&best).unwrap().remove(0);
    assert_eq!(point.output("signs").unwrap().combine, CombineRule::BestOf("risk".into()));
    refuse("rule: UNION", "rule: BEST_OF", "`ChurnRisk.signs` needs `by` in `@combine`");
    refuse(
        "rule: UNION",
        "rule: BEST_OF, by: \"grade\"",
        "`ChurnRisk.signs` is combined by `grade`, which is no number beside it",
    );
    refuse(
        "rule: UNION",
        "rule: UNION, by: \"risk\"",
        "`ChurnRisk.signs` has a `by`, which only BEST_OF and WEIGHTED_SUM take",
    );
    refuse(
        "rule: MAX",
        "rule: CORE",
        "`ChurnRisk.risk` combines by CORE, which only answers about the members of a set have",
    );
    refuse(
        "@combine(rule: MAX)",
        "@combine(rule: MAX) @authority(parameter: \"days\")",
        "`ChurnRisk.risk` has the authority `days`, which is no parameter of its type",
    );
    refuse(
        "@combine(rule: MAX)",
        "@combine(rule: MAX) @lifts(field: \"signals\")",
        "`ChurnRisk.risk` lifts `signals`, which is no field beside it",
    );
    refuse(
        "@combine(rule: MAX)",
        "@combine(rule: MAX) @lifts(field: \"signs\")",
        "`ChurnRisk.risk` lifts another field, so it may have no value; leave out the `!`",
    );
}

#[test]
fn a_problem_quotes_nothing_that_a_terminal_would_act_on() {
    let syntax = read_points("type A {\n  b: \u{1b}[31m\n}").unwrap_err().to_string();
    assert!(syntax.contains("syntax error") && !syntax.contains(char::is_control), "{syntax:?}");
    let mode = "type A @point(name: \"a.b\", subject: \"Customer\", field: \"a\", mode: \"\\u001b[31m\", fail: DENY) { b: Int }";
    let declared = read_points(mode).unwrap_err().to_string();
    assert!(!declared.contains(char::is_control), "{declared:?}");
}
