//! One run of an import and how far it is.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub state: String,
    pub dry_run: bool,
    pub actor: String,
    pub rows: i32,
    pub created: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub merged: i32,
    pub skipped: i32,
    pub errors: i32,
    pub report: Json,
    pub problem: Option<String>,
    pub started_at: DateTimeUtc,
    pub moved_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub mapping_digest: Option<String>,
    pub epoch: Option<i32>,
    pub setup: Option<Json>,
    pub progress: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
