//! `policyConflicts`: counted when the operation runs, beside its statement.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use guildhall_workflow::policy_conflicts::{Over, policy_conflicts};
use serde_json::{Value, json};

use super::Execution;
use crate::plan::{Argument, Plan, Slot};
use crate::problem::{Code, Problem};

/// Decisions that are looked at if nobody says how many.
const DECISIONS: u64 = 1_000;
/// Most decisions of one question: it is to end in time.
const MOST: u64 = 20_000;

impl Execution<'_> {
    /// What fills the slots for conflicts, or why it cannot be told.
    pub(super) async fn conflicts(&self, plan: &Plan) -> HashMap<usize, Result<Value, Problem>> {
        let mut counted = HashMap::new();
        for (place, slot) in plan.slots.iter().enumerate() {
            let Slot::Conflicts { since, until, decisions, said } = slot else { continue };
            let report = self.count_conflicts([since, until], decisions.as_ref()).await;
            counted.insert(place, report.map(|report| said.of(&report)));
        }
        counted
    }

    async fn count_conflicts(
        &self,
        period: [&Option<Argument>; 2],
        decisions: Option<&Argument>,
    ) -> Result<Value, Problem> {
        let wrong = |message: String| Problem::new(Code::BadUserInput, message);
        let given = |argument: Option<&Argument>| argument.and_then(|argument| argument.resolve(self.variables));
        let time = |argument: &Option<Argument>| match given(argument.as_ref()) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_str().map(str::parse::<DateTime<Utc>>) {
                Some(Ok(time)) => Ok(Some(time)),
                _ => Err(wrong(format!("argument of `policyConflicts`: {value} is no time in RFC 3339"))),
            },
        };
        let [since, until] = period;
        let limit = match given(decisions) {
            None | Some(Value::Null) => DECISIONS,
            Some(value) => value.as_u64().filter(|number| *number <= MOST).ok_or_else(|| {
                wrong(format!("argument `decisions` of `policyConflicts` must lie between 0 and {MOST}"))
            })?,
        };
        let over = Over::Recorded { since: time(since)?, until: time(until)?, limit };
        let report = policy_conflicts(self.house, self.actor, over, self.now, &mut |_| {}).await;
        let report = report.map_err(Problem::from)?;
        let mut json = serde_json::to_value(&report).map_err(|error| Problem::internal(&error))?;
        if let Value::Object(members) = &mut json {
            members.insert("text".to_owned(), json!(report.to_string()));
        }
        Ok(json)
    }
}
