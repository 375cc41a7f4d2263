//! Formulas: exact arithmetic over names, in the notation of conditions, with `/`, `min`, `max` and `mix`.
//!
//! They say how a goal is projected, how actions are scored and where a ground rule's bound lies. A formula always ends: it
//! has no loops, and its length is bounded as that of a condition is.

use std::collections::BTreeMap;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use cel::parser::Parser;
use rust_decimal::Decimal;

use super::tree::{Literal, Path, ValueType};
use super::{Bindings, ConditionError, Scope, bounds, check, evaluate};
use crate::exact::plain_decimal;
use crate::{DataType, DecisionPoint};

/// A formula whose names are known to be numbers.
#[derive(Clone, Debug)]
pub struct Formula {
    text: String,
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Number(Decimal),
    Path(Path),
    /// One of the formula's own assumptions.
    Name(String),
    Parameter {
        point: String,
        parameter: String,
    },
    Two(Operation, Box<Node>, Box<Node>),
    Least(Vec<Node>),
    Greatest(Vec<Node>),
    /// The average over the segments, each by its share.
    Mix(Box<Node>),
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// The names a formula may use.
#[derive(Clone, Copy, Debug)]
pub enum FormulaNames<'a> {
    /// Those of a condition at a decision point.
    Decision(&'a Scope<'a>),
    /// A goal's assumptions, and inside `mix(...)` the parameters of decision points.
    Goal { assumptions: &'a BTreeMap<String, Decimal>, points: &'a [DecisionPoint] },
}

/// What the names stand for.
#[derive(Clone, Copy)]
pub enum FormulaValues<'a> {
    Decision(&'a Bindings<'a>),
    Goal {
        assumptions: &'a BTreeMap<String, Decimal>,
        /// Each segment with its share.
        mix: &'a [(&'a str, Decimal)],
        /// The value of a parameter in a segment: segment, decision point, parameter.
        parameter: &'a dyn Fn(&str, &str, &str) -> Option<Decimal>,
    },
}

/// Why a formula has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormulaError {
    #[error("divides by zero")]
    DivisionByZero,
    #[error("leaves the range of exact numbers")]
    OutOfRange,
    #[error("needs `{0}`, which is not known")]
    Missing(String),
}

impl Formula {
    pub fn compile(text: &str, names: FormulaNames<'_>) -> Result<Formula, ConditionError> {
        bounds::check(text, true)?;
        let (expression, source) =
            Parser::new().parse_with_source_info(text).map_err(|errors| check::syntax(text, &errors))?;
        let node = Reader { names, source }.node(&expression, false)?;
        Ok(Formula { text: text.to_owned(), node })
    }

    /// The formula as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn evaluate(&self, values: FormulaValues<'_>) -> Result<Decimal, FormulaError> {
        value(&self.node, values, None)
    }

    /// The fields of the subject it reads, each as the path of names that leads there.
    pub fn reads(&self) -> Vec<Vec<String>> {
        let mut reads = Vec::new();
        self.node.each(&mut |node| {
            if let Node::Path(path) = node
                && path.root == super::Root::Subject
            {
                reads.push(path.names.clone());
            }
        });
        reads
    }

    /// The parameters it reads: decision point and name, each once.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        self.node.each(&mut |node| {
            if let Node::Parameter { point, parameter } = node {
                parameters.push((point.clone(), parameter.clone()));
            }
        });
        parameters.sort();
        parameters.dedup();
        parameters
    }

    /// Whether it averages over segments.
    pub fn mixes(&self) -> bool {
        let mut mixes = false;
        self.node.each(&mut |node| mixes |= matches!(node, Node::Mix(_)));
        mixes
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Node {
    /// The value, if it is the same whatever the names stand for.
    fn constant(&self) -> Option<Decimal> {
        let mut named = false;
        self.each(&mut |node| {
            named |= matches!(node, Node::Path(_) | Node::Name(_) | Node::Parameter { .. } | Node::Mix(_));
        });
        let nothing = FormulaValues::Goal { assumptions: &BTreeMap::new(), mix: &[], parameter: &|_, _, _| None };
        if named { None } else { value(self, nothing, None).ok() }
    }

    fn each(&self, visit: &mut impl FnMut(&Node)) {
        visit(self);
        match self {
            Node::Number(_) | Node::Path(_) | Node::Name(_) | Node::Parameter { .. } => {}
            Node::Two(_, left, right) => {
                left.each(visit);
                right.each(visit);
            }
            Node::Least(parts) | Node::Greatest(parts) => parts.iter().for_each(|part| part.each(visit)),
            Node::Mix(inner) => inner.each(visit),
        }
    }
}

struct Reader<'a> {
    names: FormulaNames<'a>,
    source: SourceInfo,
}

