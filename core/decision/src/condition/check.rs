//! From the parser's tree to a typed one.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use cel::parser::Parser;
use chrono::NaiveDate;
use guildhall_model::plan::Comparison;
use rust_decimal::Decimal;

use super::tree::{Literal, Number, Path, Term, Tree, ValueType};
use super::{ConditionError, Scope, money};
use crate::exact::plain_decimal;

const MAX_LIST: usize = 100;
/// Most decimal places of a literal.
const MAX_PLACES: u32 = 8;
/// Decimal digits that are always exact.
const MAX_DIGITS: u32 = 28;

pub(super) fn compile(text: &str, scope: &Scope<'_>) -> Result<Tree, ConditionError> {
    let (expression, source) = Parser::new().parse_with_source_info(text).map_err(|errors| syntax(text, &errors))?;
    Checker { scope, source }.condition(&expression)
}

/// The parser counts lines and columns; a condition's column counts characters of the whole text.
pub(super) fn syntax(text: &str, errors: &cel::ParseErrors) -> ConditionError {
    let Some(first) = errors.errors.first() else {
        return ConditionError { column: 1, message: "this is not a condition".to_owned() };
    };
    let (line, column) = (usize::try_from(first.pos.0).unwrap_or(1), usize::try_from(first.pos.1).unwrap_or(1));
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(|line| line.chars().count()).sum();
    let said = first.msg.lines().next().unwrap_or_default();
    let said = said.strip_prefix("Syntax error: ").unwrap_or(said).chars().take(120).collect::<String>();
    ConditionError { column: before + column.max(1), message: format!("this is not a condition: {said}") }
}

struct Checker<'a> {
    scope: &'a Scope<'a>,
    source: SourceInfo,
}

type Checked<T> = Result<T, ConditionError>;

