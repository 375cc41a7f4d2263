//! CreditAccount: how far a customer may owe us.

use sea_orm::entity::prelude::*;

use super::Amount;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub currency: String,
    pub limit: Amount,
    pub exposure: Amount,
    pub exposure_dynamic: Amount,
    pub limit_until: Option<chrono::NaiveDate>,
    pub dunning_level: i32,
    pub on_hold: bool,
    pub customer_id: Uuid,
    pub group_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
