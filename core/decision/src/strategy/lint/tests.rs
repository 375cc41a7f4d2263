use std::collections::BTreeSet;

use super::*;
use crate::decision_points;
use crate::strategy::tests::{DEMO, NORTHWIND, read};

const SMALL: &str = include_str!("../../../../../tests/data/small/strategy.toml");

fn lint(text: &str) -> Vec<Finding> {
    let points = decision_points().unwrap();
    read(text).unwrap().lint(&Circumstances { points: &points, serving: None, currencies: None, today: None })
}

/// The findings of one kind after `from` became `to`.
#[track_caller]
fn check(from: &str, to: &str, code: &str, severity: Severity, expected: &[&str]) {
    let text = DEMO.replacen(from, to, 1);
    assert_ne!(text, DEMO, "`{from}` is not in the text");
    let found: Vec<_> = lint(&text).into_iter().filter(|finding| finding.code == code).collect();
    assert_eq!(found.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|finding| finding.severity == severity && finding.line > 0));
}

fn codes(text: &str) -> BTreeSet<(Severity, &'static str)> {
    lint(text).into_iter().map(|finding| (finding.severity, finding.code)).collect()
}

#[test]
fn small_strategies_are_possible() {
    assert_eq!(codes(DEMO), BTreeSet::from([(Severity::Warning, "NOT_ENFORCED")]));
    let missing = (Severity::Warning, "MISSING_BUILDING_BLOCK");
    let pledge = (Severity::Warning, "POLICY_WITHOUT_PLEDGE");
    assert_eq!(codes("name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]"), BTreeSet::from([missing]));
    assert_eq!(codes(NORTHWIND), BTreeSet::from([missing, pledge]));
    assert_eq!(codes(SMALL), BTreeSet::from([missing, pledge]));
}

#[test]
fn a_missing_building_block_is_named() {
    let code = "MISSING_BUILDING_BLOCK";
    let all = lint("name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]");
    let blocks =
        ["vision", "strategy", "experience", "collaboration", "processes", "information", "technology", "metrics"];
    assert_eq!(all.len(), 8);
    for (number, block) in (1..).zip(blocks) {
        let said = format!("building block {number} of 8, {block}, is missing; ");
        assert!(all.iter().any(|finding| finding.code == code && finding.message.starts_with(&said)), "{said}");
    }
    check(
        "side = \"customer\"",
        "side = \"enterprise\"",
        code,
        Severity::Warning,
        &["building block 3 of 8, experience, is missing; give it a goal on the side of the customer"],
    );
}

#[test]
fn s10_a_goal_that_the_treatments_miss_is_told_with_the_figures() {
    check(
        "target = { at_most = 45 }",
        "target = { at_most = 38 }",
        "GOAL_MISSED",
        Severity::Warning,
        &[
            "`Money comes in`: days sales outstanding comes to 43.4 days under the treatments, and the goal is at most 38 days; it cannot be met (credit.terms.netDays: key 0.6 at 45, core 0.3 at 30, small 0.1 at 14; averageDelay: 6)",
        ],
    );
    // The figure itself reaches it.
    check("target = { at_most = 45 }", "target = { at_most = 43.4 }", "GOAL_MISSED", Severity::Warning, &[]);
    // Any formula: the share of what is paid within ten days, from discounts.
    check(
        "target = { at_most = 45 }\nprojection = \"mix(credit.terms.netDays) + averageDelay\"",
        "target = { at_least = 0.5 }\nprojection = \"min(1, mix(credit.terms.discount * credit.terms.discountDays) / averageDelay)\"",
        "GOAL_MISSED",
        Severity::Warning,
        &[
            "`Money comes in`: days sales outstanding comes to 0.01 days under the treatments, and the goal is at least 0.5 days; it cannot be met (credit.terms.discount: key 0.6 at 0, core 0.3 at 0.02, small 0.1 at 0; credit.terms.discountDays: key 0.6 at 0, core 0.3 at 10, small 0.1 at 0; averageDelay: 6)",
        ],
    );
}

