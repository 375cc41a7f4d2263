//! Reactions: after which events a plugin is asked whether somebody is to follow up.

use guildhall_decision::FOLLOWUP_POINT;
use guildhall_model::{Model, belongs_to_customer};
use serde_json::Value;

/// Most events are of these kinds; what was deleted leads to no customer any more.
const KINDS: [&str; 3] = ["created", "updated", "restored"];

/// `Order.created`: one kind of event, or all of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reaction {
    record_type: String,
    /// As the request has it, `CREATED`; any if there is none.
    happened: Option<String>,
}

impl Reaction {
    /// Reads a pattern of a manifest.
    ///
    /// # Errors
    ///
    /// Says why nothing would ever come of it.
    pub(crate) fn read(model: &Model, pattern: &str) -> Result<Self, String> {
        let (record_type, kind) = pattern.split_once('.').unwrap_or((pattern, ""));
        let object =
            model.object(record_type).ok_or_else(|| format!("`{pattern}`: the model has no type `{record_type}`"))?;
        if record_type == "Task" {
            return Err(format!("`{pattern}`: a follow-up is a task, so nothing reacts to tasks"));
        }
        if object.is_kept() {
            return Err(format!("`{pattern}`: Guildhall itself writes a `{record_type}`, and no event tells of it"));
        }
        if !belongs_to_customer(model, object) {
            return Err(format!("`{pattern}`: a `{record_type}` belongs to no customer who could be followed up"));
        }
        let happened = match kind {
            "*" => None,
            kind if KINDS.contains(&kind) => Some(kind.to_ascii_uppercase()),
            _ => {
                return Err(format!(
                    "`{pattern}`: there is no such event; after the type stands {} or *",
                    KINDS.join(", ")
                ));
            }
        };
        Ok(Reaction { record_type: record_type.to_owned(), happened })
    }

    pub(crate) fn is_of(&self, record_type: &str, happened: &str) -> bool {
        self.record_type == record_type
            && match &self.happened {
                Some(kind) => kind == happened,
                None => KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(happened)),
            }
    }
}

/// Whether a plugin with these reactions is asked at `point`: at the point that asks about events, only about its own.
pub(crate) fn is_asked(reactions: &[Reaction], point: &str, request: &Value) -> bool {
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    point != FOLLOWUP_POINT || reactions.iter().any(|reaction| reaction.is_of(text("recordType"), text("happened")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, event: (&str, &str), expected: Result<bool, &str>) {
        let read = Reaction::read(&Model::core(), pattern).map(|reaction| reaction.is_of(event.0, event.1));
        assert_eq!(read, expected.map_err(str::to_owned), "{pattern}");
    }

    #[test]
    fn a_plugin_reacts_to_what_it_names() {
        check("Order.created", ("Order", "CREATED"), Ok(true));
        check("Order.created", ("Order", "UPDATED"), Ok(false));
        check("Order.created", ("Invoice", "CREATED"), Ok(false));
        check("Invoice.*", ("Invoice", "RESTORED"), Ok(true));
        check("Invoice.*", ("Invoice", "DELETED"), Ok(false));
        check("Customer.updated", ("Customer", "UPDATED"), Ok(true));
    }

    #[test]
    fn nothing_reacts_to_what_leads_nowhere() {
        let order = ("Order", "CREATED");
        check("Orders.created", order, Err("`Orders.created`: the model has no type `Orders`"));
        check("Task.*", order, Err("`Task.*`: a follow-up is a task, so nothing reacts to tasks"));
        check("Product.*", order, Err("`Product.*`: a `Product` belongs to no customer who could be followed up"));
        check("Decision.*", order, Err("`Decision.*`: Guildhall itself writes a `Decision`, and no event tells of it"));
        for kind in ["deleted", "CREATED", "", "placed"] {
            let pattern = format!("Order.{kind}");
            let refused =
                format!("`{pattern}`: there is no such event; after the type stands created, updated, restored or *");
            check(&pattern, order, Err(&refused));
        }
    }
}
