//! The business day: which day it is for customer facts, and up to which day they stand.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::Kind;

use crate::entity::deployment;
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// Where the business calendar stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusinessDay {
    /// The day up to which the facts of the whole base were brought last; none if that never happened.
    pub facts: Option<NaiveDate>,
    /// The day the calendar is held at: the base is of the past. None where it follows the clock.
    pub held: Option<NaiveDate>,
}

impl BusinessDay {
    /// The business day at a time: the day in UTC, unless the calendar is held.
    pub fn at(&self, now: DateTime<Utc>) -> NaiveDate {
        self.held.unwrap_or_else(|| now.date_naive())
    }
}

pub async fn current(on: &impl Reads) -> Result<BusinessDay, StoreError> {
    use sea_orm::EntityTrait;
    let row = on.link().find(deployment::Entity::find_by_id(1)).await?;
    Ok(row.map_or_else(BusinessDay::default, |row| BusinessDay { facts: row.facts_day, held: row.held_day }))
}

pub async fn set(transaction: &Transaction, day: BusinessDay) -> Result<(), StoreError> {
    let cells = [("facts_day", Kind::Date, day.facts.into()), ("held_day", Kind::Date, day.held.into())];
    let sql = r#"UPDATE "deployment" SET "facts_day" = $1, "held_day" = $2 WHERE "id" = 1"#;
    transaction.execute(sql, row::bind(transaction, "deployment", &cells)?).await.map(drop)
}
