//! What somebody may have meant.

/// `; did you mean ...?`, or nothing if no known name is near.
pub(crate) fn hint<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = known.into_iter().map(|name| (distance(&plain(written), &plain(name)), name)).min();
    match near {
        Some((distance, name)) if distance <= written.len().div_ceil(3) => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

/// `credit_limit` and `creditLimit` are near.
fn plain(name: &str) -> Vec<char> {
    name.chars().filter(|letter| letter.is_alphanumeric()).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// How many letters have to be changed, added or removed.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, left) in from.iter().enumerate() {
        let mut next = vec![line + 1];
        for ((right, pair), above) in to.iter().zip(row.windows(2)).zip(row.iter().skip(1)) {
            let replaced = pair.first().copied().unwrap_or(usize::MAX - 1) + usize::from(left != right);
            let added = next.last().copied().unwrap_or(usize::MAX - 1) + 1;
            next.push(replaced.min(added).min(above + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_suggested() {
        let known = ["creditAccount", "averageDaysLate", "name"];
        assert_eq!(hint("credit_acount", known), "; did you mean `creditAccount`?");
        assert_eq!(hint("averageDayLate", known), "; did you mean `averageDaysLate`?");
        assert_eq!(hint("colour", known), "");
    }
}
