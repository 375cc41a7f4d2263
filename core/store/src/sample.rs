//! A sample of customers: spread evenly over all of them, the same every time.

use uuid::Uuid;

use crate::StoreError;
use crate::link::Reads;

/// Up to `wanted` customers, in the order of their ids.
pub async fn customers(on: &impl Reads, wanted: u32) -> Result<Vec<Uuid>, StoreError> {
    let link = on.link();
    let count = link.row(r#"SELECT COUNT(*) FROM "customer""#, Vec::new()).await?;
    let count: i64 = count.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
    let step = (count / i64::from(wanted.max(1))).max(1);
    let sql = format!(
        r#"SELECT "id" FROM (SELECT "id", ROW_NUMBER() OVER (ORDER BY "id") - 1 AS "n" FROM "customer") AS "c"
        WHERE "n" % $1 = 0 ORDER BY "n" LIMIT {wanted}"#
    );
    let rows = link.rows(&sql, vec![step.into()]).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{customer, databases};

    #[tokio::test]
    async fn a_sample_is_spread_over_all() {
        for (database, _fixture) in databases().await {
            assert!(customers(&database, 3).await.unwrap().is_empty());
            let transaction = database.begin().await.unwrap();
            let mut all = Vec::new();
            for number in 0..10 {
                all.push(customer(&transaction, &number.to_string()).await);
            }
            transaction.commit().await.unwrap();
            all.sort_unstable();
            assert_eq!(customers(&database, 3).await.unwrap(), [all[0], all[3], all[6]]);
            assert_eq!(customers(&database, 100).await.unwrap(), all);
        }
    }
}
