//! Conditions and expressions.
//!
//! SQLite keeps exact decimals as integers that count 10^-scale, so an expression carries its scale: addition and
//! comparison bring both sides to the larger one, multiplication adds them.

use guildhall_model::plan::{Comparison, Condition, Counted, Expression, Operand, TextMatch};
use guildhall_model::{Kind, MONEY_SCALE, ObjectType, Value};

use super::enter::{Row, Via};
use super::object::column;
use super::sql::Sql;
use crate::{Dialect, StoreError};

/// An expression in SQL.
pub(super) struct Expressed {
    pub(super) sql: String,
    /// Kind of the value; decides how an operand compared with it is bound.
    kind: Kind,
}

impl Sql<'_> {
    /// The condition, or nothing if it is always true.
    pub(super) fn filter(&mut self, condition: &Condition, row: Row<'_>) -> Result<Option<String>, StoreError> {
        match condition {
            Condition::All(all) if all.is_empty() => Ok(None),
            _ => self.condition(condition, row).map(Some),
        }
    }

    pub(super) fn condition(&mut self, condition: &Condition, row: Row<'_>) -> Result<String, StoreError> {
        Ok(match condition {
            Condition::All(parts) => self.joined(parts, " AND ", "1 = 1", row)?,
            Condition::Any(parts) => self.joined(parts, " OR ", "1 = 0", row)?,
            Condition::Not(inner) => format!("NOT ({})", self.condition(inner, row)?),
            Condition::NotTrue(inner) => format!("({}) IS NOT TRUE", self.condition(inner, row)?),
            Condition::Compare { left, comparison, right } => {
                let (left, right) = self.pair(left, right, row)?;
                format!("{left} {} {right}", sign(*comparison))
            }
            Condition::OneOf { list, .. } if list.is_empty() => "1 = 0".to_owned(),
            Condition::OneOf { left, list } => {
                let mut parts = Vec::with_capacity(list.len());
                for item in list {
                    let (left, right) = self.pair(left, item, row)?;
                    parts.push(format!("{left} = {right}"));
                }
                balanced(&parts, " OR ")
            }
            Condition::IsNull(expression) => format!("{} IS NULL", self.expression(expression, row)?.sql),
            Condition::Text { left, matching, pattern } => {
                let (left, right) = self.pair(left, pattern, row)?;
                self.text_match(*matching, &left, &right)
            }
            Condition::AnyCase { left, matching, pattern } => self.any_case(left, *matching, pattern, row),
            Condition::Some { relation, condition } => {
                format!("EXISTS (SELECT 1 {})", self.related(relation, row, condition)?)
            }
        })
    }

    fn joined(&mut self, parts: &[Condition], with: &str, empty: &str, row: Row<'_>) -> Result<String, StoreError> {
        if parts.is_empty() {
            return Ok(empty.to_owned());
        }
        let parts = parts.iter().map(|part| self.condition(part, row)).collect::<Result<Vec<_>, _>>()?;
        Ok(balanced(&parts, with))
    }

    fn text_match(&self, matching: TextMatch, left: &str, right: &str) -> String {
        match (matching, self.dialect) {
            (TextMatch::Equals, _) => format!("{left} = {right}"),
            (TextMatch::Contains, Dialect::Postgres) => format!("strpos({left}, {right}) > 0"),
            (TextMatch::Contains, Dialect::Sqlite) => format!("instr({left}, {right}) > 0"),
            (TextMatch::StartsWith, Dialect::Postgres) => format!("starts_with({left}, {right})"),
            (TextMatch::StartsWith, Dialect::Sqlite) => format!("substr({left}, 1, length({right})) = {right}"),
            (TextMatch::EndsWith, Dialect::Postgres) => format!("right({left}, length({right})) = {right}"),
            // `substr(x, -0)` is the whole text, so the empty ending stands apart.
            (TextMatch::EndsWith, Dialect::Sqlite) => {
                format!("(({left} IS NOT NULL AND {right} = '') OR substr({left}, -length({right})) = {right})")
            }
        }
    }

    /// Two expressions made comparable; an operand is bound in the kind of the other side.
    fn pair(&mut self, left: &Expression, right: &Expression, row: Row<'_>) -> Result<(String, String), StoreError> {
        let (left, right) = match (left, right) {
            (Expression::Operand(_), Expression::Operand(_)) => {
                (self.expression(left, row)?, self.expression(right, row)?)
            }
            (Expression::Operand(operand), other) => {
                let right = self.expression(other, row)?;
                (self.operand(operand, &right.kind), right)
            }
            (other, Expression::Operand(operand)) => {
                let left = self.expression(other, row)?;
                let right = self.operand(operand, &left.kind);
                (left, right)
            }
            _ => (self.expression(left, row)?, self.expression(right, row)?),
        };
        self.same_scale(left, right)
    }

    /// A bound operand, in the kind of what it is compared with. A number is bound with its own scale if it has more
    /// places than the other side, and a whole number as a decimal where the other side is one or 32 bits are too few.
    fn operand(&mut self, operand: &Operand, kind: &Kind) -> Expressed {
        let whole = |number: i64| Operand::Value(Value::Decimal(number.into()));
        let (operand, kind) = match (operand, scale(kind)) {
            (Operand::Value(Value::Decimal(number)), Some(least)) => {
                (operand.clone(), Kind::Decimal { scale: number.normalize().scale().max(least) })
            }
            (Operand::Value(Value::Int(number)), Some(_)) if *kind != Kind::Int || i32::try_from(*number).is_err() => {
                (whole(*number), Kind::Decimal { scale: 0 })
            }
            _ => (operand.clone(), kind.clone()),
        };
        Expressed { sql: self.bind(&operand, &kind), kind }
    }

    pub(super) fn expression(&mut self, expression: &Expression, row: Row<'_>) -> Result<Expressed, StoreError> {
        Ok(match expression {
            Expression::Field(field) => Expressed { sql: column(field, row.alias), kind: field.kind.clone() },
            Expression::Through(relation, inner) => {
                let target = self.target(&relation.target)?;
                let alias = self.alias();
                let inside = Row { object: &target, alias: &alias };
                let Expressed { sql, kind } = self.expression(inner, inside)?;
                let source = self.enter(inside, Via::Relation(relation, row), None)?;
                Expressed { sql: format!("(SELECT {sql} {source})"), kind }
            }
            Expression::Counted(counted) => self.counted(counted, row),
            Expression::Lower(inner) => {
                let Expressed { sql, kind } = self.expression(inner, row)?;
                Expressed { sql: format!("lower({sql})"), kind }
            }
            Expression::Operand(operand) => {
                let kind = kind_of(operand)?;
                self.operand(operand, &kind)
            }
            Expression::Add(left, right) => self.sum_of(left, "+", right, row)?,
            Expression::Subtract(left, right) => self.sum_of(left, "-", right, row)?,
            Expression::Multiply(left, right) => {
                let (left, right) = (self.expression(left, row)?, self.expression(right, row)?);
                let total = scale(&left.kind).unwrap_or(0) + scale(&right.kind).unwrap_or(0);
                Expressed { sql: format!("({} * {})", left.sql, right.sql), kind: Kind::Decimal { scale: total } }
            }
        })
    }

    /// The rates stand by currency. A product of whole numbers that is too large for 64 bits is inexact on SQLite.
    fn counted(&mut self, counted: &Counted, row: Row<'_>) -> Expressed {
        let (amount, currency) = (column(&counted.amount, row.alias), column(&counted.currency, row.alias));
        let mut sql = format!("CASE {currency}");
        for (code, rate) in counted.rates.iter() {
            let rate = rate.normalize();
            let code = self.bind(&Operand::Value(Value::Text(code.clone())), &Kind::Text);
            let one = self.bind(&Operand::Value(Value::Decimal(rate)), &Kind::Decimal { scale: rate.scale() });
            let product = match self.dialect {
                Dialect::Postgres => format!("trunc({amount} * {one}, {MONEY_SCALE})"),
                Dialect::Sqlite => format!("({amount} * {one} / {})", 10i64.saturating_pow(rate.scale())),
            };
            sql.push_str(&format!(" WHEN {code} THEN {product}"));
        }
        sql.push_str(" END");
        Expressed { sql: format!("({sql})"), kind: Kind::Money }
    }

    fn sum_of(
        &mut self,
        left: &Expression,
        sign: &str,
        right: &Expression,
        row: Row<'_>,
    ) -> Result<Expressed, StoreError> {
        let (left, right) = (self.expression(left, row)?, self.expression(right, row)?);
        let larger = scale(&left.kind).unwrap_or(0).max(scale(&right.kind).unwrap_or(0));
        let (left, right) = self.same_scale(left, right)?;
        Ok(Expressed { sql: format!("({left} {sign} {right})"), kind: Kind::Decimal { scale: larger } })
    }

    fn same_scale(&self, left: Expressed, right: Expressed) -> Result<(String, String), StoreError> {
        let (Dialect::Sqlite, Some(left_scale), Some(right_scale)) =
            (self.dialect, scale(&left.kind), scale(&right.kind))
        else {
            return Ok((left.sql, right.sql));
        };
        let larger = left_scale.max(right_scale);
        Ok((raised(left.sql, larger - left_scale)?, raised(right.sql, larger - right_scale)?))
    }

    pub(super) fn target(&self, name: &str) -> Result<std::sync::Arc<ObjectType>, StoreError> {
        self.model.object(name).cloned().ok_or_else(|| StoreError::internal("a relation ends at no type"))
    }
}

