//! Customer: the account the business serves.

use sea_orm::entity::prelude::*;

use super::Amount;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub name: String,
    pub kind: String,
    pub status: String,
    pub industry: Option<String>,
    pub country: Option<String>,
    pub phone: Option<String>,
    pub preferred_channel: Option<String>,
    pub currency: String,
    pub revenue12m: Amount,
    pub margin12m: Option<Amount>,
    pub orders12m: i32,
    pub last_order_on: Option<Date>,
    pub open_amount: Amount,
    pub overdue_amount: Amount,
    pub overdue1_to30: Amount,
    pub overdue31_to60: Amount,
    pub overdue61_to90: Amount,
    pub overdue_over90: Amount,
    pub average_days_late: i32,
    pub last_touch_at: Option<DateTimeUtc>,
    pub facts_as_of: Option<Date>,
    pub segment_id: Option<Uuid>,
    pub owner_id: Option<Uuid>,
    pub territory_id: Option<Uuid>,
    pub team_id: Option<Uuid>,
    pub parent_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
