//! Lists: page, order, and what is selected of them.

use std::sync::Arc;

use apollo_compiler::executable::{Field, SelectionSet};
use guildhall_model::plan::{
    Condition, Connection, ConnectionOutput, Direction, EdgeOutput, End, Entry, Expression, Nulls, Operand, OrderTerm,
    PageInfoField, Rows, Selection, Size,
};
use guildhall_model::{Kind, ObjectType};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::arguments::scalar_text;
use super::group::Grouping;
use super::order::{Order, described, is_id};
use super::variables::Cursors;
use super::{Argument, Planner, Source};
use crate::problem::{Code, Problem};
use crate::schema::{connection_name, edge_name};

/// The values of an order that a cursor holds, if there is one.
type Bounds = Option<Vec<Operand>>;

/// Bytes of a digest that stand in cursors: so many that no two orders a client uses have the same.
const DIGEST_BYTES: usize = 8;

const PAGE_DEFAULT: u32 = 20;
const PAGE_LIMIT: u32 = 250;

/// What stands in a list.
pub(super) enum Node<'n> {
    Record(&'n Arc<ObjectType>),
    Group(&'n mut Grouping),
}

impl Node<'_> {
    /// GraphQL name of its type.
    fn type_name(&self) -> &str {
        match self {
            Node::Record(object) => &object.name,
            Node::Group(grouping) => &grouping.object.name,
        }
    }
}

