//! Override: how often people set decisions aside.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;

use crate::StoreError;
use crate::column::adapt;
use crate::link::Reads;

/// How many overrides were made from a time on and before another, by decision point.
pub async fn by_point(
    on: &impl Reads,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<(String, u64)>, StoreError> {
    let link = on.link();
    let mut sql = r#"SELECT "decision"."point", COUNT(*) FROM "override" JOIN "decision" ON "decision"."id" = "override"."decision_id" WHERE 1 = 1"#.to_owned();
    let mut values = Vec::new();
    for (time, comparison) in [(since, ">="), (until, "<")] {
        let Some(time) = time else { continue };
        values.push(adapt(link.dialect(), &Kind::DateTime, &time.into()).map_err(|unfit| unfit.of("madeAt"))?);
        sql.push_str(&format!(r#" AND "override"."made_at" {comparison} ${}"#, values.len()));
    }
    sql.push_str(r#" GROUP BY "decision"."point" ORDER BY "decision"."point""#);
    let rows = link.rows(&sql, values).await?;
    let read = |row: &sea_orm::QueryResult| {
        let (point, count): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok((point, u64::try_from(count).unwrap_or(0)))
    };
    rows.iter().map(read).collect()
}
