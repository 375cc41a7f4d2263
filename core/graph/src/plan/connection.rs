//! Lists: page, order, and what is selected of them.

use std::sync::Arc;

use apollo_compiler::executable::{Field, SelectionSet};
use guildhall_model::plan::{
    Condition, Connection, ConnectionOutput, Direction, EdgeOutput, Entry, Expression, Nulls, Operand, OrderTerm,
    PageInfoField,
};
use guildhall_model::{Kind, ObjectType};
use serde_json::Value;

use super::arguments::scalar_text;
use super::variables::cursor;
use super::{Argument, Planner, Source};
use crate::problem::{Code, Problem};
use crate::schema::{connection_name, order_field};

const PAGE_DEFAULT: i64 = 20;
const PAGE_LIMIT: i64 = 250;
const ORDER_LIMIT: usize = 8;

impl<'a> Planner<'a> {
    /// A list of records of `object`, once for each of `parents` records.
    pub(super) fn connection(
        &mut self,
        object: &Arc<ObjectType>,
        field: &'a Field,
        sets: &[&'a SelectionSet],
        parents: usize,
    ) -> Result<Connection, Problem> {
        let first = self.first(field)?;
        let records = parents.saturating_mul(usize::try_from(first).unwrap_or(usize::MAX));
        self.count(records)?;
        let filter = match self.argument(field, "filter") {
            Some(argument) if !matches!(argument, Argument::Null) => {
                self.filter(object, &argument, 0).map_err(|problem| self.located(problem, field))?
            }
            _ => Condition::always(),
        };
        let order = self.order(object, field)?;
        let after = self.after(&order, field)?;
        let outputs = self.outputs(object, sets, records)?;
        Ok(Connection {
            object: Arc::clone(object),
            filter,
            order,
            first: Operand::Value(first.into()),
            after,
            outputs,
        })
    }

    pub(super) fn located(&self, problem: Problem, field: &Field) -> Problem {
        problem.located(field.name.location(), &self.context.document.sources)
    }

    fn first(&self, field: &'a Field) -> Result<i64, Problem> {
        let first = match self.argument(field, "first") {
            Some(Argument::Scalar(Value::Number(number))) => number.as_i64().unwrap_or(-1),
            _ => PAGE_DEFAULT,
        };
        if (0..=PAGE_LIMIT).contains(&first) {
            return Ok(first);
        }
        let code = if first > PAGE_LIMIT { Code::LimitExceeded } else { Code::BadUserInput };
        let message =
            format!("`first` of `{}` is {first}; it must be between 0 and {PAGE_LIMIT}", field.response_key());
        Err(self.located(Problem::new(code, message), field))
    }

    /// The requested order, made total by `id`.
    fn order(&self, object: &Arc<ObjectType>, field: &'a Field) -> Result<Vec<OrderTerm>, Problem> {
        let given = match self.argument(field, "orderBy") {
            Some(Argument::List(terms)) => terms,
            Some(single @ Argument::Object(_)) => vec![single],
            _ => Vec::new(),
        };
        if given.len() > ORDER_LIMIT {
            let message = format!(
                "`orderBy` of `{}` has {} terms; at most {ORDER_LIMIT} are taken",
                field.response_key(),
                given.len()
            );
            return Err(self.located(Problem::new(Code::LimitExceeded, message), field));
        }
        let mut terms = Vec::with_capacity(given.len() + 1);
        for term in &given {
            terms.push(order_term(object, term).ok_or_else(|| self.unplanned(field))?);
        }
        if !terms.iter().any(|term| term.kind == Kind::Id) {
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

    fn after(&mut self, order: &[OrderTerm], field: &'a Field) -> Result<Option<Vec<Operand>>, Problem> {
        let terms: Arc<[(Kind, bool)]> = order.iter().map(|term| (term.kind.clone(), term.nullable)).collect();
        match self.argument(field, "after") {
            Some(Argument::Variable(variable)) => {
                let operands = (0..terms.len()).map(|index| {
                    self.variable(Source::Cursor { variable: variable.clone(), index, terms: Arc::clone(&terms) })
                });
                Ok(Some(operands.collect()))
            }
            Some(Argument::Scalar(value)) => {
                let values = cursor(&scalar_text(&value), &terms).map_err(|message| {
                    self.located(
                        Problem::new(Code::BadUserInput, format!("`after` of `{}`: {message}", field.response_key())),
                        field,
                    )
                })?;
                Ok(Some(values.into_iter().map(Operand::Value).collect()))
            }
            _ => Ok(None),
        }
    }

    fn outputs(
        &mut self,
        object: &Arc<ObjectType>,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Vec<Entry<ConnectionOutput>>, Problem> {
        let mut outputs = Vec::new();
        let name = connection_name(object);
        for collected in self.collect(sets, &name)? {
            let field = collected.first()?;
            let value = match field.name.as_str() {
                "nodes" => ConnectionOutput::Nodes(self.selection(object, &collected.selections(), records)?),
                "edges" => ConnectionOutput::Edges(self.edges(object, &collected.selections(), records)?),
                "pageInfo" => ConnectionOutput::PageInfo(self.page_info(&collected.selections())?),
                "totalCount" => ConnectionOutput::TotalCount,
                "__typename" => ConnectionOutput::Constant(name.clone()),
                _ => return Err(self.unplanned(field)),
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(outputs)
    }

    fn edges(
        &mut self,
        object: &Arc<ObjectType>,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Vec<Entry<EdgeOutput>>, Problem> {
        let mut outputs = Vec::new();
        let name = format!("{}Edge", object.name);
        for collected in self.collect(sets, &name)? {
            let field = collected.first()?;
            let value = match field.name.as_str() {
                "node" => EdgeOutput::Node(self.selection(object, &collected.selections(), records)?),
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

fn order_term(object: &ObjectType, term: &Argument) -> Option<OrderTerm> {
    let Argument::Object(parts) = term else { return None };
    let part = |name: &str| {
        parts.iter().find(|(key, _)| key == name).and_then(|(_, value)| match value {
            Argument::Scalar(Value::String(text)) => Some(text.as_str()),
            _ => None,
        })
    };
    let wanted = part("field")?;
    let field = object.fields.iter().find(|field| order_field(&field.column) == wanted)?;
    let direction = if part("direction") == Some("DESC") { Direction::Descending } else { Direction::Ascending };
    let nulls = if part("nulls") == Some("FIRST") { Nulls::First } else { Nulls::Last };
    Some(OrderTerm {
        by: Expression::Field(Arc::clone(field)),
        kind: field.kind.clone(),
        nullable: field.nullable,
        direction,
        nulls,
    })
}
