//! Lists: filter, keyset order, page, and what is written of them.

use guildhall_model::plan::{Connection, ConnectionOutput, Direction, EdgeOutput, Nulls, OrderTerm, PageInfoField};
use guildhall_model::{Kind, Relation};

use super::object::join;
use super::sql::{self, Sql, Text, json_object, literal, quoted};
use crate::{Dialect, StoreError};

/// One page in the making: the alias of its rows and what bounds it.
struct Page {
    alias: String,
    first: String,
    /// Rows carry `rn_` (place in the page, from 1) and `n_` (rows read, one more than asked for if there is a next page).
    ranked: bool,
}

impl Sql<'_> {
    /// A connection object; `parent` is the relation and the alias of the record it belongs to.
    pub(super) fn connection(
        &mut self,
        connection: &Connection,
        parent: Option<(&Relation, &str)>,
    ) -> Result<String, StoreError> {
        if !connection.outputs.iter().any(|entry| needs_rows(&entry.value)) {
            return self.rowless(connection, parent);
        }
        let inner = self.alias();
        let source = self.rows(connection, parent, &inner, true)?;
        let first = self.bind(&connection.first, &Kind::Int);
        let ranked = connection.outputs.iter().any(|entry| matches!(entry.value, ConnectionOutput::PageInfo(_)));
        let order = self.order_by(&connection.order, &inner)?;
        let page = Page { alias: self.alias(), first: first.clone(), ranked };
        let alias = &page.alias;
        let rows = if ranked {
            format!(
                "(SELECT page.*, row_number() OVER () AS rn_, count(*) OVER () AS n_ FROM (SELECT {inner}.* {source} ORDER BY {order} LIMIT {first} + 1) page) {alias}"
            )
        } else {
            format!("(SELECT {inner}.* {source} ORDER BY {order} LIMIT {first}) {alias}")
        };
        let parts = self.connection_outputs(connection, parent, &page)?;
        Ok(format!("(SELECT {} FROM {rows})", json_object(&parts)))
    }

    /// A connection of which nothing is asked that stands in its rows. It must not select from them: without an aggregate
    /// there would be one object for each row, and none for an empty page.
    fn rowless(&mut self, connection: &Connection, parent: Option<(&Relation, &str)>) -> Result<String, StoreError> {
        let page = Page { alias: String::new(), first: String::new(), ranked: false };
        let parts = self.connection_outputs(connection, parent, &page)?;
        Ok(json_object(&parts))
    }

    fn connection_outputs<'c>(
        &mut self,
        connection: &'c Connection,
        parent: Option<(&Relation, &str)>,
        page: &Page,
    ) -> Result<Vec<(&'c str, String)>, StoreError> {
        let mut parts = Vec::with_capacity(connection.outputs.len());
        for entry in &connection.outputs {
            parts.push((entry.key.as_str(), self.connection_output(connection, parent, &entry.value, page)?));
        }
        Ok(parts)
    }

    /// `FROM ... WHERE ...` of the list: all its rows, or those after the cursor.
    fn rows(
        &mut self,
        connection: &Connection,
        parent: Option<(&Relation, &str)>,
        alias: &str,
        paged: bool,
    ) -> Result<String, StoreError> {
        let mut conditions = Vec::new();
        if let Some((relation, outer)) = parent {
            conditions.push(join(relation, alias, outer));
        }
        if let Some(filter) = self.filter(&connection.filter, &connection.object, alias)? {
            conditions.push(filter);
        }
        if let (true, Some(after)) = (paged, &connection.after) {
            let values: Vec<String> =
                connection.order.iter().zip(after).map(|(term, value)| self.bind(value, &term.kind)).collect();
            conditions.push(self.after(&connection.order, &values, alias)?);
        }
        let from = format!("FROM {} {alias}", quoted(&connection.object.table));
        Ok(if conditions.is_empty() { from } else { format!("{from} WHERE {}", conditions.join(" AND ")) })
    }

    fn connection_output(
        &mut self,
        connection: &Connection,
        parent: Option<(&Relation, &str)>,
        output: &ConnectionOutput,
        page: &Page,
    ) -> Result<String, StoreError> {
        Ok(match output {
            ConnectionOutput::Nodes(selection) => {
                let node = self.selection(selection, &page.alias)?;
                page.list(&node)
            }
            ConnectionOutput::Edges(entries) => {
                let mut parts = Vec::with_capacity(entries.len());
                for entry in entries {
                    let value = match &entry.value {
                        EdgeOutput::Node(selection) => self.selection(selection, &page.alias)?,
                        EdgeOutput::Cursor => self.cursor(&connection.order, &page.alias)?,
                        EdgeOutput::Constant(text) => literal(&sql::json_string(text)),
                    };
                    parts.push((entry.key.as_str(), value));
                }
                page.list(&json_object(&parts))
            }
            ConnectionOutput::PageInfo(entries) => {
                let mut parts = Vec::with_capacity(entries.len());
                for entry in entries {
                    parts.push((entry.key.as_str(), self.page_info(connection, &entry.value, page)?));
                }
                json_object(&parts)
            }
            ConnectionOutput::TotalCount => {
                let alias = self.alias();
                let source = self.rows(connection, parent, &alias, false)?;
                format!("(SELECT count(*) {source})")
            }
            ConnectionOutput::Constant(text) => literal(&sql::json_string(text)),
        })
    }

    fn page_info(&mut self, connection: &Connection, field: &PageInfoField, page: &Page) -> Result<String, StoreError> {
        let Page { alias, first, .. } = page;
        Ok(match field {
            PageInfoField::HasNextPage => format!("CASE WHEN count(*) > {first} THEN 'true' ELSE 'false' END"),
            PageInfoField::HasPreviousPage => literal(if connection.after.is_some() { "true" } else { "false" }),
            PageInfoField::StartCursor => {
                let cursor = self.cursor(&connection.order, alias)?;
                format!("coalesce(max({cursor}) FILTER (WHERE {alias}.rn_ = 1 AND {first} > 0), 'null')")
            }
            PageInfoField::EndCursor => {
                let cursor = self.cursor(&connection.order, alias)?;
                let last = format!("CASE WHEN {alias}.n_ > {first} THEN {first} ELSE {alias}.n_ END");
                format!("coalesce(max({cursor}) FILTER (WHERE {alias}.rn_ = {last}), 'null')")
            }
            PageInfoField::Constant(text) => literal(&sql::json_string(text)),
        })
    }

    /// The cursor of a record as a JSON string: hex of a JSON array of the order's values in their canonical text.
    fn cursor(&mut self, order: &[OrderTerm], alias: &str) -> Result<String, StoreError> {
        let mut text = Text::default();
        text.constant("[");
        for (index, term) in order.iter().enumerate() {
            text.constant(if index == 0 { "" } else { "," });
            let value = self.expression(&term.by, alias)?.sql;
            let value = self.canonical_text(&term.kind, &value);
            text.expression(&match self.dialect {
                Dialect::Postgres => format!("coalesce(to_json({value})::text, 'null')"),
                Dialect::Sqlite => format!("json_quote({value})"),
            });
        }
        text.constant("]");
        let array = text.into_sql();
        let hex = match self.dialect {
            Dialect::Postgres => format!("encode(convert_to({array}, 'UTF8'), 'hex')"),
            Dialect::Sqlite => format!("lower(hex({array}))"),
        };
        Ok(format!("concat('\"', {hex}, '\"')"))
    }

    fn order_by(&mut self, order: &[OrderTerm], alias: &str) -> Result<String, StoreError> {
        let mut terms = Vec::with_capacity(order.len());
        for term in order {
            let by = self.expression(&term.by, alias)?.sql;
            let direction = if term.direction == Direction::Ascending { "ASC" } else { "DESC" };
            // Where nothing is null the clause would only keep PostgreSQL from using an index of the other placement.
            let nulls = match (term.nullable, term.nulls) {
                (false, _) => "",
                (true, Nulls::First) => " NULLS FIRST",
                (true, Nulls::Last) => " NULLS LAST",
            };
            terms.push(format!("{by} {direction}{nulls}"));
        }
        Ok(terms.join(", "))
    }

    /// Whether a record comes after the one whose order values are `values`.
    fn after(&mut self, order: &[OrderTerm], values: &[String], alias: &str) -> Result<String, StoreError> {
        let mut columns = Vec::with_capacity(order.len());
        for term in order {
            columns.push(self.expression(&term.by, alias)?.sql);
        }
        let direction = order.first().map(|term| term.direction);
        let plain = order.iter().all(|term| !term.nullable && Some(term.direction) == direction);
        if plain {
            // One comparison of rows, which both databases answer from an index.
            let sign = if direction == Some(Direction::Descending) { "<" } else { ">" };
            return Ok(format!("({}) {sign} ({})", columns.join(", "), values.join(", ")));
        }
        let mut condition = String::from("1 = 0");
        for ((term, column), value) in order.iter().zip(&columns).zip(values).rev() {
            let sign = if term.direction == Direction::Descending { "<" } else { ">" };
            condition = if !term.nullable {
                format!("({column} {sign} {value} OR ({column} = {value} AND {condition}))")
            } else {
                let beyond = match term.nulls {
                    Nulls::Last => format!("({value} IS NOT NULL AND ({column} {sign} {value} OR {column} IS NULL))"),
                    Nulls::First => format!("(({value} IS NULL AND {column} IS NOT NULL) OR {column} {sign} {value})"),
                };
                format!(
                    "({beyond} OR (({column} = {value} OR ({column} IS NULL AND {value} IS NULL)) AND {condition}))"
                )
            };
        }
        Ok(condition)
    }
}

/// Whether the output is made of the page's rows, by an aggregate over them.
fn needs_rows(output: &ConnectionOutput) -> bool {
    match output {
        ConnectionOutput::Nodes(_) | ConnectionOutput::Edges(_) => true,
        ConnectionOutput::PageInfo(entries) => entries.iter().any(|entry| match &entry.value {
            PageInfoField::HasNextPage | PageInfoField::StartCursor | PageInfoField::EndCursor => true,
            PageInfoField::HasPreviousPage | PageInfoField::Constant(_) => false,
        }),
        ConnectionOutput::TotalCount | ConnectionOutput::Constant(_) => false,
    }
}

impl Page {
    /// A JSON array of `item` over the page's rows, in their order. The rows come sorted and the aggregate keeps that order.
    fn list(&self, item: &str) -> String {
        let filter =
            if self.ranked { format!(" FILTER (WHERE {}.rn_ <= {})", self.alias, self.first) } else { String::new() };
        format!("concat('[', string_agg({item}, ','){filter}, ']')")
    }
}
