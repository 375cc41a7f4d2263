//! What the reader takes and refuses, and that the JSON Schema says the same.

use super::*;
use crate::strategy::keys;

const SCHEMA: &str = include_str!("../../../../../schema/strategy.schema.json");

#[track_caller]
fn refuse(from: &str, to: &str, expected: &[&str]) {
    let text = DEMO.replacen(from, to, 1);
    assert_ne!(text, DEMO, "`{from}` is not in the text");
    let problems = read(&text).unwrap_err().0;
    let said: Vec<_> = problems.iter().map(|problem| format!("`{}`: {}", problem.path, problem.message)).collect();
    assert_eq!(said, expected);
}

#[test]
fn problems_name_place_and_remedy() {
    let text = "name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]\nvison = 1\n\n[[segments]]\nkey = \"a\"\nname = \"A\"\nneed = \"n\"\n  when = \"customer.orders12m > 1 && customr.name == 'a'\"\n";
    let expected = "line 4, column 1: `vison`: is not known here; known are name, vision, value_propositions, approvers, currency, rates, financing_rate, activation, goals, segments, treatments, contracts, exceptions, ground_rules, authorities, incentives, information, contact_policy, arbitration, holdout, pledges\nline 10, column 37: `segments[0].when`: unknown name `customr`; names begin with `customer.`";
    assert_eq!(read(text).unwrap_err().to_string(), expected);
    let error = read("name = \"n\"\nvision = \n").unwrap_err();
    assert_eq!((error.0[0].line, error.0[0].path.as_str()), (2, ""));
}

#[test]
fn documents_are_checked_against_model_and_points() {
    refuse("approvers = [\"ada\"]", "", &["``: needs `approvers`"]);
    refuse(
        "approvers = [\"ada\"]",
        "approvers = []",
        &["`approvers`: names 0 people; name 1 to 100 who may activate the strategy"],
    );
    refuse("side = \"enterprise\"", "side = \"both\"", &["`goals[0].side`: is not \"enterprise\" or \"customer\""]);
    refuse(
        "parent = \"key\"",
        "parent = \"core\"",
        &["`segments[1].parent`: `core` is no segment above this one; a parent stands before its children"],
    );
    refuse(
        "key = \"core\"",
        "key = \"key\"",
        &[
            "`goals[2].mix`: gives shares of 0.7 in all; give each segment its share, together 1",
            "`goals[2].mix.core`: is no segment; there are key, key-cinemas, key, small",
            "`segments[2]`: the key `key` is taken; give each segment its own",
            "`treatments.core`: `core` is no segment; there are key, key-cinemas, key, small",
        ],
    );
    refuse(
        "overLimit = 0.2",
        "overlimit = 0.2",
        &[
            "`treatments.key.\"credit.check\".overlimit`: `credit.check` has no such parameter; it has overLimit, overLimitStatic, horizonDays, documentMaximum, oldestOpenItemDays, overdueShare, maxDunningLevel, releaseDeviation, releaseDays",
        ],
    );
    refuse(
        "netDays = 45",
        "netDays = 45.5",
        &["`treatments.key.\"credit.terms\".netDays`: is not a whole number of 32 bits"],
    );
    refuse(
        "[treatments.small.\"credit.terms\"]",
        "[treatments.small.\"churn_scores.churn\"]",
        &[
            "`treatments.small.\"churn_scores.churn\"`: `churn_scores.churn` is no decision point; there are credit.terms, credit.check, collections.next, fulfillment.priority, fulfillment.allocate, fulfillment.promise, marketing.eligibility, marketing.contact, nba.arbitrate, service.level, price.discount, segment.assign, followup.propose; if plugin `churn-scores` brings it, install that first",
        ],
    );
    refuse(
        "[treatments.small.\"credit.terms\"]",
        "[treatments.small.\"credit.term\"]",
        &[
            "`treatments.small.\"credit.term\"`: `credit.term` is no decision point; there are credit.terms, credit.check, collections.next, fulfillment.priority, fulfillment.allocate, fulfillment.promise, marketing.eligibility, marketing.contact, nba.arbitrate, service.level, price.discount, segment.assign, followup.propose",
        ],
    );
    refuse(
        "force = { outcome = \"HELD\" }",
        "force = { outcome = \"NO\" }",
        &["`ground_rules[0].force.outcome`: is not one of APPROVED, HELD"],
    );
    refuse(
        "force = { outcome = \"HELD\" }",
        "",
        &["`ground_rules[0]`: needs exactly one of `clamp`, `force`, `keep` and `reserve`"],
    );
    refuse(
        "field = \"netDays\", max = 60",
        "field = \"netDays\", max = 60, min = 90",
        &["`ground_rules[1].clamp`: min 90 is above max 60; no value lies between"],
    );
    refuse("field = \"netDays\", max = 60", "field = \"netDays\"", &["`ground_rules[1].clamp`: needs `min` or `max`"]);
}

