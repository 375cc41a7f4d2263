//! Strategy: the document above all departments, version by version. Acts write versions as they write other records; here
//! they are found.

use std::fmt;

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::column::adapt;
use crate::entity::strategy;
use crate::link::Reads;
use crate::{StoreError, Transaction};

/// One version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    pub id: Uuid,
    /// Counted from 1.
    pub number: i32,
    pub status: Status,
    pub name: String,
    pub vision: String,
    /// The strategy file, as it was proposed.
    pub document: String,
    /// SHA-256 of the document, in hex.
    pub digest: String,
    pub proposed_at: DateTime<Utc>,
    pub proposed_by: String,
    pub simulated_at: Option<DateTime<Utc>>,
    pub approved_by: Option<String>,
    /// The share of the customers it decides for as a challenger.
    pub share: Option<Decimal>,
    /// When it is to become active by itself.
    pub activate_at: Option<DateTime<Utc>>,
    pub activated_at: Option<DateTime<Utc>>,
    pub activated_by: Option<String>,
    /// When another took its place; nothing while it is active.
    pub retired_at: Option<DateTime<Utc>>,
}

/// Where a version stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Draft,
    Simulated,
    Approved,
    Challenger,
    Active,
    Retired,
}

const STATUS: [(Status, &str); 6] = [
    (Status::Draft, "DRAFT"),
    (Status::Simulated, "SIMULATED"),
    (Status::Approved, "APPROVED"),
    (Status::Challenger, "CHALLENGER"),
    (Status::Active, "ACTIVE"),
    (Status::Retired, "RETIRED"),
];

impl Status {
    /// As the model has it.
    pub fn name(self) -> &'static str {
        STATUS.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().to_lowercase())
    }
}

/// The strategy that decides now.
pub async fn active(on: &impl Reads) -> Result<Option<Strategy>, StoreError> {
    one(on, Status::Active).await
}

/// The strategy that decides for a share of the customers.
pub async fn challenger(on: &impl Reads) -> Result<Option<Strategy>, StoreError> {
    one(on, Status::Challenger).await
}

async fn one(on: &impl Reads, status: Status) -> Result<Option<Strategy>, StoreError> {
    let query = strategy::Entity::find().filter(strategy::Column::Status.eq(status.name()));
    on.link().find(query).await?.map(read).transpose()
}

/// The strategy with this number, whatever became of it.
pub async fn numbered(on: &impl Reads, number: i32) -> Result<Option<Strategy>, StoreError> {
    let query = strategy::Entity::find().filter(strategy::Column::Number.eq(number));
    on.link().find(query).await?.map(read).transpose()
}

/// The last versions, the newest first.
pub async fn newest(on: &impl Reads, rows: u64) -> Result<Vec<Strategy>, StoreError> {
    let query = strategy::Entity::find().order_by_desc(strategy::Column::Number).limit(rows);
    on.link().find_all(query).await?.into_iter().map(read).collect()
}

/// The version that decided before the active one: of those that decided and are retired the one that was retired last.
pub async fn before(on: &impl Reads) -> Result<Option<Strategy>, StoreError> {
    let query = strategy::Entity::find()
        .filter(strategy::Column::Status.eq(Status::Retired.name()))
        .filter(strategy::Column::ActivatedAt.is_not_null())
        .order_by_desc(strategy::Column::RetiredAt)
        .order_by_desc(strategy::Column::Number)
        .limit(1);
    on.link().find(query).await?.map(read).transpose()
}

/// The versions with this document that may still become active, the newest first.
pub async fn waiting(on: &impl Reads, digest: &str) -> Result<Vec<Strategy>, StoreError> {
    let query = strategy::Entity::find()
        .filter(strategy::Column::Digest.eq(digest))
        .filter(strategy::Column::Status.is_in(["DRAFT", "SIMULATED", "APPROVED"]))
        .order_by_desc(strategy::Column::Number);
    on.link().find_all(query).await?.into_iter().map(read).collect()
}

