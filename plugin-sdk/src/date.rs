//! Days and moments, with the little arithmetic that policies need.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the Gregorian calendar, from the year 1 to 9999.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

/// A moment in UTC as RFC 3339 text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    text: String,
    date: Date,
}

/// What is not a date says what it should have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotADate {
    text: String,
    expected: &'static str,
}

const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

impl Date {
    /// The day, if there is one: there is no 30th of February.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let month = i32::try_from(month).ok()?;
        let day = i32::try_from(day).ok()?;
        let exists = YEARS.contains(&year) && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        exists.then(|| Date { days: days_from_civil(year, month, day) })
    }

    /// How many days lie between `earlier` and this; negative if this is before it.
    pub fn days_since(self, earlier: Date) -> i32 {
        self.days - earlier.days
    }

    /// The day that many days later.
    pub fn plus_days(self, days: i32) -> Option<Self> {
        let moved = Date { days: self.days.checked_add(days)? };
        // The conversion below works on years that fit; what lies outside is refused before it is written.
        (moved.days.abs() < 5_000_000 && YEARS.contains(&moved.civil().0)).then_some(moved)
    }

    pub fn year(self) -> i32 {
        self.civil().0
    }

    /// 1 to 12.
    pub fn month(self) -> i32 {
        self.civil().1
    }

    /// 1 to 31.
    pub fn day(self) -> i32 {
        self.civil().2
    }

    /// Year, month and day. The algorithm is Howard Hinnant's `civil_from_days`: years begin in March, so that the leap
    /// day is the last of its year.
    fn civil(self) -> (i32, i32, i32) {
        let shifted = self.days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }
}

/// How many days a month has.
fn days_of(year: i32, month: i32) -> i32 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The inverse of [`Date::civil`].
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = year - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl DateTime {
    /// The day in UTC.
    pub fn date(&self) -> Date {
        self.date
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Default for DateTime {
    fn default() -> Self {
        DateTime { text: "1970-01-01T00:00:00Z".to_owned(), date: Date::default() }
    }
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let refuse = || NotADate { text: text.chars().take(40).collect(), expected: "a day such as 2026-01-31" };
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return Err(refuse()) };
        let number = |digits: &[u8]| {
            digits
                .iter()
                .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
        };
        let date =
            || Date::new(i32::try_from(number(&[y1, y2, y3, y4])?).ok()?, number(&[m1, m2])?, number(&[d1, d2])?);
        date().ok_or_else(refuse)
    }
}

impl FromStr for DateTime {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let refuse =
            || NotADate { text: text.chars().take(40).collect(), expected: "a moment such as 2026-01-31T12:00:00Z" };
        let (day, time) = text.split_once('T').ok_or_else(refuse)?;
        let date = day.parse().map_err(|_| refuse())?;
        let time = time.strip_suffix('Z').ok_or_else(refuse)?;
        let is_time = time.len() >= 8
            && time.bytes().enumerate().all(|(index, byte)| match index {
                2 | 5 => byte == b':',
                8 => byte == b'.',
                _ => byte.is_ascii_digit(),
            });
        if !is_time {
            return Err(refuse());
        }
        Ok(DateTime { text: text.to_owned(), date })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Display for NotADate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not {}", self.text, self.expected)
    }
}

impl std::error::Error for NotADate {}

/// Reads what is written as text, without a copy of it.
struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err = NotADate>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Written and read as text.
macro_rules! as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(PhantomData))
            }
        }
    };
}

as_text!(Date);
as_text!(DateTime);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i32>) {
        let read = text.parse::<Date>();
        assert_eq!(read.as_ref().ok().map(|date| date.days), expected, "{text}");
        if let Ok(date) = read {
            assert_eq!(date.to_string(), text);
        }
    }

    #[test]
    fn days_are_read_and_written() {
        check("1970-01-01", Some(0));
        check("2000-02-29", Some(11_016));
        check("2026-12-31", Some(20_818));
        check("0001-01-01", Some(-719_162));
        check("9999-12-31", Some(2_932_896));
        check("1900-02-29", None);
        check("2026-13-01", None);
        check("2026-1-01", None);
        check("2026-00-10", None);
        check("+026-01-01", None);
        check("", None);
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for days in -200_000..200_000 {
            let date = Date { days };
            let (year, month, day) = date.civil();
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn days_are_counted() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(day("2026-03-01").days_since(day("2026-02-01")), 28);
        assert_eq!(day("2026-02-28").plus_days(1), Some(day("2026-03-01")));
        assert_eq!(day("9999-12-31").plus_days(1), None);
        assert_eq!(day("2026-02-28").plus_days(i32::MAX), None);
    }

    #[test]
    fn moments_have_a_day() {
        let moment: DateTime = "2026-01-31T12:00:00.123Z".parse().unwrap();
        assert_eq!(moment.date().to_string(), "2026-01-31");
        let refused = "2026-01-31".parse::<DateTime>().unwrap_err().to_string();
        assert_eq!(refused, "`2026-01-31` is not a moment such as 2026-01-31T12:00:00Z");
    }
}
