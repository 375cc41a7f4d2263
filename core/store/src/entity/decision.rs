//! Decision: one recorded answer to a decision point.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub point: String,
    pub decided_at: DateTimeUtc,
    pub recorded_by: String,
    pub request: Json,
    pub verdict: Json,
    pub fallback: bool,
    pub parameters: Json,
    pub proposals: Json,
    pub bounds: Json,
    pub inputs: Json,
    pub explanation: Json,
    pub sequence: i32,
    pub digest: String,
    pub previous_digest: Option<String>,
    pub customer_id: Uuid,
    pub strategy_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