/// The number of the version that is to become active by itself and whose time has come, the earliest first.
pub async fn due(on: &impl Reads, now: DateTime<Utc>) -> Result<Option<i32>, StoreError> {
    let link = on.link();
    let now = adapt(link.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("Strategy.activateAt"))?;
    let sql = r#"SELECT "number" FROM "strategy" WHERE "activate_at" <= $1 ORDER BY "activate_at", "number" LIMIT 1"#;
    let row = link.row(sql, vec![now]).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// The number of the next version. Whoever asks has locked the generation, so it is nobody else's.
pub async fn next_number(transaction: &Transaction) -> Result<i32, StoreError> {
    let highest = transaction.query_row(r#"SELECT COALESCE(MAX("number"), 0) FROM "strategy""#, Vec::new()).await?;
    let highest: i32 = highest.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
    Ok(highest.saturating_add(1))
}

fn read(row: strategy::Model) -> Result<Strategy, StoreError> {
    let status = STATUS.iter().find(|(_, name)| *name == row.status).map(|(status, _)| *status);
    let status = status.ok_or_else(|| StoreError::Failed(format!("strategy {} has no status", row.number)))?;
    Ok(Strategy {
        id: row.id,
        number: row.number,
        status,
        name: row.name,
        vision: row.vision,
        document: row.document,
        digest: row.digest,
        proposed_at: row.proposed_at,
        proposed_by: row.proposed_by,
        simulated_at: row.simulated_at,
        approved_by: row.approved_by,
        share: row.challenger_share.map(|share| share.0),
        activate_at: row.activate_at,
        activated_at: row.activated_at,
        activated_by: row.activated_by,
        retired_at: row.retired_at,
    })
}

#[cfg(test)]
mod tests {
    use guildhall_model::Model;

    use super::*;
    use crate::testing::{self, databases, now, time};

    #[test]
    fn every_status_is_one_of_the_model() {
        let model = Model::core();
        let Kind::Enum(declared) = &model.object("Strategy").unwrap().get("status").unwrap().kind else { panic!() };
        let names: Vec<_> = declared.values.iter().map(|value| value.name).collect();
        assert_eq!(names, STATUS.map(|(_, name)| name));
    }

    #[tokio::test]
    async fn versions_are_found_by_where_they_stand() {
        for (database, _fixture) in databases().await {
            assert_eq!((active(&database).await.unwrap(), before(&database).await.unwrap()), (None, None));
            let transaction = database.begin().await.unwrap();
            assert_eq!(next_number(&transaction).await.unwrap(), 1);
            let (early, late) = (time("2026-11-20T00:00:00Z"), time("2026-11-21T00:00:00Z"));
            let once = |at: DateTime<Utc>| vec![("activatedAt", at.into()), ("retiredAt", at.into())];
            testing::strategy(&transaction, 1, "RETIRED", &once(early)).await;
            testing::strategy(&transaction, 2, "RETIRED", &once(late)).await;
            testing::strategy(&transaction, 3, "RETIRED", &[("retiredAt", now().into())]).await;
            testing::strategy(&transaction, 4, "ACTIVE", &[("activatedAt", late.into())]).await;
            testing::strategy(&transaction, 5, "CHALLENGER", &[("challengerShare", Decimal::new(1, 1).into())]).await;
            testing::strategy(&transaction, 6, "APPROVED", &[("activateAt", late.into())]).await;
            testing::strategy(&transaction, 7, "APPROVED", &[("activateAt", early.into())]).await;
            assert_eq!(next_number(&transaction).await.unwrap(), 8);
            transaction.commit().await.unwrap();
            let number = |found: Option<Strategy>| found.map(|found| found.number);
            assert_eq!(number(active(&database).await.unwrap()), Some(4));
            assert_eq!(number(before(&database).await.unwrap()), Some(2));
            let challenger = challenger(&database).await.unwrap().unwrap();
            assert_eq!((challenger.number, challenger.share), (5, Some(Decimal::new(1, 1))));
            let waiting = waiting(&database, "digest").await.unwrap();
            assert_eq!(waiting.iter().map(|one| one.number).collect::<Vec<_>>(), [7, 6]);
            assert_eq!(due(&database, late).await.unwrap(), Some(7));
            assert_eq!(due(&database, time("2026-11-19T00:00:00Z")).await.unwrap(), None);
            assert_eq!(number(numbered(&database, 3).await.unwrap()), Some(3));
            let all = newest(&database, 2).await.unwrap();
            assert_eq!(
                all.iter().map(|one| (one.number, one.status)).collect::<Vec<_>>(),
                [(7, Status::Approved), (6, Status::Approved)]
            );
        }
    }
}
