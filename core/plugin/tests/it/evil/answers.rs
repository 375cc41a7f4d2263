//! What a guest may say, to the last byte.

use guildhall_plugin_host::Call;

use super::{Case, case};
use crate::fixture::AT;

/// The hostile guest says exactly this about payment terms.
fn says(name: &'static str, does: &'static str, text: impl Into<Vec<u8>>) -> Case {
    says_at("credit.terms", name, does, text)
}

fn says_at(point: &'static str, name: &'static str, does: &'static str, text: impl Into<Vec<u8>>) -> Case {
    let parameters = [b"say:".to_vec(), text.into()].concat();
    case(name, does, move |ground| {
        let call = Call { parameters: &parameters, input: b"{}" };
        let mut batch = ground.hostile.decide(point, AT, &[call]);
        ground.judge(point, batch.answers.remove(0))
    })
}

/// An answer with these terms.
fn terms(days: &str, discount: &str, discount_days: &str) -> String {
    format!("{{\"output\":{{\"netDays\":{days},\"discount\":{discount},\"discountDays\":{discount_days}}}}}")
}

fn check(outcome: &str, utilization: &str) -> String {
    format!("{{\"output\":{{\"outcome\":{outcome},\"utilization\":{utilization}}}}}")
}

pub(super) fn cases() -> Vec<Case> {
    let deep = |open: &str, close: &str, depth: usize| {
        format!("{{\"output\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    };
    vec![
        says("good", "answers well", terms("7", "\"0.01\"", "3")),
        says("nothing_at_all", "answers with no byte", ""),
        says("half", "answers with half an answer", "{\"output\":{\"netDays\":"),
        says("two_answers", "answers with two answers in one", terms("7", "\"0\"", "0").repeat(2)),
        says("no_utf8", "writes bytes that are no text", b"{\"output\":{\"netDays\":\"\xff\xfe\"}}"),
        says("half_surrogate", "writes half of a surrogate pair", "{\"output\":{\"netDays\":\"\\ud800\"}}"),
        says("zero_bytes", "writes zeros after its answer", format!("{}\0\0", terms("7", "\"0\"", "0"))),
        says("byte_order", "begins with a byte order mark", format!("\u{feff}{}", terms("7", "\"0\"", "0"))),
        says("oversized", "answers with 20 KiB and more", terms("7", &format!("\"0.{}\"", "0".repeat(20_480)), "0")),
        says("array", "gives a list for an output", "{\"output\":[1]}"),
        says("text", "gives a text for an answer", "\"approved\""),
        says("null", "gives null for an output", "{\"output\":null}"),
        says("deep_lists", "nests 5,000 lists", deep("[", "]", 5_000)),
        says("deep_objects", "nests 2,000 objects", deep("{\"a\":", "}", 2_000)),
        says(
            "twice",
            "gives a field twice",
            "{\"output\":{\"netDays\":1,\"netDays\":99,\"discount\":\"0\",\"discountDays\":0}}",
        ),
        says(
            "twice_escaped",
            "gives a field twice, once in escapes",
            "{\"output\":{\"netDays\":1,\"\\u006eetDays\":99,\"discount\":\"0\",\"discountDays\":0}}",
        ),
        says(
            "twice_inside",
            "gives a field twice within a value",
            "{\"output\":{\"netDays\":{\"a\":1,\"a\":2},\"discount\":\"0\",\"discountDays\":0}}",
        ),
        says("two_outputs", "gives two outputs", "{\"output\":{},\"output\":{}}"),
        says("unknown_member", "adds a verdict of its own", "{\"output\":{},\"verdict\":\"APPROVED\"}"),
        says(
            "unknown_field",
            "adds a field nobody asked for",
            "{\"output\":{\"netDays\":1,\"discount\":\"0\",\"discountDays\":0,\"gift\":\"all\"}}",
        ),
        says(
            "colourful_field",
            "adds a field whose name would colour a terminal",
            "{\"output\":{\"\\u001b[31m\\r\\nnetDays\":1}}",
        ),
        says("missing_field", "leaves a field out", "{\"output\":{\"netDays\":1,\"discount\":\"0\"}}"),
        says("null_field", "gives null where a value has to be", terms("null", "\"0\"", "0")),
        says("nan", "gives NaN", terms("NaN", "\"0\"", "0")),
        says("infinite", "gives 1e999", terms("1e999", "\"0\"", "0")),
        says("huge_integer", "gives 2147483648 days", terms("2147483648", "\"0\"", "0")),
        says("huger_integer", "gives a number of 400 digits", terms(&"9".repeat(400), "\"0\"", "0")),
        says("fraction", "gives half a day", terms("0.5", "\"0\"", "0")),
        says("whole_fraction", "gives 7.0 days", terms("7.0", "\"0\"", "0")),
        says("text_for_number", "gives a number as text", terms("\"7\"", "\"0\"", "0")),
        says("number_for_decimal", "gives a decimal as a number", terms("7", "0.01", "0")),
        says("huge_decimal", "gives a decimal of 1,000 digits", terms("7", &format!("\"{}\"", "9".repeat(1_000)), "0")),
        says(
            "fine_decimal",
            "gives a decimal of 1,000 places",
            terms("7", &format!("\"0.{}1\"", "0".repeat(998)), "0"),
        ),
        says("exponent", "gives a decimal with an exponent", terms("7", "\"1e30\"", "0")),
        says("odd_decimal", "gives a decimal with blanks, signs and foreign digits", terms("7", "\" +٣.5\"", "0")),
        says("decimal_nan", "gives NaN as a decimal", terms("7", "\"NaN\"", "0")),
        says("negative", "gives a term before the invoice", terms("-2147483648", "\"0\"", "0")),
        says("beyond_bounds", "gives a term beyond the ground rule", terms("365", "\"0\"", "0")),
        says_at("credit.check", "wrong_enum", "gives a value the enum has not", check("\"MAYBE\"", "\"0\"")),
        says_at("credit.check", "enum_case", "gives a value in small letters", check("\"approved\"", "\"0\"")),
        says_at(
            "credit.check",
            "enum_blank",
            "gives a value with a zero behind it",
            check("\"APPROVED\\u0000\"", "\"0\""),
        ),
        says_at("credit.check", "enum_number", "gives a value by its number", check("0", "\"0\"")),
        says(
            "many_reasons",
            "gives 21 reasons",
            format!("{{\"output\":{{}},\"reasons\":[{}\"last\"]}}", "\"r\",".repeat(20)),
        ),
        says(
            "long_reason",
            "gives a reason of 501 characters",
            format!("{{\"output\":{{}},\"reasons\":[\"{}\"]}}", "r".repeat(501)),
        ),
        says("odd_reasons", "gives reasons that are no texts", "{\"output\":{},\"reasons\":[{\"a\":1}]}"),
    ]
}
