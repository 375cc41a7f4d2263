//! Exact decimals: scale, overflow and the one canonical text.

use rust_decimal::Decimal;

/// Decimal places kept for an amount of money: unit price x quantity x discount of real price lists is exact in four.
pub const MONEY_SCALE: u32 = 4;

/// Fewest decimal places an amount of money is written with.
const MONEY_DISPLAY: u32 = 2;

/// Canonical text of a decimal: no exponent, no trailing zeros.
pub fn canonical_decimal(value: Decimal) -> String {
    value.normalize().to_string()
}

/// Canonical text of an amount: no exponent, no trailing zeros beyond the second decimal place.
pub fn canonical_money(value: Decimal) -> String {
    let mut value = value.normalize();
    if value.scale() < MONEY_DISPLAY {
        value.rescale(MONEY_DISPLAY);
    }
    value.to_string()
}

/// `value` as a whole number of 10^-`scale`, or nothing if it has more decimal places or does not fit 64 bits. Nothing is
/// ever rounded silently.
pub fn scaled(value: Decimal, scale: u32) -> Option<i64> {
    let mut normal = value.normalize();
    if normal.scale() > scale {
        return None;
    }
    normal.rescale(scale);
    (normal.scale() == scale).then(|| i64::try_from(normal.mantissa()).ok()).flatten()
}

/// The decimal that [`scaled`] turned into `units`.
pub fn unscaled(units: i64, scale: u32) -> Decimal {
    Decimal::new(units, scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, decimal: &str, money: &str) {
        let value: Decimal = text.parse().unwrap();
        assert_eq!((canonical_decimal(value).as_str(), canonical_money(value).as_str()), (decimal, money));
    }

    #[test]
    fn canonical_text_of_decimals() {
        check("12", "12", "12.00");
        check("12.5000", "12.5", "12.50");
        check("-0.0395", "-0.0395", "-0.0395");
        check("0", "0", "0.00");
        check("1265793.0395", "1265793.0395", "1265793.0395");
    }

    #[test]
    fn more_places_than_the_scale_are_refused_not_rounded() {
        assert_eq!(scaled("0.00001".parse().unwrap(), 4), None);
        assert_eq!(scaled("0.00010".parse().unwrap(), 4), Some(1));
    }

    #[test]
    fn amounts_beyond_64_bits_are_refused() {
        assert_eq!(scaled("922337203685477.5807".parse().unwrap(), 4), Some(i64::MAX));
        assert_eq!(scaled("922337203685477.5808".parse().unwrap(), 4), None);
    }

    proptest! {
        #[test]
        fn scaling_is_reversible(units in any::<i64>(), scale in 0u32..9) {
            prop_assert_eq!(scaled(unscaled(units, scale), scale), Some(units));
        }
    }
}
