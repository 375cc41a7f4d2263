//! Sentences.

/// "a, b and c".
pub(crate) fn listed(mut items: Vec<String>) -> String {
    match items.pop() {
        None => String::new(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
    }
}

/// With a capital letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Text of a guest or of an author as it may be shown: one line, at most `limit` characters, nothing that a terminal or a log would act on.
pub fn shown(text: &str, limit: usize) -> String {
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(limit).map(|letter| if acts(letter) { ' ' } else { letter }).collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a text may be shown as it is: one line, nothing that a terminal or a log would act on.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(acts)
}

/// Whether a reader would be led astray: control characters, ends of lines, and what turns the direction of a text or hides.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(letter, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || matches!(letter, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_astray_is_not_shown() {
        assert_eq!(shown("a\u{1b}[31m\nb\u{202e}c\u{200b}d\u{feff}e\u{2028}f\u{e0041}g", 100), "a [31m b c d e f g");
        // Scripts that are written so keep their joiners.
        assert_eq!(shown("क\u{94d}\u{200d}ष ñ 👩\u{200d}🚀", 100), "क\u{94d}\u{200d}ष ñ 👩\u{200d}🚀");
        assert_eq!(shown("abcdef", 3), "abc…");
        assert!(is_plain("ñ 👩\u{200d}🚀") && !is_plain("a\u{202e}b") && !is_plain("a\u{9b}b") && !is_plain("a\nb"));
    }
}
