//! One record as JSON text.

use guildhall_model::plan::{Entry, Groups, MoneyPart, Output, SLOT_MARK, Selection};
use guildhall_model::{Field, Kind, MONEY_SCALE, ObjectType, Relation};

use super::enter::{Row, Via};
use super::sql::{self, Sql, Text, json_object, literal, quoted};
use crate::{Dialect, StoreError};

impl Sql<'_> {
    /// The record that `alias` stands for, as a JSON object.
    pub(super) fn selection(&mut self, selection: &Selection, alias: &str) -> Result<String, StoreError> {
        let parts = self.outputs(&selection.object, &selection.outputs, alias)?;
        let parts: Vec<(&str, String)> = parts.iter().map(|(key, value)| (*key, value.clone())).collect();
        Ok(json_object(&parts))
    }

    fn outputs<'e>(
        &mut self,
        object: &ObjectType,
        outputs: &'e [Entry<Output>],
        alias: &str,
    ) -> Result<Vec<(&'e str, String)>, StoreError> {
        let mut parts = Vec::with_capacity(outputs.len());
        for entry in outputs {
            parts.push((entry.key.as_str(), self.output(object, &entry.value, alias)?));
        }
        Ok(parts)
    }

    fn output(&mut self, object: &ObjectType, output: &Output, alias: &str) -> Result<String, StoreError> {
        Ok(match output {
            Output::GlobalId => {
                let mut text = Text::default();
                text.constant(&format!("\"{}_", object.prefix));
                text.expression(&self.hex_id(alias));
                text.constant("\"");
                text.into_sql()
            }
            Output::Field(field) => self.json_field(field, alias),
            Output::Money { field, parts } => self.money(field, parts, alias),
            Output::Constant(text) => literal(&sql::json_string(text)),
            Output::Null => literal("null"),
            Output::One { relation, selection } => self.one(relation, selection, Row { object, alias })?,
            Output::Many { relation, connection } => {
                self.connection(connection, Via::Relation(relation, Row { object, alias }))?
            }
            Output::Aggregate { relation, aggregate } => {
                self.aggregate(aggregate, Via::Relation(relation, Row { object, alias }))?
            }
            Output::Total { field, parts, mixed } => {
                let money = self.money(field, parts, alias);
                let place = literal(&format!("{}[{mixed}]", char::from(SLOT_MARK)));
                let value = column(field, alias);
                format!("CASE WHEN {value} IS NOT NULL AND {alias}.{} THEN {place} ELSE {money} END", Groups::MIXED)
            }
            Output::Slot(slot) => {
                let mut text = Text::default();
                text.constant(&format!("{}[{slot},\"{}_", char::from(SLOT_MARK), object.prefix));
                text.expression(&self.hex_id(alias));
                text.constant("\"]");
                text.into_sql()
            }
            Output::Facts { slot, parts } => {
                let mut entries =
                    vec![("slot", literal(&slot.to_string())), ("id", self.output(object, &Output::GlobalId, alias)?)];
                entries.extend(self.unlimited(|sql| sql.outputs(object, parts, alias))?);
                let mut text = Text::default();
                text.constant(&char::from(SLOT_MARK).to_string());
                text.expression(&json_object(&entries));
                text.into_sql()
            }
            Output::Same(selection) => self.selection(selection, alias)?,
        })
    }

    fn one(&mut self, relation: &Relation, selection: &Selection, outer: Row<'_>) -> Result<String, StoreError> {
        let inner = self.alias();
        let body = self.selection(selection, &inner)?;
        let row = Row { object: &selection.object, alias: &inner };
        let source = self.enter(row, Via::Relation(relation, outer), None)?;
        Ok(format!("coalesce((SELECT {body} {source}), 'null')"))
    }

    /// The record's id as 32 lower-case hex digits.
    fn hex_id(&self, alias: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("replace({alias}.id::text, '-', '')"),
            Dialect::Sqlite => format!("lower(hex({alias}.id))"),
        }
    }

    fn money(&self, field: &Field, parts: &[Entry<MoneyPart>], alias: &str) -> String {
        let entries: Vec<(&str, String)> = parts
            .iter()
            .map(|entry| {
                let value = match &entry.value {
                    MoneyPart::Amount => in_quotes(&self.canonical_text(&field.kind, &column(field, alias))),
                    MoneyPart::Currency => self.json_text(&format!("{alias}.currency")),
                    MoneyPart::Constant(text) => literal(&sql::json_string(text)),
                };
                (entry.key.as_str(), value)
            })
            .collect();
        nullable(field, &column(field, alias), &json_object(&entries))
    }

    fn json_field(&self, field: &Field, alias: &str) -> String {
        let column = column(field, alias);
        match &field.kind {
            Kind::Text => {
                let text = self.json_text(&column);
                if field.nullable { format!("coalesce({text}, 'null')") } else { text }
            }
            Kind::Int | Kind::Bool | Kind::Json => nullable(field, &column, &self.canonical_text(&field.kind, &column)),
            _ => nullable(field, &column, &in_quotes(&self.canonical_text(&field.kind, &column))),
        }
    }

    fn json_text(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("to_json({column})::text"),
            // `json_quote(null)` is the text null, which a nullable column wants too.
            Dialect::Sqlite => format!("json_quote({column})"),
        }
    }

    /// The canonical text of a value of `kind`, the same on every database, null for null.
    pub(super) fn canonical_text(&self, kind: &Kind, column: &str) -> String {
        match (kind, self.dialect) {
            (Kind::Text | Kind::Enum(_), _) => column.to_owned(),
            (Kind::Id, Dialect::Postgres) => format!("replace({column}::text, '-', '')"),
            // `hex` makes an empty text of a null.
            (Kind::Id, Dialect::Sqlite) => format!("lower(nullif(hex({column}), ''))"),
            (Kind::Int | Kind::Bool | Kind::Json | Kind::Date, Dialect::Postgres) => format!("{column}::text"),
            (Kind::Bool, Dialect::Sqlite) => format!("CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"),
            (Kind::Int, Dialect::Sqlite) => format!("CAST({column} AS TEXT)"),
            (Kind::Date | Kind::DateTime | Kind::Json, Dialect::Sqlite) => column.to_owned(),
            (Kind::DateTime, Dialect::Postgres) => {
                format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
            }
            (Kind::Decimal { .. }, Dialect::Postgres) => format!("trim_scale({column})::text"),
            (Kind::Money, Dialect::Postgres) => format!(
                "CASE WHEN scale(trim_scale({column})) < 2 THEN round({column}, 2)::text ELSE trim_scale({column})::text END"
            ),
            (Kind::Decimal { scale }, Dialect::Sqlite) => scaled_text(column, *scale, 0),
            (Kind::Money, Dialect::Sqlite) => scaled_text(column, MONEY_SCALE, 2),
        }
    }
}

