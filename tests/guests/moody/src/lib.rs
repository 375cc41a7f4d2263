//! A plugin that misbehaves for the customers whose names say how, and answers well about all others.
//!
//! What a strategy may set is typed, so the hostile guest, which takes its orders from the parameters, cannot be steered
//! through the whole house; this one can. It is written against the bare WIT, because the SDK would not let it answer
//! nonsense.

#![allow(unsafe_code, clippy::panic, reason = "it is meant to misbehave")]

wit_bindgen::generate!({ world: "plugin", path: "../../../schema/plugin.wit" });

struct Moody;

export!(Moody);

impl Guest for Moody {
    fn decide(_point: String, _at: String, calls: Vec<Call>) -> Vec<Outcome> {
        calls.iter().map(answer).collect()
    }
}

fn answer(call: &Call) -> Outcome {
    let named = |name: &str| call.input.windows(name.len()).any(|window| window == name.as_bytes());
    let text = |text: &str| Ok(text.as_bytes().to_vec());
    if named("Panic") {
        panic!("on purpose");
    } else if named("Loop") {
        spin();
    } else if named("Hunger") {
        eat_memory();
    }
    if named("Glutton") {
        burn(700_000);
    }
    if named("Gossip") {
        let known = String::from_utf8_lossy(&call.input).into_owned();
        log(&known);
        return Err(known);
    }
    if named("Torn") {
        return text("{\"output\":{\"netDays\":");
    }
    if named("Liar") {
        return text("{\"output\":{\"netDays\":\"soon\",\"discount\":\"0\",\"discountDays\":0},\"reasons\":[]}");
    }
    if named("Braggart") {
        return text(
            "{\"output\":{\"netDays\":1,\"discount\":\"0\",\"discountDays\":0,\"gift\":\"all\"},\"reasons\":[]}",
        );
    }
    if named("Silent") {
        return Err("I would rather not say".to_owned());
    }
    text("{\"output\":{\"netDays\":21,\"discount\":\"0.01\",\"discountDays\":3},\"reasons\":[\"in a good mood\"]}")
}

fn spin() {
    let mut value = 0_u64;
    loop {
        // The compiler may not remove a loop that it cannot see through.
        value = std::hint::black_box(value.wrapping_add(1));
    }
}

/// Computes for a while, within what a call may use.
fn burn(rounds: u64) {
    let mut value = 0_u64;
    for round in 0..rounds {
        value = std::hint::black_box(value.wrapping_add(round));
    }
}

fn eat_memory() {
    let mut eaten = Vec::new();
    loop {
        eaten.push(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
    }
}
