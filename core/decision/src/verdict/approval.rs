//! What goes ahead only when somebody approves it who has the authority.

use serde::Serialize;
use serde_json::Value as Json;

use super::{Answer, json};
use crate::{OutputField, Parameters};

/// A value above what needs nobody's approval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Approval {
    pub field: String,
    pub value: Json,
    /// The parameter it is above, and the parameter's value.
    pub parameter: String,
    pub limit: Json,
    /// Who set the parameter, in words.
    pub source: String,
}

/// In the fields' order. Without a limit everything needs approval.
pub(super) fn approvals(fields: &[OutputField], answer: &Answer, parameters: &Parameters) -> Vec<Approval> {
    let approval = |field: &OutputField| {
        let name = field.authority.as_ref()?;
        let value = answer.get(&field.name)?.as_ref()?;
        let resolved = parameters.get(name)?;
        if resolved.value.as_ref().is_some_and(|limit| value <= limit) {
            return None;
        }
        Some(Approval {
            field: field.name.clone(),
            value: json(Some(value)),
            parameter: name.clone(),
            limit: json(resolved.value.as_ref()),
            source: resolved.source.clone(),
        })
    };
    fields.iter().filter_map(approval).collect()
}
