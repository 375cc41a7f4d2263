//! Templates: text with `{{words}}` in it.

/// The template with its words filled in. One pass: what a word stands for is not looked at again.
pub(super) fn fill(template: &str, words: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let filled = after
            .split_once("}}")
            .and_then(|(word, after)| words.iter().find(|(name, _)| *name == word).map(|(_, value)| (*value, after)));
        match filled {
            Some((value, after)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                text.push_str("{{");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}
