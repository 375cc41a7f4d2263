//! Values against their kinds.

use serde_json::{Map, Value};

use super::{Form, Kind, Object, SettingsProblem};
use crate::failure::shown;

/// Problems that are told; who has more has another file at hand.
const PROBLEMS: usize = 20;

/// The settings with their defaults. What is wrong is added to `problems`.
pub(super) fn complete(
    object: &Object,
    given: &Map<String, Value>,
    place: &str,
    problems: &mut Vec<SettingsProblem>,
) -> Map<String, Value> {
    let path = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    for name in given.keys().filter(|name| !object.settings.contains_key(*name)) {
        let known: Vec<_> = object.settings.keys().map(|known| format!("`{known}`")).collect();
        let known =
            if known.is_empty() { "there is none here".to_owned() } else { format!("there are {}", known.join(", ")) };
        refuse(problems, shown(&path(name), 100), format!("is not known; {}", shown(&known, 500)));
    }
    let mut settings = Map::new();
    for (name, setting) in &object.settings {
        let value = match (given.get(name), &setting.default, &setting.kind) {
            (Some(value), _, kind) => Some(value_of(kind, value, &path(name), problems)),
            (None, Some(default), kind) => Some(value_of(kind, default, &path(name), problems)),
            (None, None, Kind::Object(inner)) if setting.required || inner.completes_itself() => {
                Some(Value::Object(complete(inner, &Map::new(), &path(name), problems)))
            }
            (None, None, _) if setting.required => {
                refuse(problems, path(name), format!("is missing; it must be {}", setting.kind.expected()));
                None
            }
            (None, None, _) => None,
        };
        if let Some(value) = value {
            settings.insert(name.clone(), value);
        }
    }
    settings
}

/// The value, completed if it is an object.
pub(super) fn value_of(kind: &Kind, value: &Value, place: &str, problems: &mut Vec<SettingsProblem>) -> Value {
    match (kind, value) {
        (Kind::Object(object), Value::Object(given)) => {
            return Value::Object(complete(object, given, place, problems));
        }
        (Kind::List { items, least, most }, Value::Array(values)) if within(values.len(), *least, *most) => {
            let each = values.iter().enumerate();
            return each.map(|(index, value)| value_of(items, value, &format!("{place}[{index}]"), problems)).collect();
        }
        (kind, value) if kind.takes(value) => {}
        (kind, value) => {
            let problem = format!("is {}; it must be {}", shown(&value.to_string(), 80), kind.expected());
            refuse(problems, place.to_owned(), problem);
        }
    }
    value.clone()
}

fn refuse(problems: &mut Vec<SettingsProblem>, setting: String, problem: String) {
    if problems.len() < PROBLEMS {
        problems.push(SettingsProblem { setting, problem });
    }
}

fn within(count: usize, least: u64, most: u64) -> bool {
    u64::try_from(count).is_ok_and(|count| (least..=most).contains(&count))
}

impl Object {
    /// Whether nothing in it has to be given.
    fn completes_itself(&self) -> bool {
        self.settings.values().all(|setting| match &setting.kind {
            _ if setting.default.is_some() || !setting.required => true,
            Kind::Object(inner) => inner.completes_itself(),
            _ => false,
        })
    }
}

impl Kind {
    /// Whether this is a value of the kind; objects and lists are looked into elsewhere.
    fn takes(&self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Bool, Value::Bool(_)) => true,
            (Kind::Integer { minimum, maximum }, Value::Number(number)) => {
                number.as_i64().is_some_and(|number| (*minimum..=*maximum).contains(&number))
            }
            (Kind::Text { form, least, most, choices }, Value::String(text)) => {
                within(text.chars().count(), *least, *most)
                    && form.takes(text)
                    && (choices.is_empty() || choices.contains(text))
            }
            _ => false,
        }
    }

    /// What a value looks like, for messages.
    fn expected(&self) -> String {
        match self {
            Kind::Bool => "true or false".to_owned(),
            Kind::Integer { minimum, maximum } => format!("a whole number from {minimum} to {maximum}"),
            Kind::Text { choices, .. } if !choices.is_empty() => {
                let choices: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
                format!("one of {}", shown(&choices.join(", "), 300))
            }
            Kind::Text { form: Form::Decimal, .. } => "a decimal number as text, such as \"0.02\"".to_owned(),
            Kind::Text { form: Form::Date, .. } => "a day as text, such as \"2026-01-31\"".to_owned(),
            Kind::Text { least, most, .. } => format!("a text of {least} to {most} characters"),
            Kind::List { items, least, most } => format!("a list of {least} to {most}, each {}", items.expected()),
            Kind::Object(_) => "an object".to_owned(),
        }
    }
}

impl Form {
    fn takes(self, text: &str) -> bool {
        match self {
            Form::Any => true,
            Form::Decimal => is_decimal(text),
            Form::Date => is_date(text),
        }
    }
}

/// Digits with at most one point among them and perhaps a minus; at most 28, which every decimal type holds.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
    plain.len() <= 29 && digits(whole) && digits(fraction) && whole.len() + fraction.len() <= 28
}

/// A day that is in the calendar.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| {
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| plain).map(|number| (number, part.len()))
    });
    let (Some(Some((year, 4))), Some(Some((month, 2))), Some(Some((day, 2))), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}
