//! Expression: exact arithmetic over the columns of a row, and sums over the rows of another file.

mod parser;

use rust_decimal::Decimal;

use super::refusal::{Fault, shown};
use super::rows::Row;

/// A parsed expression. Sums stand in it by their place among the sums of the file it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Number(Decimal),
    Column(String),
    Sum { sum: usize },
    Negate(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
}

/// `sum(value from file by key = own)`: the values of the rows of `file` whose column `key` has what this row has in
/// its column `own`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub file: String,
    pub value: Expression,
    pub key: String,
    pub own: String,
}

impl Expression {
    /// Reads an expression. The sums in it are put into `sums`, each only once.
    pub(crate) fn parse(text: &str, sums: &mut Vec<Sum>) -> Result<Self, Fault> {
        parser::parse(text, sums)
    }

    /// The columns of the row itself that are read.
    pub(crate) fn columns<'a>(&'a self, sums: &'a [Sum]) -> Vec<&'a str> {
        match self {
            Expression::Number(_) => Vec::new(),
            Expression::Column(name) => vec![name],
            Expression::Sum { sum } => sums.get(*sum).map(|sum| sum.own.as_str()).into_iter().collect(),
            Expression::Negate(inner) => inner.columns(sums),
            Expression::Binary(_, left, right) => [left.columns(sums), right.columns(sums)].concat(),
        }
    }

    /// The value for a row. `decimal` reads a column's text, `sum` the total of a sum for this row. Never rounds: a result
    /// that does not fit exactly is refused.
    pub(crate) fn evaluate(
        &self,
        row: &Row,
        decimal: &dyn Fn(&str) -> Option<Decimal>,
        sum: &dyn Fn(usize) -> Result<Decimal, Fault>,
    ) -> Result<Decimal, Fault> {
        match self {
            Expression::Number(number) => Ok(*number),
            Expression::Column(name) => {
                let text = row.get(name)?;
                if text.is_empty() {
                    let fault = Fault::new("the value is empty and an expression needs it", "fill it in");
                    return Err(fault.in_column(name));
                }
                decimal(text).map(|value| value.normalize()).ok_or_else(|| {
                    Fault::new(format!("`{}` is not a decimal number", shown(text)), "correct the value")
                        .in_column(name)
                })
            }
            Expression::Sum { sum: place } => sum(*place),
            Expression::Negate(inner) => Ok(-inner.evaluate(row, decimal, sum)?),
            Expression::Binary(operator, left, right) => {
                let (left, right) = (left.evaluate(row, decimal, sum)?, right.evaluate(row, decimal, sum)?);
                operator.apply(left, right).ok_or_else(too_large)
            }
        }
    }
}

impl Operator {
    /// The exact result, if it fits. The decimal type rounds what does not; a scale that came out smaller shows it.
    pub(crate) fn apply(self, left: Decimal, right: Decimal) -> Option<Decimal> {
        let (result, scale) = match self {
            Operator::Add => (left.checked_add(right)?, left.scale().max(right.scale())),
            Operator::Subtract => (left.checked_sub(right)?, left.scale().max(right.scale())),
            Operator::Multiply => (left.checked_mul(right)?, left.scale() + right.scale()),
        };
        // A zero has lost its scale without having lost anything.
        let nothing = left.is_zero() || right.is_zero() || (self != Operator::Multiply && result.is_zero());
        (result.scale() >= scale || nothing).then(|| result.normalize())
    }
}

pub(crate) fn too_large() -> Fault {
    Fault::new("the result has more than 28 digits", "check the values and the expression")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::rows::Rows;

    #[track_caller]
    fn check(expression: &str, expected: &str) {
        let text = "UnitPrice,Quantity,Discount,Unit price,Empty\n14.35,12,0.15,9.8,\n";
        let mut rows = Rows::read(Box::new(std::io::Cursor::new(text)), "A.csv", ',').unwrap();
        let row = rows.next_row().unwrap().unwrap();
        let mut sums = Vec::new();
        let found = Expression::parse(expression, &mut sums)
            .and_then(|parsed| parsed.evaluate(&row, &|text| text.parse().ok(), &|sum| Ok(Decimal::from(100 + sum))))
            .map_or_else(|fault| fault.reason, |value| value.to_string());
        assert_eq!(found, expected, "{expression}");
    }

    #[test]
    fn arithmetic_is_exact() {
        check("UnitPrice * Quantity * (1 - Discount)", "146.37");
        check("1 + 2 * 3 - -4", "11");
        check("2 - 1 - 1", "0");
        check("\"Unit price\" * 2", "19.6");
        check("0.1 + 0.2", "0.3");
        check("0.000 * 5.00", "0");
    }

    #[test]
    fn sums_are_found_and_shared() {
        check("sum(UnitPrice from OrderDetails.csv by OrderID)", "100");
        check("sum(A from F.csv by K) + sum(B from F.csv by K) + sum(A from F.csv by K)", "301");
        check("sum(A from \"my file.csv\" by K = UnitPrice)", "100");
    }

    #[test]
    fn what_does_not_fit_is_refused_not_rounded() {
        check("0.00000000000001 * 0.0000000000000001", "the result has more than 28 digits");
        check("7922816251426433759354395033 * 7922816251426433759354395033", "the result has more than 28 digits");
        check("7922816251426433759354395033 + 0.01", "the result has more than 28 digits");
    }

    #[test]
    fn broken_expressions_are_refused() {
        check("", "the expression ends where a number, a column or `(` is expected");
        check("1 +", "the expression ends where a number, a column or `(` is expected");
        check("1 2", "`2` stands in the expression where its end is expected");
        check("(1", "the expression ends where `)` is expected");
        check("1 / 2", "`/` does not belong in an expression");
        check("1..2", "`1..2` is not a number");
        check("\"Unit", "a quote in the expression is not closed");
        check("sum(A by K)", "`by` stands in the expression where `from` is expected");
        check("sum(sum(A from F by K) from G by K)", "a sum stands inside a sum");
        check("Empty + 1", "the value is empty and an expression needs it");
        check(&format!("{}1{}", "(".repeat(100), ")".repeat(100)), "the expression is nested more than 32 deep");
        check(&"-".repeat(100), "the expression is nested more than 32 deep");
        check(&format!("1{}", "+1".repeat(600)), "the expression is longer than 1000 characters");
    }
}
