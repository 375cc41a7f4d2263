//! Torn: rows of a looked-up file that cannot be read, and so may be of any key whose text stands in them.

use super::refusal::shown;

/// Most bytes of torn rows that are kept for one table; rows beyond may be of any key.
const MAX_BYTES: usize = 32 * 1024;

/// The torn rows of one table.
#[derive(Debug, Default)]
pub(crate) struct Torn {
    rows: Vec<TornRow>,
    /// Those that may be of any key: the first of them, and how many they are.
    any: Option<(TornRow, u64)>,
    bytes: usize,
}

#[derive(Debug)]
struct TornRow {
    line: u64,
    reason: String,
    text: String,
}

impl Torn {
    /// Keeps a torn row. `text` is what can be read of it if the key is in that.
    pub(crate) fn add(&mut self, line: u64, reason: String, text: Option<String>) {
        let room = MAX_BYTES - self.bytes;
        match text.filter(|text| text.len() + reason.len() <= room) {
            Some(text) => {
                self.bytes += text.len() + reason.len();
                self.rows.push(TornRow { line, reason, text });
            }
            None => {
                let (_, count) = self.any.get_or_insert_with(|| (TornRow { line, reason, text: String::new() }, 0));
                *count += 1;
            }
        }
    }

    /// Why what is known of a key may not be all: a row that may be of it.
    pub(crate) fn reason(&self, key: &str) -> Option<String> {
        if let Some(row) = self.rows.iter().find(|row| stands_in(key, &row.text)) {
            return Some(format!("line {} may be of `{}` and cannot be read: {}", row.line, shown(key), row.reason));
        }
        let (row, _) = self.any.as_ref()?;
        Some(format!("line {} may be of any key and cannot be read: {}", row.line, row.reason))
    }

    /// A corrected row with this key stands in for the first that may have been it.
    pub(crate) fn mend(&mut self, key: &str) {
        if let Some(place) = self.rows.iter().position(|row| stands_in(key, &row.text)) {
            let row = self.rows.remove(place);
            self.bytes -= row.text.len() + row.reason.len();
        } else if let Some((_, count)) = &mut self.any {
            *count -= 1;
            if *count == 0 {
                self.any = None;
            }
        }
    }
}

/// Whether a text has the key in it, not as a part of a longer word or number.
fn stands_in(key: &str, text: &str) -> bool {
    let letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(key).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + key.len()..).unwrap_or_default());
        let begins_inside = letter(key.chars().next()) && letter(before.chars().next_back());
        let ends_inside = letter(key.chars().next_back()) && letter(after.chars().next());
        !begins_inside && !ends_inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(torn: &Torn, key: &str) -> Option<u64> {
        let reason = torn.reason(key)?;
        reason.split(' ').nth(1).map(|line| line.parse().unwrap())
    }

    #[test]
    fn a_row_may_be_of_every_key_in_it() {
        let mut torn = Torn::default();
        torn.add(3, "torn".to_owned(), Some("10248,11 \"O'Neil".to_owned()));
        for (key, line) in [("10248", Some(3)), ("11", Some(3)), ("O'Neil", Some(3)), ("1", None), ("0248", None)] {
            assert_eq!(told(&torn, key), line, "{key}");
        }
        torn.mend("7");
        assert_eq!(told(&torn, "11"), Some(3));
        torn.mend("10248");
        assert_eq!(told(&torn, "11"), None);
    }

    #[test]
    fn a_row_whose_key_is_lost_and_rows_beyond_the_bound_may_be_of_any() {
        let mut torn = Torn::default();
        torn.add(3, "torn".to_owned(), None);
        torn.mend("x");
        assert_eq!(told(&torn, "y"), None);
        for line in 1..10_000 {
            torn.add(line, "torn".to_owned(), Some("10248,1".to_owned()));
        }
        assert!(torn.rows.len() < MAX_BYTES / 11 + 1 && torn.bytes <= MAX_BYTES);
        assert_eq!((told(&torn, "10248"), told(&torn, "y")), (Some(1), Some(torn.rows.len() as u64 + 1)));
    }
}