#[test]
fn every_part_is_checked() {
    refuse(
        "target = { at_least = 1.05 }",
        "target = {}",
        &["`goals[0].target`: needs exactly one of `at_least` and `at_most`"],
    );
    refuse("target = { at_least = 1.05 }", "target = \"+5 %\"", &["`goals[0].target`: is not a table"]);
    refuse(
        "objective = \"develop\"",
        "objective = \"grow\"",
        &["`goals[0].objective`: is not \"target\", \"acquire\", \"develop\" or \"retain\""],
    );
    refuse(
        "mix = { key = 0.6",
        "mix = { key = 0.5",
        &["`goals[2].mix`: gives shares of 0.9 in all; give each segment its share, together 1"],
    );
    refuse(
        "mix(credit.terms.netDays)",
        "credit.terms.netDays",
        &["`goals[2].projection`: `credit.terms.netDays` differs by segment; write `mix(credit.terms.netDays)`"],
    );
    refuse(
        "+ averageDelay",
        "+ delay",
        &["`goals[2].projection`: `delay` is none of the goal's assumptions; averageDelay"],
    );
    refuse(
        "netDays) + averageDelay",
        "net) + averageDelay",
        &["`goals[2].projection`: `credit.terms` has no number `net` that a strategy sets"],
    );
    refuse(
        "segment = \"key\"\npromise",
        "segment = \"keys\"\npromise",
        &["`value_propositions[1].segment`: is no segment; there are key, key-cinemas, core, small"],
    );
    refuse(
        "currency = \"EUR\"",
        "currency = \"Euro\"",
        &["`currency`: is not a currency; use its ISO 4217 code, like \"EUR\""],
    );
    refuse(
        "stay = \"customer.margin12m >= 225000\"",
        "stay = \"customer.margin >= 225000\"",
        &[
            "`segments[0].stay`: unknown field `customer.margin`; there are id, version, createdAt, updatedAt, source, externalId, name, kind, status, industry, country, phone, preferredChannel, currency, revenue12m, margin12m, orders12m, lastOrderOn, openAmount, overdueAmount, overdue1To30, overdue31To60, overdue61To90, overdueOver90, averageDaysLate, lastTouchAt, factsAsOf, segment, owner, territory, team, parent, creditAccount",
        ],
    );
    refuse("share = 0.1 }", "share = 1.1 }", &["`ground_rules[3].reserve.share`: is above 1; write 5 % as 0.05"]);
    refuse(
        "keep = { confirmed = \"confirmed\" }",
        "keep = { confirmed = \"segment\" }",
        &[
            "`ground_rules[4].keep.confirmed`: is no field of the request of the type of `confirmed`; supply, requested, confirmed, hoursToShipment",
        ],
    );
    refuse(
        "keep = { confirmed = \"confirmed\" }",
        "keep = { backordered = \"confirmed\" }",
        &["`ground_rules[4].keep.backordered`: `fulfillment.allocate` has no such field; it has confirmed, standing"],
    );
    refuse(
        "* request.list)",
        "* request.liste)",
        &["`ground_rules[2].clamp.max`: unknown field `request.liste`; did you mean `list`?"],
    );
    refuse(
        "field = \"discount\"\nat_most",
        "field = \"prompt\"\nat_most",
        &["`authorities[0].field`: is no field of `price.discount` that needs authority; discount"],
    );
    refuse("act = \"releaseHold\"", "", &["`authorities[1]`: needs exactly one of `point` and `act`"]);
    refuse("rewards = \"more\"", "rewards = \"most\"", &["`incentives[0].rewards`: is not \"more\" or \"less\""]);
    refuse(
        "fact = \"customer.margin12m\"",
        "fact = \"customer.margins\"",
        &[
            "`information[0].fact`: unknown field `customer.margins`; there are id, version, createdAt, updatedAt, source, externalId, name, kind, status, industry, country, phone, preferredChannel, currency, revenue12m, margin12m, orders12m, lastOrderOn, openAmount, overdueAmount, overdue1To30, overdue31To60, overdue61To90, overdueOver90, averageDaysLate, lastTouchAt, factsAsOf, segment, owner, territory, team, parent, creditAccount",
        ],
    );
    refuse(
        "max_age_days = 3",
        "max_age_days = -1",
        &["`information[1].max_age_days`: is not a whole number from 0 to 3660"],
    );
    refuse(
        "from = \"20:00\"",
        "from = \"25:00\"",
        &["`contact_policy.quiet_hours.from`: is not a time of the day like \"20:00\""],
    );
    refuse(
        "days = 30, at_most = 4",
        "days = 0, at_most = 4",
        &["`contact_policy.caps[0].days`: is not a whole number from 1 to 3660"],
    );
    refuse(
        "* verdict.lever\"",
        "* verdict.score\"",
        &["`arbitration.score`: unknown field `verdict.score`; there are context, lever, allowed"],
    );
    refuse("lever_cap = 1.5", "lever_cap = -1", &["`arbitration.lever_cap`: is below 0"]);
    refuse(
        "policy = \"credit.terms\"",
        "policy = \"credit.check\"",
        &["`pledges[1]`: `credit.check` has a pledge already; keep one"],
    );
    refuse("review = 2027-12-01", "review = \"soon\"", &["`pledges[0].review`: is not a date like 2026-01-31"]);
}

