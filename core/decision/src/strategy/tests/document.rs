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
    let expected = "line 4, column 1: `vison`: is not known here; known are name, vision, approvers, goals, segments, treatments, contracts, exceptions, ground_rules\nline 10, column 37: `segments[0].when`: unknown name `customr`; names begin with `customer.`";
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
            "`segments[2]`: the key `key` is taken; give each segment its own",
            "`treatments.core`: `core` is no segment; there are key, key-cinemas, key, small",
        ],
    );
    refuse(
        "overLimit = 0.2",
        "overlimit = 0.2",
        &["`treatments.key.\"credit.check\".overlimit`: `credit.check` has no such parameter; it has overLimit"],
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
            "`treatments.small.\"churn_scores.churn\"`: `churn_scores.churn` is no decision point; there are credit.terms, credit.check, followup.propose; if plugin `churn-scores` brings it, install that first",
        ],
    );
    refuse(
        "[treatments.small.\"credit.terms\"]",
        "[treatments.small.\"credit.term\"]",
        &[
            "`treatments.small.\"credit.term\"`: `credit.term` is no decision point; there are credit.terms, credit.check, followup.propose",
        ],
    );
    refuse(
        "force = { outcome = \"HELD\" }",
        "force = { outcome = \"NO\" }",
        &["`ground_rules[0].force.outcome`: is not one of APPROVED, HELD"],
    );
    refuse("force = { outcome = \"HELD\" }", "", &["`ground_rules[0]`: needs exactly one of `clamp` and `force`"]);
    refuse(
        "field = \"netDays\", max = 60",
        "field = \"netDays\", max = 60, min = 90",
        &["`ground_rules[1].clamp`: min 90 is above max 60; no value lies between"],
    );
    refuse("field = \"netDays\", max = 60", "field = \"netDays\"", &["`ground_rules[1].clamp`: needs `min` or `max`"]);
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
        ("metric = \"margin12m\"", "metric = \"margin12m\"\nowner = \"ada\""),
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
    assert!(properties.values().all(|property| property.get("description").is_some()), "{place} needs descriptions");
}

#[test]
fn the_schema_has_every_key_of_the_reader() {
    let schema: Json = serde_json::from_str(SCHEMA).unwrap();
    same_keys(&schema, "/properties", keys::DOCUMENT);
    same_keys(&schema, "/properties/goals/items/properties", keys::GOAL);
    same_keys(&schema, "/properties/segments/items/properties", keys::SEGMENT);
    same_keys(&schema, "/$defs/agreement/properties", keys::AGREEMENT);
    same_keys(&schema, "/$defs/agreement/properties/customer/anyOf/1/properties", keys::CUSTOMER);
    same_keys(&schema, "/$defs/ground-rule/properties", keys::GROUND_RULE);
    same_keys(&schema, "/$defs/ground-rule/properties/clamp/properties", keys::CLAMP);
    for point in decision_points().unwrap() {
        let parameters: Vec<_> = point.parameters.iter().map(|field| field.name.as_str()).collect();
        same_keys(&schema, &format!("/$defs/{}-parameters/properties", point.name), &parameters);
        let outputs: Vec<_> = point.outputs.iter().map(|field| field.name.as_str()).collect();
        same_keys(&schema, &format!("/$defs/{}-answer/properties", point.name), &outputs);
        for (fields, kind) in [
            (point.parameters.iter().map(|f| (&f.name, &f.description)).collect::<Vec<_>>(), "parameters"),
            (point.outputs.iter().map(|f| (&f.name, &f.description)).collect(), "answer"),
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
