//! OrderLine: one product in an order.

use sea_orm::entity::prelude::*;

use super::Amount;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub position: i32,
    pub currency: String,
    pub quantity: Amount,
    pub unit_price: Amount,
    pub unit_cost: Option<Amount>,
    pub discount: Amount,
    pub net_amount: Amount,
    pub delivered_quantity: Option<Amount>,
    pub rejected_quantity: Option<Amount>,
    pub order_id: Uuid,
    pub product_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
