//! One value of a record, as it is written.

use serde_json::Value as Json;

use crate::business_data::FORMULA;

/// Stands before a text that is not to be taken for something else, itself included, so that taking off one mark always gives
/// what was there. Spreadsheets show what follows as text.
const MARK: char = '\'';

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    /// What people or other systems wrote: it may be anything.
    Text(&'a str),
    /// A value in the API's notation: a number, a day, a name of an enum.
    Value(&'a Json),
}

impl Cell<'_> {
    /// Null is nothing at all; an empty text is a mark alone.
    pub(super) fn write_csv(self, out: &mut String) {
        match self {
            Cell::Null | Cell::Value(Json::Null) => {}
            Cell::Text(text) if text.is_empty() || text.starts_with(MARK) || text.starts_with(FORMULA) => {
                quote(&format!("{MARK}{text}"), out);
            }
            Cell::Text(text) => quote(text, out),
            Cell::Value(Json::String(text)) => quote(text, out),
            Cell::Value(value) => quote(&value.to_string(), out),
        }
    }

    pub(super) fn write_json(self, out: &mut String) {
        match self {
            Cell::Null => out.push_str("null"),
            Cell::Text(text) => out.push_str(&Json::from(text).to_string()),
            Cell::Value(value) => out.push_str(&value.to_string()),
        }
    }
}

/// A field of RFC 4180.
pub(super) fn quote(text: &str, out: &mut String) {
    if text.contains([',', '"', '\r', '\n']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_text(text: &str, csv: &str, json: &str) {
        check(Cell::Text(text), csv, json);
        // What stands in the file reads back as it was.
        let mut written = String::new();
        Cell::Text(text).write_csv(&mut written);
        let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let value = inner.map_or(written.clone(), |inner| inner.replace("\"\"", "\""));
        assert!(!value.is_empty() && !value.starts_with(['=', '+', '-', '@', '\t', '\r']));
        assert_eq!(value.strip_prefix('\'').unwrap_or(&value), text);
    }

    #[track_caller]
    fn check(cell: Cell<'_>, csv: &str, json: &str) {
        let (mut as_csv, mut as_json) = (String::new(), String::new());
        cell.write_csv(&mut as_csv);
        cell.write_json(&mut as_json);
        assert_eq!((as_csv.as_str(), as_json.as_str()), (csv, json));
    }

    #[test]
    fn plain_texts_stay_as_they_are() {
        check_text("Zebra Foods", "Zebra Foods", r#""Zebra Foods""#);
        check_text(" 日本酒バー 🍺 ", " 日本酒バー 🍺 ", r#"" 日本酒バー 🍺 ""#);
        check_text("a=b", "a=b", r#""a=b""#);
        check_text("1-2", "1-2", r#""1-2""#);
    }

    #[test]
    fn separators_quotes_and_line_breaks_stand_in_quotes() {
        check_text("a,b", "\"a,b\"", r#""a,b""#);
        check_text("a;b", "a;b", r#""a;b""#);
        check_text("\"a\" b", "\"\"\"a\"\" b\"", r#""\"a\" b""#);
        check_text("a\r\nb", "\"a\r\nb\"", r#""a\r\nb""#);
    }

    #[test]
    fn what_looks_like_a_formula_gets_a_mark() {
        check_text("=1+1", "'=1+1", r#""=1+1""#);
        check_text("+49 40 1", "'+49 40 1", r#""+49 40 1""#);
        check_text("-12.50", "'-12.50", r#""-12.50""#);
        check_text("@SUM(A1,A2)", "\"'@SUM(A1,A2)\"", r#""@SUM(A1,A2)""#);
        check_text("\tx", "'\tx", r#""\tx""#);
        check_text("\rx", "\"'\rx\"", r#""\rx""#);
        check_text("\nx", "\"'\nx\"", r#""\nx""#);
        check_text("＝1", "'＝1", r#""＝1""#);
    }

    #[test]
    fn what_begins_with_a_mark_gets_another() {
        check_text("'", "''", r#""'""#);
        check_text("'=1", "''=1", r#""'=1""#);
        check_text("''", "'''", r#""''""#);
    }

    #[test]
    fn an_empty_text_is_not_null() {
        check_text("", "'", r#""""#);
        check(Cell::Null, "", "null");
        check(Cell::Value(&Json::Null), "", "null");
    }

    #[test]
    fn values_keep_their_kind_in_json_and_are_never_marked() {
        check(Cell::Value(&json!("-12.50")), "-12.50", r#""-12.50""#);
        check(Cell::Value(&json!(-7)), "-7", "-7");
        check(Cell::Value(&json!(true)), "true", "true");
        check(
            Cell::Value(&json!("2026-11-22T18:07:08.123Z")),
            "2026-11-22T18:07:08.123Z",
            r#""2026-11-22T18:07:08.123Z""#,
        );
        check(Cell::Value(&json!({ "a": [1, "x"] })), r#""{""a"":[1,""x""]}""#, r#"{"a":[1,"x"]}"#);
    }
}