#[test]
fn a_guard_that_is_given_up_is_told() {
    check(
        "mix = { key = 0.6",
        "guard = { metric = \"shortest terms\", at_least = 20, projection = \"mix(credit.terms.netDays) / 2\" }\nmix = { key = 0.6",
        "GUARD_BROKEN",
        Severity::Warning,
        &[
            "`Money comes in`: shortest terms comes to 18.7 under the treatments, and the guard is at least 20; it cannot be met (credit.terms.netDays: key 0.6 at 45, core 0.3 at 30, small 0.1 at 14; averageDelay: 6)",
        ],
    );
}

#[test]
fn a_formula_without_a_value_is_an_error() {
    check(
        "assumptions = { averageDelay = 6 }",
        "assumptions = { averageDelay = 6, none = 0 }",
        "PROJECTION_FAILS",
        Severity::Error,
        &[],
    );
    check(
        "+ averageDelay\"\nassumptions = { averageDelay = 6 }",
        "/ averageDelay\"\nassumptions = { averageDelay = 0 }",
        "PROJECTION_FAILS",
        Severity::Error,
        &["`days sales outstanding` of the goal `Money comes in` cannot be projected: the formula divides by zero"],
    );
}

#[test]
fn incentives_against_a_goal_are_told() {
    let incentive = |metric: &str, rewards: &str| {
        format!(
            "[[incentives]]\ndepartment = \"sales\"\nmetric = \"{metric}\"\nrewards = \"{rewards}\"\n\n# What decisions"
        )
    };
    check(
        "# What decisions",
        &incentive("margin12m", "less"),
        "INCENTIVE_AGAINST_GOAL",
        Severity::Warning,
        &[
            "sales is paid for less `margin12m`, which works against the goal `Contribution margin grows`: it wants at least 1.05",
        ],
    );
    // A parameter that leads a goal away: longer terms.
    check(
        "# What decisions",
        &incentive("credit.terms.netDays", "more"),
        "INCENTIVE_AGAINST_GOAL",
        Severity::Warning,
        &[
            "sales is paid for more `credit.terms.netDays`, which works against the goal `Money comes in`: one more leads days sales outstanding from 43.4 to 44.4, and it wants at most 45",
        ],
    );
    check(
        "# What decisions",
        &incentive("credit.terms.netDays", "less"),
        "INCENTIVE_AGAINST_GOAL",
        Severity::Warning,
        &[],
    );
    check(
        "# What decisions",
        &incentive("credit.terms.discount", "more"),
        "INCENTIVE_AGAINST_GOAL",
        Severity::Warning,
        &[],
    );
}

#[test]
fn segments_without_a_treatment_of_their_own_are_told() {
    let text = DEMO.replace("[treatments.key-cinemas.\"credit.terms\"]\nnetDays = 60\n", "");
    let mut found = lint(&text).into_iter().map(|finding| (finding.code, finding.message)).collect::<Vec<_>>();
    found.retain(|(code, _)| *code != "NOT_ENFORCED");
    let alike =
        "`key` and `key-cinemas` are treated alike at every decision point; join them, or give each what it needs";
    assert_eq!(found, [("SEGMENTS_TREATED_ALIKE", alike.to_owned())]);
    let segment =
        "[[segments]]\nkey = \"new\"\nname = \"New\"\nneed = \"n\"\nwhen = \"customer.orders12m == 1\"\n\n# Part of";
    check(
        "# Part of",
        segment,
        "SEGMENT_WITHOUT_TREATMENT",
        Severity::Warning,
        &["`new` has a need and no treatment: nothing is done about it"],
    );
}

