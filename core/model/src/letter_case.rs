//! Letter case: which letters are the same where case does not count. One rule of ours, because databases have rules of their own.
//!
//! Two letters are the same if they differ in case alone, letter by letter: `ß` is not `SS`, `e` with an accent of its own is not `é`.
//! ASCII letters are the same as ASCII letters only, so that the index over lower ASCII letters finds all that begin alike.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Beyond this there are no letters with a case.
const LAST: char = '\u{1EFFF}';

/// What SQLite reads as one and the same character.
const UNREADABLE: [char; 3] = ['\u{FFFD}', '\u{FFFE}', '\u{FFFF}'];

/// The letters beyond ASCII that are the same as others, each with all of them.
static SAME: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(|| {
    let mut by_fold: HashMap<char, Vec<char>> = HashMap::new();
    for letter in '\u{80}'..=LAST {
        let fold = lower(upper(letter));
        if !fold.is_ascii() {
            by_fold.entry(fold).or_default().push(letter);
        }
    }
    let several = by_fold.into_values().filter(|same| same.len() > 1).chain([UNREADABLE.to_vec()]);
    several.flat_map(|same| same.clone().into_iter().map(move |letter| (letter, same.clone()))).collect()
});

/// Every letter that is the same as `letter` where case does not count, itself among them.
pub fn same_letters(letter: char) -> Vec<char> {
    if letter.is_ascii_alphabetic() {
        return vec![letter.to_ascii_lowercase(), letter.to_ascii_uppercase()];
    }
    SAME.get(&letter).cloned().unwrap_or_else(|| vec![letter])
}

/// The one letter that is its upper case, or itself.
fn upper(letter: char) -> char {
    let mut letters = letter.to_uppercase();
    match (letters.next(), letters.next()) {
        (Some(upper), None) => upper,
        _ => letter,
    }
}

fn lower(letter: char) -> char {
    let mut letters = letter.to_lowercase();
    match (letters.next(), letters.next()) {
        (Some(lower), None) => lower,
        _ => letter,
    }
}

/// The least text that begins with `prefix` once ASCII letters are lower case.
pub fn prefix_start(prefix: &str) -> String {
    prefix.to_ascii_lowercase()
}

/// The least text beyond all that begin with `prefix` once ASCII letters are lower case; empty, so that there is none between,
/// where there is no prefix. Beyond the last character of all there is no text: so many of them stand for it.
pub fn prefix_end(prefix: &str) -> String {
    let mut letters: Vec<char> = prefix_start(prefix).chars().collect();
    while let Some(last) = letters.pop() {
        // The next scalar value; after the last one the letter before it is raised.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            letters.push(next);
            return letters.into_iter().collect();
        }
    }
    if prefix.is_empty() { String::new() } else { char::MAX.to_string().repeat(prefix.len() + BEYOND) }
}

/// How many last characters make a text that nobody's begins with.
const BEYOND: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(letter: char, expected: &str) {
        let mut same = same_letters(letter);
        same.sort_unstable();
        assert_eq!(same.into_iter().collect::<String>(), expected, "{letter}");
    }

    #[test]
    fn letters_that_differ_in_case_alone_are_the_same() {
        check('a', "Aa");
        check('É', "Éé");
        check('ä', "Ää");
        check('я', "Яя");
        check('ς', "Σςσ");
        check('Σ', "Σςσ");
        check('1', "1");
        check('ß', "ßẞ");
        check('日', "日");
    }

    #[test]
    fn an_ascii_letter_is_the_same_as_no_other() {
        check('k', "Kk");
        check('\u{212A}', "\u{212A}");
        check('ſ', "ſ");
        check('ı', "ı");
        check('İ', "İ");
    }

    #[test]
    fn beyond_the_last_there_is_no_case() {
        for letter in LAST..=char::MAX {
            assert!(lower(letter) == letter && upper(letter) == letter, "{letter:?}");
        }
    }

    #[test]
    fn being_the_same_goes_both_ways() {
        for (letter, same) in SAME.iter() {
            assert!(same.contains(letter) && same.iter().all(|other| SAME.get(other) == Some(same)), "{letter}");
        }
    }
}
