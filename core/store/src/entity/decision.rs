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
    pub fallback: bool,
    pub versions: Json,
    pub request: Option<Json>,
    pub verdict: Option<Json>,
    pub parameters: Option<Json>,
    pub proposals: Option<Json>,
    pub bounds: Option<Json>,
    pub inputs: Option<Json>,
    pub explanation: Option<Json>,
    pub customer_explanation: Option<Json>,
    pub erased_at: Option<DateTimeUtc>,
    pub erased_by: Option<String>,
    pub sequence: i32,
    pub commitment: String,
    pub digest: String,
    pub previous_digest: Option<String>,
    pub customer_id: Uuid,
    pub strategy_id: Uuid,
    pub salt: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