impl Checker<'_> {
    fn refuse<T>(&self, at: &IdedExpr, message: impl Into<String>) -> Checked<T> {
        // A path is placed at its first name, everything else at the parser's token, which for an operator is its sign.
        let mut first = at;
        while let Expr::Select(SelectExpr { operand, .. }) = &first.expr {
            first = operand;
        }
        let column = self.source.offset_for(first.id).map_or(1, |(start, _)| start as usize + 1);
        Err(ConditionError { column, message: message.into() })
    }

    /// An expression that is true or false.
    fn condition(&self, at: &IdedExpr) -> Checked<Tree> {
        match &at.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => Ok(Tree::Constant(*value.inner())),
            Expr::Select(select) if select.test => self.has(at, select),
            Expr::Select(_) | Expr::Ident(_) => {
                let path = self.path(at)?;
                match path.value {
                    ValueType::Bool => Ok(Tree::Holds(path)),
                    _ => self
                        .refuse(at, format!("`{}` is {}; compare it with something", path.shown(), path.value.shown())),
                }
            }
            Expr::Call(call) => self.call(at, call),
            Expr::Literal(_) => self.refuse(at, "a value alone is no condition; compare it with a field"),
            _ => self.refuse(at, "this is not supported; compare fields with `==`, `<`, `in` and join with `&&`, `||`"),
        }
    }

    fn call(&self, at: &IdedExpr, call: &CallExpr) -> Checked<Tree> {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND, None, [left, right]) => {
                let mut parts = Vec::new();
                for side in [left, right] {
                    match self.condition(side)? {
                        Tree::All(inner) => parts.extend(inner),
                        other => parts.push(other),
                    }
                }
                Ok(Tree::All(parts))
            }
            (operators::LOGICAL_OR, None, [left, right]) => {
                let mut parts = Vec::new();
                for side in [left, right] {
                    match self.condition(side)? {
                        Tree::Any(inner) => parts.extend(inner),
                        other => parts.push(other),
                    }
                }
                Ok(Tree::Any(parts))
            }
            (operators::LOGICAL_NOT, None, [inner]) => Ok(Tree::Not(Box::new(self.condition(inner)?))),
            (operators::IN, None, [left, list]) => self.one_of(at, left, list),
            (name, None, [left, right]) if comparison(name).is_some() => self.compare(at, name, left, right),
            (name, ..) if is_arithmetic(name) => {
                self.refuse(at, "a number alone is no condition; compare it with something")
            }
            (name, target, _) => self.unsupported(at, name, target.is_some()),
        }
    }

    fn unsupported<T>(&self, at: &IdedExpr, name: &str, method: bool) -> Checked<T> {
        let what = match name {
            "date" => "`date` takes one text like date('2026-01-31'), and is compared with a date field".to_owned(),
            operators::INDEX => "`[...]` behind a name is not supported; write the name with dots".to_owned(),
            _ if method => format!("the method `{name}` is not supported; use `==`, `<`, `in`, `has`"),
            _ => format!("the function `{name}` is not supported; there are `has` and `date`"),
        };
        self.refuse(at, what)
    }

    fn has(&self, at: &IdedExpr, select: &SelectExpr) -> Checked<Tree> {
        let mut names = self.names(&select.operand)?;
        names.push(&select.field);
        self.scope.presence(&names).map(Tree::Has).or_else(|message| self.refuse(at, message))
    }

    fn compare(&self, at: &IdedExpr, name: &str, left: &IdedExpr, right: &IdedExpr) -> Checked<Tree> {
        let (left_term, left_type) = self.term(left)?;
        let (right_term, right_type) = self.term(right)?;
        self.same_type(at, (&left_term, &left_type), (&right_term, &right_type))?;
        if matches!((&left_term, &right_term), (Term::Literal(_), Term::Literal(_))) {
            return self.refuse(at, "this compares two values and never changes; compare with a field");
        }
        let Some(comparison) = comparison(name) else { return self.unsupported(at, name, false) };
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if ordered && !matches!(left_type, ValueType::Number(_) | ValueType::Date) {
            return self.refuse(at, format!("{} has no order; use `==`, `!=` or `in`", left_type.shown()));
        }
        Ok(money::counted(Tree::Compare { left: left_term, comparison, right: right_term }, self.scope))
    }

    fn one_of(&self, at: &IdedExpr, left: &IdedExpr, list: &IdedExpr) -> Checked<Tree> {
        let (left_term, left_type) = self.term(left)?;
        let Expr::List(elements) = &list.expr else {
            return self.refuse(list, "`in` takes a list of values, like `in ['A', 'B']`");
        };
        if matches!(left_term, Term::Literal(_)) {
            return self.refuse(left, "`in` looks for a field in a list of values");
        }
        if elements.elements.is_empty() || elements.elements.len() > MAX_LIST {
            return self.refuse(list, format!("the list has to have 1 to {MAX_LIST} values"));
        }
        let mut values = Vec::with_capacity(elements.elements.len());
        for element in &elements.elements {
            let (term, value_type) = self.term(element)?;
            self.same_type(at, (&left_term, &left_type), (&term, &value_type))?;
            match term {
                Term::Literal(literal) => values.push(literal),
                _ => return self.refuse(element, "the list takes values, no fields"),
            }
        }
        Ok(money::counted(Tree::OneOf { left: left_term, list: values }, self.scope))
    }

    /// Refuses to compare what cannot be equal by its type, and values an enum does not have.
    fn same_type(&self, at: &IdedExpr, left: (&Term, &ValueType), right: (&Term, &ValueType)) -> Checked<()> {
        match (left, right) {
            ((_, ValueType::Number(_)), (_, ValueType::Number(_))) => Ok(()),
            ((_, ValueType::Enum(name, values)), (Term::Literal(Literal::Text(text)), _))
            | ((Term::Literal(Literal::Text(text)), _), (_, ValueType::Enum(name, values))) => {
                if values.contains(text) {
                    return Ok(());
                }
                self.refuse(at, format!("{name} has no value `{text}`; it has {}", values.join(", ")))
            }
            ((_, left), (_, right)) if left == right => Ok(()),
            ((_, left), (_, right)) => {
                self.refuse(at, format!("{} cannot be compared with {}", left.shown(), right.shown()))
            }
        }
    }

    /// An expression that has a value.
    fn term(&self, at: &IdedExpr) -> Checked<(Term, ValueType)> {
        match &at.expr {
            Expr::Literal(literal) => self.literal(at, literal),
            Expr::Select(select) if select.test => self.refuse(at, "`has(...)` stands alone; it cannot be compared"),
            Expr::Select(_) | Expr::Ident(_) => {
                let path = self.path(at)?;
                let value_type = path.value.clone();
                Ok((Term::Path(path), value_type))
            }
            Expr::Call(call) => self.term_call(at, call),
            Expr::List(_) => self.refuse(at, "a list stands only behind `in`"),
            _ => self.refuse(at, "this is not supported; use fields and values"),
        }
    }

    fn term_call(&self, at: &IdedExpr, call: &CallExpr) -> Checked<(Term, ValueType)> {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            ("date", None, [argument]) => match &argument.expr {
                Expr::Literal(LiteralValue::String(text)) => match date(text.inner()) {
                    Some(date) => Ok((Term::Literal(Literal::Date(date)), ValueType::Date)),
                    None => self.refuse(argument, format!("`{}` is not a date like `2026-01-31`", text.inner())),
                },
                _ => self.unsupported(at, "date", false),
            },
            (operators::NEGATE, None, [inner]) => {
                let zero = (Term::Literal(Literal::Number(Decimal::ZERO)), Number { whole: 1, places: 0, int: true });
                let inner = self.number(inner)?;
                self.arithmetic(at, operators::SUBSTRACT, zero, inner)
            }
            (name, None, [left, right]) if is_arithmetic(name) => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                self.arithmetic(at, name, left, right)
            }
            (name, None, _)
                if comparison(name).is_some()
                    || matches!(
                        name,
                        operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT | operators::IN
                    ) =>
            {
                self.refuse(at, "a condition cannot be compared; join conditions with `&&`, `||`, `!`")
            }
            (name, target, _) => self.unsupported(at, name, target.is_some()),
        }
    }

    fn number(&self, at: &IdedExpr) -> Checked<(Term, Number)> {
        match self.term(at)? {
            (term, ValueType::Number(number)) => Ok((term, number)),
            (_, other) => self.refuse(at, format!("{} cannot be added or multiplied", other.shown())),
        }
    }

    /// Two literals are computed here, so that the database never sees a computation without a field.
    fn arithmetic(
        &self,
        at: &IdedExpr,
        name: &str,
        left: (Term, Number),
        right: (Term, Number),
    ) -> Checked<(Term, ValueType)> {
        let ((left, left_size), (right, right_size)) = (left, right);
        let int = left_size.int && right_size.int;
        let size = if name == operators::MULTIPLY {
            Number { whole: left_size.whole + right_size.whole, places: left_size.places + right_size.places, int }
        } else {
            Number {
                whole: left_size.whole.max(right_size.whole) + 1,
                places: left_size.places.max(right_size.places),
                int,
            }
        };
        if size.whole + size.places > MAX_DIGITS {
            return self
                .refuse(at, format!("the result could have more than {MAX_DIGITS} digits and would not be exact"));
        }
        if let (Term::Literal(Literal::Number(left)), Term::Literal(Literal::Number(right))) = (&left, &right) {
            let folded = match name {
                operators::ADD => left.checked_add(*right),
                operators::SUBSTRACT => left.checked_sub(*right),
                _ => left.checked_mul(*right),
            };
            return match folded {
                Some(number) => Ok((Term::Literal(Literal::Number(number)), ValueType::Number(size_of(number)))),
                None => self.refuse(at, "the result is too large"),
            };
        }
        let (left, right) = (Box::new(left), Box::new(right));
        let term = match name {
            operators::ADD => Term::Add(left, right),
            operators::SUBSTRACT => Term::Subtract(left, right),
            _ => Term::Multiply(left, right),
        };
        Ok((term, ValueType::Number(size)))
    }

    fn literal(&self, at: &IdedExpr, literal: &LiteralValue) -> Checked<(Term, ValueType)> {
        let number = |number: Decimal| (Term::Literal(Literal::Number(number)), ValueType::Number(size_of(number)));
        match literal {
            LiteralValue::Int(int) => Ok(number(Decimal::from(*int.inner()))),
            // Up to 15 significant digits, which `bounds` has checked, the shortest notation is the one that was written.
            LiteralValue::Double(double) => match plain_decimal(&double.inner().to_string()) {
                // The database brings both sides of a comparison to one scale, in 64 bits.
                Some(exact) if exact.normalize().scale() > MAX_PLACES => {
                    self.refuse(at, format!("this number has more than {MAX_PLACES} decimal places"))
                }
                Some(exact) => Ok(number(exact)),
                None => self.refuse(at, "this is not a number like `1234.50`"),
            },
            LiteralValue::String(text) => Ok((Term::Literal(Literal::Text(text.inner().to_owned())), ValueType::Text)),
            LiteralValue::Boolean(value) => Ok((Term::Literal(Literal::Bool(*value.inner())), ValueType::Bool)),
            LiteralValue::Null => self.refuse(at, "nothing equals null; ask `has(...)` or `!has(...)`"),
            LiteralValue::Bytes(_) | LiteralValue::UInt(_) => self.refuse(at, "this kind of value is not supported"),
        }
    }

    fn path(&self, at: &IdedExpr) -> Checked<Path> {
        let names = self.names(at)?;
        self.scope.path(&names).or_else(|message| self.refuse(at, message))
    }

    /// `a.b.c` as names.
    fn names<'e>(&self, at: &'e IdedExpr) -> Checked<Vec<&'e str>> {
        match &at.expr {
            Expr::Ident(name) => Ok(vec![name]),
            Expr::Select(SelectExpr { operand, field, test: false }) => {
                let mut names = self.names(operand)?;
                names.push(field);
                Ok(names)
            }
            _ => self.refuse(at, "only a name like `customer.revenue12m` has fields"),
        }
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn is_arithmetic(name: &str) -> bool {
    matches!(name, operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::NEGATE)
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10)
}

fn size_of(number: Decimal) -> Number {
    let number = number.normalize();
    let digits = number.mantissa().unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
    Number { whole: digits.saturating_sub(number.scale()).max(1), places: number.scale(), int: number.is_integer() }
}
