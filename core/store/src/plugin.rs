//! Plugin: which packages decide, and which once did. Every installation is a row of its own.

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::column::parameter;
use crate::entity::plugin;
use crate::link::Reads;
use crate::row::Cell;
use crate::{StoreError, Transaction, generation, row};

/// Whether an installation decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It proposes.
    Installed,
    /// It is kept and not asked.
    Disabled,
    /// It proposed once.
    Removed,
}

/// How an installation came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    Install,
    Upgrade,
    Rollback,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    pub id: Uuid,
    pub name: String,
    /// Its own semantic version.
    pub plugin_version: String,
    pub department: String,
    pub status: Status,
    /// SHA-256 of its package, in hex: the key of [`crate::package`].
    pub digest: String,
    /// Size of the package in bytes.
    pub size: i32,
    /// The contract it was built for.
    pub contract: String,
    /// Which versions of the model it reads.
    pub model_range: String,
    /// Version of the decision points it adds, if it adds any.
    pub provides: Option<String>,
    /// Which plugins' decision points it needs: `[{"plugin", "version"}]`.
    pub requires: serde_json::Value,
    /// The decision points it serves, each with the fields it reads: `[{"point", "reads"}]`.
    pub points: serde_json::Value,
    /// What it may read: `[{"field", "reason"}]`.
    pub grants: serde_json::Value,
    pub approved_at: DateTime<Utc>,
    pub approved_by: String,
    pub settings: Settings,
    /// The trusted publisher that signed it.
    pub publisher: Option<String>,
    /// The key it is signed with.
    pub publisher_key: Option<String>,
    pub arrival: Arrival,
    pub installed_at: DateTime<Utc>,
    pub installed_by: String,
    /// When its status last changed.
    pub changed_at: DateTime<Utc>,
    pub changed_by: String,
}

/// The settings of an installation.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// As they were given.
    pub given: serde_json::Value,
    /// With defaults: what the plugin is asked with.
    pub effective: serde_json::Value,
    pub at: DateTime<Utc>,
    pub by: String,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Installed => "INSTALLED",
            Status::Disabled => "DISABLED",
            Status::Removed => "REMOVED",
        }
    }

    fn named(name: &str) -> Self {
        [Status::Installed, Status::Disabled]
            .into_iter()
            .find(|status| status.name() == name)
            .unwrap_or(Status::Removed)
    }
}

impl Arrival {
    pub fn name(self) -> &'static str {
        match self {
            Arrival::Install => "INSTALL",
            Arrival::Upgrade => "UPGRADE",
            Arrival::Rollback => "ROLLBACK",
        }
    }

    fn named(name: &str) -> Self {
        [Arrival::Upgrade, Arrival::Rollback].into_iter().find(|way| way.name() == name).unwrap_or(Arrival::Install)
    }
}

/// The plugins that decide and those that are disabled, by name.
pub async fn present(on: &impl Reads) -> Result<Vec<Plugin>, StoreError> {
    let query = plugin::Entity::find()
        .filter(plugin::Column::Status.ne(Status::Removed.name()))
        .order_by_asc(plugin::Column::Name)
        .order_by_asc(plugin::Column::Id);
    Ok(on.link().find_all(query).await?.into_iter().map(read).collect())
}

/// The installation with this id, whatever its status.
pub async fn find(on: &impl Reads, id: Uuid) -> Result<Option<Plugin>, StoreError> {
    Ok(on.link().find(plugin::Entity::find_by_id(id)).await?.map(read))
}

/// Every installation there ever was of this name, newest first: what a rollback goes back through.
pub async fn history(on: &impl Reads, name: &str) -> Result<Vec<Plugin>, StoreError> {
    let query = plugin::Entity::find()
        .filter(plugin::Column::Name.eq(name))
        .order_by_desc(plugin::Column::Began)
        .order_by_desc(plugin::Column::Id);
    Ok(on.link().find_all(query).await?.into_iter().map(read).collect())
}

