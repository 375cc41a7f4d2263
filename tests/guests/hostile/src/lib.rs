//! A plugin that misbehaves in every way we know, one at a time.
//!
//! It is written against the bare WIT, without the SDK, as someone who means harm would write it. The parameters say what
//! to do: `{"misbehave": "loop"}`. What is not known is answered well. What follows `say:` is the answer, byte by byte.

#![allow(unsafe_code, clippy::panic, clippy::indexing_slicing, reason = "it is meant to misbehave")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

wit_bindgen::generate!({ world: "plugin", path: "../../../schema/plugin.wit" });

struct Hostile;

export!(Hostile);

/// Memory that outlives a call: a fresh instance has none of it.
static CALLS: AtomicU32 = AtomicU32::new(0);
/// The input it was shown last.
static STASH: Mutex<Vec<u8>> = Mutex::new(Vec::new());

impl Guest for Hostile {
    fn decide(_point: String, _at: String, calls: Vec<Call>) -> Vec<Outcome> {
        let seen = CALLS.fetch_add(1, Ordering::Relaxed);
        let mut answers: Vec<_> = calls.iter().map(|call| answer(call, seen)).collect();
        let asked = |what: &str| calls.iter().any(|call| contains(&call.parameters, what));
        if asked("too_few") {
            answers.pop();
        }
        if asked("too_many") {
            answers.push(Ok(good("")));
        }
        answers
    }
}

fn answer(call: &Call, seen: u32) -> Outcome {
    if let Some(said) = call.parameters.strip_prefix(b"say:") {
        return Ok(said.to_vec());
    }
    let asked = |what: &str| contains(&call.parameters, what);
    let known = STASH.lock().map(|mut stash| std::mem::replace(&mut *stash, call.input.clone())).unwrap_or_default();
    if asked("\"tell\"") {
        return Ok(good(&String::from_utf8_lossy(&known).replace('"', "'")));
    } else if asked("\"remember\"") {
        // Left behind in memory, far above what the next call uses.
        std::mem::forget(std::hint::black_box(vec![0xa5_u8; 6 << 20]));
    } else if asked("\"search\"") {
        return Ok(good(&search().to_string()));
    } else if asked("\"nan_bits\"") {
        let nothing = std::hint::black_box(f64::INFINITY) - std::hint::black_box(f64::INFINITY);
        return Ok(good(&format!("{:x}", (-nothing).to_bits())));
    } else if asked("\"grow\"") {
        let refused = grow(65_000) == usize::MAX;
        return Ok(good(if refused { "refused" } else { "granted" }));
    } else if asked("\"gossip\"") {
        log(&String::from_utf8_lossy(&call.input));
        return Err(String::from_utf8_lossy(&call.input).into_owned());
    } else if asked("\"disguise\"") {
        return Err("no\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}\u{9b}31m\r\n[INFO] paid in full".to_owned());
    }
    if asked("\"loop\"") {
        spin();
    } else if asked("\"panic\"") {
        panic!("on purpose, at /home/secret/place");
    } else if asked("\"abort\"") {
        std::process::abort();
    } else if asked("\"memory\"") {
        eat_memory();
    } else if asked("\"deep\"") {
        return Ok(good(&recurse(1_000_000_000).to_string()));
    } else if asked("\"log\"") {
        for line in 0..50 {
            log(&format!("line {line} {}\n\u{1b}[31mred", "x".repeat(100)));
        }
    } else if asked("\"log_forever\"") {
        loop {
            log("again");
        }
    } else if asked("\"log_giant\"") {
        log(&"x".repeat(4_000_000));
    } else if asked("\"write_everywhere\"") {
        write_everywhere();
    }
    wrong_answer(call, seen).unwrap_or_else(|| Ok(good("")))
}

fn wrong_answer(call: &Call, seen: u32) -> Option<Outcome> {
    let asked = |what: &str| contains(&call.parameters, what);
    let text = |text: &str| Some(Ok(text.as_bytes().to_vec()));
    if asked("\"refuse\"") {
        return Some(Err(format!("no, because {}\n\u{1b}[31m", "z".repeat(2_000))));
    }
    if asked("\"flood\"") {
        return Some(Ok(good(&"y".repeat(30_000))));
    }
    if asked("\"giant\"") {
        return Some(Ok(vec![b'{'; 8_000_000]));
    }
    if asked("\"malformed\"") {
        return text("{\"output\":{\"netDays\":");
    }
    if asked("\"not_utf8\"") {
        return Some(Ok(b"{\"output\":{\"a\":\"\xff\"}}".to_vec()));
    }
    if asked("\"nan\"") {
        return text("{\"output\":{\"discount\":NaN}}");
    }
    if asked("\"twice\"") {
        return text("{\"output\":{\"netDays\":1,\"netDays\":2}}");
    }
    if asked("\"array\"") {
        return text("{\"output\":[1]}");
    }
    if asked("\"unknown_member\"") {
        return text("{\"output\":{},\"verdict\":\"APPROVED\"}");
    }
    if asked("\"many_reasons\"") {
        return text(&format!("{{\"output\":{{}},\"reasons\":[{}\"last\"]}}", "\"r\",".repeat(20)));
    }
    if asked("\"long_reason\"") {
        return text(&format!("{{\"output\":{{}},\"reasons\":[\"{}\"]}}", "r".repeat(501)));
    }
    if asked("\"nested\"") {
        return text(&format!("{{\"output\":{{\"a\":{}1{}}}}}", "[".repeat(5_000), "]".repeat(5_000)));
    }
    if asked("\"count\"") {
        return Some(Ok(good(&seen.to_string())));
    }
    None
}

fn good(note: &str) -> Vec<u8> {
    format!("{{\"output\":{{\"netDays\":7,\"note\":\"{note}\"}},\"reasons\":[\"as asked\"]}}").into_bytes()
}

fn contains(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|window| window == what.as_bytes())
}

fn spin() {
    let mut value = 0_u64;
    loop {
        // The compiler may not remove a loop that it cannot see through.
        value = std::hint::black_box(value.wrapping_add(1));
    }
}

/// The size of the memory in pages before it grew by so many, `usize::MAX` if it did not.
fn grow(pages: usize) -> usize {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_grow(0, pages);
    // Lints look at this crate on other machines too.
    #[cfg(not(target_arch = "wasm32"))]
    return usize::MAX - usize::from(pages == 0);
}

/// Bytes that are not zero in memory that nobody of this call has written.
fn search() -> usize {
    let pages = 96;
    let grown = grow(pages);
    let bytes = pages * (64 << 10);
    // SAFETY: the memory begins where it ended before it grew, and has this size.
    let fresh = unsafe { std::slice::from_raw_parts((grown * (64 << 10)) as *const u64, bytes / 8) };
    fresh.iter().filter(|word| **word != 0).count()
}

fn eat_memory() {
    let mut eaten = Vec::new();
    loop {
        eaten.push(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 16]);
    if depth == 0 { frame[0] } else { recurse(std::hint::black_box(depth - 1)) + frame[15] }
}

/// Writes past its memory, where a sandbox with a hole would let it through.
fn write_everywhere() {
    let mut address = 0x1000_0000_usize;
    loop {
        // SAFETY: there is none; the sandbox has to trap.
        unsafe { std::ptr::write_volatile(address as *mut u64, 0x4141_4141_4141_4141) };
        address = address.wrapping_add(0x100_0000);
    }
}
