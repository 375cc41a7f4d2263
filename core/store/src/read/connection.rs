//! Lists: filter, keyset order, page, and what is written of them.

use guildhall_model::plan::{
    Connection, ConnectionOutput, Direction, EdgeOutput, End, Nulls, Operand, OrderTerm, PageInfoField, Rows,
};

use super::enter::{Row, Via};
use super::sql::{self, Sql, Text, json_object, literal};
use crate::{Dialect, StoreError};

/// One page in the making: the alias of its rows and what bounds it.
pub(super) struct Page {
    pub(super) alias: String,
    /// Most rows of the page.
    size: u32,
    end: End,
    /// Rows carry `rn_` (place in the page, from 1, counted from the end the page is taken at) and `n_` (rows read, one more
    /// than asked for if there is another page).
    ranked: bool,
}

/// A part of a list.
#[derive(Clone, Copy)]
enum Range {
    All,
    /// After `after` and before `before`.
    Page,
    /// At or before `after`.
    Earlier,
    /// At or after `before`.
    Later,
}

/// A side of a cursor in the order of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    After,
    Before,
    AtOrAfter,
    AtOrBefore,
}

impl Side {
    fn is_backward(self) -> bool {
        matches!(self, Side::Before | Side::AtOrBefore)
    }

    fn is_inclusive(self) -> bool {
        matches!(self, Side::AtOrAfter | Side::AtOrBefore)
    }
}