/// Installs a plugin and begins a new generation. One of that name must have been removed before.
pub async fn insert(transaction: &Transaction, plugin: &Plugin) -> Result<(), StoreError> {
    let began = generation::bump(transaction).await?;
    let text = |text: &str| Value::from(text);
    let optional = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    let mut cells = row::new_record(plugin.id, plugin.installed_at);
    cells.extend([
        ("name", Kind::Text, text(&plugin.name)),
        ("plugin_version", Kind::Text, text(&plugin.plugin_version)),
        ("department", Kind::Text, text(&plugin.department)),
        ("status", Kind::Text, text(plugin.status.name())),
        ("digest", Kind::Text, text(&plugin.digest)),
        ("size", Kind::Int, plugin.size.into()),
        ("contract", Kind::Text, text(&plugin.contract)),
        ("model_range", Kind::Text, text(&plugin.model_range)),
        ("provides", Kind::Text, optional(&plugin.provides)),
        ("requires", Kind::Json, plugin.requires.clone().into()),
        ("points", Kind::Json, plugin.points.clone().into()),
        ("grants", Kind::Json, plugin.grants.clone().into()),
        ("approved_at", Kind::DateTime, plugin.approved_at.into()),
        ("approved_by", Kind::Text, text(&plugin.approved_by)),
        ("publisher", Kind::Text, optional(&plugin.publisher)),
        ("publisher_key", Kind::Text, optional(&plugin.publisher_key)),
        ("arrival", Kind::Text, text(plugin.arrival.name())),
        ("installed_at", Kind::DateTime, plugin.installed_at.into()),
        ("installed_by", Kind::Text, text(&plugin.installed_by)),
        ("changed_at", Kind::DateTime, plugin.changed_at.into()),
        ("changed_by", Kind::Text, text(&plugin.changed_by)),
        ("began", Kind::Int, Value::Int(began)),
    ]);
    cells.extend(settings_cells(&plugin.settings));
    row::insert(transaction, "plugin", &cells, "").await.map(drop)
}

fn settings_cells(settings: &Settings) -> [Cell<'static>; 4] {
    [
        ("settings", Kind::Json, settings.effective.clone().into()),
        ("settings_given", Kind::Json, settings.given.clone().into()),
        ("settings_at", Kind::DateTime, settings.at.into()),
        ("settings_by", Kind::Text, settings.by.as_str().into()),
    ]
}

/// Gives an installation another status and begins a new generation.
pub async fn set_status(
    transaction: &Transaction,
    id: Uuid,
    status: Status,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let cells = [
        ("status", Kind::Text, status.name().into()),
        ("changed_at", Kind::DateTime, now.into()),
        ("changed_by", Kind::Text, by.into()),
    ];
    change(transaction, id, &cells, now).await
}

/// Gives an installation other settings and begins a new generation.
pub async fn set_settings(transaction: &Transaction, id: Uuid, settings: &Settings) -> Result<(), StoreError> {
    change(transaction, id, &settings_cells(settings), settings.at).await
}

