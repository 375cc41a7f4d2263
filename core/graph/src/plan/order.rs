//! Orders: from order inputs to terms.

use std::sync::Arc;

use apollo_compiler::executable::Field;
use guildhall_model::plan::{Direction, Expression, Function, Nulls, OrderTerm};
use guildhall_model::{Cardinality, Kind, Model, ObjectType};
use serde_json::Value;

use super::group::Grouping;
use super::{Argument, Planner};
use crate::problem::{Code, Problem};

const TERM_LIMIT: usize = 8;
/// Relations a term may go through.
const DEPTH_LIMIT: usize = 3;

/// One order input as it was given, without what is null.
pub(super) struct Order<'g>(Vec<(&'g str, &'g Argument)>);

impl<'g> Order<'g> {
    fn read(given: &'g Argument) -> Self {
        let Argument::Object(parts) = given else { return Order(Vec::new()) };
        let given = parts.iter().filter(|(_, value)| !matches!(value, Argument::Null));
        Order(given.map(|(name, value)| (name.as_str(), value)).collect())
    }

    fn get(&self, name: &str) -> Option<&'g Argument> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> Option<&'g str> {
        match self.get(name) {
            Some(Argument::Scalar(Value::String(text))) => Some(text),
            _ => None,
        }
    }

    fn direction(&self) -> Direction {
        if self.text("direction") == Some("DESC") { Direction::Descending } else { Direction::Ascending }
    }

    fn nulls(&self) -> Nulls {
        if self.text("nulls") == Some("FIRST") { Nulls::First } else { Nulls::Last }
    }

    /// A term of an order of records of `object`: a field of theirs, or of a related record.
    pub(super) fn of_record(model: &Model, object: &ObjectType, given: &Argument) -> Result<OrderTerm, String> {
        Self::of_related(model, object, given, 0)
    }

    fn of_related(model: &Model, object: &ObjectType, given: &Argument, depth: usize) -> Result<OrderTerm, String> {
        let order = Order::read(given);
        let relation = order.0.iter().find_map(|(name, inner)| Some((object.relation(name)?, *inner)));
        let rest = order.0.iter().filter(|(name, _)| !matches!(*name, "direction" | "nulls")).count();
        if rest != 1 {
            return Err("a term names one `field`, or one relation and what to order by there".to_owned());
        }
        if let Some((relation, inner)) = relation {
            if order.0.len() > 1 {
                return Err("`direction` and `nulls` stand beside `field`, not beside a relation".to_owned());
            }
            if depth == DEPTH_LIMIT {
                return Err(format!("a term goes through at most {DEPTH_LIMIT} relations"));
            }
            let target = model.object(&relation.target).filter(|_| relation.cardinality == Cardinality::One);
            let target = target.ok_or("a term goes through relations to one record")?;
            let term = Self::of_related(model, target, inner, depth + 1)?;
            return Ok(OrderTerm {
                by: Expression::Through(Arc::clone(relation), Box::new(term.by)),
                nullable: term.nullable || relation.nullable,
                ..term
            });
        }
        let wanted = order.text("field").unwrap_or_default();
        let field = object.fields.iter().find(|field| field.capitals() == wanted);
        let field = field.ok_or_else(|| format!("nothing is ordered by `{wanted}`"))?;
        Ok(OrderTerm {
            by: Expression::Field(Arc::clone(field)),
            kind: field.kind.clone(),
            nullable: field.nullable,
            direction: order.direction(),
            nulls: order.nulls(),
        })
    }