impl Sql<'_> {
    /// A connection object.
    pub(super) fn connection(&mut self, connection: &Connection, via: Via<'_>) -> Result<String, StoreError> {
        if !connection.outputs.iter().any(|entry| needs_rows(&entry.value, connection.size.end)) {
            return self.rowless(connection, via);
        }
        let ranked = connection.size.end == End::Last
            || connection.outputs.iter().any(|entry| matches!(entry.value, ConnectionOutput::PageInfo(_)));
        let (rows, page) = self.page(connection, via, ranked)?;
        let parts = self.connection_outputs(connection, via, &page)?;
        Ok(format!("(SELECT {} FROM {rows})", json_object(&parts)))
    }

    /// A connection of which nothing is asked that stands in its rows. It must not select from them: without an aggregate
    /// there would be one object for each row, and none for an empty page.
    fn rowless(&mut self, connection: &Connection, via: Via<'_>) -> Result<String, StoreError> {
        let page = Page { alias: String::new(), size: connection.size.rows, end: connection.size.end, ranked: false };
        let parts = self.connection_outputs(connection, via, &page)?;
        Ok(json_object(&parts))
    }

    /// The page's rows as a table with its alias, in the order they are read in.
    pub(super) fn page(
        &mut self,
        connection: &Connection,
        via: Via<'_>,
        ranked: bool,
    ) -> Result<(String, Page), StoreError> {
        let inner = self.alias();
        let source = self.rows(connection, via, &inner, Range::Page)?;
        let size = connection.size.rows;
        let end = connection.size.end;
        let order =
            self.order_by(&connection.order, Row { object: &connection.object, alias: &inner }, end == End::Last)?;
        let alias = self.alias();
        let rows = if ranked {
            format!(
                "(SELECT page.*, row_number() OVER () AS rn_, count(*) OVER () AS n_ FROM (SELECT {inner}.* {source} ORDER BY {order} LIMIT {size} + 1) page) {alias}"
            )
        } else {
            format!("(SELECT {inner}.* {source} ORDER BY {order} LIMIT {size}) {alias}")
        };
        Ok((rows, Page { alias, size, end, ranked }))
    }

    fn connection_outputs<'c>(
        &mut self,
        connection: &'c Connection,
        via: Via<'_>,
        page: &Page,
    ) -> Result<Vec<(&'c str, String)>, StoreError> {
        let mut parts = Vec::with_capacity(connection.outputs.len());
        for entry in &connection.outputs {
            parts.push((entry.key.as_str(), self.connection_output(connection, via, &entry.value, page)?));
        }
        Ok(parts)
    }

    /// `FROM ... WHERE ...` of a part of the list.
    fn rows(&mut self, connection: &Connection, via: Via<'_>, alias: &str, range: Range) -> Result<String, StoreError> {
        let row = Row { object: &connection.object, alias };
        match &connection.rows {
            Rows::Records => {
                let mut conditions = Vec::new();
                conditions.extend(self.filter(&connection.filter, row)?);
                conditions.extend(self.bounds(connection, range, row)?);
                self.enter(row, via, conditions)
            }
            Rows::Groups(groups) => {
                let table = self.groups(groups, &connection.filter, via)?;
                let conditions = self.bounds(connection, range, row)?;
                let from = format!("FROM {table} {alias}");
                Ok(if conditions.is_empty() { from } else { format!("{from} WHERE {}", conditions.join(" AND ")) })
            }
        }
    }

    /// What makes a row one of that part of the list.
    fn bounds(&mut self, connection: &Connection, range: Range, row: Row<'_>) -> Result<Vec<String>, StoreError> {
        let (after, before) = (connection.after.as_ref(), connection.before.as_ref());
        let bounds = match range {
            Range::All => [None, None],
            Range::Page => [after.zip(Some(Side::After)), before.zip(Some(Side::Before))],
            Range::Earlier => [after.zip(Some(Side::AtOrBefore)), None],
            Range::Later => [before.zip(Some(Side::AtOrAfter)), None],
        };
        let bound = |(cursor, side): (&Vec<Operand>, Side)| {
            let order = &connection.order;
            let values: Vec<String> =
                order.iter().zip(cursor).map(|(term, value)| self.bind(value, &term.kind)).collect();
            self.beyond(order, &values, side, row)
        };
        bounds.into_iter().flatten().map(bound).collect()
    }

    fn connection_output(
        &mut self,
        connection: &Connection,
        via: Via<'_>,
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
                        EdgeOutput::Cursor => self.cursor(connection, &page.alias)?,
                        EdgeOutput::Constant(text) => literal(&sql::json_string(text)),
                    };
                    parts.push((entry.key.as_str(), value));
                }
                page.list(&json_object(&parts))
            }
            ConnectionOutput::PageInfo(entries) => {
                let mut parts = Vec::with_capacity(entries.len());
                for entry in entries {
                    parts.push((entry.key.as_str(), self.page_info(connection, via, &entry.value, page)?));
                }
                json_object(&parts)
            }
            ConnectionOutput::TotalCount => {
                let alias = self.alias();
                let source = self.rows(connection, via, &alias, Range::All)?;
                format!("(SELECT count(*) {source})")
            }
            ConnectionOutput::Constant(text) => literal(&sql::json_string(text)),
        })
    }

    fn page_info(
        &mut self,
        connection: &Connection,
        via: Via<'_>,
        field: &PageInfoField,
        page: &Page,
    ) -> Result<String, StoreError> {
        Ok(match field {
            PageInfoField::HasNextPage => {
                self.has_more(connection, via, page, End::First, connection.before.is_some(), Range::Later)?
            }
            PageInfoField::HasPreviousPage => {
                self.has_more(connection, via, page, End::Last, connection.after.is_some(), Range::Earlier)?
            }
            PageInfoField::StartCursor => self.end_cursor(connection, page, End::First)?,
            PageInfoField::EndCursor => self.end_cursor(connection, page, End::Last)?,
            PageInfoField::Constant(text) => literal(&sql::json_string(text)),
        })
    }

    /// Whether there are rows on one side of the page: more in its range than it takes from `end`, or some outside of the
    /// range.
    fn has_more(
        &mut self,
        connection: &Connection,
        via: Via<'_>,
        page: &Page,
        end: End,
        bounded: bool,
        outside: Range,
    ) -> Result<String, StoreError> {
        let mut any = Vec::new();
        if page.end == end {
            any.push(format!("count(*) > {}", page.size));
        }
        if bounded {
            let alias = self.alias();
            any.push(format!("EXISTS (SELECT 1 {})", self.rows(connection, via, &alias, outside)?));
        }
        Ok(if any.is_empty() {
            literal("false")
        } else {
            format!("CASE WHEN {} THEN 'true' ELSE 'false' END", any.join(" OR "))
        })
    }

    /// The cursor of the page's first or last row.
    fn end_cursor(&mut self, connection: &Connection, page: &Page, end: End) -> Result<String, StoreError> {
        let Page { alias, size, .. } = page;
        let cursor = self.cursor(connection, alias)?;
        Ok(if page.end == end {
            format!("coalesce(max({cursor}) FILTER (WHERE {alias}.rn_ = 1 AND {size} > 0), 'null')")
        } else {
            let far = format!("CASE WHEN {alias}.n_ > {size} THEN {size} ELSE {alias}.n_ END");
            format!("coalesce(max({cursor}) FILTER (WHERE {alias}.rn_ = {far}), 'null')")
        })
    }

    /// The cursor of a row as a JSON string: hex of a JSON array of what it is a cursor of and of the order's values in
    /// their canonical text.
    fn cursor(&mut self, connection: &Connection, alias: &str) -> Result<String, StoreError> {
        let mut text = Text::default();
        text.constant(&format!("[{}", sql::json_string(&connection.digest)));
        for term in &connection.order {
            text.constant(",");
            let value = self.expression(&term.by, Row { object: &connection.object, alias })?.sql;
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

    fn order_by(&mut self, order: &[OrderTerm], row: Row<'_>, backward: bool) -> Result<String, StoreError> {
        let mut terms = Vec::with_capacity(order.len());
        for term in order {
            let by = self.expression(&term.by, row)?.sql;
            let direction = if is_rising(term, backward) { "ASC" } else { "DESC" };
            // Where nothing is null the clause would only keep PostgreSQL from using an index of the other placement.
            let nulls = match (term.nullable, nulls_first(term, backward)) {
                (false, _) => "",
                (true, true) => " NULLS FIRST",
                (true, false) => " NULLS LAST",
            };
            terms.push(format!("{by} {direction}{nulls}"));
        }
        Ok(terms.join(", "))
    }

    /// Whether a row is on that side of the row whose order values are `values`.
    fn beyond(
        &mut self,
        order: &[OrderTerm],
        values: &[String],
        side: Side,
        row: Row<'_>,
    ) -> Result<String, StoreError> {
        let backward = side.is_backward();
        let mut columns = Vec::with_capacity(order.len());
        for term in order {
            columns.push(self.expression(&term.by, row)?.sql);
        }
        let sign = |term: &OrderTerm| if is_rising(term, backward) { ">" } else { "<" };
        let direction = order.first().map(|term| term.direction);
        let plain = order.iter().all(|term| !term.nullable && Some(term.direction) == direction);
        if let (true, Some(first)) = (plain, order.first()) {
            // One comparison of rows, which both databases answer from an index.
            let equal = if side.is_inclusive() { "=" } else { "" };
            return Ok(format!("({}) {}{equal} ({})", columns.join(", "), sign(first), values.join(", ")));
        }
        let mut condition = String::from(if side.is_inclusive() { "1 = 1" } else { "1 = 0" });
        for ((term, column), value) in order.iter().zip(&columns).zip(values).rev() {
            let sign = sign(term);
            condition = if !term.nullable {
                format!("({column} {sign} {value} OR ({column} = {value} AND {condition}))")
            } else {
                let beyond = if nulls_first(term, backward) {
                    format!("(({value} IS NULL AND {column} IS NOT NULL) OR {column} {sign} {value})")
                } else {
                    format!("({value} IS NOT NULL AND ({column} {sign} {value} OR {column} IS NULL))")
                };
                format!(
                    "({beyond} OR (({column} = {value} OR ({column} IS NULL AND {value} IS NULL)) AND {condition}))"
                )
            };
        }
        Ok(condition)
    }
}

fn is_rising(term: &OrderTerm, backward: bool) -> bool {
    (term.direction == Direction::Ascending) != backward
}

fn nulls_first(term: &OrderTerm, backward: bool) -> bool {
    (term.nulls == Nulls::First) != backward
}

/// Whether the output is made of the page's rows, by an aggregate over them.
fn needs_rows(output: &ConnectionOutput, end: End) -> bool {
    match output {
        ConnectionOutput::Nodes(_) | ConnectionOutput::Edges(_) => true,
        ConnectionOutput::PageInfo(entries) => entries.iter().any(|entry| match &entry.value {
            PageInfoField::HasNextPage => end == End::First,
            PageInfoField::HasPreviousPage => end == End::Last,
            PageInfoField::StartCursor | PageInfoField::EndCursor => true,
            PageInfoField::Constant(_) => false,
        }),
        ConnectionOutput::TotalCount | ConnectionOutput::Constant(_) => false,
    }
}

impl Page {
    /// Whether a row is of the page and not the one that only shows that there are more.
    pub(super) fn in_page(&self) -> String {
        format!("{}.rn_ <= {}", self.alias, self.size)
    }

    /// A JSON array of `item` over the page's rows, in the list's order. Rows taken at its beginning come sorted, and the
    /// aggregate keeps that order.
    fn list(&self, item: &str) -> String {
        let order = if self.end == End::Last { format!(" ORDER BY {}.rn_ DESC", self.alias) } else { String::new() };
        let filter = if self.ranked { format!(" FILTER (WHERE {})", self.in_page()) } else { String::new() };
        format!("concat('[', string_agg({item}, ','{order}){filter}, ']')")
    }
}
