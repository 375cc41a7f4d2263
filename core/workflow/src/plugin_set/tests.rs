use guildhall_store::reaction;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::activate_strategy::activate_strategy;
use crate::remove_plugin::remove_plugin;
use crate::testing::{admin, document, houses, now};

/// A plugin that brings one point of its own.
fn bringing(name: &str, provides: &str) -> Member {
    Member {
        brings: Brings { schema: Some(sdl(name)), provides: provides.parse().ok(), requires: Vec::new() },
        ..plain(name)
    }
}

fn plain(name: &str) -> Member {
    Member {
        name: name.to_owned(),
        brings: Brings { provides: None, schema: None, requires: Vec::new() },
        serves: Vec::new(),
    }
}

fn requiring(mut member: Member, other: &str, range: &str) -> Member {
    member.brings.requires.push(Requirement { plugin: other.to_owned(), version: range.parse().unwrap() });
    member
}

fn serving(mut member: Member, point: &str) -> Member {
    member.serves.push(Service { point: point.to_owned(), on: Vec::new() });
    member
}

/// `acme` brings `acme.risk`.
fn sdl(plugin: &str) -> String {
    let pascal = plugin[..1].to_uppercase() + &plugin[1..];
    format!(
        r#""How risky." type {pascal}Risk @point(name: "{plugin}.risk", subject: "Customer", field: "{plugin}Risk", mode: INDEPENDENT, fail: SKIP) {{
        "From 0." risk: Int! @combine(rule: MAX) @default(value: "0") }}
        "Settings." input {pascal}RiskParameters {{ "Days." days: Int! = 30 }}"#
    )
}