/// Joins conditions as a balanced tree of parentheses, because databases limit how deep an expression may be.
fn balanced(parts: &[String], with: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            format!("({}{with}{})", balanced(left, with), balanced(right, with))
        }
    }
}

/// Most places by which a number is brought to a larger scale; beyond it 64 bits would soon be too few.
const MAX_RAISE: u32 = 9;

fn raised(sql: String, places: u32) -> Result<String, StoreError> {
    match places {
        0 => Ok(sql),
        1..=MAX_RAISE => Ok(format!("({sql} * {})", 10i64.pow(places))),
        _ => Err(StoreError::internal("a condition compares numbers whose decimal places differ too much")),
    }
}

/// Decimal places of a number, or nothing for other kinds.
pub(super) fn scale(kind: &Kind) -> Option<u32> {
    match kind {
        Kind::Int => Some(0),
        Kind::Decimal { scale } => Some(*scale),
        Kind::Money => Some(MONEY_SCALE),
        _ => None,
    }
}

/// Kind of an operand that is compared with no field.
fn kind_of(operand: &Operand) -> Result<Kind, StoreError> {
    match operand {
        Operand::Value(Value::Text(_)) => Ok(Kind::Text),
        Operand::Value(Value::Int(_)) => Ok(Kind::Int),
        Operand::Value(Value::Bool(_)) => Ok(Kind::Bool),
        Operand::Value(Value::Decimal(number)) => Ok(Kind::Decimal { scale: number.normalize().scale() }),
        Operand::Value(Value::Date(_)) => Ok(Kind::Date),
        Operand::Value(Value::DateTime(_)) => Ok(Kind::DateTime),
        Operand::Value(Value::Id(_)) => Ok(Kind::Id),
        Operand::Value(Value::Null | Value::Json(_)) | Operand::Variable(_) => {
            Err(StoreError::internal("an operand stands where its kind cannot be told"))
        }
    }
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}
