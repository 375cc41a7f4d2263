//! Reading: a read plan becomes one SQL statement of its dialect, and the statement's row becomes response text.
//!
//! The whole response is made in the database as text, of the same bytes on every dialect. Texts and not JSON values,
//! because PostgreSQL pads JSON with blanks where SQLite does not, limits `json_build_object` to fifty fields, and SQLite
//! forgets in sorted aggregates that a value is JSON.

mod any_case;
mod condition;
mod connection;
mod enter;
mod group;
mod object;
mod root;
mod segments;
mod sql;

use guildhall_model::plan::ReadPlan;
use guildhall_model::{Kind, Model, Value};

pub use segments::{Assignment, Moved, SegmentRule, assign_segments, assign_segments_of};

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
        let mut sql = Sql::new(model, dialect).within(&plan.visible);
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
            let value = bind.value(link.dialect(), variables)?;
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

#[cfg(test)]
mod tests;
