use guildhall_store::reaction;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::activate_strategy::activate_strategy;
use crate::disable_plugin::disable_plugin;
use crate::enable_plugin::enable_plugin;
use crate::testing::{admin, document, houses, installed, now};
use crate::uninstall_plugin::uninstall_plugin;

/// `acme` brings `acme.risk`.
fn sdl(plugin: &str) -> String {
    let pascal = plugin[..1].to_uppercase() + &plugin[1..];
    format!(
        r#""How risky." type {pascal}Risk @point(name: "{plugin}.risk", subject: "Customer", field: "{plugin}Risk", mode: INDEPENDENT, fail: SKIP) {{
        "From 0." risk: Int! @combine(rule: MAX) @default(value: "0") }}
        "Settings." input {pascal}RiskParameters {{ "Days." days: Int! = 30 }}"#
    )
}

fn bringing(name: &str) -> Plugin {
    Plugin { schema: Some(sdl(name)), provides: Some("1.0.0".to_owned()), ..installed(name, "1.0.0") }
}

/// Writes down that a plugin is there.
async fn put(house: &House, record: Plugin) -> Result<Uuid, String> {
    let transaction = house.database.begin().await.unwrap();
    plugin::insert(&transaction, &record).await.unwrap();
    settle(house, &transaction, now()).await.map_err(|error| error.to_string())?;
    transaction.commit().await.unwrap();
    Ok(record.id)
}

async fn activate(house: &House, text: String) -> Result<(), String> {
    let done = activate_strategy(house, admin("ada").permit().unwrap(), &text, None, now()).await;
    done.map(drop).map_err(|error| error.to_string())
}

async fn uninstall(house: &House, id: Uuid) -> Result<(), String> {
    let done = uninstall_plugin(house, admin("ada").permit().unwrap(), id, None, now()).await;
    done.map(drop).map_err(|error| error.to_string())
}

fn treating(point: &str) -> String {
    format!(
        "{}\n[[segments]]\nkey = \"all\"\nname = \"All\"\nneed = \"Peace.\"\nwhen = \"true\"\n[treatments.all.\"{point}\"]\ndays = 5\n",
        document("treating", "ada")
    )
}

#[tokio::test]
async fn a_strategy_treats_points_of_plugins_that_are_there_and_keeps_them() {
    for (house, _fixture) in houses().await {
        let refused = activate(&house, treating("acme.risk")).await.unwrap_err();
        assert!(refused.contains("`acme.risk` is no decision point"), "{refused}");
        assert!(refused.contains("if plugin `acme` brings it, install that first"), "{refused}");
        let id = put(&house, bringing("acme")).await.unwrap();
        assert_eq!(house.points_in_force().await.unwrap().len(), house.points.len() + 1);
        activate(&house, treating("acme.risk")).await.unwrap();
        let refused = uninstall(&house, id).await.unwrap_err();
        assert!(refused.starts_with("the strategy in force would not hold any more: "), "{refused}");
        assert!(refused.ends_with("; activate a strategy that does without it first"), "{refused}");
        // Who has to stop a plugin at once may: its point stays.
        disable_plugin(&house, admin("ada").permit().unwrap(), id, None, now()).await.unwrap();
        assert_eq!(house.points_in_force().await.unwrap().len(), house.points.len() + 1);
        activate(&house, document("plain", "ada")).await.unwrap();
        uninstall(&house, id).await.unwrap();
        assert_eq!(house.points_in_force().await.unwrap().len(), house.points.len());
        // The strategy before is still read, by whoever replays what it decided.
        let ever = house.points_ever().await.unwrap();
        read_strategy(&house.model, &ever, &treating("acme.risk")).unwrap();
    }
}

/// As after an upgrade of Guildhall to one that has the name itself.
#[tokio::test]
async fn what_is_not_read_any_more_takes_nothing_else_with_it() {
    for (house, _fixture) in houses().await {
        put(&house, bringing("acme")).await.unwrap();
        put(&house, bringing("credit")).await.unwrap();
        let points = house.points_in_force().await.unwrap();
        let brought: Vec<_> = points.iter().filter(|point| point.plugin.is_some()).map(|point| &point.name).collect();
        assert_eq!(brought, ["acme.risk"]);
        let deployment = crate::Deployment::load(&house).await.unwrap();
        assert!(deployment.suspended().iter().any(|suspended| suspended.name == "credit"));
    }
}

#[tokio::test]
async fn a_plugin_says_whose_points_it_serves() {
    for (house, _fixture) in houses().await {
        put(&house, bringing("acme")).await.unwrap();
        let serving =
            || Plugin { points: json!([{ "point": "acme.risk", "reads": [] }]), ..installed("bolt", "1.0.0") };
        let refused = put(&house, serving()).await.unwrap_err();
        assert_eq!(refused, "`bolt` serves `acme.risk` of `acme`; its plugin.toml has to say so with `[[requires]]`");
        let requires = json!([{ "plugin": "acme", "version": "^1" }]);
        put(&house, Plugin { requires, ..serving() }).await.unwrap();
    }
}

#[tokio::test]
async fn plugins_that_stand_in_each_others_way_are_not_there_together() {
    for (house, _fixture) in houses().await {
        put(&house, bringing("acme1")).await.unwrap();
        let twin =
            Plugin { schema: Some(sdl("acme1").replace("acme1.risk", "acme_1.risk")), ..installed("acme-1", "1.0.0") };
        let refused = put(&house, twin).await.unwrap_err();
        assert_eq!(refused, "`acme-1` has the namespace `Acme1`, as plugin `acme1` has; rename one of them");
    }
}

#[tokio::test]
async fn reactions_begin_with_strategy_and_plugin_and_end_with_the_plugin() {
    for (house, _fixture) in houses().await {
        let reacts = async || reaction::place(&house.database, reaction::Who::Plugins).await.unwrap().is_some();
        let on = json!([{ "point": "followup.propose", "reads": [], "on": ["Order.created"] }]);
        let id = put(&house, Plugin { points: on, ..installed("acme", "1.0.0") }).await.unwrap();
        assert!(!reacts().await);
        activate(&house, document("first", "ada")).await.unwrap();
        assert!(reacts().await);
        disable_plugin(&house, admin("ada").permit().unwrap(), id, None, now()).await.unwrap();
        assert!(!reacts().await);
        // Nobody has its package, so it stays disabled.
        assert!(enable_plugin(&house, admin("ada").permit().unwrap(), id, None, now()).await.is_err());
        uninstall(&house, id).await.unwrap();
        assert!(!reacts().await);
    }
}