#[test]
fn segments_in_a_circle_are_refused() {
    let segment = |key: &str, parent: &str| {
        format!("[[segments]]\nkey = \"{key}\"\nname = \"n\"\nneed = \"n\"\nwhen = \"true\"\nparent = \"{parent}\"\n")
    };
    let head = "name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]\n";
    let said = read(&format!("{head}{}{}", segment("a", "b"), segment("b", "a"))).unwrap_err().to_string();
    let circle = "`segments[0].parent`: `a`, which is part of `b`, which is part of `a`: they are parts of each other in a circle; leave one `parent` out";
    assert!(said.contains(circle), "{said}");
    let itself = read(&format!("{head}{}", segment("a", "a"))).unwrap_err().to_string();
    assert!(itself.contains("`a`, which is part of `a`: they are parts"), "{itself}");
}

#[test]
fn reserves_do_not_add_up_to_more_than_there_is() {
    let more = "[[ground_rules]]\nid = \"R\"\nname = \"n\"\nreason = \"r\"\npoint = \"fulfillment.allocate\"\nreserve = { segment = \"key\", share = 0.95 }";
    contradiction(more, "brings what is reserved at `fulfillment.allocate` to 1.05 of what there is, which is above 1");
    let other = "[[ground_rules]]\nid = \"R\"\nname = \"n\"\nreason = \"r\"\npoint = \"credit.terms\"\nreserve = { segment = \"key\", share = 0.5 }";
    contradiction(other, "`credit.terms` shares out nothing among segments, so there is nothing to reserve");
}

#[test]
fn decimals_are_their_written_digits() {
    let over_limit = |written: &str| {
        let strategy = read(&DEMO.replacen("overLimit = 0.2", &format!("overLimit = {written}"), 1))?;
        Ok::<_, Problems>(strategy.treatment("key", "credit.check").unwrap().parameters["overLimit"].to_string())
    };
    for (written, exact) in [
        ("0.1", "0.1"),
        ("0.30", "0.3"),
        ("1", "1"),
        ("0.123456789012345", "0.123456789012345"),
        ("\"0.12345678901234567890\"", "0.1234567890123456789"),
    ] {
        assert_eq!(over_limit(written).as_deref(), Ok(exact));
    }
    let error = over_limit("0.1234567890123456").unwrap_err().to_string();
    assert!(
        error.ends_with("has more than 15 significant digits, which other programs may not keep; write it in quotes"),
        "{error}"
    );
    for written in ["1e-1", "nan", "inf", "0x10", "true", "\"0,1\""] {
        assert!(over_limit(written).is_err(), "{written}");
    }
}

