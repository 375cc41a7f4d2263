//! JSON Lines: one object a line, whose keys are the columns.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Header, MAX_COLUMNS, bounded};
use crate::import::format::{EMPTY_TEXT, Format};
use crate::import::refusal::{Fault, shown};

/// Keys and values in their order, the values as they are written: a number is never read as a float.
struct Object<'t>(Vec<(String, &'t RawValue)>);

/// The keys of an object.
pub(super) fn keys(text: &[u8], format: &Format) -> Result<Vec<String>, Fault> {
    let text = format.decoded(text)?;
    let keys: Vec<String> = object(&text)?.0.into_iter().map(|(key, _)| key).collect();
    if keys.len() <= MAX_COLUMNS {
        return Ok(keys);
    }
    Err(Fault::new(format!("the object has more than {MAX_COLUMNS} keys"), "leave out those that are not imported"))
}

/// The values of an object as the texts of its columns. A key that is not there has no value.
pub(super) fn values(text: &[u8], header: &Header, format: &Format) -> Result<Vec<String>, Fault> {
    let text = format.decoded(text)?;
    let mut values: Vec<Option<String>> = vec![None; header.width];
    for (key, value) in object(&text)?.0 {
        let place = header.places.get(&key).and_then(|place| values.get_mut(*place));
        let Some(place) = place else {
            let whose = if format.columns.is_some() { "the mapping's `columns`" } else { "the first object" };
            return Err(Fault::new(
                format!("the key `{}` is not in {whose}", shown(&key)),
                "leave it out, or name all keys in the mapping's `columns`",
            ));
        };
        if place.is_some() {
            return Err(Fault::new(format!("the key `{}` occurs twice", shown(&key)), "leave one of them out"));
        }
        *place = Some(value_text(value.get(), format).map_err(|fault| fault.in_column(&key))?);
    }
    Ok(values.into_iter().map(Option::unwrap_or_default).collect())
}

fn object(text: &str) -> Result<Object<'_>, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::new(format!("the line is no JSON object: {error}"), "write one object on each line"))
}

/// A value as the text that stands for it in CSV. Objects and lists are their own text.
fn value_text(value: &str, format: &Format) -> Result<String, Fault> {
    let text = match value.as_bytes() {
        [b'n', ..] => return Ok(String::new()),
        [b'"', ..] => {
            let text: String = serde_json::from_str(value)
                .map_err(|error| Fault::new(format!("the text cannot be read: {error}"), "correct it"))?;
            if text.contains('\0') {
                return Err(Fault::new("the value has a NUL byte", "take it out").of(&text));
            }
            if format.trim { text.trim().to_owned() } else { text }
        }
        [b'-' | b'0'..=b'9', ..] => value.replace('.', format.notation.decimal.encode_utf8(&mut [0; 4])),
        _ => value.to_owned(),
    };
    bounded(&text)?;
    if format.empty.contains(&text) {
        return Ok(String::new());
    }
    Ok(if text.is_empty() { EMPTY_TEXT.to_owned() } else { text })
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