impl Reader<'_> {
    fn refuse<T>(&self, at: &IdedExpr, message: impl Into<String>) -> Result<T, ConditionError> {
        let mut first = at;
        while let Expr::Select(SelectExpr { operand, .. }) = &first.expr {
            first = operand;
        }
        let column = self.source.offset_for(first.id).map_or(1, |(start, _)| start as usize + 1);
        Err(ConditionError { column, message: message.into() })
    }

    fn node(&self, at: &IdedExpr, in_mix: bool) -> Result<Node, ConditionError> {
        match &at.expr {
            Expr::Literal(LiteralValue::Int(int)) => Ok(Node::Number(Decimal::from(*int.inner()))),
            Expr::Literal(LiteralValue::Double(double)) => match plain_decimal(&double.inner().to_string()) {
                Some(exact) => Ok(Node::Number(exact)),
                None => self.refuse(at, "this is not a number like `1234.50`"),
            },
            Expr::Ident(_) | Expr::Select(SelectExpr { test: false, .. }) => self.name(at, in_mix),
            Expr::Call(call) => self.call(at, call, in_mix),
            _ => self.refuse(at, "a formula has numbers, names, `+ - * /`, `min`, `max` and `mix`"),
        }
    }

    fn call(&self, at: &IdedExpr, call: &CallExpr, in_mix: bool) -> Result<Node, ConditionError> {
        let node = |at: &IdedExpr| self.node(at, in_mix);
        let two = |operation, left: &IdedExpr, right: &IdedExpr| {
            Ok(Node::Two(operation, Box::new(node(left)?), Box::new(node(right)?)))
        };
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::ADD, None, [left, right]) => two(Operation::Add, left, right),
            (operators::SUBSTRACT, None, [left, right]) => two(Operation::Subtract, left, right),
            (operators::MULTIPLY, None, [left, right]) => two(Operation::Multiply, left, right),
            (operators::DIVIDE, None, [left, right]) => {
                let (of, by) = (node(left)?, node(right)?);
                if by.constant().is_some_and(|number| number.is_zero()) {
                    return self.refuse(right, "this is always 0, and nothing is divided by it");
                }
                Ok(Node::Two(Operation::Divide, Box::new(of), Box::new(by)))
            }
            (operators::NEGATE, None, [inner]) => {
                Ok(Node::Two(Operation::Subtract, Box::new(Node::Number(Decimal::ZERO)), Box::new(node(inner)?)))
            }
            ("min", None, parts) if !parts.is_empty() => {
                parts.iter().map(node).collect::<Result<_, _>>().map(Node::Least)
            }
            ("max", None, parts) if !parts.is_empty() => {
                parts.iter().map(node).collect::<Result<_, _>>().map(Node::Greatest)
            }
            ("mix", None, [inner]) => match self.names {
                FormulaNames::Goal { .. } if !in_mix => Ok(Node::Mix(Box::new(self.node(inner, true)?))),
                FormulaNames::Goal { .. } => self.refuse(at, "`mix` inside `mix`; one average is enough"),
                FormulaNames::Decision(_) => self.refuse(at, "`mix` averages over segments; only goals do that"),
            },
            (name, ..) => {
                let name = if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { "this" };
                self.refuse(
                    at,
                    format!("`{name}` is not part of a formula; there are `+ - * /`, `min`, `max` and `mix`"),
                )
            }
        }
    }

    fn name(&self, at: &IdedExpr, in_mix: bool) -> Result<Node, ConditionError> {
        let Some(names) = names(at) else { return self.refuse(at, "only names have fields") };
        match self.names {
            FormulaNames::Decision(scope) => match scope.path(&names) {
                Ok(path) if matches!(path.value, ValueType::Number(_)) => Ok(Node::Path(path)),
                Ok(path) => self.refuse(at, format!("`{}` is {}, no number", path.shown(), path.value.shown())),
                Err(message) => self.refuse(at, message),
            },
            FormulaNames::Goal { assumptions, points } => match names.as_slice() {
                [name] if assumptions.contains_key(*name) => Ok(Node::Name((*name).to_owned())),
                [name] => {
                    let known: Vec<_> = assumptions.keys().map(String::as_str).collect();
                    let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
                    self.refuse(at, format!("`{name}` is none of the goal's assumptions; {known}"))
                }
                _ => self.parameter(at, &names, points, in_mix),
            },
        }
    }

    fn parameter(
        &self,
        at: &IdedExpr,
        names: &[&str],
        points: &[DecisionPoint],
        in_mix: bool,
    ) -> Result<Node, ConditionError> {
        let (parameter, point) = names.split_last().map_or(("", String::new()), |(last, rest)| (*last, rest.join(".")));
        let Some(declared) = points.iter().find(|declared| declared.name == point) else {
            return self.refuse(at, format!("`{point}` is no decision point"));
        };
        let number = declared.parameter(parameter).map(|field| &field.data_type);
        if !matches!(number, Some(DataType::Int | DataType::Decimal)) {
            return self.refuse(at, format!("`{point}` has no number `{parameter}` that a strategy sets"));
        }
        if !in_mix {
            return self
                .refuse(at, format!("`{point}.{parameter}` differs by segment; write `mix({point}.{parameter})`"));
        }
        Ok(Node::Parameter { point, parameter: parameter.to_owned() })
    }
}

