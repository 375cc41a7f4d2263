//! Consent: what a customer allowed us, as long as it lasts.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use uuid::Uuid;

use crate::StoreError;
use crate::column::adapt;
use crate::link::Reads;

/// Consents that are past their end and still given or asked for, at most `most` of them.
pub async fn ended(on: &impl Reads, now: DateTime<Utc>, most: usize) -> Result<Vec<Uuid>, StoreError> {
    let link = on.link();
    let sql = format!(
        r#"SELECT "id" FROM "consent" WHERE "status" IN ('GRANTED', 'REQUESTED') AND "to" <= $1 ORDER BY "id" LIMIT {most}"#
    );
    let now = adapt(link.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("to"))?;
    let rows = link.rows(&sql, vec![now]).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}
