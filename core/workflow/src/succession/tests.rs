use expect_test::{Expect, expect};
use guildhall_plugin_host::{Description, SigningKey, describe};
use guildhall_postgres_fixture::TestDatabase;

use super::*;
use crate::Unsigned;
use crate::testing::{house, installed};

const CHURN: &str = r#"
"Whether a customer leaves."
type ScoresChurn @point(name: "scores.churn", subject: "Customer", field: "scoresChurn", mode: INDEPENDENT, fail: DEFAULT) {
  "In how many days."
  days: Int @combine(rule: MIN)
}
"#;

/// A package that nobody can run: an empty component with a description. `more` stands in the manifest.
fn package(version: &str, more: &str, schema: Option<&str>) -> Package {
    described(&manifest(version, more, schema.is_some()), schema)
}

fn manifest(version: &str, more: &str, adds: bool) -> String {
    let adds = if adds { "schema = \"schema.graphql\"\n" } else { "" };
    format!(
        "name = \"scores\"\nversion = \"{version}\"\ndepartment = \"finance\"\ndescription = \"Scores.\"\ncontract = \"0.1\"\n\
         model = \"*\"\n{adds}{more}\n[[serves]]\npoint = \"credit.terms\"\nquery = \"terms.graphql\"\n"
    )
}

fn described(manifest: &str, schema: Option<&str>) -> Package {
    let queries = vec![("credit.terms".to_owned(), "fragment Input on Customer { name }".to_owned())];
    let (manifest, schema) = (manifest.to_owned(), schema.map(str::to_owned));
    let description = Description { manifest, queries, schema, ..Description::default() };
    Package::read(&describe(b"\0asm\x0d\0\x01\0", &description)).unwrap()
}

async fn a_house(unsigned: Unsigned) -> (House, TestDatabase) {
    let fixture = guildhall_postgres_fixture::sqlite();
    let database = guildhall_store::Database::open(fixture.url()).await.unwrap();
    (House { unsigned, ..house(database) }, fixture)
}

/// What is said against a package that comes to `plugins`.
#[track_caller]
fn check(
    house: &House,
    plugins: &[Plugin],
    before: Option<&Package>,
    arrival: Arrival,
    coming: &Package,
    expected: Expect,
) {
    let present = Present { plugins: plugins.to_vec(), publishers: Vec::new() };
    let found = objections(house, &present, before, &Coming { package: coming, arrival });
    expected.assert_eq(&found.join("\n"));
}

#[tokio::test]
async fn a_version_takes_the_place_of_a_lower_one() {
    let (house, _fixture) = a_house(Unsigned::Allow).await;
    let there = [installed("scores", "1.2.0")];
    let check = |plugins: &[Plugin], arrival, version: &str, expected| {
        check(&house, plugins, None, arrival, &package(version, "", None), expected);
    };
    check(&[], Arrival::Install, "1.0.0", expect![""]);
    check(&there, Arrival::Upgrade, "1.2.1", expect![""]);
    check(&there, Arrival::Upgrade, "2.0.0-beta.1", expect![""]);
    check(&there, Arrival::Rollback, "1.1.0", expect![""]);
    check(
        &there,
        Arrival::Upgrade,
        "1.2.0",
        expect![
            "`scores` 1.2.0 is installed, and 1.2.0 is no higher version; give the package a higher one, or roll back"
        ],
    );
    check(
        &there,
        Arrival::Upgrade,
        "1.2.0-beta.1",
        expect![
            "`scores` 1.2.0 is installed, and 1.2.0-beta.1 is no higher version; give the package a higher one, or roll back"
        ],
    );
    check(&there, Arrival::Install, "1.3.0", expect!["`scores` 1.2.0 is installed; upgrade it, or uninstall it first"]);
    check(
        &[],
        Arrival::Upgrade,
        "1.3.0",
        expect!["`scores` is not installed, so there is nothing to upgrade; install it"],
    );
    let same = package("1.2.0", "", None);
    let this = [Plugin { digest: same.digest().to_owned(), ..installed("scores", "1.2.0") }];
    super::tests::check(
        &house,
        &this,
        None,
        Arrival::Install,
        &same,
        expect!["`scores` 1.2.0 is installed already, this very package"],
    );
}