#[test]
fn conditions_that_nobody_fulfils_are_told() {
    let code = "UNREACHABLE_CONDITION";
    check(
        "when = \"customer.margin12m >= 20000 && customer.margin12m < 250000\"",
        "when = \"customer.margin12m >= 300000\"",
        code,
        Severity::Warning,
        &["nobody enters `core`: whoever fulfils its condition fulfils that of `key` before it"],
    );
    check(
        "when = \"customer.industry == 'Cinemas'\"",
        "when = \"customer.margin12m < 1000\"",
        code,
        Severity::Warning,
        &["nobody enters `key-cinemas`: its condition contradicts that of `key`, which it is part of"],
    );
    check(
        "customer.margin12m >= 20000 && customer.margin12m < 250000",
        "customer.margin12m >= 20000 && customer.margin12m < 20000",
        code,
        Severity::Warning,
        &["nobody enters `core`: its condition can never hold"],
    );
    check(
        "when = \"request.hoursToShipment < 24\"",
        "when = \"request.hoursToShipment < 24 && request.hoursToShipment > 48\"",
        code,
        Severity::Error,
        &["the condition of `GR5` can never hold, so it bounds nothing"],
    );
}

#[test]
fn what_no_act_keeps_to_is_told() {
    let said: Vec<_> = lint(DEMO).into_iter().map(|finding| (finding.path, finding.message)).collect();
    let nothing = |path: &str, point: &str| {
        let message = format!("no act decides at `{point}` yet, so what the strategy says of it changes nothing");
        (path.to_owned(), message)
    };
    for expected in [
        nothing("treatments.core.\"fulfillment.priority\"", "fulfillment.priority"),
        nothing("treatments.core.\"fulfillment.allocate\"", "fulfillment.allocate"),
        nothing("treatments.core.\"marketing.contact\"", "marketing.contact"),
        nothing("ground_rules[7]", "nba.arbitrate"),
        (
            "contact_policy".to_owned(),
            "no act contacts customers yet, so nothing keeps to the contact policy".to_owned(),
        ),
        (
            "authorities[0]".to_owned(),
            "no act asks for authority over `discount` at `price.discount` yet: a value above its parameter is only marked as waiting for approval".to_owned(),
        ),
    ] {
        assert!(said.contains(&expected), "{expected:?} in {said:#?}");
    }
    assert_eq!(said.len(), 6);
    check(
        "points = [\"marketing.contact\"]",
        "points = [\"fulfillment.promise\"]",
        "NOT_ENFORCED",
        Severity::Warning,
        &[
            said.iter().map(|(_, message)| message.as_str()).collect::<Vec<_>>().as_slice(),
            &["`fulfillment.promise` is not about customers, so nobody is held out from it"],
        ]
        .concat(),
    );
}

#[test]
fn names_that_nothing_goes_by_are_errors() {
    let (code, weight) = ("UNKNOWN_NAME", Severity::Error);
    let act = ["`releaseHolds` is no act that an authority limits; there is `releaseHold`"];
    check("act = \"releaseHold\"", "act = \"releaseHolds\"", code, weight, &act);
    let kind = "is no kind of contact; there are `PROMOTION`, `SERVICE`, `INVOICE` and `ANSWER`";
    let (promo, invoice) = (format!("`PROMO` {kind}"), format!("`INVOCE` {kind}"));
    check("kinds = [\"PROMOTION\"]", "kinds = [\"PROMO\"]", code, weight, &[promo.as_str()]);
    check("exempt = [\"INVOICE\"", "exempt = [\"INVOCE\"", code, weight, &[invoice.as_str()]);
    let key = ["`ky` is no segment; there are `key`, `key-cinemas`, `core` and `small`"];
    for condition in
        ["customer.segment.key == 'ky'", "customer.segment.key in ['key', 'ky']", "!('ky' != customer.segment.key)"]
    {
        let told = DEMO.replacen(
            "point = \"credit.terms\"\nclamp",
            &format!("point = \"credit.terms\"\nwhen = \"{condition}\"\nclamp"),
            1,
        );
        assert_ne!(told, DEMO);
        let found: Vec<_> = lint(&told).into_iter().filter(|finding| finding.code == code).collect();
        assert_eq!(found.iter().map(|one| one.message.as_str()).collect::<Vec<_>>(), key, "{condition}");
        assert!(found.iter().all(|one| one.severity == weight && one.path == "ground_rules[1]"));
    }
    let known = "point = \"credit.terms\"\nwhen = \"customer.segment.key == 'small'\"\nclamp";
    check("point = \"credit.terms\"\nclamp", known, code, weight, &[]);
}

