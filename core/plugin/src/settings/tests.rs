use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings",
        "type": "object",
        "additionalProperties": false,
        "required": ["region"],
        "properties": {
            "strict": { "type": "boolean", "default": true, "description": "Whether late payers get nothing." },
            "days": { "type": "integer", "minimum": 0, "maximum": 90, "default": 14 },
            "share": { "type": "string", "format": "decimal", "default": "0.02" },
            "since": { "type": "string", "format": "date" },
            "region": { "type": "string", "enum": ["north", "south"] },
            "tags": { "type": "array", "items": { "type": "string", "maxLength": 5 }, "maxItems": 2 },
            "discount": {
                "type": "object",
                "properties": { "early": { "type": "integer", "default": 1 }, "late": { "type": "integer" } }
            }
        }
    })
}

/// Completes settings and shows what a plugin would get, or what is wrong.
#[track_caller]
fn check(given: Value, expected: Expect) {
    let schema = SettingsSchema::read(&schema().to_string()).unwrap();
    let shown = match schema.complete(given.as_object().unwrap()) {
        Ok(settings) => Value::Object(settings).to_string(),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn defaults_are_filled_in() {
    check(
        json!({ "region": "north" }),
        expect![[r#"{"days":14,"discount":{"early":1},"region":"north","share":"0.02","strict":true}"#]],
    );
    check(
        json!({ "region": "south", "strict": false, "tags": ["a"], "discount": { "late": 3 } }),
        expect![[
            r#"{"days":14,"discount":{"early":1,"late":3},"region":"south","share":"0.02","strict":false,"tags":["a"]}"#
        ]],
    );
}

#[test]
fn every_wrong_setting_is_told() {
    check(
        json!({
            "strict": "yes", "days": 91, "share": "2 %", "since": "2026-02-29", "tags": ["long enough", 1],
            "discount": { "early": 1.5, "never": 0 }, "colour": "red"
        }),
        expect![[r#"
            the setting `colour` is not known; there are `days`, `discount`, `region`, `share`, `since`, `strict`, `tags`
            the setting `days` is 91; it must be a whole number from 0 to 90
            the setting `discount.never` is not known; there are `early`, `late`
            the setting `discount.early` is 1.5; it must be a whole number from -9007199254740991 to 9007199254740991
            the setting `region` is missing; it must be one of `north`, `south`
            the setting `share` is "2 %"; it must be a decimal number as text, such as "0.02"
            the setting `since` is "2026-02-29"; it must be a day as text, such as "2026-01-31"
            the setting `strict` is "yes"; it must be true or false
            the setting `tags[0]` is "long enough"; it must be a text of 0 to 5 characters
            the setting `tags[1]` is 1; it must be a text of 0 to 5 characters"#]],
    );
    check(
        json!({ "region": "east", "tags": ["a", "b", "c"], "days": null, "discount": [] }),
        expect![[r#"
        the setting `days` is null; it must be a whole number from 0 to 90
        the setting `discount` is []; it must be an object
        the setting `region` is "east"; it must be one of `north`, `south`
        the setting `tags` is ["a","b","c"]; it must be a list of 0 to 2, each a text of 0 to 5 characters"#]],
    );
}

/// Puts a schema in the place of the setting `days` and says what is wrong with it.
#[track_caller]
fn refused(setting: Value, expected: Expect) {
    let mut document = schema();
    document["properties"]["days"] = setting;
    expected.assert_eq(&SettingsSchema::read(&document.to_string()).unwrap_err().to_string());
}

#[test]
fn what_is_not_read_is_refused() {
    refused(
        json!({ "type": "number" }),
        expect![[
            r#"the settings schema at `properties.days.type`: is `number`, which is not exact; use `integer`, or `string` with `"format": "decimal"`"#
        ]],
    );
    refused(
        json!({ "$ref": "#" }),
        expect![
            "the settings schema at `properties.days.type`: must be `string`, `integer`, `boolean`, `array` or `object`"
        ],
    );
    refused(
        json!({ "type": "string", "pattern": "(a+)+$" }),
        expect![
            "the settings schema at `properties.days`: `pattern` is not read here; type, enum, format, minLength, maxLength are"
        ],
    );
    refused(
        json!({ "type": "integer", "minimum": 5, "maximum": 1 }),
        expect!["the settings schema at `properties.days`: has a minimum above its maximum"],
    );
    refused(
        json!({ "type": "integer", "maximum": 1, "default": 2 }),
        expect![
            "the settings schema at `properties.days.default`: is 2; it must be a whole number from -9007199254740991 to 1"
        ],
    );
    refused(
        json!({ "type": "array", "items": { "type": "array", "items": { "type": "string" } } }),
        expect!["the settings schema at `properties.days.items`: must be a text, a whole number or a boolean"],
    );
    refused(
        json!({ "type": "object", "additionalProperties": true }),
        expect![
            "the settings schema at `properties.days.additionalProperties`: must be false: a setting that is not described is refused"
        ],
    );
    refused(
        json!({ "type": "object", "required": ["a"] }),
        expect!["the settings schema at `properties.days.required`: names `a`, which is not among the properties"],
    );
    refused(json!(true), expect!["the settings schema at `properties.days`: must be an object"]);
    expect!["the settings schema: is no JSON object: it is another kind of value"]
        .assert_eq(&SettingsSchema::read("[]").unwrap_err().to_string());
    expect!["the settings schema: is no JSON object: `type` occurs twice at line 1 column 25"]
        .assert_eq(&SettingsSchema::read(r#"{"type": "object", "type": "object"}"#).unwrap_err().to_string());
    expect!["the settings schema at `type`: must be `object`"]
        .assert_eq(&SettingsSchema::read(r#"{"type": "string"}"#).unwrap_err().to_string());
}

#[test]
fn a_schema_has_bounds() {
    let nested = (0..10)
        .fold(json!({ "type": "boolean" }), |inner, _| json!({ "type": "object", "properties": { "a": inner } }));
    refused(
        nested,
        expect![
            "the settings schema at `properties.days.properties.a.properties.a.properties.a.properties.a`: lies more than 4 objects deep; make it flatter"
        ],
    );
    let many: Map<_, _> = (0..101).map(|number| (format!("s{number}"), json!({ "type": "boolean" }))).collect();
    refused(
        json!({ "type": "object", "properties": many }),
        expect![
            "the settings schema at `properties.days.properties.s98`: is one too many; a plugin has at most 100 settings"
        ],
    );
    let long = "x".repeat(2_000);
    let texts: Map<_, _> = (0..9).map(|number| (format!("s{number}"), json!({ "type": "string" }))).collect();
    let schema = SettingsSchema::read(&json!({ "type": "object", "properties": texts }).to_string()).unwrap();
    let given: Map<_, _> = (0..9).map(|number| (format!("s{number}"), json!(long))).collect();
    expect!["the setting `s0` and all others have 18073 bytes together; at most 16384 are kept"]
        .assert_eq(&schema.complete(&given).unwrap_err()[0].to_string());
}

/// What we take is what a full reader of JSON Schema takes.
#[test]
fn a_full_reader_agrees() {
    let ours = SettingsSchema::read(&schema().to_string()).unwrap();
    let full = jsonschema::draft202012::options().should_validate_formats(true).build(&schema()).unwrap();
    let values = [
        json!(true),
        json!(0),
        json!(90),
        json!(91),
        json!(-1),
        json!(1.5),
        json!("north"),
        json!("2026-02-28"),
        json!("2026-02-30"),
        json!("12345"),
        json!("123456"),
        json!([]),
        json!(["a"]),
        json!(["a", "b", "c"]),
        json!([1]),
        json!({}),
        json!({ "late": 1 }),
        json!({ "later": 1 }),
        json!(null),
    ];
    let names = ["strict", "days", "since", "region", "tags", "discount"];
    let (mut taken, mut left) = (0, 0);
    for name in names {
        for value in &values {
            let mut given = json!({ "region": "south" });
            given[name] = value.clone();
            // `discount` has no `additionalProperties`; we refuse there what a full reader would let pass.
            if given["discount"].get("later").is_some() {
                continue;
            }
            let agreed = ours.complete(given.as_object().unwrap()).is_ok();
            assert_eq!(agreed, full.is_valid(&given), "{given}");
            if agreed { taken += 1 } else { left += 1 }
        }
    }
    assert!(taken >= 9 && left > 50, "{taken} {left}");
}
