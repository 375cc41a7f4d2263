//! Sets: one answer about many members, and how the answers are settled among them.

use super::{InputField, OutputField};

/// The members of a set and the answers about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// The list in the request, `claims`, and the type of its members.
    pub list: String,
    pub list_type: String,
    /// The list in the answer, `shares`, and the type of its entries.
    pub answers: String,
    pub answer_type: String,
    /// The field that names the member in both.
    pub key: String,
    /// What is said of each member, beside the key.
    pub inputs: Vec<InputField>,
    /// What is answered about each member, beside the key.
    pub outputs: Vec<OutputField>,
    pub settle: Option<Settle>,
    pub score: Option<Score>,
}

/// What the core makes of the answers together.
#[derive(Clone, Debug, PartialEq)]
pub enum Settle {
    /// Puts them in order, the greatest first.
    Rank { by: Vec<String>, into: String },
    /// Puts them in order and chooses the first that are allowed.
    Choose {
        by: Vec<String>,
        into: String,
        allowed: Option<String>,
        exempt: Option<String>,
        /// The parameter that says how many.
        cap: String,
        /// The request's field that says how many were chosen before.
        used: Option<String>,
    },
    /// Shares out what is scarce.
    Ration(Ration),
}

/// Which fields share out what is scarce.
#[derive(Clone, Debug, PartialEq)]
pub struct Ration {
    /// How much each gets; of the answer.
    pub field: String,
    /// How much there is; of the request.
    pub supply: String,
    /// How much each wants; of the member.
    pub demand: String,
    /// The member's segment.
    pub segment: Option<String>,
    /// Who loses last; of the answer.
    pub standing: Option<String>,
    /// What is missing to the demand, and whether less was given than proposed; of the answer.
    pub short: Option<String>,
    pub cut: Option<String>,
}

/// The field that the strategy's arbitration gives its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub field: String,
    pub lever: Option<String>,
    pub currency: Option<String>,
    pub money: Vec<String>,
}

impl Members {
    pub fn output(&self, name: &str) -> Option<&OutputField> {
        self.outputs.iter().find(|field| field.name == name)
    }

    pub fn input(&self, name: &str) -> Option<&InputField> {
        self.inputs.iter().find(|field| field.name == name)
    }

    pub fn ration(&self) -> Option<&Ration> {
        match &self.settle {
            Some(Settle::Ration(ration)) => Some(ration),
            _ => None,
        }
    }
}
