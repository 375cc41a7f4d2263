//! A plugin whose answer is its settings: it shows which version was asked, and what it was set to.
//!
//! It is written against the bare WIT and reads its settings by their text, so that one component serves for every description
//! that tests give it.

#![allow(unsafe_code, reason = "the bindings need it")]

wit_bindgen::generate!({ world: "plugin", path: "../../../schema/plugin.wit" });

struct Settled;

export!(Settled);

impl Guest for Settled {
    fn decide(_point: String, _at: String, calls: Vec<Call>) -> Vec<Outcome> {
        calls.iter().map(answer).collect()
    }
}

fn answer(call: &Call) -> Outcome {
    let input = String::from_utf8_lossy(&call.input);
    let (_, settings) = input.rsplit_once("\"settings\":").ok_or("there are no settings")?;
    let days = settings.split_once("\"days\":").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit));
    let days: String = days.ok_or("the setting `days` is missing")?.collect();
    Ok(format!("{{\"output\":{{\"netDays\":{days},\"discount\":\"0\",\"discountDays\":0}},\"reasons\":[]}}")
        .into_bytes())
}
