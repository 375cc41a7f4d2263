//! Filters: from filter inputs to conditions.

use std::sync::Arc;

use guildhall_model::plan::{Comparison, Condition, Expression, Operand, TextMatch};
use guildhall_model::{Cardinality, Field, ObjectType, Relation};
use serde_json::Value;

use super::arguments::scalar_text;
use super::variables::{any_case, compared};
use super::{Argument, Planner, Source};
use crate::problem::{Code, Problem};

/// Filter keys whose values are compared with a field's.
pub(super) const COMPARES: [&str; 14] = [
    "eq",
    "ne",
    "in",
    "lt",
    "lte",
    "gt",
    "gte",
    "contains",
    "startsWith",
    "endsWith",
    "ieq",
    "icontains",
    "istartsWith",
    "iendsWith",
];

/// Filter keys for which case does not count.
const ANY_CASE: [(&str, TextMatch); 4] = [
    ("ieq", TextMatch::Equals),
    ("icontains", TextMatch::Contains),
    ("istartsWith", TextMatch::StartsWith),
    ("iendsWith", TextMatch::EndsWith),
];

const DEPTH_LIMIT: usize = 12;
const LIST_LIMIT: usize = 100;
/// How many lists a filter may go through, one inside the other: each multiplies what the database looks at.
const LISTS_DEEP_LIMIT: usize = 3;
/// What going to related records costs, in conditions: each is a join for the database to plan.
pub(super) const RELATION_COST: usize = 40;

