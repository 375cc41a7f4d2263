//! From JSON to a policy and back.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Answer, Call, DateTime, NotADate, Policy, Question};

#[derive(Deserialize)]
struct Input<'a, Subject, Request> {
    subject: Subject,
    request: Request,
    /// What is not there is as if nothing were set.
    #[serde(borrow, default)]
    settings: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Written<'a, T> {
    output: &'a T,
    reasons: &'a [String],
}

/// What is the same for all calls of a batch.
pub struct Turn {
    at: Result<DateTime, NotADate>,
    /// Where answers are written, so that each is copied once, into as many bytes as it has.
    paper: Vec<u8>,
}

impl Turn {
    pub fn at(at: &str) -> Self {
        Turn { at: at.parse(), paper: Vec::new() }
    }

    /// Answers one call. What cannot be read fails this call alone.
    pub fn answer<P: Policy>(&mut self, call: &Call<'_>) -> Result<Vec<u8>, String> {
        let at = self.at.clone().map_err(|error| error.to_string())?;
        let input: Input<'_, P::Subject, P::Request> =
            read(call.input, "the input is not what the input query selects")?;
        let parameters = read(call.parameters, "the parameters do not fit the decision point")?;
        let settings = read(
            input.settings.map_or("{}", RawValue::get).as_bytes(),
            "the settings do not fit the plugin's settings schema",
        )?;
        let question = Question { subject: input.subject, request: input.request, parameters, settings, at };
        let Answer { output, reasons } = P::answer(&question)?;
        self.paper.clear();
        serde_json::to_writer(&mut self.paper, &Written { output: &output, reasons: &reasons })
            .map_err(|error| format!("the answer cannot be written: {error}"))?;
        Ok(self.paper.as_slice().to_vec())
    }
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], problem: &str) -> Result<T, String> {
    // Looked at once as a whole: serde_json would look at each string for itself.
    let text = str::from_utf8(bytes).map_err(|error| format!("{problem}: {error}"))?;
    serde_json::from_str(text).map_err(|error| format!("{problem}: {error}"))
}

/// The answer where no policy serves the point.
pub fn unknown_point(point: &str) -> Result<Vec<u8>, String> {
    Err(format!("this plugin does not serve `{point}`"))
}
