//! Invoice: what a customer owes.

use sea_orm::entity::prelude::*;

use super::Amount;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub number: String,
    pub status: String,
    pub issued_on: Date,
    pub due_on: Date,
    pub paid_on: Option<Date>,
    pub currency: String,
    pub amount: Amount,
    pub paid_amount: Amount,
    pub dispute_reason: Option<String>,
    pub customer_id: Uuid,
    pub order_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
