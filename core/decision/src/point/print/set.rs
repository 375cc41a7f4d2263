//! The members of a set as SDL.

use std::fmt::Write;

use super::{inputs, output, quoted};
use crate::point::{Members, Ration, Score, Settle};

/// The list of answers, with how they are settled.
pub(super) fn answers(sdl: &mut String, members: &Members) -> std::fmt::Result {
    let Members { answers, answer_type, list, key, .. } = members;
    write!(sdl, "  \"What is said of each member.\"\n  {answers}: [{answer_type}!]! ")?;
    write!(sdl, "@each(of: {}, key: {})", quoted(list), quoted(key))?;
    match &members.settle {
        None => {}
        Some(Settle::Rank { by, into }) => write!(sdl, " @rank(by: {}, into: {})", texts(by), quoted(into))?,
        Some(Settle::Choose { by, into, allowed, exempt, cap, used }) => {
            write!(sdl, " @choose(by: {}, into: {}, cap: {}", texts(by), quoted(into), quoted(cap))?;
            optional(sdl, &[("allowed", allowed), ("exempt", exempt), ("used", used)])?;
            sdl.push(')');
        }
        Some(Settle::Ration(Ration { field, supply, demand, segment, standing, short, cut })) => {
            let (field, supply, demand) = (quoted(field), quoted(supply), quoted(demand));
            write!(sdl, " @ration(field: {field}, supply: {supply}, demand: {demand}")?;
            optional(sdl, &[("segment", segment), ("standing", standing), ("short", short), ("cut", cut)])?;
            sdl.push(')');
        }
    }
    sdl.push('\n');
    Ok(())
}

/// The type of the answers.
pub(super) fn answer_type(sdl: &mut String, members: &Members) -> std::fmt::Result {
    writeln!(sdl, "\"What is said of a member.\"\ntype {} {{", members.answer_type)?;
    writeln!(sdl, "{}", named(&members.key))?;
    for field in &members.outputs {
        let score = members.score.as_ref().filter(|score| score.field == field.name);
        output(sdl, field, &score.map(scored).transpose()?.unwrap_or_default())?;
    }
    sdl.push_str("}\n");
    Ok(())
}

fn scored(score: &Score) -> Result<String, std::fmt::Error> {
    let mut arguments = String::new();
    write!(arguments, " @score(money: {}", texts(&score.money))?;
    optional(&mut arguments, &[("lever", &score.lever), ("currency", &score.currency)])?;
    arguments.push(')');
    Ok(arguments)
}

/// The list in the request.
pub(super) fn list(members: &Members) -> String {
    format!("\n  \"The members.\"\n  {}: [{}!]!", members.list, members.list_type)
}

/// The type of the members.
pub(super) fn member_type(sdl: &mut String, members: &Members) -> std::fmt::Result {
    inputs(sdl, &members.list_type, &members.inputs, Some(&format!("\n{}", named(&members.key))))
}

fn named(key: &str) -> String {
    format!("  \"Names the member.\"\n  {key}: String!")
}

fn optional(sdl: &mut String, arguments: &[(&str, &Option<String>)]) -> std::fmt::Result {
    for (name, value) in arguments {
        if let Some(value) = value {
            write!(sdl, ", {name}: {}", quoted(value))?;
        }
    }
    Ok(())
}

fn texts(all: &[String]) -> String {
    serde_json::Value::from(all.to_vec()).to_string()
}
