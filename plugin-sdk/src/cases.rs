//! Golden cases: questions with the answers a department stands by, as JSON files in `cases/`.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Call;

/// One golden case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    point: String,
    at: String,
    parameters: Box<RawValue>,
    #[serde(default)]
    settings: Option<Box<RawValue>>,
    input: Asked,
    expected: Value,
}

/// What is asked about whom; the settings stand beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    subject: Box<RawValue>,
    #[serde(default)]
    request: Option<Box<RawValue>>,
}

/// The function that [`crate::export!`] defines.
pub type Decide = fn(&str, &str, &[Call<'_>]) -> Vec<Result<Vec<u8>, String>>;

/// Asks `decide` every question in the folder and lists what differs from the expected answers. For a plain test:
///
/// ```text
/// #[test]
/// fn golden_cases() {
///     guildhall_plugin::cases::run(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"), crate::decide).unwrap();
/// }
/// ```
///
/// # Errors
///
/// If a case cannot be read or is answered otherwise than expected, or if there is none.
pub fn run(folder: impl AsRef<Path>, decide: Decide) -> Result<usize, Mismatch> {
    let folder = folder.as_ref();
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>())
        .map_err(|error| Mismatch(format!("the cases in `{}` cannot be read: {error}", folder.display())))?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut report = String::new();
    for path in &files {
        if let Err(problem) = check(path, decide) {
            let _ = writeln!(report, "{}: {problem}", path.display());
        }
    }
    match (report.is_empty(), files.is_empty()) {
        (true, false) => Ok(files.len()),
        (true, true) => Err(Mismatch(format!("there are no cases in `{}`", folder.display()))),
        (false, _) => Err(Mismatch(report)),
    }
}

fn check(path: &Path, decide: Decide) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let case: Case = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let request = case.input.request.as_deref().map_or("null", RawValue::get);
    let settings = case.settings.as_deref().map_or("{}", RawValue::get);
    let input = format!("{{\"subject\":{},\"request\":{request},\"settings\":{settings}}}", case.input.subject.get());
    let call = Call { parameters: case.parameters.get().as_bytes(), input: input.as_bytes() };
    let answer = decide(&case.point, &case.at, &[call]).pop().ok_or("there is no answer")?;
    let answer: Value = match answer {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string())?,
        Err(refusal) => serde_json::json!({ "refused": refusal }),
    };
    match answer == case.expected {
        true => Ok(()),
        false => Err(format!("{}\n  expected {}\n  answered {answer}", case.name, case.expected)),
    }
}

/// What differs from the golden cases. Prints as it is, so that `unwrap` in a test shows it readably.
pub struct Mismatch(String);

impl std::fmt::Debug for Mismatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "\n{}", self.0)
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}