/// Text of an integer that counts 10^-`scale`, with at least `least` decimal places and no more than needed.
fn scaled_text(column: &str, scale: u32, least: u32) -> String {
    if scale == 0 {
        return format!("CAST({column} AS TEXT)");
    }
    let unit = 10i64.pow(scale);
    let digits = format!(
        "printf('%s%d.%0{scale}d', CASE WHEN {column} < 0 THEN '-' ELSE '' END, abs({column} / {unit}), abs({column} % {unit}))"
    );
    let trimmed = if least == 0 {
        format!("rtrim(rtrim({digits}, '0'), '.')")
    } else {
        let coarse = 10i64.pow(scale - least);
        format!(
            "CASE WHEN {column} % {coarse} = 0 THEN substr({digits}, 1, length({digits}) - {}) ELSE rtrim({digits}, '0') END",
            scale - least
        )
    };
    format!("CASE WHEN {column} IS NOT NULL THEN {trimmed} END")
}

/// The stored value of a field.
pub(super) fn column(field: &Field, alias: &str) -> String {
    format!("{alias}.{}", quoted(&field.column))
}

fn in_quotes(text: &str) -> String {
    format!("concat('\"', {text}, '\"')")
}

fn nullable(field: &Field, value: &str, sql: &str) -> String {
    if field.nullable { format!("CASE WHEN {value} IS NULL THEN 'null' ELSE {sql} END") } else { sql.to_owned() }
}
