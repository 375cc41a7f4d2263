//! What a payment may go to: invoices, and what is left to pay of them.

use std::collections::HashMap;

use guildhall_model::{Kind, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::column::read;
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction};

/// The currency of a customer; nothing if there is no such customer.
pub async fn currency_of(transaction: &Transaction, customer: Uuid) -> Result<Option<String>, StoreError> {
    let sql = r#"SELECT "currency" FROM "customer" WHERE "id" = $1"#;
    let row = transaction.query_row(sql, vec![sea_orm::Value::Uuid(Some(customer))]).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// The customer's open invoices in a currency, those due longest first. What is disputed waits until that is settled.
pub async fn oldest_open(
    transaction: &Transaction,
    customer: Uuid,
    currency: &str,
    most: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let sql = format!(
        r#"SELECT "i"."id" FROM "invoice" AS "i" WHERE "i"."customer_id" = $1 AND "i"."status" = 'OPEN' AND "i"."currency" = $2
             AND NOT EXISTS (SELECT 1 FROM "dispute" AS "d" WHERE "d"."invoice_id" = "i"."id" AND "d"."status" IN ('OPEN', 'UNDER_REVIEW'))
           ORDER BY "i"."due_on", "i"."issued_on", "i"."number", "i"."id" LIMIT {most}"#
    );
    let values = vec![sea_orm::Value::Uuid(Some(customer)), currency.into()];
    let rows = transaction.link().rows(&sql, values).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// What credit notes take back of each of these invoices, in the invoice's currency. Invoices without any are left out.
pub async fn credited(transaction: &Transaction, invoices: &[Uuid]) -> Result<HashMap<Uuid, Decimal>, StoreError> {
    let list = match transaction.dialect() {
        Dialect::Postgres => "SELECT json_array_elements_text($1::json)::uuid",
        Dialect::Sqlite => "SELECT unhex(value) FROM json_each($1)",
    };
    let ids: Vec<String> = invoices.iter().map(|id| id.simple().to_string()).collect();
    let sql = format!(
        r#"SELECT "i"."id", SUM("n"."amount") FROM "invoice" AS "i"
           JOIN "credit_note" AS "n" ON "n"."invoice_id" = "i"."id" AND "n"."currency" = "i"."currency"
           WHERE "i"."id" IN ({list}) GROUP BY "i"."id""#
    );
    let rows = transaction.link().rows(&sql, vec![serde_json::Value::from(ids).to_string().into()]).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let Value::Decimal(amount) = read(transaction.dialect(), &Kind::Money, row, 1)? else {
            return Err(StoreError::internal("a sum that is no amount"));
        };
        found.insert(row.try_get_by_index(0)?, amount);
    }
    Ok(found)
}
