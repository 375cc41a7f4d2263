//! Strategy: the document above all departments, version by version.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::entity::strategy;
use crate::link::Reads;
use crate::{StoreError, Transaction, generation, row};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    pub id: Uuid,
    /// Counted from 1.
    pub number: i32,
    pub name: String,
    pub vision: String,
    /// The strategy file, as it was activated.
    pub document: String,
    /// SHA-256 of the document, in hex.
    pub digest: String,
    pub activated_at: DateTime<Utc>,
    pub activated_by: String,
    /// When another took its place; nothing while it is active.
    pub retired_at: Option<DateTime<Utc>>,
}

/// A strategy to be activated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStrategy {
    pub name: String,
    pub vision: String,
    pub document: String,
    pub digest: String,
    pub activated_by: String,
}

/// The strategy that decides now.
pub async fn active(on: &impl Reads) -> Result<Option<Strategy>, StoreError> {
    let query = strategy::Entity::find().filter(strategy::Column::Status.eq("ACTIVE"));
    Ok(on.link().find(query).await?.map(read))
}

/// The strategy with this number, active or retired.
pub async fn numbered(on: &impl Reads, number: i32) -> Result<Option<Strategy>, StoreError> {
    let query = strategy::Entity::find().filter(strategy::Column::Number.eq(number));
    Ok(on.link().find(query).await?.map(read))
}

/// Retires the active strategy, activates this one under the next number and begins a new generation.
pub async fn activate(
    transaction: &Transaction,
    new: &NewStrategy,
    now: DateTime<Utc>,
) -> Result<Strategy, StoreError> {
    // The generation's row lock makes two activations wait for each other, so the number below is nobody else's.
    generation::bump(transaction).await?;
    let now_bound = row::bind(transaction, "strategy", &[("retired_at", Kind::DateTime, now.into())])?;
    let retire = r#"UPDATE "strategy" SET "status" = 'RETIRED', "retired_at" = $1, "version" = "version" + 1,
        "updated_at" = $1 WHERE "status" = 'ACTIVE'"#;
    transaction.execute(retire, now_bound).await?;
    let highest = transaction.query_row(r#"SELECT COALESCE(MAX("number"), 0) FROM "strategy""#, Vec::new()).await?;
    let highest: i32 = highest.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);

    let strategy = Strategy {
        id: Uuid::now_v7(),
        number: highest + 1,
        name: new.name.clone(),
        vision: new.vision.clone(),
        document: new.document.clone(),
        digest: new.digest.clone(),
        activated_at: now,
        activated_by: new.activated_by.clone(),
        retired_at: None,
    };
    let mut cells = row::new_record(strategy.id, now);
    cells.extend([
        ("number", Kind::Int, strategy.number.into()),
        ("status", Kind::Text, "ACTIVE".into()),
        ("name", Kind::Text, strategy.name.clone().into()),
        ("vision", Kind::Text, strategy.vision.clone().into()),
        ("document", Kind::Text, strategy.document.clone().into()),
        ("digest", Kind::Text, strategy.digest.clone().into()),
        ("activated_at", Kind::DateTime, now.into()),
        ("activated_by", Kind::Text, strategy.activated_by.clone().into()),
    ]);
    row::insert(transaction, "strategy", &cells, "").await?;
    Ok(strategy)
}

fn read(row: strategy::Model) -> Strategy {
    Strategy {
        id: row.id,
        number: row.number,
        name: row.name,
        vision: row.vision,
        document: row.document,
        digest: row.digest,
        activated_at: row.activated_at,
        activated_by: row.activated_by,
        retired_at: row.retired_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now, time};

    fn new(name: &str) -> NewStrategy {
        NewStrategy {
            name: name.to_owned(),
            vision: "Known by name.".to_owned(),
            document: format!("name: {name}\n"),
            digest: format!("digest of {name}"),
            activated_by: "ann".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_next_strategy_retires_the_one_before() {
        for (database, _fixture) in databases().await {
            assert_eq!(active(&database).await.unwrap(), None);
            let later = time("2026-11-23T00:00:00Z");
            let transaction = database.begin().await.unwrap();
            let first = activate(&transaction, &new("first"), now()).await.unwrap();
            let second = activate(&transaction, &new("second"), later).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!((first.number, second.number), (1, 2));
            assert_eq!(active(&database).await.unwrap(), Some(second));
            assert_eq!(numbered(&database, 1).await.unwrap(), Some(Strategy { retired_at: Some(later), ..first }));
            assert_eq!(generation::current(&database).await.unwrap(), 2);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn activations_at_once_come_one_after_the_other() {
        for (database, _fixture) in databases().await {
            let all: Vec<_> = (0..8)
                .map(|number| {
                    let database = database.clone();
                    tokio::spawn(async move {
                        let transaction = database.begin().await.unwrap();
                        let strategy = activate(&transaction, &new(&number.to_string()), now()).await.unwrap();
                        transaction.commit().await.unwrap();
                        strategy.number
                    })
                })
                .collect();
            let mut numbers = Vec::new();
            for one in all {
                numbers.push(one.await.unwrap());
            }
            numbers.sort_unstable();
            assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
            assert_eq!(active(&database).await.unwrap().unwrap().number, 8);
        }
    }
}
