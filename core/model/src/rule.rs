//! Rule: what a value that the API writes has to be like.
//!
//! Imports bring what another system took as right, so they are not asked.

use rust_decimal::Decimal;

use crate::Value;

/// Longest e-mail address there is, and its part before the `@`.
const EMAIL_LENGTH: usize = 254;
const EMAIL_LOCAL_LENGTH: usize = 64;

/// What a value of a field has to be like. No value at all breaks no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A text with more in it than white space.
    NotBlank,
    /// A text of at most this many characters.
    AtMost(usize),
    /// A number that is not less.
    AtLeast(i64),
    /// A number that is greater.
    Above(i64),
    /// A number from the first to the second, both included.
    Between(i64, i64),
    /// The ISO 4217 code of a currency, by its shape.
    CurrencyCode,
    /// The ISO 3166 code of a country, by its shape.
    CountryCode,
    /// An e-mail address, by its shape.
    Email,
}

impl Rule {
    /// Why `value` breaks the rule, if it does, to follow the field's name.
    pub fn broken(&self, value: &Value) -> Option<String> {
        match value {
            Value::Text(text) => self.broken_by_text(text),
            Value::Int(number) => self.broken_by_number(Decimal::from(*number)),
            Value::Decimal(number) => self.broken_by_number(*number),
            _ => None,
        }
    }

    fn broken_by_text(self, text: &str) -> Option<String> {
        match self {
            Rule::NotBlank => text.trim().is_empty().then(|| "is blank; give it a text".to_owned()),
            Rule::AtMost(most) => {
                let length = text.chars().count();
                (length > most).then(|| format!("has {length} characters; {most} are the most"))
            }
            Rule::CurrencyCode => (!is_code(text, 3))
                .then(|| format!("is `{}`, which is no currency; write three capital letters, as `EUR`", short(text))),
            Rule::CountryCode => (!is_code(text, 2))
                .then(|| format!("is `{}`, which is no country; write two capital letters, as `DE`", short(text))),
            Rule::Email => (!is_email(text))
                .then(|| format!("is `{}`, which is no e-mail address; write one like `ann@example.org`", short(text))),
            Rule::AtLeast(_) | Rule::Above(_) | Rule::Between(_, _) => None,
        }
    }

    fn broken_by_number(self, number: Decimal) -> Option<String> {
        let shown = number.normalize();
        match self {
            Rule::AtLeast(least) => {
                (number < Decimal::from(least)).then(|| format!("is {shown}; {least} is the least"))
            }
            Rule::Above(bound) => {
                (number <= Decimal::from(bound)).then(|| format!("is {shown}; it has to be more than {bound}"))
            }
            Rule::Between(least, most) => (number < Decimal::from(least) || number > Decimal::from(most))
                .then(|| format!("is {shown}; it has to be between {least} and {most}")),
            Rule::NotBlank | Rule::AtMost(_) | Rule::CurrencyCode | Rule::CountryCode | Rule::Email => None,
        }
    }
}

