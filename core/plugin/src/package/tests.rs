use expect_test::{Expect, expect};

use super::*;

/// An empty component.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

const MANIFEST_TEXT: &str = r#"
name = "tiny"
version = "0.1.0"
department = "finance"
description = "Nothing."
contract = "0.1"
model = "0.1"
[[serves]]
point = "credit.terms"
query = "credit_terms.graphql"
"#;

/// A package with these queries and nothing else.
fn described(manifest: &str, queries: &[(String, String)]) -> Vec<u8> {
    let description =
        Description { manifest: manifest.to_owned(), queries: queries.to_vec(), ..Description::default() };
    describe(EMPTY, &description)
}

fn query(point: &str) -> (String, String) {
    (point.to_owned(), "fragment Input on Customer { name }".to_owned())
}

#[track_caller]
fn check(bytes: &[u8], expected: Expect) {
    let result = match Package::read(bytes) {
        Ok(package) => format!("{package:?} {:?}", package.queries().collect::<Vec<_>>()),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&result);
}

#[test]
fn what_is_described_is_read() {
    check(
        &described(MANIFEST_TEXT, &[query("credit.terms")]),
        expect![[
            r#"Package { name: "tiny", digest: "9d3b1856857874e4ec4ad0d1a015c3f6ed2dd23f554f1a4425cc8ac4152239c1" } [("credit.terms", "fragment Input on Customer { name }")]"#
        ]],
    );
}

#[test]
fn what_is_no_package_is_refused() {
    check(b"", expect!["this is not a plugin package: it is no WebAssembly; build one with `guildhall plugin build`"]);
    check(
        b"hello, world",
        expect!["this is not a plugin package: it is no WebAssembly; build one with `guildhall plugin build`"],
    );
    check(
        b"\0asm\x01\0\0\0",
        expect![
            "this is not a plugin package: it is a core module and not a component; build one with `guildhall plugin build`"
        ],
    );
    check(
        EMPTY,
        expect!["the section `guildhall:manifest` is missing; build the package with `guildhall plugin build`"],
    );
    check(
        &[0; 3 << 20],
        expect!["the package has 3145728 bytes; a component may have 1048576, and what describes it is small"],
    );
    let mut cut = described(MANIFEST_TEXT, &[query("credit.terms")]);
    cut.truncate(cut.len() - 5);
    check(
        &cut,
        expect!["this is not a plugin package: unexpected end-of-file; build one with `guildhall plugin build`"],
    );
}

#[test]
fn sections_have_to_fit_the_manifest() {
    check(
        &described(MANIFEST_TEXT, &[]),
        expect![
            "the section `guildhall:query:credit.terms` is missing; build the package with `guildhall plugin build`"
        ],
    );
    check(
        &described(MANIFEST_TEXT, &[query("credit.terms"), query("credit.terms")]),
        expect![
            "the section `guildhall:query:credit.terms` occurs twice; build the package with `guildhall plugin build`"
        ],
    );
    check(
        &described(MANIFEST_TEXT, &[query("credit.terms"), query("credit.check")]),
        expect!["the package has an input query for `credit.check`, which the manifest does not serve"],
    );
    check(
        &described("name = 1", &[query("credit.terms")]),
        expect![[r#"
        the manifest cannot be used: TOML parse error at line 1, column 8
          |
        1 | name = 1
          |        ^
        invalid type: integer `1`, expected a string"#]],
    );
    let long = ("credit.terms".to_owned(), " ".repeat(SECTION_LIMIT + 1));
    check(
        &described(MANIFEST_TEXT, &[long]),
        expect!["the section `guildhall:query:credit.terms` has 32769 bytes; at most 32768 are read"],
    );
}

#[test]
fn a_component_has_an_end() {
    // What we describe it with does not count; another custom section does.
    let with = |size: usize| {
        let mut component = wasm_encoder::Component::new();
        let data = vec![0; size];
        component.section(&wasm_encoder::CustomSection { name: "filler".into(), data: data.as_slice().into() });
        let description = Description {
            manifest: MANIFEST_TEXT.to_owned(),
            queries: vec![query("credit.terms")],
            ..Description::default()
        };
        describe(&component.finish(), &description)
    };
    assert!(Package::read(&with(COMPONENT_LIMIT - 1_000)).is_ok());
    for size in [COMPONENT_LIMIT, FILE_LIMIT] {
        assert!(matches!(Package::read(&with(size)), Err(PackageError::TooLarge { .. })), "{size}");
    }
}

#[test]
fn a_module_inside_cannot_describe_the_package() {
    let mut module = wasm_encoder::Module::new();
    module.section(&wasm_encoder::CustomSection { name: MANIFEST.into(), data: MANIFEST_TEXT.as_bytes().into() });
    let mut component = wasm_encoder::Component::new();
    component.section(&wasm_encoder::ModuleSection(&module));
    check(
        &component.finish(),
        expect!["the section `guildhall:manifest` is missing; build the package with `guildhall plugin build`"],
    );
}

const RICH: &str = r#"
name = "tiny"
version = "0.1.0"
department = "finance"
description = "Nothing."
contract = "0.1"
model = "0.1"
schema = "schema.graphql"
provides = "1.0.0"
settings = "settings.schema.json"
[[serves]]
point = "credit.terms"
query = "credit_terms.graphql"
[renamed]
old = "strict"
"#;

fn rich() -> Description {
    let settings = r#"{"type": "object", "properties": {"strict": {"type": "boolean", "default": true}}}"#;
    let case = r#"[{"name": "one", "point": "credit.terms", "at": "2026-03-01T09:00:00Z", "parameters": {},
        "input": {"subject": {}, "request": null}, "expected": {"refused": "no"}}]"#;
    Description {
        manifest: RICH.to_owned(),
        queries: vec![query("credit.terms")],
        schema: Some("type Tiny { a: Int }".to_owned()),
        settings: Some(settings.to_owned()),
        cases: Some(case.to_owned()),
    }
}

