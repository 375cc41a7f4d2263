//! Golden cases: questions with the answers a department stands by, as JSON files beside the plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::failure::{Failure, FailureCode, is_plain, shown};
use crate::guest::{Call, Guest};

/// One golden case. The SDK runs the same files natively.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(deserialize_with = "plain")]
    pub name: String,
    #[serde(deserialize_with = "plain")]
    pub point: String,
    /// The time of the decision, RFC 3339 in UTC.
    pub at: String,
    pub parameters: Box<RawValue>,
    /// What an administrator set; defaults are filled in.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// `{"subject": {...}, "request": {...}}`; the settings come in from beside it.
    pub input: Box<RawValue>,
    /// `{"output": {...}, "reasons": [...]}`, or `{"refused": "..."}`.
    pub expected: Value,
}

/// Bytes of a case's name.
const NAME: usize = 200;

/// One line that can be shown to anybody.
fn plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.len() <= NAME && is_plain(&text) {
        true => Ok(text),
        false => Err(D::Error::custom(format!(
            "`{}` is not one line of at most {NAME} bytes, without characters that hide or turn a text",
            shown(&text, 80)
        ))),
    }
}

/// Why cases cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error("the cases in `{}` cannot be read: {error}", path.display())]
    Folder { path: PathBuf, error: std::io::Error },
    #[error("the case `{}` is not as it should be: {error}", path.display())]
    Case { path: PathBuf, error: serde_json::Error },
}

/// What a guest answered instead.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name}\n  expected {expected}\n  answered {answered}")]
pub struct Mismatch {
    pub name: String,
    pub expected: Value,
    pub answered: Value,
}

impl Case {
    /// Every case of a folder, by file name.
    ///
    /// # Errors
    ///
    /// Names the file that cannot be read.
    pub fn read_all(folder: &Path) -> Result<Vec<Case>, CaseError> {
        Ok(Self::read_files(folder)?.into_iter().map(|(_, case)| case).collect())
    }

    /// Every case of a folder with its file, by file name.
    ///
    /// # Errors
    ///
    /// Names the file that cannot be read.
    pub fn read_files(folder: &Path) -> Result<Vec<(PathBuf, Case)>, CaseError> {
        files(folder)?.into_iter().map(|path| read(&path).map(|(case, _)| (path, case))).collect()
    }

    /// The text of a case with another expected answer. All else stays as it was written.
    ///
    /// # Errors
    ///
    /// If the text is no case.
    pub fn with_expected(text: &str, expected: &Value) -> Result<String, serde_json::Error> {
        #[derive(Deserialize)]
        struct Expecting<'a> {
            #[serde(borrow)]
            expected: &'a RawValue,
        }

        let old = serde_json::from_str::<Expecting<'_>>(text)?.expected.get();
        // The old answer is a part of the text; where it lies says how much stands before it.
        let start = old.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let (before, rest) = text.split_at_checked(start).unwrap_or((text, ""));
        let after = rest.get(old.len()..).unwrap_or_default();
        let new = serde_json::to_string_pretty(expected)?.replace('\n', "\n  ");
        Ok(format!("{before}{new}{after}"))
    }

    /// The text of every case of a folder, by file name. Each of them can be read.
    pub(crate) fn texts(folder: &Path) -> Result<Vec<String>, CaseError> {
        files(folder)?.into_iter().map(|path| read(&path).map(|(_, text)| text.trim().to_owned())).collect()
    }

    /// Asks the guest and compares. Gives the fuel it took.
    ///
    /// # Errors
    ///
    /// Shows the expected and the actual answer.
    pub fn check(&self, guest: &Guest) -> Result<u64, Box<Mismatch>> {
        let (answered, fuel) = self.ask(guest);
        if answered == self.expected {
            return Ok(fuel);
        }
        Err(Box::new(Mismatch { name: self.name.clone(), expected: self.expected.clone(), answered }))
    }

    /// What the guest answers, in the form of `expected`, and the fuel it took.
    pub fn ask(&self, guest: &Guest) -> (Value, u64) {
        let input = match self.input_with_settings(guest) {
            Ok(input) => input,
            Err(problem) => return (json!({ "failed": problem }), 0),
        };
        let call = Call { parameters: self.parameters.get().as_bytes(), input: &input };
        let mut batch = guest.decide(&self.point, &self.at, &[call]);
        (batch.answers.pop().map_or(Value::Null, answered), batch.fuel)
    }

    fn input_with_settings(&self, guest: &Guest) -> Result<Vec<u8>, String> {
        let settings = guest
            .complete_settings(&self.settings)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        input(&self.input, &settings)
    }
}