#[track_caller]
fn contradiction(rules: &str, expected: &str) {
    let problems = read(&format!("{DEMO}\n{rules}")).unwrap_err().0;
    assert_eq!(problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(), [expected]);
}

fn rule(id: &str, point: &str, effect: &str) -> String {
    format!("[[ground_rules]]\nid = \"{id}\"\nname = \"n\"\nreason = \"r\"\npoint = \"{point}\"\n{effect}\n")
}

#[test]
fn ground_rules_that_contradict_each_other_are_refused() {
    let low = rule("GR9", "credit.terms", "clamp = { field = \"netDays\", min = 70 }");
    contradiction(&low, "`GR9` keeps `netDays` at 70 or more and `GR2` at 60 or less; no value fulfils both");
    let forced = rule("GR9", "credit.terms", "force = { netDays = 90 }");
    contradiction(&forced, "sets `netDays` to 90, which `GR2` bounds at 60");
    let both = rule("GR8", "credit.check", "force = { outcome = \"APPROVED\" }");
    assert!(read(&format!("{DEMO}\n{both}")).is_ok(), "HELD is stricter than APPROVED");
    let same = rule("GR1", "credit.terms", "clamp = { field = \"netDays\", min = 1 }");
    contradiction(&same, "the id `GR1` is taken; give each rule its own");
}

#[test]
fn a_bound_that_always_divides_by_zero_is_refused() {
    for never in ["0.5 / 0", "customer.revenue12m / (2 - 2)", "max(1, 2 / -0.0)"] {
        let rule = rule("GR9", "credit.terms", &format!("clamp = {{ field = \"discount\", max = \"{never}\" }}"));
        let told = read(&format!("{DEMO}\n{rule}")).unwrap_err().to_string();
        assert!(told.contains("this is always 0, and nothing is divided by it"), "{told}");
    }
    let known = rule("GR9", "credit.terms", "clamp = { field = \"discount\", max = \"1 / customer.orders12m\" }");
    assert!(read(&format!("{DEMO}\n{known}")).is_ok(), "it may be none of it");
}

#[test]
fn contracts_name_customers_once() {
    let strategy = read(NORTHWIND).unwrap();
    assert_eq!(strategy.contracts.len(), 1);
    let contract = NORTHWIND.find("[[contracts]]").unwrap();
    let end = NORTHWIND.find("[[ground_rules]]").unwrap();
    let twice = format!("{NORTHWIND}\n{}", &NORTHWIND[contract..end]);
    let problems = read(&twice).unwrap_err().0;
    assert_eq!(problems[0].message, "this customer has an entry for `credit.terms` already; join them");
    let by_id = NORTHWIND
        .replace("{ source = \"northwind\", externalId = \"ERNSH\" }", "\"ord_01900000000070008000000000000001\"");
    assert!(read(&by_id).unwrap_err().to_string().contains("is not the id of a Customer"));
}

