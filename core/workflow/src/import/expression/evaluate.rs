//! The value of an expression for a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Comparison, Expression, Function, too_large};
use crate::import::format::Notation;
use crate::import::refusal::{Fault, shown};
use crate::import::rows::Row;
use crate::import::side_table::SideTables;

/// Longest text an expression may make.
const MAX_TEXT: usize = 64 * 1024;

/// What an expression is evaluated in.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub row: &'a Row,
    pub notation: &'a Notation,
    /// Nothing while the tables themselves are read.
    pub tables: Option<&'a SideTables>,
    /// By column.
    pub positions: &'a [(String, u32)],
}

impl Scope<'_> {
    /// The number. Never rounds unless told: a result that does not fit exactly is refused.
    pub(crate) fn number(&self, expression: &Expression) -> Result<Decimal, Fault> {
        match expression {
            Expression::Number(number) => Ok(*number),
            Expression::Column(name) => self.read(self.row.get(name)?).map_err(|fault| fault.in_column(name)),
            Expression::Position(column) => self.position(column),
            Expression::Negate(inner) => Ok(-self.number(inner)?),
            Expression::Arithmetic(operator, left, right) => {
                operator.apply(self.number(left)?, self.number(right)?).ok_or_else(too_large)
            }
            Expression::If(condition, then, otherwise) => {
                self.number(if self.holds(condition)? { then } else { otherwise })
            }
            Expression::Call(Function::Abs, arguments) => Ok(self.argument_number(arguments, 0)?.abs()),
            Expression::Call(Function::Length, arguments) => {
                Ok(Decimal::from(self.argument(arguments, 0)?.chars().count()))
            }
            Expression::Call(Function::Round, arguments) => {
                let number = self.argument_number(arguments, 0)?;
                let places = u32::try_from(self.argument_number(arguments, 1)?).ok().filter(|places| *places <= 28);
                let places = places.ok_or_else(|| {
                    Fault::new(
                        "`round` has no whole number of places from 0 to 28",
                        "write something like `round(x, 2)`",
                    )
                })?;
                Ok(number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero).normalize())
            }
            Expression::Find { table, own, number: true } => {
                self.tables()?.number(*table, self.row.get(own)?).map_err(|fault| fault.in_column(own))
            }
            _ => self.read(&self.text(expression)?),
        }
    }

    pub(crate) fn text(&self, expression: &Expression) -> Result<Cow<'_, str>, Fault> {
        match expression {
            Expression::Text(text) => Ok(Cow::Owned(text.clone())),
            Expression::Column(name) => self.row.get(name).map(Cow::Borrowed),
            Expression::If(condition, then, otherwise) => {
                self.text(if self.holds(condition)? { then } else { otherwise })
            }
            Expression::Find { table, own, number: false } => {
                let found = self.tables()?.text(*table, self.row.get(own)?).map_err(|fault| fault.in_column(own))?;
                Ok(Cow::Owned(found))
            }
            Expression::Call(function, arguments) if !expression.is_number() && !expression.is_condition() => {
                self.call(*function, arguments).map(Cow::Owned)
            }
            _ if expression.is_condition() => Ok(Cow::Borrowed(if self.holds(expression)? { "true" } else { "false" })),
            _ => Ok(Cow::Owned(self.notation.written(self.number(expression)?))),
        }
    }

    pub(crate) fn holds(&self, condition: &Expression) -> Result<bool, Fault> {
        match condition {
            Expression::And(left, right) => Ok(self.holds(left)? && self.holds(right)?),
            Expression::Or(left, right) => Ok(self.holds(left)? || self.holds(right)?),
            Expression::Not(inner) => Ok(!self.holds(inner)?),
            Expression::In(inner, texts) => {
                let text = self.text(inner)?;
                Ok(texts.iter().any(|one| *one == text))
            }
            Expression::Compare(comparison, left, right) => {
                let order = if left.is_number() || right.is_number() {
                    self.number(left)?.cmp(&self.number(right)?)
                } else {
                    self.text(left)?.cmp(&self.text(right)?)
                };
                Ok(comparison.holds(order))
            }
            Expression::If(test, then, otherwise) => self.holds(if self.holds(test)? { then } else { otherwise }),
            Expression::Call(function, arguments) => {
                let (text, part) = (self.argument(arguments, 0)?, self.argument(arguments, 1)?);
                Ok(match function {
                    Function::Contains => text.contains(&*part),
                    Function::EndsWith => text.ends_with(&*part),
                    _ => text.starts_with(&*part),
                })
            }
            _ => Ok(false),
        }
    }

    fn call(&self, function: Function, arguments: &[Expression]) -> Result<String, Fault> {
        let text = self.argument(arguments, 0)?;
        let part = |place: usize| self.argument(arguments, place);
        let made = match function {
            Function::Concat => {
                let mut made = text.into_owned();
                for argument in arguments.iter().skip(1) {
                    made.push_str(&self.text(argument)?);
                    bounded(made.len())?;
                }
                made
            }
            Function::Lower => text.to_lowercase(),
            Function::Upper => text.to_uppercase(),
            Function::Trim => text.trim().to_owned(),
            Function::Replace => {
                let (old, new) = (part(1)?, part(2)?);
                // Between all letters stands nothing; nobody means that.
                if old.is_empty() {
                    text.into_owned()
                } else {
                    bounded(text.matches(&*old).count().saturating_mul(new.len()))?;
                    text.replace(&*old, &new)
                }
            }
            Function::Before => match text.split_once(&*part(1)?) {
                Some((before, _)) => before.to_owned(),
                None => text.into_owned(),
            },
            Function::After => text.split_once(&*part(1)?).map(|(_, after)| after.to_owned()).unwrap_or_default(),
            Function::PadLeft => {
                let width = usize::try_from(self.argument_number(arguments, 1)?).unwrap_or(0).min(MAX_TEXT + 1);
                let missing = width.saturating_sub(text.chars().count());
                let filler: String = part(2)?.chars().cycle().take(missing).collect();
                filler + &text
            }
            _ => text.into_owned(),
        };
        bounded(made.len()).map(|()| made)
    }

    fn argument(&self, arguments: &[Expression], place: usize) -> Result<Cow<'_, str>, Fault> {
        arguments.get(place).map_or(Ok(Cow::Borrowed("")), |argument| self.text(argument))
    }

    fn argument_number(&self, arguments: &[Expression], place: usize) -> Result<Decimal, Fault> {
        arguments.get(place).map_or(Ok(Decimal::ZERO), |argument| self.number(argument))
    }

    fn read(&self, text: &str) -> Result<Decimal, Fault> {
        if text.is_empty() {
            return Err(Fault::new(
                "the value is empty and an expression needs it",
                "fill it in, or give the expression another way, as in `if(Price = '', 0, Price)`",
            ));
        }
        self.notation.decimal(text).map(|value| value.normalize()).ok_or_else(|| {
            Fault::new(format!("`{}` is not a decimal number", shown(text)), "correct the value").of(text)
        })
    }

    fn position(&self, column: &str) -> Result<Decimal, Fault> {
        let known = self.positions.iter().find(|(name, _)| name == column);
        known.map(|(_, position)| Decimal::from(*position)).ok_or_else(unknown_here)
    }

    fn tables(&self) -> Result<&SideTables, Fault> {
        self.tables.ok_or_else(unknown_here)
    }
}

/// Refuses a text that is too long, before it is made where it can be much too long.
fn bounded(bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_TEXT {
        return Ok(());
    }
    Err(Fault::new(format!("an expression makes a text of more than {MAX_TEXT} bytes"), "make it shorter"))
}

/// The mapping's check keeps this from happening.
fn unknown_here() -> Fault {
    Fault::new("a looked up file looks into files or counts rows itself", "use only its own columns there")
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}