impl Planner<'_> {
    /// What `argument` asks of a record of `object`.
    pub(super) fn filter(
        &mut self,
        object: &Arc<ObjectType>,
        argument: &Argument,
        depth: usize,
    ) -> Result<Condition, Problem> {
        if depth > DEPTH_LIMIT {
            return Err(Problem::limit("filter", format!("a filter is nested more than {DEPTH_LIMIT} deep")));
        }
        let Argument::Object(parts) = argument else { return Err(nothing("filter")) };
        let mut all = Vec::with_capacity(parts.len());
        for (name, value) in parts {
            self.count_condition()?;
            if matches!(value, Argument::Null) {
                return Err(nothing(name));
            }
            all.push(self.filter_part(object, name, value, depth)?);
        }
        Ok(Condition::All(all))
    }

    fn filter_part(
        &mut self,
        object: &Arc<ObjectType>,
        name: &str,
        value: &Argument,
        depth: usize,
    ) -> Result<Condition, Problem> {
        match name {
            "and" => Ok(Condition::All(self.filters(object, value, depth)?)),
            "or" => Ok(Condition::Any(self.filters(object, value, depth)?)),
            "not" => Ok(Condition::NotTrue(Box::new(self.filter(object, value, depth + 1)?))),
            _ => match (object.get(name), object.relation(name)) {
                (Some(field), _) => self.field_filter(object, &Arc::clone(field), value),
                (None, Some(relation)) => self.relation_filter(&Arc::clone(relation), value, depth),
                (None, None) => Err(Problem::new(Code::Internal, format!("filter `{name}` cannot be applied"))),
            },
        }
    }

    fn filters(&mut self, object: &Arc<ObjectType>, value: &Argument, depth: usize) -> Result<Vec<Condition>, Problem> {
        match value {
            Argument::List(items) if items.len() > LIST_LIMIT => Err(too_many(items.len())),
            Argument::List(items) => items.iter().map(|item| self.filter(object, item, depth + 1)).collect(),
            single => Ok(vec![self.filter(object, single, depth + 1)?]),
        }
    }

    fn relation_filter(
        &mut self,
        relation: &Arc<Relation>,
        value: &Argument,
        depth: usize,
    ) -> Result<Condition, Problem> {
        for _ in 0..RELATION_COST {
            self.count_condition()?;
        }
        let target = self.context.model.object(&relation.target).cloned();
        let target = target.ok_or_else(|| Problem::new(Code::Internal, "a relation ends at no type"))?;
        let some =
            |condition: Condition| Condition::Some { relation: Arc::clone(relation), condition: Box::new(condition) };
        if relation.cardinality == Cardinality::One {
            return Ok(some(self.filter(&target, value, depth + 1)?));
        }
        let Argument::Object(parts) = value else { return Err(nothing(&relation.name)) };
        self.lists_deep += 1;
        if self.lists_deep > LISTS_DEEP_LIMIT {
            let message = format!("a filter goes through more than {LISTS_DEEP_LIMIT} lists one inside the other");
            return Err(Problem::limit("filter", message));
        }
        let mut all = Vec::with_capacity(parts.len());
        for (quantifier, value) in parts {
            let condition = self.filter(&target, value, depth + 1)?;
            all.push(match quantifier.as_str() {
                "some" => some(condition),
                "none" => Condition::Not(Box::new(some(condition))),
                _ => Condition::Not(Box::new(some(Condition::NotTrue(Box::new(condition))))),
            });
        }
        self.lists_deep -= 1;
        Ok(Condition::All(all))
    }

    fn field_filter(
        &mut self,
        object: &Arc<ObjectType>,
        field: &Arc<Field>,
        value: &Argument,
    ) -> Result<Condition, Problem> {
        let Argument::Object(parts) = value else { return Err(nothing(&field.name)) };
        let mut all = Vec::with_capacity(parts.len());
        for (operator, value) in parts {
            all.push(self.comparison(object, field, operator, value)?);
        }
        Ok(Condition::All(all))
    }

    fn comparison(
        &mut self,
        object: &Arc<ObjectType>,
        field: &Arc<Field>,
        operator: &str,
        value: &Argument,
    ) -> Result<Condition, Problem> {
        let left = Expression::Field(Arc::clone(field));
        let is_null = |null: bool| {
            let condition = Condition::IsNull(Expression::Field(Arc::clone(field)));
            if null { condition } else { Condition::Not(Box::new(condition)) }
        };
        match (operator, value) {
            ("eq", Argument::Null) => return Ok(is_null(true)),
            ("ne", Argument::Null) => return Ok(is_null(false)),
            ("isNull", Argument::Scalar(Value::Bool(null))) => return Ok(is_null(*null)),
            (_, Argument::Null) => return Err(nothing(&format!("{}.{operator}", field.name))),
            ("in", Argument::List(items)) if items.len() > LIST_LIMIT => return Err(too_many(items.len())),
            ("in", Argument::List(items)) => {
                let list = items.iter().map(|item| self.compared(object, field, item)).collect::<Result<_, _>>()?;
                return Ok(Condition::OneOf { left, list });
            }
            _ => {}
        }
        if let Some((_, matching)) = ANY_CASE.iter().find(|(name, _)| *name == operator) {
            let pattern = self.any_case(field, value)?;
            return Ok(Condition::AnyCase { left: Arc::clone(field), matching: *matching, pattern });
        }
        let right = self.compared(object, field, value)?;
        let compare = |comparison| Condition::Compare { left: left.clone(), comparison, right: right.clone() };
        let text = |matching| Condition::Text { left: left.clone(), matching, pattern: right.clone() };
        Ok(match operator {
            "eq" => compare(Comparison::Equal),
            "ne" => compare(Comparison::NotEqual),
            "lt" => compare(Comparison::Less),
            "lte" => compare(Comparison::LessOrEqual),
            "gt" => compare(Comparison::Greater),
            "gte" => compare(Comparison::GreaterOrEqual),
            "contains" => text(TextMatch::Contains),
            "startsWith" => text(TextMatch::StartsWith),
            "endsWith" => text(TextMatch::EndsWith),
            // A single value where a list is expected is a list of one.
            "in" => Condition::OneOf { left: left.clone(), list: vec![right.clone()] },
            _ => return Err(Problem::new(Code::Internal, format!("filter `{operator}` cannot be applied"))),
        })
    }

    fn any_case(&mut self, field: &Field, value: &Argument) -> Result<Operand, Problem> {
        self.count_condition()?;
        match value {
            Argument::Variable(variable) => Ok(self.variable(Source::AnyCase { variable: variable.clone() })),
            Argument::Scalar(value) => any_case(&scalar_text(value))
                .map(Operand::Value)
                .map_err(|error| Problem::new(Code::BadUserInput, format!("filter on `{}`: {error}", field.name))),
            _ => Err(nothing(&field.name)),
        }
    }

    fn compared(
        &mut self,
        object: &Arc<ObjectType>,
        field: &Arc<Field>,
        value: &Argument,
    ) -> Result<Expression, Problem> {
        self.count_condition()?;
        let operand = match value {
            Argument::Variable(variable) => self.variable(Source::Compared {
                variable: variable.clone(),
                kind: field.kind.clone(),
                object: Arc::clone(object),
            }),
            Argument::Scalar(value) => compared(&field.kind, object, value)
                .map(Operand::Value)
                .map_err(|error| Problem::new(Code::BadUserInput, format!("filter on `{}`: {error}", field.name)))?,
            _ => return Err(nothing(&field.name)),
        };
        Ok(Expression::Operand(operand))
    }
}

fn nothing(name: &str) -> Problem {
    Problem::new(
        Code::BadUserInput,
        format!("filter `{name}` is null; leave it out, or use `isNull` to ask for records without a value"),
    )
}

fn too_many(given: usize) -> Problem {
    Problem::limit("filter", format!("a filter lists {given} items; at most {LIST_LIMIT} are taken"))
}
