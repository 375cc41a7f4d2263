use std::collections::BTreeSet;

use super::*;

const SCHEMA: &str = include_str!("../../../../schema/fields.schema.json");

const FIELDS: &str = r#"[fields.Customer.loyaltyTier]
kind = "text"
doc = "What the loyalty programme calls them."
readable-by = "reader"
indexed = true

[fields.Customer.rebate]
kind = "decimal"
scale = 4
doc = "Share of each order that is paid back."
deprecated = "use `segment`"

[fields.Order.budget]
kind = "money"
doc = "What was set aside for it."
"#;

/// What is wrong with the document when `from` is `to`.
#[track_caller]
fn refuse(from: &str, to: &str, expected: &[&str]) {
    let text = FIELDS.replacen(from, to, 1);
    assert_ne!(text, FIELDS, "`{from}` is not in the text");
    let problems = read_fields(&text, &Model::core()).unwrap_err().0;
    let said: Vec<_> = problems.iter().map(|problem| problem.to_string()).collect();
    let begins = said.len() == expected.len() && said.iter().zip(expected).all(|(said, begin)| said.starts_with(begin));
    assert!(begins, "{said:#?}");
}

#[test]
fn the_model_has_the_fields_its_document_says() {
    let model = read_fields(FIELDS, &Model::core()).unwrap();
    let customer = model.object("Customer").unwrap();
    let tier = customer.get("loyaltyTier").unwrap();
    assert_eq!((&tier.kind, tier.readable_by, tier.indexed), (&Kind::Text, Role::Reader, true));
    let rebate = customer.get("rebate").unwrap();
    assert_eq!((&rebate.kind, rebate.readable_by), (&Kind::Decimal { scale: 4 }, Role::Department));
    assert_eq!(rebate.deprecated.as_deref(), Some("use `segment`"));
    assert_eq!(model.object("Order").unwrap().get("budget").unwrap().kind, Kind::Money);
    assert_eq!(read_fields("[fields]\n", &Model::core()).unwrap().objects().len(), model.objects().len());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    refuse("\"text\"", "\"label\"", &["line 2, column 8: `fields.Customer.loyaltyTier.kind`: is no kind of field"]);
    refuse("scale = 4\n", "", &["line 8, column 8: `fields.Customer.rebate.kind`: is decimal and needs `scale`"]);
    refuse("scale = 4", "scale = -1", &["line 9, column 9: `fields.Customer.rebate.scale`: is not a number of places"]);
    refuse(
        "scale = 4",
        "scale = 20",
        &["line 7, column 18: `fields.Customer.rebate`: cannot be added: `Customer.rebate`: a decimal"],
    );
    refuse(
        "\"money\"",
        "\"money\"\nscale = 2",
        &["line 15, column 9: `fields.Order.budget.scale`: is for decimals alone"],
    );
    refuse(
        "\"reader\"",
        "\"sales\"",
        &["line 4, column 15: `fields.Customer.loyaltyTier.readable-by`: is no built-in role"],
    );
    refuse(
        "indexed = true",
        "indexed = 1",
        &["line 5, column 11: `fields.Customer.loyaltyTier.indexed`: is not true or false"],
    );
    refuse("doc = \"What was set aside for it.\"", "", &["line 13, column 1: `fields.Order.budget`: needs `doc`"]);
    refuse(
        "loyaltyTier",
        "name",
        &["line 1, column 18: `fields.Customer.name`: cannot be added: `Customer` already has"],
    );
    refuse("Order", "Client", &["line 13, column 16: `fields.Client.budget`: cannot be added: the model has no type"]);
    refuse(
        "indexed = true",
        "colour = 1",
        &["line 5, column 1: `fields.Customer.loyaltyTier.colour`: is not known here"],
    );
}

#[test]
fn a_type_has_a_bounded_number_of_fields() {
    let many: String =
        (0..=MAX_FIELDS).map(|n| format!("[fields.Customer.own{n}]\nkind = \"int\"\ndoc = \"d\"\n")).collect();
    let problems = read_fields(&many, &Model::core()).unwrap_err().0;
    assert!(problems[0].to_string().contains("has 101 fields; at most 100 are taken"), "{problems:?}");
}

/// The keys the reader knows are the keys schema/fields.schema.json describes, and it takes what the reader takes.
#[test]
fn the_json_schema_says_the_same() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let keys = |pointer: &str| {
        let properties = schema.pointer(pointer).and_then(|value| value.as_object()).unwrap();
        properties.keys().cloned().collect::<BTreeSet<_>>()
    };
    let known = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(keys("/properties"), known(DOCUMENT));
    assert_eq!(keys("/$defs/field/properties"), known(FIELD));
    let words = |pointer: &str| {
        let values = schema.pointer(pointer).and_then(|value| value.as_array()).unwrap();
        values.iter().map(|value| value.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(words("/$defs/field/properties/kind/enum"), known(KINDS));
    assert_eq!(words("/$defs/field/properties/readable-by/enum"), known(&Role::ALL.map(Role::name)));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let fields: toml::Value = toml::from_str(FIELDS).unwrap();
    let fields = serde_json::to_value(fields).unwrap();
    assert!(validator.is_valid(&fields));
    let mut wrong = fields;
    wrong["fields"]["Customer"]["rebate"]["colour"] = 1.into();
    assert!(!validator.is_valid(&wrong));
}
