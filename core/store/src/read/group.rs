//! Groups of records, and what they come to.

use std::sync::Arc;

use guildhall_model::plan::{Aggregate, Bucket, Condition, Expression, Function, GroupKey, Groups, KeyOf, Measure};
use guildhall_model::{Field, Kind};

use super::condition::scale;
use super::enter::{Row, Via};
use super::object::column;
use super::sql::{Sql, quoted, ten_to_minus};
use crate::{Dialect, StoreError};

impl Sql<'_> {
    /// What all records together come to, as a JSON object.
    pub(super) fn aggregate(&mut self, aggregate: &Aggregate, via: Via<'_>) -> Result<String, StoreError> {
        let groups = self.groups(&aggregate.groups, &aggregate.filter, via)?;
        let alias = self.alias();
        let body = self.selection(&aggregate.selection, &alias)?;
        Ok(format!("(SELECT {body} FROM {groups} {alias})"))
    }

    /// The groups as a table.
    pub(super) fn groups(&mut self, groups: &Groups, filter: &Condition, via: Via<'_>) -> Result<String, StoreError> {
        let alias = self.alias();
        let row = Row { object: &groups.of, alias: &alias };
        let filter = self.filter(filter, row)?;
        let source = self.enter(row, via, filter)?;
        let mut columns = Vec::with_capacity(groups.keys.len() + groups.measures.len());
        for key in &groups.keys {
            let value = self.key(key, row)?;
            columns.push(format!("{value} AS {}", quoted(&key.column)));
        }
        for measure in &groups.measures {
            columns.push(format!("{} AS {}", self.measure(measure, &alias), quoted(&measure.column)));
        }
        if groups.needs_currency() {
            columns.push(format!("min({alias}.currency) AS currency"));
            columns.push(format!("min({alias}.currency) <> max({alias}.currency) AS {}", Groups::MIXED));
        }
        if columns.is_empty() {
            columns.push("count(*)".to_owned());
        }
        let by: Vec<String> = (1..=groups.keys.len()).map(|place| place.to_string()).collect();
        let by = if by.is_empty() { String::new() } else { format!(" GROUP BY {}", by.join(", ")) };
        Ok(format!("(SELECT {} {source}{by})", columns.join(", ")))
    }

    /// What a record is grouped by. A record that is not seen has nothing.
    fn key(&mut self, key: &GroupKey, row: Row<'_>) -> Result<String, StoreError> {
        let field = match &key.by {
            KeyOf::Field { field, .. } => Arc::clone(field),
            KeyOf::Relation { relation, column } => Arc::new(Field::computed(&relation.name, column, Kind::Id, true)),
        };
        let kind = field.kind.clone();
        let through = |inner, relation: &Arc<_>| Expression::Through(Arc::clone(relation), Box::new(inner));
        let value = key.through.iter().rev().fold(Expression::Field(field), through);
        let value = self.expression(&value, row)?.sql;
        Ok(match &key.by {
            KeyOf::Field { bucket: Some(bucket), .. } => self.bucket(&kind, *bucket, value),
            _ => value,
        })
    }

    fn measure(&self, measure: &Measure, alias: &str) -> String {
        let Some(field) = &measure.field else { return "count(*)".to_owned() };
        let value = column(field, alias);
        match measure.function {
            Function::Count => format!("count({value})"),
            Function::Sum => self.sum(field, &value),
            Function::Average => self.average(field, &value),
            Function::Minimum => format!("min({value})"),
            Function::Maximum => format!("max({value})"),
        }
    }

    /// The sum. On both databases it is a whole number of 64 bits that counts 10^-scale, so that a sum too large for one is
    /// too large for the other.
    fn sum(&self, field: &Field, value: &str) -> String {
        match self.dialect {
            Dialect::Postgres => {
                let places = scale(&field.kind).unwrap_or(0);
                format!("({} * {})", scaled_sum(value, places), ten_to_minus(places))
            }
            Dialect::Sqlite => format!("sum({value})"),
        }
    }

    /// The sum over the number of values, rounded half away from zero to the scale of the result. In whole numbers that
    /// count 10^-scale, because a quotient that was rounded before would be rounded twice.
    fn average(&self, field: &Field, value: &str) -> String {
        let from = scale(&field.kind).unwrap_or(0);
        let places = scale(&Function::Average.kind(&field.kind)).unwrap_or(0);
        let count = format!("nullif(count({value}), 0)");
        let sum = match self.dialect {
            Dialect::Postgres => scaled_sum(value, places),
            Dialect::Sqlite => format!("(sum({value}) * {})", 10i64.pow(places.saturating_sub(from))),
        };
        // Whole numbers are divided towards zero and leave a rest of the sum's sign.
        let rounded = format!(
            "({sum} / {count} + CASE WHEN 2 * abs({sum} % {count}) >= {count} THEN CASE WHEN {sum} < 0 THEN -1 ELSE 1 END ELSE 0 END)"
        );
        match self.dialect {
            Dialect::Postgres => format!("({rounded}::numeric * {})", ten_to_minus(places)),
            Dialect::Sqlite => rounded,
        }
    }

    /// The first day of the period a date or a time is in.
    fn bucket(&self, kind: &Kind, bucket: Bucket, value: String) -> String {
        match self.dialect {
            Dialect::Postgres => {
                let day = match kind {
                    Kind::DateTime => format!("({value} AT TIME ZONE 'UTC')"),
                    _ => value,
                };
                let unit = match bucket {
                    Bucket::Day => return format!("{day}::date"),
                    Bucket::Week => "week",
                    Bucket::Month => "month",
                    Bucket::Quarter => "quarter",
                    Bucket::Year => "year",
                };
                format!("date_trunc('{unit}', {day}::timestamp)::date")
            }
            Dialect::Sqlite => {
                let day = match kind {
                    Kind::DateTime => format!("substr({value}, 1, 10)"),
                    _ => value,
                };
                match bucket {
                    Bucket::Day => day,
                    Bucket::Week => format!("date({day}, '-6 days', 'weekday 1')"),
                    // `||` and not `concat`, which would make a text of a null.
                    Bucket::Month => format!("(substr({day}, 1, 8) || '01')"),
                    Bucket::Quarter => format!(
                        "(substr({day}, 1, 5) || printf('%02d', (substr({day}, 6, 2) - 1) / 3 * 3 + 1) || '-01')"
                    ),
                    Bucket::Year => format!("(substr({day}, 1, 5) || '01-01')"),
                }
            }
        }
    }
}

/// The sum as a whole number that counts 10^-`places`.
fn scaled_sum(value: &str, places: u32) -> String {
    format!("(sum({value})::numeric * {})::bigint", 10i64.pow(places))
}
