//! The JSON Schema of mappings says what the importer takes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use guildhall_model::{Model, ObjectType};
use serde_json::{Map, Value as Json, json};

use super::small::SHOP;
use crate::business_data::{is_given, is_given_reference, types};
use crate::import::mapping::Mapping;

/// Where what the model says begins in the schema; nothing but the ends of the file comes after it.
const OF_MODEL: &str = "    \"type\": {\n      \"enum\"";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text() -> String {
    std::fs::read_to_string(root().join("schema/mapping.schema.json")).unwrap()
}

/// The types, and which fields and references each of them has and needs: a line for each type.
fn of_model(model: &Model) -> String {
    let names: Vec<&str> = types(model).map(|object| object.name.as_str()).collect();
    let of_types: Vec<String> = types(model).map(|object| format!("        {}", of_type(model, object))).collect();
    format!(
        r#"    "type": {{
      "enum": {},
      "description": "The type of the records."
    }},
    "ofTypes": {{
      "description": "What each type has and needs. Fields of plugins come on top of it.",
      "allOf": [
{}
      ]
    }}
  }}
}}
"#,
        json!(names),
        of_types.join(",\n"),
    )
}

fn of_type(model: &Model, object: &ObjectType) -> Json {
    let fields = object.fields.iter().filter(|field| is_given(object, &field.name));
    let fields = fields.map(|field| (&field.name, &field.doc, field.nullable)).collect();
    let relations = object.relations.iter().filter(|relation| is_given_reference(model, relation));
    let references = relations.map(|relation| (&relation.name, &relation.doc, relation.nullable)).collect();
    let mut then = json!({ "properties": {}, "required": [] });
    for (part, kind, members) in [("fields", "field", fields), ("references", "reference", references)] {
        let members: Vec<(&String, &String, bool)> = members;
        let described = |(name, doc, _): &(&String, &String, bool)| {
            ((*name).clone(), json!({ "$ref": format!("#/$defs/{kind}"), "description": doc }))
        };
        let needed: Vec<_> = members.iter().filter(|(_, _, nullable)| !nullable).map(|(name, ..)| *name).collect();
        let properties: Map<_, _> = members.iter().map(described).collect();
        then["properties"][part] = json!({ "properties": properties, "required": needed });
        if !needed.is_empty() {
            then["required"].as_array_mut().unwrap().push(part.into());
        }
    }
    json!({ "if": { "properties": { "type": { "const": object.name } } }, "then": then })
}

/// With `GUILDHALL_BLESS` it is written.
#[test]
fn the_exported_schema_of_mappings_has_the_types_of_the_model() {
    let text = text();
    let begins = text.find(OF_MODEL).unwrap();
    let expected = of_model(&Model::core());
    if std::env::var_os("GUILDHALL_BLESS").is_some() {
        let path = root().join("schema/mapping.schema.json");
        return std::fs::write(path, text[..begins].to_owned() + &expected).unwrap();
    }
    assert!(text[begins..] == expected, "run `GUILDHALL_BLESS=1 cargo test --workspace --lib exported_schema`");
}

#[test]
fn the_documentation_names_the_types_of_the_model() {
    let text = std::fs::read_to_string(root().join("docs/import.md")).unwrap();
    let list = text.split_once("Types that can be imported: ").unwrap().1.split_once(". Every field").unwrap().0;
    let named: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
    let model = Model::core();
    assert_eq!(named, types(&model).map(|object| object.name.as_str()).collect());
}

/// What is wrong with a mapping in the eyes of an editor.
fn errors(schema: &jsonschema::Validator, mapping: &str) -> Vec<String> {
    let mapping = serde_json::to_value(toml::from_str::<toml::Table>(mapping).unwrap()).unwrap();
    schema.iter_errors(&mapping).map(|error| error.to_string()).collect()
}

#[test]
fn what_the_importer_takes_is_right_in_an_editor_and_what_it_refuses_is_not() {
    let schema = jsonschema::validator_for(&serde_json::from_str(&text()).unwrap()).unwrap();
    let mut sets = 0;
    for set in std::fs::read_dir(root().join("tests/data")).unwrap() {
        let path = set.unwrap().path().join("mapping.toml");
        if let Ok(mapping) = std::fs::read_to_string(&path) {
            Mapping::open(&path, &Model::core()).unwrap();
            assert_eq!(errors(&schema, &mapping), Vec::<String>::new(), "{}", path.display());
            sets += 1;
        }
    }
    assert!(sets >= 7, "{sets}");
    assert_eq!(errors(&schema, SHOP), Vec::<String>::new());
    for (piece, wrong) in [
        ("type = \"Customer\"", "type = \"Client\""),
        ("kind = ", "kynd = "),
        ("separator", "separater"),
        ("[files.references]\ncustomer", "[files.references]\nclient"),
        ("decimal = \",\"", "decimal = \"'\""),
    ] {
        assert!(SHOP.contains(piece), "{piece}");
        let mapping = SHOP.replacen(piece, wrong, 1);
        Mapping::parse("m", &mapping, &Model::core()).unwrap_err();
        assert_ne!(errors(&schema, &mapping), Vec::<String>::new(), "{wrong}");
    }
}

/// The keys the reader knows are the keys schema/mapping.schema.json describes.
#[test]
fn the_json_schema_knows_the_same_keys() {
    let schema: Json = serde_json::from_str(&text()).unwrap();
    let keys = |properties: &Json| -> BTreeSet<String> {
        properties["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let check = |mapping: &str, described: BTreeSet<String>| {
        let error = Mapping::parse("m", mapping, &Model::core()).unwrap_err();
        let known = error.reason.split_once("expected one of").or(error.reason.split_once("expected")).unwrap().1;
        let known: BTreeSet<String> = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(known, described, "{error}");
    };
    let definitions = &schema["$defs"];
    check("zzz = 1", keys(&schema));
    check("source = 's'\n[csv]\nzzz = 1", keys(&definitions["format"]));
    check("source = 's'\n[formats.a]\nzzz = 1", keys(&definitions["format"]));
    check("source = 's'\n[[files]]\nzzz = 1", keys(&definitions["file"]));
    check("source = 's'\n[[files]]\nfields.x = { zzz = 1 }", keys(&definitions["fieldTable"]));
    check("source = 's'\n[[files]]\nreferences.x = { zzz = 1 }", keys(&definitions["referenceTable"]));
}
