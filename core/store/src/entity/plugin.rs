//! Plugin: what a department shipped.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub name: String,
    pub plugin_version: String,
    pub department: String,
    pub status: String,
    pub digest: String,
    pub size: i32,
    pub contract: String,
    pub model_range: String,
    pub provides: Option<String>,
    pub requires: Json,
    pub points: Json,
    pub grants: Json,
    pub approved_at: DateTimeUtc,
    pub approved_by: String,
    pub settings: Json,
    pub settings_at: DateTimeUtc,
    pub settings_by: String,
    pub publisher: Option<String>,
    pub publisher_key: Option<String>,
    pub arrival: String,
    pub installed_at: DateTimeUtc,
    pub installed_by: String,
    pub changed_at: DateTimeUtc,
    pub changed_by: String,
    pub began: Option<i32>,
    pub settings_given: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