#[track_caller]
fn check(members: Vec<Member>, expected: &[&str]) {
    let points: Vec<_> = guildhall_decision::decision_points().unwrap().into_iter().map(Arc::new).collect();
    let contributions = members.iter().filter_map(|member| {
        let sdl = member.brings.schema.as_deref()?;
        Some(Contribution::read(&member.name, sdl, &points, &guildhall_decision::Taken::default()).unwrap())
    });
    let points = join_points(&points, &contributions.collect::<Vec<_>>()).unwrap();
    let reasons = match (PluginSet { members, points }).fit() {
        Ok(()) => Vec::new(),
        Err(WorkflowError::Refused(reasons)) => reasons,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(reasons, expected);
}

#[test]
fn a_plugin_says_whose_points_it_serves() {
    check(vec![serving(plain("acme"), "credit.terms"), serving(bringing("bolt", "1.0.0"), "bolt.risk")], &[]);
    check(vec![bringing("acme", "1.2.0"), requiring(serving(plain("bolt"), "acme.risk"), "acme", "^1.1")], &[]);
    check(
        vec![bringing("acme", "1.2.0"), serving(plain("bolt"), "acme.risk")],
        &["plugin `bolt` serves `acme.risk` of plugin `acme`; say so in its plugin.toml with `[[requires]]`"],
    );
    check(
        vec![requiring(serving(plain("bolt"), "acme.risk"), "acme", "^1")],
        &[
            "plugin `bolt` serves `acme.risk`, which would be no decision point; remove `bolt` first",
            "plugin `bolt` requires the schema of plugin `acme` in a version ^1, and `acme` is not installed; install it first",
        ],
    );
}

#[test]
fn what_is_required_is_there_in_its_range() {
    let needs = "plugin `bolt` requires the schema of plugin `acme` in a version ^2";
    check(
        vec![bringing("acme", "1.2.0"), requiring(plain("bolt"), "acme", "^2")],
        &[&format!("{needs}, and the installed one brings 1.2.0")],
    );
    check(
        vec![plain("acme"), requiring(plain("bolt"), "acme", "^2")],
        &[&format!("{needs}, and the installed one brings no schema")],
    );
}

#[test]
fn plugins_do_not_require_each_other_in_a_circle() {
    let circle = |text: &str| format!("plugins require each other in a circle: {text}");
    check(
        vec![requiring(bringing("acme", "1.0.0"), "bolt", "*"), requiring(bringing("bolt", "1.0.0"), "acme", "*")],
        &[&circle("acme -> bolt -> acme")],
    );
    check(
        vec![
            requiring(bringing("acme", "1.0.0"), "bolt", "*"),
            requiring(bringing("bolt", "1.0.0"), "cord", "*"),
            requiring(bringing("cord", "1.0.0"), "bolt", "*"),
        ],
        &[&circle("bolt -> cord -> bolt")],
    );
    check(vec![requiring(bringing("acme", "1.0.0"), "acme", "*")], &[&circle("acme -> acme")]);
}

/// Writes down that a plugin is installed.
async fn install(house: &House, name: &str, contribution: Value, points: Value) -> Uuid {
    let record = Plugin {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        plugin_version: "1.0.0".to_owned(),
        department: "risk".to_owned(),
        digest: format!("of {name}"),
        size: 1,
        points,
        contribution,
        installed_at: now(),
        installed_by: "ada".to_owned(),
    };
    let transaction = house.database.begin().await.unwrap();
    plugin::insert(&transaction, &record).await.unwrap();
    settle(house, &transaction, now()).await.unwrap();
    transaction.commit().await.unwrap();
    record.id
}

fn treating(point: &str) -> String {
    format!(
        "{}\n[[segments]]\nkey = \"all\"\nname = \"All\"\nneed = \"Peace.\"\nwhen = \"true\"\n[treatments.all.\"{point}\"]\ndays = 5\n",
        document("treating", "ada")
    )
}

#[tokio::test]
async fn a_strategy_treats_points_of_installed_plugins_and_keeps_them() {
    for (house, _fixture) in houses().await {
        let ada = admin("ada");
        let activate = async |text: String| {
            activate_strategy(&house, admin("ada").permit().unwrap(), &text, None, now())
                .await
                .map_err(|error| error.to_string())
        };
        let refused = activate(treating("acme.risk")).await.unwrap_err();
        assert!(refused.contains("`acme.risk` is no decision point"), "{refused}");
        assert!(refused.contains("if plugin `acme` brings it, install that first"), "{refused}");
        let contribution = json!({ "provides": "1.0.0", "schema": sdl("acme"), "requires": [] });
        let id = install(&house, "acme", contribution, json!([])).await;
        assert_eq!(house.points_in_force().await.unwrap().len(), house.points.len() + 1);
        activate(treating("acme.risk")).await.unwrap();
        let refused = remove_plugin(&house, ada.permit().unwrap(), id, None, now()).await.unwrap_err().to_string();
        assert!(refused.starts_with("the strategy in force would not hold any more: "), "{refused}");
        assert!(refused.ends_with("; activate a strategy that does without it first"), "{refused}");
        assert_eq!(plugin::installed(&house.database).await.unwrap().len(), 1);
        activate(document("plain", "ada")).await.unwrap();
        remove_plugin(&house, ada.permit().unwrap(), id, None, now()).await.unwrap();
        assert_eq!(house.points_in_force().await.unwrap().len(), house.points.len());
    }
}

#[tokio::test]
async fn a_plugin_stays_as_long_as_another_needs_it() {
    for (house, _fixture) in houses().await {
        let contribution = json!({ "provides": "1.0.0", "schema": sdl("acme"), "requires": [] });
        let acme = install(&house, "acme", contribution, json!([])).await;
        let needs = json!({ "requires": [{ "plugin": "acme", "version": "^1" }] });
        let bolt = install(&house, "bolt", needs, json!([{ "point": "acme.risk", "reads": [] }])).await;
        let ada = admin("ada");
        let refused = remove_plugin(&house, ada.permit().unwrap(), acme, None, now()).await.unwrap_err().to_string();
        assert!(refused.contains("plugin `bolt` requires the schema of plugin `acme`"), "{refused}");
        remove_plugin(&house, ada.permit().unwrap(), bolt, None, now()).await.unwrap();
        remove_plugin(&house, ada.permit().unwrap(), acme, None, now()).await.unwrap();
    }
}

#[tokio::test]
async fn reactions_begin_with_strategy_and_plugin_and_end_with_the_plugin() {
    for (house, _fixture) in houses().await {
        let reacts = async || reaction::place(&house.database).await.unwrap().is_some();
        let on = json!([{ "point": "followup.propose", "reads": [], "on": ["Order.created"] }]);
        let id = install(&house, "acme", json!({}), on).await;
        assert!(!reacts().await);
        activate_strategy(&house, admin("ada").permit().unwrap(), &document("first", "ada"), None, now())
            .await
            .unwrap();
        assert!(reacts().await);
        remove_plugin(&house, admin("ada").permit().unwrap(), id, None, now()).await.unwrap();
        assert!(!reacts().await);
    }
}
