//! Decimal numbers from text, exactly.

use rust_decimal::Decimal;

/// Digits beyond this are not kept by programs that read decimals as floating point, so none are taken where such a
/// program may read or write the same text.
pub(crate) const SIGNIFICANT_DIGITS: usize = 15;

const MAX_LENGTH: usize = 40;

/// Reads plain notation: an optional minus, digits, and optionally a point and digits. No exponent, no underscores.
pub(crate) fn plain_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let only_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.len() > MAX_LENGTH || !only_digits(whole) || !only_digits(places) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// How many significant digits `text` is written with.
pub(crate) fn significant_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_notation_is_a_number() {
        for text in ["", "-", ".5", "5.", "1e3", "+1", "1_000", "0x10", " 1", "1.2.3", "inf", "--1"] {
            assert_eq!(plain_decimal(text), None, "{text}");
        }
        assert_eq!(plain_decimal("-0.10").map(guildhall_model::canonical_decimal).as_deref(), Some("-0.1"));
        assert_eq!(plain_decimal("99999999999999999999999999999"), None);
    }

    #[test]
    fn leading_zeros_are_not_significant() {
        assert_eq!(significant_digits("-0.0012"), 2);
        assert_eq!(significant_digits("120.50"), 5);
    }
}
