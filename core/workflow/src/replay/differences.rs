//! Where two JSON texts differ, for people.

use serde_json::Value;

/// Differences that are told of one decision.
const MAX_DIFFERENCES: usize = 50;
const MAX_SHOWN: usize = 200;

/// One place where what came out now is not what was recorded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// `proposals.underStrategy.0.fuel`
    pub place: String,
    pub recorded: String,
    pub replayed: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: recorded {}, now {}", self.place, self.recorded, self.replayed)
    }
}

/// Adds the places where two texts named `name` differ; nothing if they are the same bytes.
pub(super) fn between(name: &str, recorded: &str, now: &str, out: &mut Vec<Difference>) {
    if recorded == now {
        return;
    }
    let before = out.len();
    if let (Ok(recorded), Ok(now)) = (serde_json::from_str::<Value>(recorded), serde_json::from_str::<Value>(now)) {
        walk(name.to_owned(), &recorded, &now, out);
    }
    if out.len() == before && before < MAX_DIFFERENCES {
        // The same values, written in another way.
        out.push(Difference { place: name.to_owned(), recorded: shown(recorded), replayed: shown(now) });
    }
}

fn walk(place: String, recorded: &Value, now: &Value, out: &mut Vec<Difference>) {
    if recorded == now || out.len() >= MAX_DIFFERENCES {
        return;
    }
    match (recorded, now) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<_> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            let member = |of: &serde_json::Map<String, Value>, key: &str| of.get(key).cloned().unwrap_or_default();
            for key in keys {
                walk(format!("{place}.{key}"), &member(a, key), &member(b, key), out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(format!("{place}.{index}"), a, b, out);
            }
        }
        _ => out.push(Difference { place, recorded: shown(&recorded.to_string()), replayed: shown(&now.to_string()) }),
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(recorded: &str, now: &str, expected: &[&str]) {
        let mut found = Vec::new();
        between("p", recorded, now, &mut found);
        assert_eq!(found.iter().map(Difference::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn places_are_named() {
        check("{\"a\":[1,{\"b\":2}]}", "{\"a\":[1,{\"b\":2}]}", &[]);
        check("{\"a\":[1,{\"b\":2}]}", "{\"a\":[1,{\"b\":3}]}", &["p.a.1.b: recorded 2, now 3"]);
        check("{\"a\":1}", "{\"c\":1}", &["p.a: recorded 1, now null", "p.c: recorded null, now 1"]);
        check("[1]", "[1,2]", &["p: recorded [1], now [1,2]"]);
        check("[1]", "[ 1]", &["p: recorded [1], now [ 1]"]);
    }

    #[test]
    fn what_is_told_is_bounded() {
        let long = |digit: &str| format!("[{}]", vec![format!("\"{}\"", digit.repeat(500)); 500].join(","));
        let mut found = Vec::new();
        between("p", &long("1"), &long("2"), &mut found);
        assert!(found.len() == MAX_DIFFERENCES && found[0].recorded.chars().count() == MAX_SHOWN + 1);
    }
}
