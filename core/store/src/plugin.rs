//! Plugin: which packages decide, and which once did.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::plugin;
use crate::link::Reads;
use crate::{StoreError, Transaction, generation, row};

const INSTALLED: &str = "INSTALLED";

#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    pub id: Uuid,
    pub name: String,
    /// Its own semantic version.
    pub plugin_version: String,
    pub department: String,
    /// SHA-256 of its package, in hex: the key of [`crate::package`].
    pub digest: String,
    /// Size of the package in bytes.
    pub size: i32,
    /// The decision points it serves, each with the fields it reads.
    pub points: serde_json::Value,
    /// What it brings to the schema and needs of other plugins.
    pub contribution: serde_json::Value,
    pub installed_at: DateTime<Utc>,
    pub installed_by: String,
}

/// The plugins that decide, by name.
pub async fn installed(on: &impl Reads) -> Result<Vec<Plugin>, StoreError> {
    let query = plugin::Entity::find()
        .filter(plugin::Column::Status.eq(INSTALLED))
        .order_by_asc(plugin::Column::Name)
        .order_by_asc(plugin::Column::Id);
    Ok(on.link().find_all(query).await?.into_iter().map(read).collect())
}

/// Every plugin that ever decided with this name, newest first: what a rollback chooses from.
pub async fn history(on: &impl Reads, name: &str) -> Result<Vec<Plugin>, StoreError> {
    let query = plugin::Entity::find()
        .filter(plugin::Column::Name.eq(name))
        .order_by_desc(plugin::Column::InstalledAt)
        .order_by_desc(plugin::Column::Id);
    Ok(on.link().find_all(query).await?.into_iter().map(read).collect())
}

/// Installs a plugin and begins a new generation. One of that name must have been removed before.
pub async fn insert(transaction: &Transaction, plugin: &Plugin) -> Result<(), StoreError> {
    generation::bump(transaction).await?;
    let mut cells = row::new_record(plugin.id, plugin.installed_at);
    cells.extend([
        ("name", Kind::Text, plugin.name.clone().into()),
        ("plugin_version", Kind::Text, plugin.plugin_version.clone().into()),
        ("department", Kind::Text, plugin.department.clone().into()),
        ("status", Kind::Text, INSTALLED.into()),
        ("digest", Kind::Text, plugin.digest.clone().into()),
        ("size", Kind::Int, plugin.size.into()),
        ("points", Kind::Json, plugin.points.clone().into()),
        ("contribution", Kind::Json, plugin.contribution.clone().into()),
        ("installed_at", Kind::DateTime, plugin.installed_at.into()),
        ("installed_by", Kind::Text, plugin.installed_by.clone().into()),
    ]);
    row::insert(transaction, "plugin", &cells, "").await.map(drop)
}

/// Takes the installed plugin of this name out of use and begins a new generation. Says whether there was one.
pub async fn remove(transaction: &Transaction, name: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    generation::bump(transaction).await?;
    let sql = r#"UPDATE "plugin" SET "status" = 'REMOVED', "version" = "version" + 1, "updated_at" = $2
        WHERE "name" = $1 AND "status" = 'INSTALLED'"#;
    let cells = [("name", Kind::Text, name.into()), ("updated_at", Kind::DateTime, now.into())];
    Ok(transaction.execute(sql, row::bind(transaction, "plugin", &cells)?).await? == 1)
}

fn read(row: plugin::Model) -> Plugin {
    Plugin {
        id: row.id,
        name: row.name,
        plugin_version: row.plugin_version,
        department: row.department,
        digest: row.digest,
        size: row.size,
        points: row.points,
        contribution: row.contribution,
        installed_at: row.installed_at,
        installed_by: row.installed_by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    fn credit_rules(version: &str) -> Plugin {
        Plugin {
            id: Uuid::now_v7(),
            name: "credit-rules".to_owned(),
            plugin_version: version.to_owned(),
            department: "finance".to_owned(),
            digest: format!("digest of {version}"),
            size: 70_000,
            points: serde_json::json!([{"point": "credit.check", "reads": ["revenue12m"]}]),
            contribution: serde_json::json!({}),
            installed_at: now(),
            installed_by: "ann".to_owned(),
        }
    }

    #[tokio::test]
    async fn one_plugin_of_a_name_decides_at_a_time() {
        for (database, _fixture) in databases().await {
            let (first, second) = (credit_rules("1.0.0"), credit_rules("1.1.0"));
            let transaction = database.begin().await.unwrap();
            insert(&transaction, &first).await.unwrap();
            transaction.commit().await.unwrap();

            let transaction = database.begin().await.unwrap();
            assert!(matches!(insert(&transaction, &second).await, Err(StoreError::Taken(_))));
            transaction.rollback().await.unwrap();

            let transaction = database.begin().await.unwrap();
            assert!(remove(&transaction, "credit-rules", now()).await.unwrap());
            insert(&transaction, &second).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(installed(&database).await.unwrap(), std::slice::from_ref(&second));
            assert_eq!(history(&database, "credit-rules").await.unwrap(), [second, first]);
            assert_eq!(generation::current(&database).await.unwrap(), 3);
        }
    }
}
