//! The forms that values of a manifest may have.

use super::ManifestError;
use crate::failure::{is_plain, shown};

const NAME_LENGTH: usize = 64;
const TEXT_LENGTH: usize = 500;

pub(super) fn require(fulfilled: bool, key: &str, value: &str, expected: &'static str) -> Result<(), ManifestError> {
    if fulfilled {
        return Ok(());
    }
    Err(ManifestError::Value { key: shown(key, 160), value: shown(value, 80), expected })
}

/// `credit-rules`
pub(crate) fn is_kebab(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.len() <= NAME_LENGTH && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.split('-').all(word)
}

pub(super) fn is_text(text: &str) -> bool {
    let length = text.chars().count();
    (1..=TEXT_LENGTH).contains(&length) && is_plain(text)
}

pub(super) fn is_contract(text: &str) -> bool {
    text.split_once('.').is_some_and(|(major, minor)| {
        let number = |part: &str| part.len() <= 4 && part.parse::<u16>().is_ok_and(|number| number.to_string() == part);
        number(major) && number(minor)
    })
}

/// `credit.terms`, `acme_scores.churn`
pub(super) fn is_point(text: &str) -> bool {
    let plain = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let part =
        |part: &str| part.starts_with(|first: char| first.is_ascii_lowercase()) && part.split(['_', '-']).all(plain);
    text.len() <= NAME_LENGTH
        && text.split_once('.').is_some_and(|(department, question)| part(department) && part(question))
}

/// A file in the plugin's own folder: no path leads out of it.
pub(super) fn is_file(text: &str, extension: &str) -> bool {
    let stem = text.strip_suffix(extension).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    text.len() <= NAME_LENGTH
        && stem.starts_with(|first: char| first.is_ascii_alphanumeric())
        && stem.bytes().all(plain)
}

/// `CreditAccount.limit`
pub(super) fn is_field(text: &str) -> bool {
    text.len() <= 2 * NAME_LENGTH
        && text.split_once('.').is_some_and(|(object, field)| is_type(object) && is_name(field))
}

/// `Order.created`, `Invoice.*`
pub(super) fn is_event(text: &str) -> bool {
    text.len() <= 2 * NAME_LENGTH
        && text.split_once('.').is_some_and(|(object, event)| is_type(object) && (event == "*" || is_name(event)))
}

/// `earlyDiscount`
pub(super) fn is_setting(text: &str) -> bool {
    text.len() <= NAME_LENGTH && text.starts_with(|first: char| first.is_ascii_alphabetic()) && is_name(text)
}

fn is_type(text: &str) -> bool {
    is_name(text) && text.starts_with(|first: char| first.is_ascii_uppercase())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
