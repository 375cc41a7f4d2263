//! Product: what the business sells.

use sea_orm::entity::prelude::*;

use super::Amount;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub sku: String,
    pub name: String,
    pub category: Option<String>,
    pub supplier: Option<String>,
    pub currency: String,
    pub list_price: Amount,
    pub unit_cost: Option<Amount>,
    pub discontinued: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