#[test]
fn a_currency_without_a_rate_is_an_error_where_money_is_compared_with_a_number() {
    let points = decision_points().unwrap();
    let told = |text: &str, currencies: &[&str]| -> Vec<(Severity, String, String)> {
        let currencies: Vec<String> = currencies.iter().map(|code| (*code).to_owned()).collect();
        let circumstances =
            Circumstances { points: &points, serving: None, currencies: Some(&currencies), today: None };
        let all = read(text).unwrap().lint(&circumstances).into_iter();
        all.filter(|finding| finding.code == "MONEY_WITHOUT_RATE")
            .map(|one| (one.severity, one.path, one.message))
            .collect()
    };
    assert_eq!(told(DEMO, &["EUR"]), []);
    let found = told(DEMO, &["EUR", "JPY"]);
    let said = "`key` compares money with a number, and customers count in EUR and JPY: `JPY` has no rate to `EUR`; say in `rates` how much one JPY is in EUR";
    assert_eq!(found[0], (Severity::Error, "segments[0]".to_owned(), said.to_owned()));
    // GR1 compares amounts with amounts; that needs no rate.
    let places: BTreeSet<_> = found.iter().map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(places, BTreeSet::from(["segments[0]", "segments[2]", "segments[3]"]));
    let rated = DEMO.replacen("currency = \"EUR\"\n", "currency = \"EUR\"\nrates = { JPY = 0.006 }\n", 1);
    assert_eq!(told(&rated, &["EUR", "JPY"]), []);
    // Without a currency of its own, a number counts in that of the customers, if all are in one.
    let none = "name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]\n[[segments]]\nkey = \"a\"\nname = \"a\"\nneed = \"n\"\nwhen = \"customer.margin12m > 1\"";
    assert_eq!(told(none, &["JPY"]), []);
    assert_eq!(told(none, &["EUR", "JPY"]).len(), 1);
}

#[test]
fn pledges_are_held_to_their_ratio() {
    let terms = "benefit = { amount = 180000, currency = \"EUR\" }";
    check(
        terms,
        "benefit = { amount = 90000, currency = \"EUR\" }",
        "PLEDGE_BELOW_RATIO",
        Severity::Error,
        &["the pledge for `credit.terms` brings 90000 EUR for 90000 EUR: 1 times its cost, and it wants 1.5"],
    );
    check(terms, "benefit = { amount = 135000, currency = \"EUR\" }", "PLEDGE_BELOW_RATIO", Severity::Error, &[]);
    let unpledged = DEMO.find("[[pledges]]\npolicy = \"service.level\"").unwrap();
    let next = DEMO.find("[[pledges]]\npolicy = \"price.discount\"").unwrap();
    check(
        &DEMO[unpledged..next],
        "",
        "POLICY_WITHOUT_PLEDGE",
        Severity::Warning,
        &["the policy at `service.level` has no pledge; say in `pledges` what it is to bring for what it costs"],
    );
    check(
        terms,
        "benefit = { amount = 180000, currency = \"USD\" }",
        "MONEY_WITHOUT_RATE",
        Severity::Error,
        &[
            "benefit and cost of the pledge for `credit.terms` cannot be compared: `USD` has no rate to `EUR`; say in `rates` how much one USD is in EUR",
        ],
    );
    let rated = DEMO.replace("currency = \"EUR\"\n\n[[value", "currency = \"EUR\"\nrates = { USD = 0.7 }\n\n[[value");
    let rated = rated.replacen(terms, "benefit = { amount = 180000, currency = \"USD\" }", 1);
    assert_ne!(rated, DEMO);
    let rated = lint(&rated).into_iter().filter(|finding| finding.code != "NOT_ENFORCED");
    let said: Vec<_> = rated.map(|finding| finding.message).collect();
    assert_eq!(
        said,
        ["the pledge for `credit.terms` brings 180000 USD for 90000 EUR: 1.4 times its cost, and it wants 1.5"]
    );
}