#[tokio::test]
async fn plugins_need_each_other_in_versions() {
    let (house, _fixture) = a_house(Unsigned::Allow).await;
    let requires = |plugin: &str| format!("\n[[requires]]\nplugin = \"{plugin}\"\nversion = \"^1.1\"\n");
    let names = |provides: &str| Plugin { provides: Some(provides.to_owned()), ..installed("names", "1.0.0") };
    let needy = package("1.0.0", &requires("names"), None);
    check(&house, &[names("1.1.0")], None, Arrival::Install, &needy, expect![""]);
    check(
        &house,
        &[],
        None,
        Arrival::Install,
        &needy,
        expect!["it requires `names` ^1.1, which is not installed; install that first"],
    );
    check(
        &house,
        &[names("2.0.0")],
        None,
        Arrival::Install,
        &needy,
        expect!["it requires `names` ^1.1; the installed one provides 2.0.0, so install one that fits first"],
    );
    // `names` came to need `scores`.
    let back = Plugin { requires: json!([{ "plugin": "scores", "version": "*" }]), ..names("1.1.0") };
    let adding = package("1.0.0", &format!("provides = \"1.0.0\"{}", requires("names")), Some(CHURN));
    check(
        &house,
        &[back],
        None,
        Arrival::Install,
        &adding,
        expect!["it would be needed by itself: scores requires names requires scores"],
    );
    let other = Plugin { requires: json!([{ "plugin": "scores", "version": "^1" }]), ..installed("mail", "1.0.0") };
    let major = package("2.0.0", "provides = \"2.0.0\"", Some(CHURN));
    let there = [other, Plugin { provides: Some("1.0.0".to_owned()), ..installed("scores", "1.0.0") }];
    check(
        &house,
        &there,
        None,
        Arrival::Upgrade,
        &major,
        expect!["`mail` requires `scores` ^1, and this provides 2.0.0"],
    );
}

#[tokio::test]
async fn what_is_taken_from_the_schema_needs_a_major() {
    let (house, _fixture) = a_house(Unsigned::Allow).await;
    let there = [Plugin { provides: Some("1.2.0".to_owned()), ..installed("scores", "1.2.0") }];
    let before = package("1.2.0", "provides = \"1.2.0\"", Some(CHURN));
    let check = |version: &str, more: &str, schema: Option<&str>, expected| {
        check(&house, &there, Some(&before), Arrival::Upgrade, &package(version, more, schema), expected);
    };
    let less = CHURN.replace("days: Int ", "weeks: Int ");
    let more = CHURN.replace("}\n", "  \"Why.\"\n  why: String @combine(rule: ONLY)\n}\n");
    check("1.2.1", "provides = \"1.2.0\"", Some(CHURN), expect![""]);
    check("1.3.0", "provides = \"1.3.0\"", Some(&more), expect![""]);
    check("1.3.0", "provides = \"2.0.0\"", Some(&less), expect![""]);
    check(
        "1.2.1",
        "provides = \"1.2.0\"",
        Some(&more),
        expect![
            "it adds the field `why` to `scores.churn`; after 1.2.0 that needs `provides` to be 1.3.0 or higher, and it is 1.2.0"
        ],
    );
    check(
        "1.3.0",
        "provides = \"1.3.0\"",
        Some(&less),
        expect![
            "it removes the field `days` of `scores.churn`; after 1.2.0 that needs `provides` to be 2.0.0 or higher, and it is 1.3.0"
        ],
    );
    check(
        "1.2.1",
        "provides = \"1.1.0\"",
        Some(CHURN),
        expect!["its `provides` is 1.1.0, and the installed one adds 1.2.0 to the schema"],
    );
    check(
        "1.3.0",
        "",
        None,
        expect![
            "it removes the point `scores.churn`; after 1.2.0 that needs `version` to be 2.0.0 or higher, and it is 1.3.0"
        ],
    );
    check("2.0.0", "", None, expect![""]);
}