impl<'a> Planner<'a> {
    /// A list of records of `object`, once for each of `parents` records.
    pub(super) fn connection(
        &mut self,
        object: &Arc<ObjectType>,
        field: &'a Field,
        sets: &[&'a SelectionSet],
        parents: usize,
    ) -> Result<Connection, Problem> {
        let (size, records) = self.size(field, parents)?;
        let filter = self.filter_argument(object, field)?;
        let order = self.order(object, field)?;
        let digest = digest(&object.name, &order, None);
        let [after, before] = self.cursors(&order, &digest, field)?;
        let outputs = self.outputs(Node::Record(object), sets, records)?;
        let object = Arc::clone(object);
        Ok(Connection { rows: Rows::Records, object, filter, order, digest, size, after, before, outputs })
    }

    /// A list of groups of records of `of`, once for each of `parents` records.
    pub(super) fn groups(
        &mut self,
        of: &Arc<ObjectType>,
        field: &'a Field,
        sets: &[&'a SelectionSet],
        parents: usize,
    ) -> Result<Connection, Problem> {
        let (size, records) = self.size(field, parents)?;
        self.count_aggregate(parents)?;
        let filter = self.filter_argument(of, field)?;
        let mut grouping = self.grouping(of, field)?;
        let order = self.group_order(&mut grouping, field)?;
        let digest = digest(&grouping.described(), &order, Some(&grouping));
        let [after, before] = self.cursors(&order, &digest, field)?;
        let outputs = self.outputs(Node::Group(&mut grouping), sets, records)?;
        Ok(Connection {
            object: Arc::clone(&grouping.object),
            rows: Rows::Groups(grouping.groups),
            filter,
            order,
            digest,
            size,
            after,
            before,
            outputs,
        })
    }

    /// Which records a list, an aggregate or groups take.
    pub(super) fn filter_argument(&mut self, object: &Arc<ObjectType>, field: &'a Field) -> Result<Condition, Problem> {
        match self.argument(field, "filter") {
            Some(argument) if !matches!(argument, Argument::Null) => {
                self.filter(object, &argument, 0).map_err(|problem| self.located(problem, field))
            }
            _ => Ok(Condition::always()),
        }
    }

    pub(super) fn located(&self, problem: Problem, field: &Field) -> Problem {
        problem.located(field.name.location(), &self.context.document.sources)
    }

    /// The page's size, and how many records there may be in all pages of `parents` records.
    fn size(&mut self, field: &'a Field, parents: usize) -> Result<(Size, usize), Problem> {
        let (end, rows) = match (self.rows(field, "first")?, self.rows(field, "last")?) {
            (Some(_), Some(_)) => {
                let message =
                    format!("`{}` is asked for `first` and `last`; a page is taken from one end", field.response_key());
                return Err(self.located(Problem::new(Code::BadUserInput, message), field));
            }
            (None, Some(last)) => (End::Last, last),
            (first, None) => (End::First, first.unwrap_or(PAGE_DEFAULT)),
        };
        let records = parents.saturating_mul(usize::try_from(rows).unwrap_or(usize::MAX));
        self.count(records)?;
        Ok((Size { end, rows }, records))
    }

    /// A number of rows asked for.
    fn rows(&self, field: &'a Field, name: &str) -> Result<Option<u32>, Problem> {
        let rows = match self.argument(field, name) {
            Some(Argument::Scalar(Value::Number(number))) => number.as_i64().unwrap_or(-1),
            _ => return Ok(None),
        };
        self.at_most(field, name, rows, PAGE_LIMIT).map(Some)
    }

    /// Checks a number of rows.
    pub(super) fn at_most(&self, field: &Field, name: &str, rows: i64, limit: u32) -> Result<u32, Problem> {
        if let Some(rows) = u32::try_from(rows).ok().filter(|rows| *rows <= limit) {
            return Ok(rows);
        }
        let message = format!("`{name}` of `{}` is {rows}; it must be between 0 and {limit}", field.response_key());
        let problem = if rows > i64::from(limit) {
            Problem::limit("page", message)
        } else {
            Problem::new(Code::BadUserInput, message)
        };
        Err(self.located(problem, field))
    }

    /// The requested order, made total by `id`.
    fn order(&self, object: &Arc<ObjectType>, field: &'a Field) -> Result<Vec<OrderTerm>, Problem> {
        let mut terms = Vec::new();
        for given in self.order_arguments(field)? {
            let term = Order::of_record(self.context.model, object, &given);
            terms.push(term.map_err(|message| self.bad_order(field, &message))?);
        }
        if !terms.iter().any(is_id) {
            // Ties go the way of the last term, so that the whole order is one direction where it can be.
            let direction = terms.last().map_or(Direction::Ascending, |term| term.direction);
            let id = object.get("id").ok_or_else(|| self.unplanned(field))?;
            terms.push(OrderTerm {
                by: Expression::Field(Arc::clone(id)),
                kind: Kind::Id,
                nullable: false,
                direction,
                nulls: Nulls::Last,
            });
        }
        Ok(terms)
    }

    /// What `after` and `before` hold.
    fn cursors(&mut self, order: &[OrderTerm], digest: &str, field: &'a Field) -> Result<[Bounds; 2], Problem> {
        let terms = order.iter().map(|term| (term.kind.clone(), term.nullable)).collect();
        let list = Arc::new(Cursors { digest: digest.to_owned(), terms });
        Ok([self.cursor(&list, field, "after")?, self.cursor(&list, field, "before")?])
    }

    fn cursor(&mut self, list: &Arc<Cursors>, field: &'a Field, name: &str) -> Result<Bounds, Problem> {
        match self.argument(field, name) {
            Some(Argument::Variable(variable)) => {
                let operands = (0..list.terms.len()).map(|index| {
                    self.variable(Source::Cursor { variable: variable.clone(), index, list: Arc::clone(list) })
                });
                Ok(Some(operands.collect()))
            }
            Some(Argument::Scalar(value)) => {
                let values = list.read(&scalar_text(&value)).map_err(|message| {
                    let message = format!("`{name}` of `{}`: {message}", field.response_key());
                    self.located(Problem::new(Code::BadUserInput, message), field)
                })?;
                Ok(Some(values.into_iter().map(Operand::Value).collect()))
            }
            _ => Ok(None),
        }
    }

    fn outputs(
        &mut self,
        mut node: Node<'_>,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Vec<Entry<ConnectionOutput>>, Problem> {
        let mut outputs = Vec::new();
        let name = connection_name(node.type_name());
        for collected in self.collect(sets, &name)? {
            let field = collected.first()?;
            let value = match field.name.as_str() {
                "nodes" => ConnectionOutput::Nodes(self.row(&mut node, &collected.selections(), records)?),
                "edges" => ConnectionOutput::Edges(self.edges(&mut node, &collected.selections(), records)?),
                "pageInfo" => ConnectionOutput::PageInfo(self.page_info(&collected.selections())?),
                "totalCount" => ConnectionOutput::TotalCount,
                "__typename" => ConnectionOutput::Constant(name.clone()),
                _ => return Err(self.unplanned(field)),
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(outputs)
    }

    fn row(&mut self, node: &mut Node<'_>, sets: &[&'a SelectionSet], records: usize) -> Result<Selection, Problem> {
        match node {
            Node::Record(object) => self.selection(object, sets, records),
            Node::Group(grouping) => self.group(grouping, sets, records),
        }
    }

    fn edges(
        &mut self,
        node: &mut Node<'_>,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Vec<Entry<EdgeOutput>>, Problem> {
        let mut outputs = Vec::new();
        let name = edge_name(node.type_name());
        for collected in self.collect(sets, &name)? {
            let field = collected.first()?;
            let value = match field.name.as_str() {
                "node" => EdgeOutput::Node(self.row(node, &collected.selections(), records)?),
                "cursor" => EdgeOutput::Cursor,
                "__typename" => EdgeOutput::Constant(name.clone()),
                _ => return Err(self.unplanned(field)),
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(outputs)
    }

    fn page_info(&self, sets: &[&'a SelectionSet]) -> Result<Vec<Entry<PageInfoField>>, Problem> {
        let mut outputs = Vec::new();
        for collected in self.collect(sets, "PageInfo")? {
            let field = collected.first()?;
            let value = match field.name.as_str() {
                "hasNextPage" => PageInfoField::HasNextPage,
                "hasPreviousPage" => PageInfoField::HasPreviousPage,
                "startCursor" => PageInfoField::StartCursor,
                "endCursor" => PageInfoField::EndCursor,
                "__typename" => PageInfoField::Constant("PageInfo".to_owned()),
                _ => return Err(self.unplanned(field)),
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(outputs)
    }
}

/// What cursors of a list are of: what stands in it, and its order. Filters and page sizes may differ from page to page.
fn digest(list: &str, order: &[OrderTerm], grouping: Option<&Grouping>) -> String {
    let mut text = list.to_owned();
    for term in order {
        text.push('\n');
        text.push_str(&described(term, grouping));
    }
    let digest = Sha256::digest(text.as_bytes());
    hex::encode(digest.get(..DIGEST_BYTES).unwrap_or_default())
}
