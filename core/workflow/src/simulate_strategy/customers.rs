//! The base, batch by batch: none of it stays.

use std::sync::Arc;

use guildhall_decision::{SimulatedAnswer, SimulatedCustomer, Verdict};
use guildhall_model::plan::{Comparison, Condition, Expression, Operand};
use guildhall_model::{Field, GlobalId};
use serde_json::Value;
use uuid::Uuid;

use super::asking::{Asked, Asking, Both, found};
use crate::WorkflowError;
use crate::writing::object;

/// Customers that are held at a time: one statement, and one guest call for each plugin and strategy.
const BATCH: usize = 256;

/// Asks everybody, or a sample, and shows each with the answers. Says whether it came to the end.
pub(crate) async fn ask(
    asking: &Asking<'_>,
    points: &[(Asked, String, Value)],
    mut sample: Option<Vec<Uuid>>,
    seen: &mut (dyn FnMut(&SimulatedCustomer<'_>) + Send),
    progress: &mut (dyn FnMut(u64) -> bool + Send),
) -> Result<bool, WorkflowError> {
    let customer = object(asking.house, "Customer")?;
    let id = customer.get("id").cloned();
    let id = id.ok_or_else(|| WorkflowError::Internal("the model lacks `Customer.id`".to_owned()))?;
    let (mut last, mut rows, mut asked) = (Uuid::nil(), BATCH, 0_u64);
    let all: Vec<&Asked> = points.iter().map(|(asked, ..)| asked).collect();
    loop {
        let (filter, wanted) = match &sample {
            Some(left) if left.is_empty() => return Ok(true),
            Some(left) => (one_of(&id, left.iter().take(rows)), rows.min(left.len())),
            None => (behind(&id, last), rows),
        };
        let Some(text) = asking.read(&all, filter, u32::try_from(wanted).unwrap_or(1)).await? else {
            if rows == 1 {
                return Err(WorkflowError::refused("what plugins read of one customer is too much for one statement"));
            }
            rows /= 2;
            continue;
        };
        let found = found(&text)?;
        match &mut sample {
            Some(left) => drop(left.drain(..wanted)),
            None => {
                let Some(end) = found.last() else { return Ok(true) };
                last = GlobalId::parse_as(&end.id, &customer)
                    .map_err(|error| WorkflowError::Internal(format!("an id cannot be read: {error}")))?;
            }
        }
        let mut verdicts: Vec<Vec<(Verdict, Verdict)>> = Vec::with_capacity(points.len());
        for (of, text, request) in points {
            let facts: Vec<_> = found.iter().filter_map(|one| one.facts(&of.point.name, asking.candidate)).collect();
            let both: Vec<_> = facts.iter().map(|(now, then)| Both { now, then, request, text }).collect();
            verdicts.push(asking.decide(&of.point, &both).await?);
        }
        for (index, one) in found.iter().enumerate() {
            let each = points.iter().zip(&verdicts).filter_map(|((of, _, request), verdicts)| {
                let (old, new) = verdicts.get(index)?;
                let (facts, _) = one.facts(&of.point.name, asking.candidate)?;
                let facts = facts.subject().facts;
                Some(SimulatedAnswer { point: &of.point, facts, request, old, new, recorded: None })
            });
            seen(&SimulatedCustomer {
                id: &one.id,
                currency: &one.currency,
                from: one.from(),
                to: one.to(asking.candidate),
                answers: &each.collect::<Vec<_>>(),
            });
        }
        asked = asked.saturating_add(u64::try_from(found.len()).unwrap_or(0));
        if !progress(asked) {
            return Ok(false);
        }
    }
}

fn behind(id: &Arc<Field>, last: Uuid) -> Condition {
    Condition::Compare {
        left: Expression::Field(Arc::clone(id)),
        comparison: Comparison::Greater,
        right: Expression::Operand(Operand::Value(last.into())),
    }
}

/// Customers of these ids.
pub(super) fn one_of<'i>(id: &Arc<Field>, ids: impl Iterator<Item = &'i Uuid>) -> Condition {
    let list = ids.map(|id| Expression::Operand(Operand::Value((*id).into()))).collect();
    Condition::OneOf { left: Expression::Field(Arc::clone(id)), list }
}