    /// A term of an order of groups: one of their keys or a number.
    fn of_group(model: &Model, grouping: &mut Grouping, given: &Argument) -> Result<OrderTerm, String> {
        let mut order = Order::read(given);
        let mut through: Vec<&str> = Vec::new();
        let mut object = Arc::clone(&grouping.groups.of);
        // Into what is grouped by of a related record, as `by` leads there.
        while let Some((name, inner, target)) = order.0.iter().find_map(|(name, inner)| {
            let relation = object.relation(name)?;
            Some((*name, *inner, model.object(&relation.target)?))
        }) {
            if order.0.len() > 1 {
                return Err(
                    "nothing stands beside a relation; `direction` and `nulls` stand beside its `key`".to_owned()
                );
            }
            through.push(name);
            (order, object) = (Order::read(inner), Arc::clone(target));
        }
        if !through.is_empty() && order.get("measure").is_some() {
            return Err("a `measure` is of the grouped records, not of related ones".to_owned());
        }
        let field = match (order.text("key"), order.text("measure"), order.text("of")) {
            (Some(key), None, None) => grouping.key_named(&through, key)?,
            (None, Some("COUNT"), None) => grouping.measure(Function::Count, None),
            (None, Some(measure), Some(of)) => {
                let function = match measure {
                    "SUM" => Function::Sum,
                    "AVERAGE" => Function::Average,
                    "MIN" => Function::Minimum,
                    "MAX" => Function::Maximum,
                    _ => return Err("`COUNT` counts records and takes no `of`".to_owned()),
                };
                grouping.measure_named(function, of)?
            }
            _ => return Err("a term names one `key`, or a `measure` and the field it is `of`".to_owned()),
        };
        Ok(OrderTerm {
            kind: field.kind.clone(),
            nullable: field.nullable,
            by: Expression::Field(field),
            direction: order.direction(),
            nulls: order.nulls(),
        })
    }
}

impl<'a> Planner<'a> {
    /// The terms of `orderBy`.
    pub(super) fn order_arguments(&self, field: &'a Field) -> Result<Vec<Argument>, Problem> {
        let given = match self.argument(field, "orderBy") {
            Some(Argument::List(terms)) => terms,
            Some(single @ Argument::Object(_)) => vec![single],
            _ => Vec::new(),
        };
        if given.len() > TERM_LIMIT {
            let message = format!(
                "`orderBy` of `{}` has {} terms; at most {TERM_LIMIT} are taken",
                field.response_key(),
                given.len()
            );
            return Err(self.located(Problem::limit("order", message), field));
        }
        Ok(given)
    }

    pub(super) fn bad_order(&self, field: &Field, message: &str) -> Problem {
        let message = format!("`orderBy` of `{}`: {message}", field.response_key());
        self.located(Problem::new(Code::BadUserInput, message), field)
    }

    /// The requested order of groups, made total by the keys it does not name.
    pub(super) fn group_order(&mut self, grouping: &mut Grouping, field: &'a Field) -> Result<Vec<OrderTerm>, Problem> {
        let mut terms: Vec<OrderTerm> = Vec::new();
        for given in self.order_arguments(field)? {
            terms.push(
                Order::of_group(self.context.model, grouping, &given)
                    .map_err(|message| self.bad_order(field, &message))?,
            );
        }
        let direction = terms.last().map_or(Direction::Ascending, |term| term.direction);
        for key in grouping.key_fields() {
            if terms.iter().any(|term| matches!(&term.by, Expression::Field(field) if *field == key)) {
                continue;
            }
            terms.push(OrderTerm {
                kind: key.kind.clone(),
                nullable: key.nullable,
                by: Expression::Field(key),
                direction,
                nulls: Nulls::Last,
            });
        }
        Ok(terms)
    }
}

/// A term in words that are the same for every request that orders by it, as its input names it.
pub(super) fn described(term: &OrderTerm, grouping: Option<&Grouping>) -> String {
    let mut text = String::new();
    let mut by = &term.by;
    while let Expression::Through(relation, inner) = by {
        text.push_str(&relation.name);
        text.push('.');
        by = inner;
    }
    if let Expression::Field(field) = by {
        text.push_str(&match grouping {
            Some(grouping) => grouping.column_described(&field.column),
            None => field.capitals(),
        });
    }
    text.push_str(if term.direction == Direction::Ascending { " ASC" } else { " DESC" });
    text.push_str(match (term.nullable, term.nulls) {
        (false, _) => "",
        (true, Nulls::First) => " FIRST",
        (true, Nulls::Last) => " LAST",
    });
    text
}

/// Whether a term is the record's own id, after which nothing is left to order.
pub(super) fn is_id(term: &OrderTerm) -> bool {
    matches!(&term.by, Expression::Field(field) if field.kind == Kind::Id)
}
