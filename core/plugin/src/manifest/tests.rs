use expect_test::{Expect, expect};

use super::*;

const GOOD: &str = r#"
name = "credit-rules"
version = "1.2.3"
department = "finance"
description = "Payment terms."
contract = "0.1"
model = ">=0.1, <0.2"
schema = "schema.graphql"
provides = "1.2.0"
settings = "settings.schema.json"

[[serves]]
point = "credit.terms"
query = "credit_terms.graphql"

[[serves]]
point = "followup.propose"
query = "follow_up.graphql"
on = ["Order.created", "Invoice.*"]

[[requires]]
plugin = "acme-scores"
version = "^1.0"

[renamed]
discount = "earlyDiscount"

[reads]
"CreditAccount.limit" = "The check compares with it."
"#;

#[track_caller]
fn check(from: &str, to: &str, expected: Expect) {
    assert!(GOOD.contains(from), "`{from}` is not in the manifest");
    let result = match Manifest::read(&GOOD.replace(from, to)) {
        Ok(manifest) => format!("{} {}", manifest.name, manifest.version),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&result);
}

#[test]
fn a_good_manifest_is_read() {
    check("1.2.3", "1.2.4", expect!["credit-rules 1.2.4"]);
}

#[test]
fn a_text_that_hides_or_turns_what_is_shown_is_refused() {
    for letter in ['\u{202e}', '\u{200b}', '\u{9b}', '\u{e0041}'] {
        let text = GOOD.replace("Payment terms.", &format!("Payment{letter} terms."));
        let told = Manifest::read(&text).unwrap_err().to_string();
        assert!(told.contains("with none that hide or turn a text") && !told.contains(letter), "{told}");
        let text = GOOD.replace("The check compares", &format!("The check{letter} compares"));
        assert!(Manifest::read(&text).unwrap_err().to_string().contains("reads"));
    }
}

#[test]
fn mistakes_in_the_text_are_named_with_line_and_column() {
    check(
        "version = \"1.2.3\"",
        "version = 1",
        expect![[r#"
            TOML parse error at line 3, column 11
              |
            3 | version = 1
              |           ^
            invalid type: integer `1`, expected semver version"#]],
    );
    check(
        "department",
        "departement",
        expect![[r#"
            TOML parse error at line 4, column 1
              |
            4 | departement = "finance"
              | ^^^^^^^^^^^
            unknown field `departement`, expected one of `name`, `version`, `department`, `description`, `contract`, `model`, `serves`, `reads`, `schema`, `provides`, `requires`, `settings`, `renamed`"#]],
    );
    check(
        ">=0.1, <0.2",
        "latest",
        expect![[r#"
            TOML parse error at line 7, column 9
              |
            7 | model = "latest"
              |         ^^^^^^^^
            unexpected character 'l' while parsing major version number"#]],
    );
}

#[test]
fn wrong_values_say_what_they_should_be() {
    check(
        "credit-rules",
        "Credit Rules",
        expect!["`name` is `Credit Rules`; it must be kebab-case, such as `credit-rules`, of at most 64 characters"],
    );
    check("\"0.1\"", "\"0.1.0\"", expect!["`contract` is `0.1.0`; it must be major.minor, such as `0.1`"]);
    check(
        "credit_terms.graphql",
        "../../etc/passwd",
        expect!["`serves.query` is `../../etc/passwd`; it must be the name of a `.graphql` file beside `plugin.toml`"],
    );
    check(
        "credit.terms",
        "terms",
        expect!["`serves.point` is `terms`; it must be named `department.question`, such as `credit.terms`"],
    );
    check(
        "CreditAccount.limit",
        "limit",
        expect!["`reads` is `limit`; it must be `Type.field`, such as `CreditAccount.limit`"],
    );
}

#[test]
fn a_plugin_serves_each_point_once() {
    let again = "[[serves]]\npoint = \"credit.terms\"\nquery = \"other.graphql\"\n\n[reads]";
    check("[reads]", again, expect!["`credit.terms` is served twice; a plugin answers once at a decision point"]);
}

#[test]
fn events_belong_to_follow_ups() {
    check(
        "\"Order.created\"",
        "\"order\"",
        expect!["`serves.on` is `order`; it must be an event, such as `Order.created` or `Invoice.*`"],
    );
    check(
        "\"Invoice.*\"",
        "\"Order.created\"",
        expect!["`serves.on` is `Order.created`; it is named twice; once is enough"],
    );
    check(
        "followup.propose",
        "credit.check",
        expect![
            "`on` is set for `credit.check`, which is asked when somebody asks; events belong to `followup.propose`, so remove it here"
        ],
    );
}

#[test]
fn what_is_added_and_needed_has_a_version() {
    check(
        "provides = \"1.2.0\"\n",
        "",
        expect![[
            r#"`schema` is set and `provides` is not; say which version of your schema this is, such as `provides = "1.0.0"`"#
        ]],
    );
    check(
        "schema = \"schema.graphql\"\n",
        "",
        expect![[
            r#"`provides` is set and `schema` is not; name the file with the decision points you add, such as `schema = "schema.graphql"`"#
        ]],
    );
    check(
        "schema.graphql",
        "schema.json",
        expect!["`schema` is `schema.json`; it must be the name of a `.graphql` file beside `plugin.toml`"],
    );
    check(
        "acme-scores",
        "credit-rules",
        expect!["the plugin requires itself; its own decision points are there without that"],
    );
    check(
        "acme-scores",
        "Acme",
        expect!["`requires.plugin` is `Acme`; it must be the name of a plugin, such as `acme-scores`"],
    );
    check(
        "[renamed]",
        "[[requires]]\nplugin = \"acme-scores\"\nversion = \"<2\"\n[renamed]",
        expect!["`acme-scores` is required twice; write both ranges into one, such as `>=1.2, <2`"],
    );
}

#[test]
fn settings_are_renamed_to_others() {
    check(
        "earlyDiscount",
        "discount",
        expect!["`renamed.discount` is `discount`; a setting that kept its name is not renamed"],
    );
    check(
        "earlyDiscount",
        "early discount",
        expect!["`renamed.discount` is `early discount`; it must be the name of a setting, such as `earlyDiscount`"],
    );
    check(
        "settings = \"settings.schema.json\"\n",
        "",
        expect!["`renamed` is set and `settings` is not; name the file with the settings, or remove `[renamed]`"],
    );
    check(
        "settings.schema.json",
        "../settings.schema.json",
        expect!["`settings` is `../settings.schema.json`; it must be the name of a `.json` file beside `plugin.toml`"],
    );
}

/// The JSON Schema is written for people; this holds it to what is read.
#[test]
fn the_json_schema_has_the_same_members() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../../schema/plugin-manifest.schema.json")).unwrap();
    let members = |value: &serde_json::Value| {
        let mut names: Vec<_> = value["properties"].as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    let all =
        "contract department description model name provides reads renamed requires schema serves settings version";
    assert_eq!(members(&schema), all);
    assert_eq!(members(&schema["properties"]["serves"]["items"]), "on point query");
    assert_eq!(members(&schema["properties"]["requires"]["items"]), "plugin version");
    for required in schema["required"].as_array().unwrap() {
        let key = required.as_str().unwrap();
        let without: String = GOOD
            .lines()
            .filter(|line| !line.starts_with(&format!("{key} =")))
            .map(|line| format!("{line}\n"))
            .collect();
        let without = match key {
            "serves" => without.split("[[serves]]").next().unwrap().to_owned(),
            _ => without,
        };
        assert!(Manifest::read(&without).is_err(), "`{key}` is required by the schema only");
    }
}
