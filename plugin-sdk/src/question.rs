//! Question: what a policy is asked.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Answer, DateTime};

/// One question about one subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question<Subject, Request, Parameters, Settings = NoSettings> {
    /// What the input query selected.
    pub subject: Subject,
    /// What the caller asks; `()` where the decision point asks nothing more.
    pub request: Request,
    /// What the strategy sets for this subject.
    pub parameters: Parameters,
    /// What an administrator set for the plugin.
    pub settings: Settings,
    /// The time of the decision. A plugin has no other clock.
    pub at: DateTime,
}

/// The settings of a plugin that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoSettings {}

/// The parameters at a decision point that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoParameters {}

/// A policy as [`crate::export!`] takes it. [`macro@crate::policy`] implements it.
pub trait Policy {
    /// Name of the decision point.
    const POINT: &'static str;
    type Subject: DeserializeOwned;
    type Request: DeserializeOwned;
    type Parameters: DeserializeOwned;
    type Settings: DeserializeOwned;
    type Output: Serialize;

    fn answer(
        question: &Question<Self::Subject, Self::Request, Self::Parameters, Self::Settings>,
    ) -> Result<Answer<Self::Output>, String>;
}

/// One call as it arrives: JSON.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// A JSON object: the decision point's parameters.
    pub parameters: &'a [u8],
    /// A JSON object `{"subject": {...}, "request": {...}, "settings": {...}}`.
    pub input: &'a [u8],
}