fn is_code(text: &str, letters: usize) -> bool {
    text.len() == letters && text.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// Only the shape: whether anybody reads what is sent there is told by an answer alone.
fn is_email(text: &str) -> bool {
    let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';'));
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels = domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    plain
        && text.len() <= EMAIL_LENGTH
        && (1..=EMAIL_LOCAL_LENGTH).contains(&local.len())
        && !local.contains('@')
        && domain.contains('.')
        && labels
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Model};

    #[track_caller]
    fn check(rule: Rule, value: impl Into<Value>, expected: Option<&str>) {
        assert_eq!(rule.broken(&value.into()).as_deref(), expected);
    }

    fn number(text: &str) -> Value {
        Value::Decimal(text.parse().unwrap())
    }

    #[test]
    fn texts() {
        check(Rule::NotBlank, "a", None);
        check(Rule::NotBlank, " \t\u{a0}", Some("is blank; give it a text"));
        check(Rule::AtMost(3), "äöü", None);
        check(Rule::AtMost(3), "äöüß", Some("has 4 characters; 3 are the most"));
    }

    #[test]
    fn codes() {
        check(Rule::CurrencyCode, "EUR", None);
        for text in ["eur", "EURO", "EU", "", "E R", "ÄÖÜ"] {
            let expected = format!("is `{text}`, which is no currency; write three capital letters, as `EUR`");
            check(Rule::CurrencyCode, text, Some(&expected));
        }
        check(Rule::CountryCode, "DE", None);
        check(
            Rule::CountryCode,
            "Germany",
            Some("is `Germany`, which is no country; write two capital letters, as `DE`"),
        );
    }

    #[test]
    fn addresses() {
        for text in ["a@b.c", "ann.o'hara+x@mail.example.org", "jürgen@bücher.example"] {
            check(Rule::Email, text, None);
        }
        for text in ["", "ann", "@b.c", "a@b", "a@.c", "a@b.", "a b@c.d", "a@b@c.d", "<a@b.c>", "a@-b.c", "a@b.c\n"] {
            assert!(Rule::Email.broken(&text.into()).is_some(), "{text:?}");
        }
        assert!(Rule::Email.broken(&format!("{}@b.c", "a".repeat(65)).into()).is_some());
        assert!(Rule::Email.broken(&format!("a@{}c", "b.".repeat(150)).into()).is_some());
    }

    #[test]
    fn numbers() {
        check(Rule::AtLeast(0), 0, None);
        check(Rule::AtLeast(0), number("-0.0100"), Some("is -0.01; 0 is the least"));
        check(Rule::Above(0), number("0.0001"), None);
        check(Rule::Above(0), number("0.00"), Some("is 0; it has to be more than 0"));
        check(Rule::Between(0, 1), number("1"), None);
        check(Rule::Between(0, 1), number("1.0001"), Some("is 1.0001; it has to be between 0 and 1"));
        check(Rule::Between(1, 5), 0, Some("is 0; it has to be between 1 and 5"));
    }

    #[test]
    fn nothing_breaks_no_rule() {
        for rule in [Rule::NotBlank, Rule::AtLeast(0), Rule::Email, Rule::CurrencyCode] {
            check(rule, Value::Null, None);
        }
    }

    #[test]
    fn every_text_the_api_writes_has_a_longest() {
        for object in Model::core().objects() {
            for field in object.fields.iter().filter(|field| field.kind == Kind::Text) {
                let longest = field.rules.iter().filter(|rule| matches!(rule, Rule::AtMost(_))).count();
                assert_eq!(longest, 1, "{}.{}", object.name, field.name);
            }
        }
    }

    #[test]
    fn a_rule_is_of_its_field_s_kind() {
        for object in Model::core().objects() {
            for field in &object.fields {
                for rule in &field.rules {
                    let fits = match rule {
                        Rule::AtLeast(_) | Rule::Above(_) | Rule::Between(_, _) => {
                            matches!(field.kind, Kind::Int | Kind::Decimal { .. } | Kind::Money)
                        }
                        _ => field.kind == Kind::Text,
                    };
                    assert!(fits, "{}.{}: {rule:?}", object.name, field.name);
                }
            }
        }
    }

    #[test]
    fn what_is_in_order_are_two_days_two_times_or_two_amounts() {
        for object in Model::core().objects() {
            for (from, to) in &object.in_order {
                let kind = |name: &str| object.get(name).map(|field| field.kind.clone());
                assert_eq!(kind(from), kind(to), "{}: {from}, {to}", object.name);
                assert!(
                    matches!(kind(from), Some(Kind::Date | Kind::DateTime | Kind::Money)),
                    "{}: {from}",
                    object.name
                );
            }
        }
    }

    #[test]
    fn what_a_state_needs_is_a_field_and_the_state_leads_there() {
        for object in Model::core().objects() {
            for needs in &object.needs {
                let state = object.get(&needs.state).map(|field| field.kind.clone());
                assert!(object.get(&needs.field).is_some(), "{}.{}", object.name, needs.field);
                assert!(
                    matches!(state, Some(Kind::Enum(states)) if states.may_move(needs.from, needs.to)),
                    "{needs:?}"
                );
            }
        }
    }

    #[test]
    fn every_currency_is_a_code() {
        for object in Model::core().objects() {
            if let Some(currency) = object.get("currency") {
                assert!(currency.rules.contains(&Rule::CurrencyCode), "{}", object.name);
            }
        }
    }
}