fn names(at: &IdedExpr) -> Option<Vec<&str>> {
    match &at.expr {
        Expr::Ident(name) => Some(vec![name]),
        Expr::Select(SelectExpr { operand, field, test: false }) => {
            let mut names = names(operand)?;
            names.push(field);
            Some(names)
        }
        _ => None,
    }
}

fn value(node: &Node, values: FormulaValues<'_>, segment: Option<&str>) -> Result<Decimal, FormulaError> {
    let of = |node: &Node| value(node, values, segment);
    match node {
        Node::Number(number) => Ok(*number),
        Node::Path(path) => {
            let FormulaValues::Decision(bindings) = values else { return Err(FormulaError::Missing(path.shown())) };
            match evaluate::read(path, bindings) {
                Some(Literal::Number(number)) => Ok(number),
                _ => Err(FormulaError::Missing(path.shown())),
            }
        }
        Node::Name(name) => match values {
            FormulaValues::Goal { assumptions, .. } => {
                assumptions.get(name).copied().ok_or_else(|| FormulaError::Missing(name.clone()))
            }
            FormulaValues::Decision(_) => Err(FormulaError::Missing(name.clone())),
        },
        Node::Parameter { point, parameter: name } => {
            let missing = || FormulaError::Missing(format!("{point}.{name}"));
            let FormulaValues::Goal { parameter, .. } = values else { return Err(missing()) };
            parameter(segment.ok_or_else(missing)?, point, name).ok_or_else(missing)
        }
        Node::Two(operation, left, right) => {
            let (left, right) = (of(left)?, of(right)?);
            let result = match operation {
                Operation::Add => left.checked_add(right),
                Operation::Subtract => left.checked_sub(right),
                Operation::Multiply => left.checked_mul(right),
                Operation::Divide if right.is_zero() => return Err(FormulaError::DivisionByZero),
                Operation::Divide => left.checked_div(right),
            };
            result.ok_or(FormulaError::OutOfRange)
        }
        Node::Least(parts) => extreme(parts, of, Decimal::min),
        Node::Greatest(parts) => extreme(parts, of, Decimal::max),
        Node::Mix(inner) => {
            let FormulaValues::Goal { mix, .. } = values else { return Err(FormulaError::Missing("mix".to_owned())) };
            let mut total = Decimal::ZERO;
            for (segment, share) in mix {
                let part = value(inner, values, Some(segment))?.checked_mul(*share).ok_or(FormulaError::OutOfRange)?;
                total = total.checked_add(part).ok_or(FormulaError::OutOfRange)?;
            }
            Ok(total)
        }
    }
}

fn extreme(
    parts: &[Node],
    value: impl Fn(&Node) -> Result<Decimal, FormulaError>,
    of_two: fn(Decimal, Decimal) -> Decimal,
) -> Result<Decimal, FormulaError> {
    let mut best: Option<Decimal> = None;
    for part in parts {
        let next = value(part)?;
        best = Some(best.map_or(next, |best| of_two(best, next)));
    }
    best.ok_or(FormulaError::OutOfRange)
}
