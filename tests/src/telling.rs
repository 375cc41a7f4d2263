//! Reading responses.

use std::collections::HashMap;

use serde_json::Value;

/// The codes of a response's errors, in their order.
pub fn codes(response: &Value) -> Vec<String> {
    let errors = response.get("errors").and_then(Value::as_array).into_iter().flatten();
    let code = |error: &Value| error.pointer("/extensions/code")?.as_str().map(str::to_owned);
    errors.map(|error| code(error).unwrap_or_else(|| format!("no code: {error}"))).collect()
}

/// What is asked of a mutation beside what it did: why it did nothing.
pub const WHY: &str = "... on Invalid { problems { path code message } } ... on Refused { reasons { code message } }";

/// The codes a mutation that was asked [`WHY`] was refused with: of its reasons, or of what is wrong with values.
pub fn refusals(response: &Value) -> Vec<String> {
    let data = response.get("data").and_then(Value::as_object);
    let results = data.into_iter().flat_map(serde_json::Map::values);
    let told = results.filter_map(|result| result.get("reasons").or_else(|| result.get("problems"))?.as_array());
    let code = |item: &Value| item.get("code").and_then(Value::as_str).unwrap_or("no code").to_owned();
    told.flatten().map(code).collect()
}

/// The text with `cus_1` for the first global id in it, `ord_2` for the second and so on: ids differ between databases,
/// and all else may not.
pub fn normalised(text: &str) -> String {
    const DIGITS: usize = 32;
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('_') {
        let (before, after) = rest.split_at(place + 1);
        out.push_str(before);
        let is_id = after.len() >= DIGITS && after.bytes().take(DIGITS).all(|byte| byte.is_ascii_hexdigit());
        if is_id {
            let (digits, after) = after.split_at(DIGITS);
            let next = known.len() + 1;
            out.push_str(&known.entry(digits.to_owned()).or_insert(next).to_string());
            rest = after;
        } else {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ids_stay_equal() {
        let (one, other) = ("0190000000007000800000000000000a", "0190000000007000800000000000000b");
        let text = format!("[\"cus_{one}\",\"ord_{other}\",\"cus_{one}\",\"a_b_\"]");
        assert_eq!(normalised(&text), "[\"cus_1\",\"ord_2\",\"cus_1\",\"a_b_\"]");
    }
}