#[test]
fn what_nobody_reads_is_told_when_plugins_are_known() {
    let points = decision_points().unwrap();
    let strategy = read(NORTHWIND).unwrap();
    let serving = |plugin: &str, point: &str, parameters: Option<&[&str]>| Serving {
        plugin: plugin.to_owned(),
        department: "finance".to_owned(),
        point: point.to_owned(),
        parameters: parameters.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
    };
    let told = |serving: &[Serving]| -> Vec<String> {
        let circumstances = Circumstances { points: &points, serving: Some(serving), currencies: None, today: None };
        let of = ["RULE_NOBODY_READS", "PARAMETER_NOBODY_READS", "EXCLUSIVE_POINT"];
        let all = strategy.lint(&circumstances).into_iter().filter(|finding| of.contains(&finding.code));
        all.map(|finding| finding.message).collect()
    };
    let all = [serving("credit-rules", "credit.terms", None), serving("credit-rules", "credit.check", None)];
    assert_eq!(told(&all), Vec::<String>::new());
    assert_eq!(
        told(&[serving("credit-rules", "credit.terms", Some(&["netDays", "discount"]))]),
        [
            "no installed plugin reads `discountDays` at `credit.terms`",
            "no installed plugin serves `credit.check`, so nobody reads its parameters",
            "`GR1` bounds `credit.check`, which no installed plugin serves: it bounds defaults only",
        ]
    );
    let two = ["a", "b"].map(|plugin| serving(plugin, "fulfillment.allocate", None));
    assert!(
        told(&[all.to_vec(), two.to_vec()].concat())[0].starts_with("`fulfillment.allocate` is served by one plugin")
    );
}

#[test]
fn what_is_past_is_told() {
    let points = decision_points().unwrap();
    let told = |text: &str, day: &str| -> Vec<String> {
        let circumstances = Circumstances { points: &points, serving: None, currencies: None, today: day.parse().ok() };
        let all = read(text).unwrap().lint(&circumstances).into_iter();
        all.filter(|finding| ["AGREEMENT_EXPIRED", "PLEDGE_REVIEW_DUE"].contains(&finding.code))
            .map(|one| one.message)
            .collect()
    };
    assert_eq!(told(NORTHWIND, "2099-12-31"), Vec::<String>::new());
    assert_eq!(
        told(NORTHWIND, "2100-01-01"),
        ["what it sets at `credit.terms` counted until 2099-12-31; remove it or renew it"]
    );
    assert_eq!(told(DEMO, "2027-12-02").len(), 8);
}

#[test]
fn findings_say_where_they_stand() {
    let text = DEMO.replacen("target = { at_most = 45 }", "target = { at_most = 38 }", 1);
    let finding = lint(&text).into_iter().find(|finding| finding.code == "GOAL_MISSED").unwrap();
    let line = 1 + text[..text.find("name = \"Money comes in\"").unwrap()].matches('\n').count();
    // The table begins at its head, one line above.
    assert_eq!((finding.line, finding.column, finding.path.as_str()), (line - 1, 1, "goals[2]"));
    let shown = finding.to_string();
    assert!(shown.starts_with(&format!("line {}, column 1: warning GOAL_MISSED: ", line - 1)), "{shown}");
}
