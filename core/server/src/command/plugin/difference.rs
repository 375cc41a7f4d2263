//! What two JSON values differ in, by path.

use serde_json::Value;

/// Differences that are shown; who has more has another answer.
const SHOWN: usize = 20;

/// One line for each difference: `output.netDays: expected 30, answered 21`.
pub(super) fn differences(expected: &Value, answered: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", Some(expected), Some(answered), &mut lines);
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn compare(path: &str, expected: Option<&Value>, answered: Option<&Value>, lines: &mut Vec<String>) {
    match (expected, answered) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let names: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, left.get(name), right.get(name), lines);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                compare(&format!("{path}[{index}]"), left.get(index), right.get(index), lines);
            }
        }
        (expected, answered) if expected == answered => {}
        (expected, answered) => {
            let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            let place = if path.is_empty() { "the answer" } else { path };
            lines.push(format!("{place}: expected {}, answered {}", shown(expected), shown(answered)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let expected = json!({ "output": { "netDays": 30, "discount": "0" }, "reasons": ["a", "b"] });
        let answered = json!({ "output": { "netDays": 21, "discount": "0", "gift": 1 }, "reasons": ["a"] });
        let told = [
            "output.gift: expected nothing, answered 1",
            "output.netDays: expected 30, answered 21",
            "reasons[1]: expected \"b\", answered nothing",
        ];
        assert_eq!(differences(&expected, &answered), told);
        assert_eq!(differences(&expected, &expected), Vec::<String>::new());
        let many: Vec<_> = (0..30).collect();
        assert_eq!(differences(&json!(many), &json!([])).len(), 21);
    }
}
