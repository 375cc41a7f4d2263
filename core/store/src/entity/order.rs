//! Order: what a customer ordered at one time.

use sea_orm::entity::prelude::*;

use super::Amount;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order")]
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
    pub ordered_on: Date,
    pub required_on: Option<Date>,
    pub shipped_on: Option<Date>,
    pub currency: String,
    pub gross_total: Amount,
    pub net_total: Amount,
    pub tax_total: Option<Amount>,
    pub total: Option<Amount>,
    pub cost_total: Option<Amount>,
    pub freight: Option<Amount>,
    pub ship_to_name: Option<String>,
    pub ship_to_city: Option<String>,
    pub ship_to_country: Option<String>,
    pub taken_by: Option<String>,
    pub customer_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
