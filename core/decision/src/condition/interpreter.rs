//! A second, independent reading of [`plan::Condition`]: what the database should answer. For tests.

use chrono::NaiveDate;
use guildhall_model::plan::{Comparison, Condition, Expression, Operand};
use guildhall_model::{Field, Kind, Relation, Value};
use rust_decimal::Decimal;
use serde_json::Value as Json;

/// SQL's three truth values as a number: false 0, unknown 1, true 2. AND is the minimum, OR the maximum.
pub(crate) fn truth(condition: &Condition, record: &Json) -> u8 {
    match condition {
        Condition::All(parts) => parts.iter().map(|part| truth(part, record)).min().unwrap_or(2),
        Condition::Any(parts) => parts.iter().map(|part| truth(part, record)).max().unwrap_or(0),
        Condition::Not(inner) => 2 - truth(inner, record),
        Condition::NotTrue(inner) => {
            if truth(inner, record) == 2 {
                0
            } else {
                2
            }
        }
        Condition::IsNull(expression) => 2 * u8::from(value(expression, record).is_null()),
        Condition::Compare { left, comparison, right } => {
            compared(&value(left, record), *comparison, &value(right, record))
        }
        Condition::OneOf { left, list } => {
            let left = value(left, record);
            let equal = list.iter().map(|item| compared(&left, Comparison::Equal, &value(item, record)));
            equal.max().unwrap_or(0)
        }
        Condition::Text { .. } | Condition::AnyCase { .. } | Condition::Some { .. } => {
            unreachable!("conditions of strategies have none")
        }
    }
}

fn compared(left: &Value, comparison: Comparison, right: &Value) -> u8 {
    if left.is_null() || right.is_null() {
        return 1;
    }
    let order = match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (left, right) => number(left).cmp(&number(right)),
    };
    let holds = match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => !order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => !order.is_gt(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => !order.is_lt(),
    };
    2 * u8::from(holds)
}

fn number(value: &Value) -> Decimal {
    match value {
        Value::Int(int) => Decimal::from(*int),
        Value::Decimal(decimal) => *decimal,
        other => panic!("{other:?} is no number"),
    }
}

fn value(expression: &Expression, record: &Json) -> Value {
    match expression {
        Expression::Field(field) => stored(field, &record[&field.name]),
        Expression::Through(relation, inner) => {
            let relation: &Relation = relation;
            match &record[&relation.name] {
                Json::Null => Value::Null,
                target => value(inner, target),
            }
        }
        Expression::Lower(inner) => match value(inner, record) {
            Value::Text(text) => Value::Text(text.to_ascii_lowercase()),
            other => other,
        },
        Expression::Operand(Operand::Value(value)) => value.clone(),
        Expression::Operand(Operand::Variable(_)) => panic!("a strategy has no variables"),
        Expression::Counted(counted) => {
            let currency = &record[&counted.currency.name];
            let rate = currency.as_str().and_then(|code| counted.rates.get(code));
            match (stored(&counted.amount, &record[&counted.amount.name]), rate) {
                (Value::Decimal(amount), Some(rate)) => Value::Decimal((amount * rate).trunc_with_scale(4)),
                _ => Value::Null,
            }
        }
        Expression::Add(left, right) => computed(left, right, record, |left, right| left + right),
        Expression::Subtract(left, right) => computed(left, right, record, |left, right| left - right),
        Expression::Multiply(left, right) => computed(left, right, record, |left, right| left * right),
    }
}

fn computed(left: &Expression, right: &Expression, record: &Json, with: fn(Decimal, Decimal) -> Decimal) -> Value {
    let (left, right) = (value(left, record), value(right, record));
    if left.is_null() || right.is_null() {
        return Value::Null;
    }
    Value::Decimal(with(number(&left), number(&right)))
}

fn stored(field: &Field, json: &Json) -> Value {
    match (&field.kind, json) {
        (_, Json::Null) => Value::Null,
        (Kind::Money, json) => Value::Decimal(json["amount"].as_str().unwrap().parse().unwrap()),
        (Kind::Decimal { .. }, Json::String(text)) => Value::Decimal(text.parse().unwrap()),
        (Kind::Int, json) => Value::Int(json.as_i64().unwrap()),
        (Kind::Bool, json) => Value::Bool(json.as_bool().unwrap()),
        (Kind::Date, Json::String(text)) => Value::Date(text.parse::<NaiveDate>().unwrap()),
        (_, Json::String(text)) => Value::Text(text.clone()),
        (kind, json) => panic!("{kind:?} {json}"),
    }
}
