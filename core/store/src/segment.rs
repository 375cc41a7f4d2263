//! Segment: the groups of customers the active strategy has, and those that older ones had.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use sea_orm::{EntityTrait, QueryOrder};
use uuid::Uuid;

use crate::entity::segment;
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// A segment as a strategy defines it. Its key identifies it through all versions of the strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub key: String,
    pub name: String,
    pub need: String,
    /// Place in the strategy's order.
    pub rank: i32,
    /// Key of the segment it is part of, which stands before it in the list.
    pub parent: Option<String>,
}

/// Makes `segments` the current ones: creates those that are new, updates those that differ, and marks all others as no
/// longer current. Returns the id of each, by key.
pub async fn replace(
    transaction: &Transaction,
    segments: &[Segment],
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, Uuid>, StoreError> {
    let known = transaction.link().find_all(segment::Entity::find()).await?;
    let known: HashMap<_, _> = known.into_iter().map(|row| (row.key.clone(), row)).collect();
    let mut ids = BTreeMap::new();
    for wanted in segments {
        let parent = match &wanted.parent {
            Some(key) => Some(*ids.get(key).ok_or_else(|| {
                StoreError::Reference(format!(
                    "the segment `{}` has the parent `{key}`, which is not before it",
                    wanted.key
                ))
            })?),
            None => None,
        };
        let id = match known.get(&wanted.key) {
            Some(row) => {
                update(transaction, row, wanted, parent, now).await?;
                row.id
            }
            None => insert(transaction, wanted, parent, now).await?,
        };
        if ids.insert(wanted.key.clone(), id).is_some() {
            return Err(StoreError::Taken(format!("the segment `{}` is defined twice", wanted.key)));
        }
    }
    let wanted: HashSet<_> = segments.iter().map(|segment| &segment.key).collect();
    for row in known.values().filter(|row| row.current && !wanted.contains(&row.key)) {
        retire(transaction, row.id, now).await?;
    }
    Ok(ids)
}

/// The ids of the current segments, by key.
pub async fn current(on: &impl Reads) -> Result<BTreeMap<String, Uuid>, StoreError> {
    let rows = on.link().find_all(segment::Entity::find().order_by_asc(segment::Column::Rank)).await?;
    Ok(rows.into_iter().filter(|row| row.current).map(|row| (row.key, row.id)).collect())
}

/// The currencies that customers and their credit accounts are in, each once.
pub async fn currencies(on: &impl Reads) -> Result<Vec<String>, StoreError> {
    let sql = r#"SELECT "currency" FROM "customer" UNION SELECT "currency" FROM "credit_account" ORDER BY 1"#;
    let rows = on.link().rows(sql, Vec::new()).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index::<String>(0)?)).collect()
}

async fn insert(
    transaction: &Transaction,
    wanted: &Segment,
    parent: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    let mut cells = row::new_record(id, now);
    cells.push(("key", Kind::Text, wanted.key.clone().into()));
    cells.extend(content(wanted, parent));
    row::insert(transaction, "segment", &cells, "").await?;
    Ok(id)
}

async fn update(
    transaction: &Transaction,
    row: &segment::Model,
    wanted: &Segment,
    parent: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let same = row.current
        && row.name == wanted.name
        && row.need == wanted.need
        && row.rank == wanted.rank
        && row.parent_id == parent;
    if same {
        return Ok(());
    }
    let mut cells = vec![("id", Kind::Id, row.id.into()), ("updated_at", Kind::DateTime, now.into())];
    cells.extend(content(wanted, parent));
    let sql = r#"UPDATE "segment" SET "version" = "version" + 1, "updated_at" = $2, "name" = $3, "need" = $4, "rank" = $5,
        "current" = $6, "parent_id" = $7 WHERE "id" = $1"#;
    transaction.execute(sql, row::bind(transaction, "segment", &cells)?).await.map(drop)
}

fn content(wanted: &Segment, parent: Option<Uuid>) -> [row::Cell<'static>; 5] {
    [
        ("name", Kind::Text, wanted.name.clone().into()),
        ("need", Kind::Text, wanted.need.clone().into()),
        ("rank", Kind::Int, wanted.rank.into()),
        ("current", Kind::Bool, true.into()),
        ("parent_id", Kind::Id, parent.into()),
    ]
}

async fn retire(transaction: &Transaction, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    let cells = [
        ("id", Kind::Id, id.into()),
        ("updated_at", Kind::DateTime, now.into()),
        ("current", Kind::Bool, false.into()),
    ];
    let sql = r#"UPDATE "segment" SET "version" = "version" + 1, "updated_at" = $2, "current" = $3 WHERE "id" = $1"#;
    transaction.execute(sql, row::bind(transaction, "segment", &cells)?).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    fn segment(key: &str, rank: i32, parent: Option<&str>) -> Segment {
        Segment {
            key: key.to_owned(),
            name: key.to_uppercase(),
            need: "to be known".to_owned(),
            rank,
            parent: parent.map(str::to_owned),
        }
    }

    #[tokio::test]
    async fn segments_keep_their_ids_through_strategies() {
        for (database, _fixture) in databases().await {
            let transaction = database.begin().await.unwrap();
            let first = [segment("key", 1, None), segment("growth", 2, Some("key")), segment("rest", 3, None)];
            let ids = replace(&transaction, &first, now()).await.unwrap();
            assert_eq!(current(&transaction).await.unwrap(), ids);

            let before = database.statements();
            assert_eq!(replace(&transaction, &first, now()).await.unwrap(), ids);
            assert_eq!(database.statements() - before, 1);

            let second = [segment("growth", 1, None), segment("new", 2, Some("growth"))];
            let then = replace(&transaction, &second, now()).await.unwrap();
            assert_eq!(then["growth"], ids["growth"]);
            assert_eq!(current(&transaction).await.unwrap(), then);

            let back = replace(&transaction, &first, now()).await.unwrap();
            assert_eq!(back, ids);
        }
    }

    #[tokio::test]
    async fn a_parent_stands_before_its_children() {
        for (database, _fixture) in databases().await {
            let transaction = database.begin().await.unwrap();
            let wrong = [segment("growth", 1, Some("key")), segment("key", 2, None)];
            let error = replace(&transaction, &wrong, now()).await.unwrap_err().to_string();
            assert!(error.contains("`growth` has the parent `key`, which is not before it"), "{error}");
        }
    }
}