async fn change(transaction: &Transaction, id: Uuid, cells: &[Cell<'_>], now: DateTime<Utc>) -> Result<(), StoreError> {
    generation::bump(transaction).await?;
    let mut all = vec![("id", Kind::Id, id.into()), ("updated_at", Kind::DateTime, now.into())];
    all.extend_from_slice(cells);
    let dialect = transaction.dialect();
    // The first one says which row.
    let set = all.iter().enumerate().skip(1);
    let set: Vec<_> =
        set.map(|(place, (name, kind, _))| format!(r#""{name}" = {}"#, parameter(dialect, kind, place + 1))).collect();
    let sql = format!(r#"UPDATE "plugin" SET "version" = "version" + 1, {} WHERE "id" = $1"#, set.join(", "));
    transaction.execute(&sql, row::bind(transaction, "plugin", &all)?).await.map(drop)
}

fn read(row: plugin::Model) -> Plugin {
    Plugin {
        id: row.id,
        name: row.name,
        plugin_version: row.plugin_version,
        department: row.department,
        status: Status::named(&row.status),
        digest: row.digest,
        size: row.size,
        contract: row.contract,
        model_range: row.model_range,
        provides: row.provides,
        requires: row.requires,
        points: row.points,
        grants: row.grants,
        approved_at: row.approved_at,
        approved_by: row.approved_by,
        settings: Settings {
            given: row.settings_given.unwrap_or_else(|| row.settings.clone()),
            effective: row.settings,
            at: row.settings_at,
            by: row.settings_by,
        },
        publisher: row.publisher,
        publisher_key: row.publisher_key,
        arrival: Arrival::named(&row.arrival),
        installed_at: row.installed_at,
        installed_by: row.installed_by,
        changed_at: row.changed_at,
        changed_by: row.changed_by,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{databases, now};

    fn credit_rules(version: &str) -> Plugin {
        Plugin {
            id: Uuid::now_v7(),
            name: "credit-rules".to_owned(),
            plugin_version: version.to_owned(),
            department: "finance".to_owned(),
            status: Status::Installed,
            digest: format!("digest of {version}"),
            size: 70_000,
            contract: "0.1".to_owned(),
            model_range: ">=0.1, <0.2".to_owned(),
            provides: Some("1.0.0".to_owned()),
            requires: json!([{"plugin": "scores", "version": "^1"}]),
            points: json!([{"point": "credit.check", "reads": ["Customer.revenue12m"]}]),
            grants: json!([{"field": "Customer.revenue12m", "reason": "The limit follows it."}]),
            approved_at: now(),
            approved_by: "ann".to_owned(),
            settings: settings(5),
            publisher: None,
            publisher_key: Some("ab".repeat(32)),
            arrival: Arrival::Upgrade,
            installed_at: now(),
            installed_by: "ann".to_owned(),
            changed_at: now(),
            changed_by: "ann".to_owned(),
        }
    }

    fn settings(limit: i32) -> Settings {
        let effective = json!({ "limit": limit, "grace": 3 });
        Settings { given: json!({ "limit": limit }), effective, at: now(), by: "ann".to_owned() }
    }

    #[tokio::test]
    async fn one_plugin_of_a_name_is_there_at_a_time() {
        for (database, _fixture) in databases().await {
            let (first, second) = (credit_rules("1.0.0"), credit_rules("1.1.0"));
            let transaction = database.begin().await.unwrap();
            insert(&transaction, &first).await.unwrap();
            transaction.commit().await.unwrap();

            for status in [Status::Installed, Status::Disabled] {
                let transaction = database.begin().await.unwrap();
                set_status(&transaction, first.id, status, "bob", now()).await.unwrap();
                assert!(matches!(insert(&transaction, &second).await, Err(StoreError::Taken(_))));
                transaction.rollback().await.unwrap();
            }

            let transaction = database.begin().await.unwrap();
            set_status(&transaction, first.id, Status::Removed, "bob", now()).await.unwrap();
            insert(&transaction, &second).await.unwrap();
            transaction.commit().await.unwrap();
            let first = Plugin { status: Status::Removed, changed_by: "bob".to_owned(), ..first };
            assert_eq!(present(&database).await.unwrap(), std::slice::from_ref(&second));
            assert_eq!(find(&database, first.id).await.unwrap().as_ref(), Some(&first));
            assert_eq!(history(&database, "credit-rules").await.unwrap(), [second, first]);
            assert_eq!(generation::current(&database).await.unwrap(), 3);
        }
    }

    #[tokio::test]
    async fn settings_are_kept_as_given_and_as_they_work() {
        for (database, _fixture) in databases().await {
            let plugin = credit_rules("1.0.0");
            let transaction = database.begin().await.unwrap();
            insert(&transaction, &plugin).await.unwrap();
            set_settings(&transaction, plugin.id, &settings(7)).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(present(&database).await.unwrap(), [Plugin { settings: settings(7), ..plugin }]);
            assert_eq!(generation::current(&database).await.unwrap(), 2);
        }
    }
}