#[tokio::test]
async fn who_signed_counts_where_it_is_to_count() {
    let (house, _fixture) = a_house(Unsigned::Refuse).await;
    let key = SigningKey::read(&"07".repeat(32)).unwrap();
    let package = package("1.0.0", "", None);
    let signed = key.sign(&package, "acme").unwrap();
    let refused = |package: &Package, publishers: &[publisher::Publisher]| {
        let present = Present { plugins: Vec::new(), publishers: publishers.to_vec() };
        objections(&house, &present, None, &Coming { package, arrival: Arrival::Install }).join("\n")
    };
    assert!(
        refused(&package, &[])
            .starts_with("it is not signed, and only packages of trusted publishers are installed here")
    );
    let untrusted = format!("it is signed with the key {}, which is not trusted", key.public());
    assert!(refused(&signed, &[]).starts_with(&untrusted));
    let publisher = |key: String| publisher::Publisher {
        id: Uuid::now_v7(),
        name: "ours".to_owned(),
        key,
        trusted_at: crate::testing::now(),
        trusted_by: "ada".to_owned(),
    };
    assert_eq!(refused(&signed, &[publisher(key.public())]), "");
    assert!(refused(&signed, &[publisher("00".repeat(32))]).starts_with(&untrusted));
    assert!(refused(&package, &[publisher(key.public())]).starts_with("it is not signed"));
}

/// Where a field cannot be combined one plugin answers, whoever came first.
#[tokio::test]
async fn two_that_cannot_be_combined_do_not_come_together() {
    let sdl = guildhall_decision::point_sdl()[0]
        .replace("netDays: Int! @combine(rule: MIN)", "netDays: Int! @combine(rule: ONLY)");
    let points = read_points(&sdl).unwrap().into_iter().map(std::sync::Arc::new).collect();
    let (plain, _fixture) = a_house(Unsigned::Allow).await;
    let house = House { points, ..plain };
    let there = Plugin { points: json!([{ "point": "credit.terms", "reads": [] }]), ..installed("terms", "1.0.0") };
    let coming = package("1.0.0", "", None);
    check(
        &house,
        std::slice::from_ref(&there),
        None,
        Arrival::Install,
        &coming,
        expect!["`terms` answers at `credit.terms`, whose `netDays` cannot be combined; disable it first"],
    );
    let disabled = Plugin { status: Status::Disabled, ..there.clone() };
    check(&house, &[disabled], None, Arrival::Install, &coming, expect![""]);
    let elsewhere = Plugin { points: json!([{ "point": "credit.check", "reads": [] }]), ..there };
    check(&house, &[elsewhere], None, Arrival::Install, &coming, expect![""]);
}

#[tokio::test]
async fn a_package_for_another_model_is_told_so() {
    let (house, _fixture) = a_house(Unsigned::Allow).await;
    let package = described(&manifest("1.0.0", "", false).replace("\"*\"", "\">=9\""), None);
    let refused = crate::install_plugin::check_queries(&house.workshop(), &package).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "plugin `scores` 1.0.0 is made for model >=9; this Guildhall has model 0.1.0; use a version of the plugin for it"
    );
}

#[test]
fn settings_move_to_the_names_they_have_now() {
    let manifest = Manifest::read(
        "name = \"scores\"\nversion = \"1.0.0\"\ndepartment = \"finance\"\ndescription = \"Scores.\"\ncontract = \"0.1\"\n\
         model = \"*\"\nsettings = \"settings.schema.json\"\n[[serves]]\npoint = \"credit.terms\"\nquery = \"terms.graphql\"\n\
         [renamed]\ndays = \"netDays\"\n",
    )
    .unwrap();
    let check = |old: Value, new: Value| assert_eq!(Value::Object(migrated(&old, &manifest)), new);
    check(json!({ "days": 5, "other": 1 }), json!({ "netDays": 5, "other": 1 }));
    check(json!({ "days": 5, "netDays": 6 }), json!({ "netDays": 6 }));
    check(json!({}), json!({}));
}
