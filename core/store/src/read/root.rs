//! The response's root fields as JSON text.

use guildhall_model::Kind;
use guildhall_model::plan::{Chained, Entry, IdOf, Root, SLOT_MARK, Selection};

use super::enter::{Row, Via};
use super::sql::{self, Sql};
use crate::StoreError;

impl Sql<'_> {
    pub(super) fn root(&mut self, entries: &[Entry<Root>]) -> Result<String, StoreError> {
        let mut parts = Vec::with_capacity(entries.len());
        for entry in entries {
            let value = match &entry.value {
                Root::Record { id, object } => {
                    let id = self.bind(id, &Kind::Id);
                    format!("coalesce({}, 'null')", self.record(&id, object)?)
                }
                Root::Null => sql::literal("null"),
                Root::Records { ids, objects } => self.records(ids, objects)?,
                Root::List(connection) => self.connection(connection, Via::Nothing)?,
                Root::Chain(lists) => self.chain(lists)?,
                Root::Aggregate(aggregate) => self.aggregate(aggregate, Via::Nothing)?,
                Root::Constant(text) => sql::literal(&sql::json_string(text)),
                Root::Slot(slot) => sql::literal(&format!("{}[{slot}]", char::from(SLOT_MARK))),
            };
            parts.push((entry.key.as_str(), value));
        }
        Ok(sql::json_object(&parts))
    }

    /// The record whose id is the SQL expression `id`, or a null.
    fn record(&mut self, id: &str, object: &Selection) -> Result<String, StoreError> {
        let alias = self.alias();
        let body = self.selection(object, &alias)?;
        let source =
            self.enter(Row { object: &object.object, alias: &alias }, Via::Nothing, [format!("{alias}.id = {id}")])?;
        Ok(format!("(SELECT {body} {source})"))
    }

    /// A list of records by id, in the order of the ids. Each type's selection stands in the text once.
    fn records(&mut self, ids: &[Option<IdOf>], objects: &[Selection]) -> Result<String, StoreError> {
        let wanted = self.alias();
        let mut rows = Vec::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            rows.push(match id {
                Some(IdOf { id, object }) => {
                    let id = self.bind(id, &Kind::Id);
                    format!("SELECT {place} AS place_, {object} AS type_, {id} AS id")
                }
                None => format!("SELECT {place} AS place_, -1 AS type_, {} AS id", self.no_id()),
            });
        }
        if rows.is_empty() {
            return Ok(sql::literal("[]"));
        }
        let mut cases = String::new();
        for (index, object) in objects.iter().enumerate() {
            let record = self.record(&format!("{wanted}.id"), object)?;
            cases.push_str(&format!(" WHEN {index} THEN {record}"));
        }
        let record = if cases.is_empty() { "NULL".to_owned() } else { format!("CASE {wanted}.type_{cases} END") };
        let rows = rows.join(" UNION ALL ");
        Ok(format!(
            "(SELECT concat('[', string_agg(coalesce({record}, 'null'), ',' ORDER BY {wanted}.place_), ']') FROM ({rows}) {wanted})"
        ))
    }

    /// The nodes of several lists in one list.
    fn chain(&mut self, lists: &[Chained]) -> Result<String, StoreError> {
        let mut rows = Vec::with_capacity(lists.len());
        for (place, Chained { connection, node }) in lists.iter().enumerate() {
            let (source, page) = self.page(connection, Via::Nothing, true)?;
            let node = self.selection(node, &page.alias)?;
            rows.push(format!(
                "SELECT {place} AS list_, {}.rn_ AS rn_, {node} AS node_ FROM {source} WHERE {}",
                page.alias,
                page.in_page()
            ));
        }
        if rows.is_empty() {
            return Ok(sql::literal("[]"));
        }
        let all = self.alias();
        let rows = rows.join(" UNION ALL ");
        Ok(format!(
            "(SELECT concat('[', string_agg({all}.node_, ',' ORDER BY {all}.list_, {all}.rn_), ']') FROM ({rows}) {all})"
        ))
    }
}