/// Reads the package with something changed in what describes it.
#[track_caller]
fn check_rich(change: impl Fn(&mut Description), expected: Expect) {
    let mut description = rich();
    change(&mut description);
    let result = match Package::read(&describe(EMPTY, &description)) {
        Ok(package) => {
            let cases: Vec<_> = package.cases().iter().map(|case| &case.name).collect();
            format!(
                "{:?} {:?} {cases:?}",
                package.schema(),
                package.settings().map(|document| document["type"].clone())
            )
        }
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&result);
}

#[test]
fn schema_settings_and_cases_are_read() {
    check_rich(|_| {}, expect![[r#"Some("type Tiny { a: Int }") Some(String("object")) ["one"]"#]]);
    check_rich(
        |description| description.cases = None,
        expect![[r#"Some("type Tiny { a: Int }") Some(String("object")) []"#]],
    );
}

#[test]
fn what_the_manifest_names_is_there_and_nothing_else() {
    check_rich(
        |description| description.schema = None,
        expect!["the section `guildhall:schema` is missing; build the package with `guildhall plugin build`"],
    );
    check_rich(
        |description| description.settings = None,
        expect!["the section `guildhall:settings` is missing; build the package with `guildhall plugin build`"],
    );
    check_rich(
        |description| description.manifest = RICH.replace("schema = \"schema.graphql\"\nprovides = \"1.0.0\"\n", ""),
        expect![
            "the section `guildhall:schema` is there, but the manifest has no `schema`; add it or build the package without it"
        ],
    );
    check_rich(
        |description| description.manifest = RICH.replace("\"strict\"", "\"stricter\""),
        expect!["`renamed` in the manifest leads to `stricter`, which is no setting"],
    );
    check_rich(
        |description| description.settings = Some("[]".to_owned()),
        expect!["the settings schema: is no JSON object: it is another kind of value"],
    );
    check_rich(
        |description| description.cases = Some("[{}]".to_owned()),
        expect!["the golden cases cannot be used: missing field `name` at line 1 column 3"],
    );
    check_rich(
        |description| description.cases = rich().cases.map(|text| text.replace("credit.terms", "credit.check")),
        expect!["the golden cases cannot be used: `one` asks at `credit.check`, which the manifest does not serve"],
    );
    check_rich(
        |description| description.cases = Some(" ".repeat(CASES_LIMIT + 1)),
        expect!["the section `guildhall:cases` has 262145 bytes; at most 262144 are read"],
    );
}
