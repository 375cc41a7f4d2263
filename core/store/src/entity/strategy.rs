//! Strategy: one versioned document above all departments.

use sea_orm::entity::prelude::*;

use super::Amount;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "strategy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub number: i32,
    pub status: String,
    pub name: String,
    pub vision: String,
    pub document: String,
    pub digest: String,
    pub proposed_at: DateTimeUtc,
    pub proposed_by: String,
    pub simulated_at: Option<DateTimeUtc>,
    pub simulated_by: Option<String>,
    pub approved_at: Option<DateTimeUtc>,
    pub approved_by: Option<String>,
    pub challenged_at: Option<DateTimeUtc>,
    pub challenged_by: Option<String>,
    pub challenger_share: Option<Amount>,
    pub activate_at: Option<DateTimeUtc>,
    pub activation_refused: Option<String>,
    pub activated_at: Option<DateTimeUtc>,
    pub activated_by: Option<String>,
    pub retired_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