#[test]
fn documents_are_bounded() {
    assert!(
        read(&format!("{DEMO}# {}", "x".repeat(MAX_DOCUMENT_BYTES)))
            .unwrap_err()
            .to_string()
            .contains("at most 262144")
    );
    let nested = format!("name = {}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(read(&nested).is_err());
    let many = "[[segments]]\nkey = \"a\"\n".repeat(201);
    assert!(read(&many).unwrap_err().to_string().contains("has 201 entries; at most 200 are read"));
    let deep: String = (0..9)
        .map(|n| {
            let parent = if n == 0 { String::new() } else { format!("parent = \"s{}\"\n", n - 1) };
            format!("[[segments]]\nkey = \"s{n}\"\nname = \"n\"\nneed = \"n\"\nwhen = \"true\"\n{parent}")
        })
        .collect();
    let head = "name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]\n";
    assert!(read(&format!("{head}{deep}")).unwrap_err().to_string().contains("nests more than 8 segments"));
}

fn as_json(text: &str) -> Json {
    fn json(value: toml::Value) -> Json {
        match value {
            toml::Value::String(text) => Json::from(text),
            toml::Value::Integer(int) => Json::from(int),
            toml::Value::Float(float) => Json::from(float),
            toml::Value::Boolean(value) => Json::from(value),
            toml::Value::Datetime(date) => Json::from(date.to_string()),
            toml::Value::Array(items) => items.into_iter().map(json).collect(),
            toml::Value::Table(entries) => {
                Json::Object(entries.into_iter().map(|(key, value)| (key, json(value))).collect())
            }
        }
    }
    json(toml::Value::Table(text.parse().unwrap()))
}

#[test]
fn schema_and_reader_take_and_refuse_the_same() {
    let validator = jsonschema::draft202012::new(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
    for text in [DEMO, NORTHWIND, NESTED] {
        let errors: Vec<_> = validator.iter_errors(&as_json(text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let wrong = [
        ("name = \"Grow", "nam = \"Grow"),
        ("side = \"enterprise\"", "side = \"both\""),
        ("metric = \"margin12m\"", "metric = \"margin12m\"\nowners = \"ada\""),
        ("objective = \"develop\"", "objective = \"grow\""),
        ("target = { at_least = 1.05 }", "target = { at_least = 1.05, at_most = 2 }"),
        ("target = { at_least = 1.05 }", "target = \"more\""),
        ("baseline = 1\n", "baseline = \"one\"\n"),
        ("assumptions = { averageDelay = 6 }", "assumptions = { AverageDelay = 6 }"),
        ("currency = \"EUR\"", "currency = \"Euro\""),
        ("stay = \"customer.margin12m >= 225000\"", "stay = 225000"),
        ("reserve = { segment = \"small\", share = 0.1 }", "reserve = { segment = \"small\" }"),
        ("keep = { confirmed = \"confirmed\" }", "keep = { confirmed = \"segment\" }"),
        ("point = \"fulfillment.allocate\"\nreserve", "point = \"credit.terms\"\nreserve"),
        ("act = \"releaseHold\"", "act = \"releaseHold\"\npoint = \"credit.check\""),
        ("act = \"releaseHold\"", ""),
        ("rewards = \"more\"", "rewards = \"most\""),
        ("max_age_days = 3", "max_age_days = -1"),
        ("from = \"20:00\"", "from = \"25:00\""),
        ("days = 30, at_most = 4", "days = 0, at_most = 4"),
        ("lever_cap = 1.5", ""),
        ("share = 0.05\nseed", "seed"),
        ("minimum_ratio = 1.5", ""),
        ("benefit = { amount = 180000, currency = \"EUR\" }", "benefit = { amount = 180000 }"),
        ("need = \"Easy", "needs = \"Easy"),
        ("key = \"core\"", "key = \"core!\""),
        ("overLimit = 0.2", "overlimit = 0.2"),
        ("netDays = 45", "netDays = \"45\""),
        ("[treatments.small.\"credit.terms\"]", "[treatments.small.\"credit.term\"]"),
        ("point = \"credit.check\"", "point = \"credit.chek\""),
        ("force = { outcome = \"HELD\" }", "force = { outcome = \"NO\" }"),
        ("force = { outcome = \"HELD\" }", "force = { netDays = 1 }"),
        ("force = { outcome = \"HELD\" }", ""),
        ("field = \"netDays\", max = 60", "field = \"netDays\", maximum = 60"),
        ("field = \"netDays\", max = 60", "field = \"netDays\""),
        ("field = \"netDays\", max = 60", "field = \"outcome\", max = 60"),
        ("approvers = [\"ada\"]", "approvers = []"),
    ];
    for (from, to) in wrong {
        let text = DEMO.replacen(from, to, 1);
        assert_ne!(text, DEMO, "`{from}` is not in the text");
        assert!(read(&text).is_err(), "the reader takes `{to}`");
        assert!(!validator.is_valid(&as_json(&text)), "the schema takes `{to}`");
    }
}

#[track_caller]
fn same_keys(schema: &Json, place: &str, keys: &[&str]) {
    let properties = schema.pointer(place).and_then(Json::as_object).unwrap_or_else(|| panic!("{place}"));
    let mut named: Vec<_> = properties.keys().map(String::as_str).collect();
    let mut known = keys.to_vec();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known, "{place}");
    let described = |property: &Json| property.get("description").is_some() || property.get("$ref").is_some();
    assert!(properties.values().all(described), "{place} needs descriptions");
}

#[test]
fn the_schema_has_every_key_of_the_reader() {
    let schema: Json = serde_json::from_str(SCHEMA).unwrap();
    same_keys(&schema, "/properties", keys::DOCUMENT);
    for (place, keys) in [
        ("value_propositions/items", keys::VALUE_PROPOSITION),
        ("goals/items", keys::GOAL),
        ("goals/items/properties/target", keys::AIM),
        ("goals/items/properties/guard", keys::GUARD),
        ("authorities/items", keys::AUTHORITY),
        ("incentives/items", keys::INCENTIVE),
        ("information/items", keys::INFORMATION),
        ("contact_policy", keys::CONTACT_POLICY),
        ("contact_policy/properties/caps/items", keys::CONTACT_CAP),
        ("contact_policy/properties/quiet_hours", keys::QUIET_HOURS),
        ("activation", keys::ACTIVATION),
        ("arbitration", keys::ARBITRATION),
        ("holdout", keys::HOLDOUT),
        ("pledges/items", keys::PLEDGE),
        ("pledges/items/properties/benefit", keys::MONEY),
        ("pledges/items/properties/cost", keys::MONEY),
    ] {
        same_keys(&schema, &format!("/properties/{place}/properties"), keys);
    }
    same_keys(&schema, "/properties/segments/items/properties", keys::SEGMENT);
    same_keys(&schema, "/$defs/agreement/properties", keys::AGREEMENT);
    same_keys(&schema, "/$defs/agreement/properties/customer/anyOf/1/properties", keys::CUSTOMER);
    same_keys(&schema, "/$defs/ground-rule/properties", keys::GROUND_RULE);
    same_keys(&schema, "/$defs/ground-rule/properties/clamp/properties", keys::CLAMP);
    same_keys(&schema, "/$defs/ground-rule/properties/reserve/properties", keys::RESERVE);
    let points = decision_points().unwrap();
    let names: Vec<_> = points.iter().map(|point| point.name.as_str()).collect();
    for place in [
        "/$defs/agreement/properties/point",
        "/$defs/ground-rule/properties/point",
        "/properties/pledges/items/properties/policy",
    ] {
        assert_eq!(schema.pointer(&format!("{place}/anyOf/0/enum")), Some(&json!(names)), "{place}");
    }
    same_keys(&schema, "/properties/treatments/additionalProperties/properties", &names);
    for point in points {
        let parameters: Vec<_> = point.parameters.iter().map(|field| field.name.as_str()).collect();
        same_keys(&schema, &format!("/$defs/{}-parameters/properties", point.name), &parameters);
        let answered = || point.bounded().iter().filter(|field| field.combine != crate::CombineRule::Core);
        let outputs: Vec<_> = answered().map(|field| field.name.as_str()).collect();
        same_keys(&schema, &format!("/$defs/{}-answer/properties", point.name), &outputs);
        same_keys(&schema, &format!("/$defs/{}-kept/properties", point.name), &outputs);
        for (fields, kind) in [
            (point.parameters.iter().map(|f| (&f.name, &f.description)).collect::<Vec<_>>(), "parameters"),
            (answered().map(|f| (&f.name, &f.description)).collect(), "answer"),
        ] {
            for (name, description) in fields {
                let place = format!("/$defs/{}-{kind}/properties/{name}/description", point.name);
                assert_eq!(schema.pointer(&place).and_then(Json::as_str), Some(description.as_str()), "{place}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_document_breaks_the_reader(at in any::<prop::sample::Index>(), length in 0usize..40, inserted in "[\\[\\]{}\"'=.,a-z0-9\\n #-]{0,8}") {
        let mut bytes = NORTHWIND.as_bytes().to_vec();
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, inserted.bytes());
        if let Err(problems) = read(&String::from_utf8(bytes).unwrap()) {
            prop_assert!(!problems.0.is_empty());
        }
    }
}