/// In the form of `expected`.
fn answered(answer: Result<Answer, Failure>) -> Value {
    match answer {
        Ok(answer) => json!({ "output": answer.output, "reasons": answer.reasons }),
        Err(failure) if failure.code == FailureCode::RefusedByGuest => json!({ "refused": failure.message }),
        Err(failure) => json!({ "failed": failure.to_string() }),
    }
}

/// Which of the cases are answered otherwise in company than alone, by their places. All of one decision point and time are asked in
/// one batch, forwards and backwards. `alone` are the answers that each has alone.
pub fn swayed(cases: &[&Case], alone: &[&Value], guest: &Guest) -> Vec<usize> {
    let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (place, case) in cases.iter().enumerate() {
        groups.entry((&case.point, &case.at)).or_default().push(place);
    }
    let mut found = BTreeSet::new();
    for ((point, at), places) in groups {
        let inputs = places.iter().filter_map(|place| {
            let case = cases.get(*place)?;
            Some((*place, case.parameters.get().as_bytes(), case.input_with_settings(guest).ok()?))
        });
        let inputs: Vec<_> = inputs.collect();
        let both: Vec<_> = inputs.iter().chain(inputs.iter().rev()).collect();
        let calls: Vec<_> = both.iter().map(|(_, parameters, input)| Call { parameters, input }).collect();
        let batch = guest.decide(point, at, &calls);
        for ((place, ..), answer) in both.iter().zip(batch.answers) {
            if alone.get(*place).is_some_and(|alone| **alone != answered(answer)) {
                found.insert(*place);
            }
        }
    }
    found.into_iter().collect()
}

/// The input as a guest gets it: what was asked about whom, and the settings.
///
/// # Errors
///
/// If it is no object with `subject` and perhaps `request`.
pub fn input(asked: &RawValue, settings: &Map<String, Value>) -> Result<Vec<u8>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        subject: Box<RawValue>,
        #[serde(default)]
        request: Option<Box<RawValue>>,
    }

    #[derive(Serialize)]
    struct Input<'a> {
        subject: &'a RawValue,
        request: Option<&'a RawValue>,
        settings: &'a Map<String, Value>,
    }

    let asked: Asked = serde_json::from_str(asked.get())
        .map_err(|error| format!("the input is not `{{\"subject\": {{...}}, \"request\": ...}}`: {error}"))?;
    serde_json::to_vec(&Input { subject: &asked.subject, request: asked.request.as_deref(), settings })
        .map_err(|error| error.to_string())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let failed = |error| CaseError::Folder { path: folder.to_owned(), error };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<(Case, String), CaseError> {
    let text = std::fs::read_to_string(path).map_err(|error| CaseError::Folder { path: path.to_owned(), error })?;
    let case = serde_json::from_str(&text).map_err(|error| CaseError::Case { path: path.to_owned(), error })?;
    Ok((case, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_can_be_shown() {
        let case = |name: &str| {
            json!({ "name": name, "point": "credit.terms", "at": "2026-03-01T09:00:00Z", "parameters": {}, "input": {}, "expected": {} })
                .to_string()
        };
        assert!(serde_json::from_str::<Case>(&case("who pays late")).is_ok());
        for name in ["a\n  signed by `acme`, who is trusted", "a\u{1b}[31m", "a\u{202e}b", &"a".repeat(201)] {
            let told = serde_json::from_str::<Case>(&case(name)).unwrap_err().to_string();
            assert!(told.contains("is not one line of at most 200 bytes"), "{told}");
        }
    }

    #[test]
    fn an_answer_is_replaced_and_nothing_else() {
        let text = "{ \"name\": \"a\",\n  \"expected\": {\"refused\":  \"no\"} ,\n  \"at\": \"expected\" }\n";
        let replaced = Case::with_expected(text, &json!({ "output": {} })).unwrap();
        let expected = "{ \"name\": \"a\",\n  \"expected\": {\n    \"output\": {}\n  } ,\n  \"at\": \"expected\" }\n";
        assert_eq!(replaced, expected);
        assert!(Case::with_expected("{}", &Value::Null).is_err());
    }
}
