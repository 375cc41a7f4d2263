//! Reading: a read plan becomes one SQL statement of its dialect, and the statement's row becomes response text.
//!
//! The whole response is made in the database as text, of the same bytes on every dialect. Texts and not JSON values,
//! because PostgreSQL pads JSON with blanks where SQLite does not, limits `json_build_object` to fifty fields, and SQLite
//! forgets in sorted aggregates that a value is JSON.

mod condition;
mod connection;
mod object;
mod segments;
mod sql;

use guildhall_model::plan::{Entry, ReadPlan, Root, SLOT_MARK};
use guildhall_model::{Kind, Model, Value};

pub use segments::{SegmentRule, assign_segments};

use crate::column::adapt;
use crate::link::Reads;
use crate::{Dialect, StoreError};
use sql::{Bind, Sql};

/// Most bytes a statement's response may have, and its facts: what is larger never leaves the database.
pub const RESPONSE_LIMIT: usize = 16 << 20;

/// A read plan, compiled for one dialect. Compiled once, run many times with other variables.
#[derive(Clone, Debug)]
pub struct Statement {
    sql: String,
    binds: Vec<(Bind, Kind)>,
    has_facts: bool,
}

/// What a statement read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The response's `data` object as JSON text, with [`SLOT_MARK`]s where the caller fills in decisions.
    pub response: String,
    /// The facts tree, if the plan has one: each facts object after a [`SLOT_MARK`].
    pub facts: Option<String>,
}

impl Statement {
    /// Compiles `plan`. Nothing of a request stands in the text: values are bound.
    pub fn compile(plan: &ReadPlan, model: &Model, dialect: Dialect) -> Result<Self, StoreError> {
        let mut sql = Sql::new(model, dialect);
        let response = sql.root(&plan.response)?;
        let has_facts = !plan.facts.is_empty();
        let text = if has_facts {
            let facts = sql.root(&plan.facts)?;
            bounded(&[("response", response), ("facts", facts)])
        } else {
            bounded(&[("response", response)])
        };
        Ok(Statement { sql: text, binds: sql.into_binds(), has_facts })
    }

    /// The SQL text, for people and tests.
    pub fn text(&self) -> &str {
        &self.sql
    }
}

impl Statement {
    /// Runs the statement with the plan's `variables`: one statement, one snapshot.
    pub async fn run(&self, on: &impl Reads, variables: &[Value]) -> Result<Read, StoreError> {
        let link = on.link();
        let bound = |(bind, kind): &(Bind, Kind)| {
            let value = bind.value(variables)?;
            adapt(link.dialect(), kind, &value).map_err(|unfit| unfit.of("a compared value"))
        };
        let values = self.binds.iter().map(bound).collect::<Result<Vec<_>, StoreError>>()?;
        let row =
            link.row(&self.sql, values).await?.ok_or_else(|| StoreError::internal("a read statement gave no row"))?;
        let response: Option<String> = row.try_get_by_index(0)?;
        let response = response.ok_or(StoreError::TooLarge)?;
        let facts = if self.has_facts { Some(row.try_get_by_index(1)?) } else { None };
        Ok(Read { response, facts })
    }
}

/// A statement that gives null for texts that are too large. The limit keeps both databases from folding the inner
/// select into the outer one, where each text would be made twice: to be measured and to be given.
fn bounded(texts: &[(&str, String)]) -> String {
    let inner: Vec<_> = texts.iter().map(|(name, text)| format!("{text} AS {name}")).collect();
    let fits: Vec<_> = texts.iter().map(|(name, _)| format!("octet_length({name}) <= {RESPONSE_LIMIT}")).collect();
    let fits = fits.join(" AND ");
    let outer: Vec<_> = texts.iter().map(|(name, _)| format!("CASE WHEN {fits} THEN {name} END AS {name}")).collect();
    format!("SELECT {} FROM (SELECT {} LIMIT 1) texts", outer.join(", "), inner.join(", "))
}

impl Sql<'_> {
    fn root(&mut self, entries: &[Entry<Root>]) -> Result<String, StoreError> {
        let mut parts = Vec::with_capacity(entries.len());
        for entry in entries {
            let value = match &entry.value {
                Root::Record { id, object } => {
                    let alias = self.alias();
                    let body = self.selection(object, &alias)?;
                    let id = self.bind(id, &Kind::Id);
                    let table = sql::quoted(&object.object.table);
                    format!("coalesce((SELECT {body} FROM {table} {alias} WHERE {alias}.id = {id}), 'null')")
                }
                Root::Null => sql::literal("null"),
                Root::List(connection) => self.connection(connection, None)?,
                Root::Constant(text) => sql::literal(&sql::json_string(text)),
                Root::Slot(slot) => sql::literal(&format!("{}[{slot}]", char::from(SLOT_MARK))),
            };
            parts.push((entry.key.as_str(), value));
        }
        Ok(sql::json_object(&parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::databases;

    /// Gives the columns of the only row, as far as they are texts.
    async fn columns(on: &impl Reads, sql: &str, count: usize) -> Vec<Option<String>> {
        let row = on.link().row(sql, Vec::new()).await.unwrap().unwrap();
        (0..count).map(|index| row.try_get_by_index(index).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_text_that_is_too_large_is_not_given_and_neither_is_the_one_beside_it() {
        for (database, _fixture) in databases().await {
            let text = |length: usize| match database.dialect() {
                Dialect::Postgres => format!("repeat('x', {length})"),
                Dialect::Sqlite => format!("printf('%.*c', {length}, 'x')"),
            };
            let read = |one: usize, other: usize| bounded(&[("response", text(one)), ("facts", text(other))]);
            let lengths = |columns: Vec<Option<String>>| -> Vec<_> {
                columns.into_iter().map(|column| column.map(|text| text.len())).collect()
            };
            let largest = columns(&database, &read(RESPONSE_LIMIT, 1), 2).await;
            assert_eq!(lengths(largest), [Some(RESPONSE_LIMIT), Some(1)]);
            for (one, other) in [(RESPONSE_LIMIT + 1, 1), (1, RESPONSE_LIMIT + 1)] {
                assert_eq!(columns(&database, &read(one, other), 2).await, [None, None]);
            }
        }
    }

    #[tokio::test]
    async fn a_text_is_made_once() {
        for (database, _fixture) in databases().await {
            let text = "concat('a', coalesce((SELECT string_agg(name, ',') FROM customer), ''))".to_owned();
            let sql = bounded(&[("response", text)]);
            // PostgreSQL names what a step makes without parentheses, and what it takes over within them.
            let (explain, column, making) = match database.dialect() {
                Dialect::Postgres => ("EXPLAIN (VERBOSE)", 0, "Output: concat("),
                Dialect::Sqlite => ("EXPLAIN", 5, "concat("),
            };
            let rows = database.link().rows(&format!("{explain} {sql}"), Vec::new()).await.unwrap();
            let told = |row: &sea_orm::QueryResult| row.try_get_by_index::<Option<String>>(column).unwrap();
            let plan: Vec<_> = rows.iter().filter_map(told).collect();
            let made = plan.iter().filter(|line| line.contains(making)).count();
            let measured = plan.iter().any(|line| line.contains("octet_length(concat("));
            assert_eq!((made, measured), (1, false), "{}", plan.join("\n"));
        }
    }
}
