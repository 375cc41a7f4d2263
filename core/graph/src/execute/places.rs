//! The marked places of a response, and where in the response they are.

use guildhall_model::plan::SLOT_MARK;
use serde_json::Value;

/// A place to be filled: the mark and the array after it, from `start` to before `end`.
pub(super) struct Place<'r> {
    pub slot: usize,
    /// The global id of the record the place belongs to.
    pub id: Option<&'r str>,
    pub start: usize,
    pub end: usize,
}

/// A mark without the array that belongs to it: the database wrote what our SQL cannot have asked for.
#[derive(Debug, thiserror::Error)]
#[error("the response has a broken mark at byte {0}")]
pub(super) struct BrokenMark(usize);

/// All places, in order.
pub(super) fn places(response: &str) -> impl Iterator<Item = Result<Place<'_>, BrokenMark>> {
    memchr::memchr_iter(SLOT_MARK, response.as_bytes())
        .map(move |start| place(response, start).ok_or(BrokenMark(start)))
}

fn place(response: &str, start: usize) -> Option<Place<'_>> {
    let rest = response.get(start + 1..)?.strip_prefix('[')?;
    let length = rest.find(']')?;
    let inner = rest.get(..length)?;
    let (slot, id) = match inner.split_once(',') {
        Some((slot, id)) => (slot, Some(id.strip_prefix('"')?.strip_suffix('"')?)),
        None => (inner, None),
    };
    Some(Place { slot: slot.parse().ok()?, id, start, end: start + 1 + 1 + length + 1 })
}

/// Finds the path of a place by walking over the response once; asked only when something failed.
pub(super) struct Scanner<'r> {
    bytes: &'r [u8],
    at: usize,
    open: Vec<Level>,
}

/// An object with the key being read, or an array with the index.
enum Level {
    Object(String),
    Array(usize),
}

impl<'r> Scanner<'r> {
    pub(super) fn new(response: &'r str) -> Self {
        Scanner { bytes: response.as_bytes(), at: 0, open: Vec::new() }
    }

    /// The path of what stands at byte `end`. Asked in growing order.
    pub(super) fn path(&mut self, end: usize) -> Vec<Value> {
        while let Some(byte) = self.bytes.get(self.at).copied().filter(|_| self.at < end) {
            self.at += 1;
            match byte {
                b'{' => self.open.push(Level::Object(String::new())),
                b'[' => self.open.push(Level::Array(0)),
                b'}' | b']' => {
                    self.open.pop();
                }
                b',' => {
                    if let Some(Level::Array(index)) = self.open.last_mut() {
                        *index += 1;
                    }
                }
                b'"' => self.string(),
                _ => {}
            }
        }
        let path = self.open.iter().map(|level| match level {
            Level::Object(key) => Value::from(key.as_str()),
            Level::Array(index) => Value::from(*index),
        });
        path.collect()
    }

    /// Passes a string; one that a colon follows is a key. Keys are GraphQL names, so they have no escapes.
    fn string(&mut self) {
        let begin = self.at;
        while let Some(byte) = self.bytes.get(self.at).copied() {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
        let is_key = self.bytes.get(self.at) == Some(&b':');
        if let (true, Some(Level::Object(key))) = (is_key, self.open.last_mut()) {
            let text = self.bytes.get(begin..self.at - 1).unwrap_or_default();
            *key = String::from_utf8_lossy(text).into_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_with_their_slot_record_and_path() {
        let response = "{\"a\":{\"nodes\":[{\"n\":\"x,\\\"[\",\"d\":\t[0,\"cus_1\"]},{\"n\":null,\"d\":\t[0,\"cus_2\"]}]},\"s\":\t[1]}";
        let mut scanner = Scanner::new(response);
        let found: Vec<String> = places(response)
            .map(|place| place.unwrap())
            .map(|place| format!("{} {:?} {}", place.slot, place.id, Value::from(scanner.path(place.start))))
            .collect();
        assert_eq!(
            found,
            [
                "0 Some(\"cus_1\") [\"a\",\"nodes\",0,\"d\"]",
                "0 Some(\"cus_2\") [\"a\",\"nodes\",1,\"d\"]",
                "1 None [\"s\"]"
            ]
        );
    }

    #[test]
    fn a_mark_without_its_array_is_told() {
        assert!(places("{\"a\":\tnull}").next().unwrap().is_err());
    }
}
