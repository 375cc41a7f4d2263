//! What was asked when decisions were recorded, asked again about the customers as they are today.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_decision::{SimulatedAnswer, SimulatedCustomer, Simulation, canonical_json};
use guildhall_model::GlobalId;
use guildhall_store::ledger::{self, Entry, Recorded};
use serde_json::Value;
use uuid::Uuid;

use super::asking::{Asked, Asking, Both, Found, found};
use super::customers::one_of;
use crate::WorkflowError;
use crate::recorded::global_id;
use crate::writing::object;

/// Recorded decisions that are held at a time.
const PAGE: u32 = 50;

/// A request of the record that the point still reads.
struct Request {
    decision: String,
    customer: Uuid,
    request: Value,
    text: String,
}

pub(super) async fn ask(
    asking: &Asking<'_>,
    points: &[Asked],
    limit: u64,
    simulation: &mut Simulation<'_>,
) -> Result<(), WorkflowError> {
    for asked in points {
        let name = asked.point.name.as_str();
        let (mut behind, mut left, mut seen) = (None, limit, 0_usize);
        while left > 0 {
            let rows = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
            let wanted = Recorded { points: &[name], since: None, behind };
            let page = ledger::recorded(&asking.house.database, &wanted, rows).await?;
            let Some(last) = page.last() else { break };
            behind = Some((last.decided_at, last.id));
            left = left.saturating_sub(page.len().try_into().unwrap_or(u64::MAX));
            seen += again(asking, asked, page, simulation).await?;
        }
        simulation.note(match seen {
            0 => {
                format!("{name} asks something, and nothing was recorded that could be asked again: say what is asked")
            }
            _ => format!(
                "{name} was asked what was recorded last, {seen} times, with today's facts; its money is not added up"
            ),
        });
    }
    Ok(())
}

/// Asks the requests of one page again; how many there were.
async fn again(
    asking: &Asking<'_>,
    asked: &Asked,
    page: Vec<Entry>,
    simulation: &mut Simulation<'_>,
) -> Result<usize, WorkflowError> {
    let mut requests = Vec::with_capacity(page.len());
    for row in page {
        let Some(kept) = row.kept else { continue };
        // What the point no longer reads is left out.
        let request = serde_json::from_str(&kept.request).ok();
        let Some(request) = request.and_then(|request| asked.point.read_request(&request).ok()) else { continue };
        let decision = global_id(&asking.house.model, "Decision", row.id)?;
        requests.push(Request { decision, customer: row.customer, text: canonical_json(&request), request });
    }
    let customer = object(asking.house, "Customer")?;
    let id = customer.get("id").cloned();
    let id = id.ok_or_else(|| WorkflowError::Internal("the model lacks `Customer.id`".to_owned()))?;
    let ids: BTreeSet<Uuid> = requests.iter().map(|request| request.customer).collect();
    let text = asking.read(&[asked], one_of(&id, ids.iter()), PAGE).await?;
    let text = text.ok_or_else(|| WorkflowError::refused("what plugins read of 50 customers is too much at once"))?;
    let known: BTreeMap<String, Found<'_>> = found(&text)?.into_iter().map(|one| (one.id.clone(), one)).collect();
    let mut of = Vec::with_capacity(requests.len());
    for request in &requests {
        // Who was deleted is left out.
        let one = known.get(&GlobalId::new(&customer, request.customer).to_string());
        if let Some((one, (now, then))) =
            one.and_then(|one| Some((one, one.facts(&asked.point.name, asking.candidate)?)))
        {
            of.push((request, one, now, then));
        }
    }
    let both: Vec<_> = of
        .iter()
        .map(|(request, _, now, then)| Both { now, then, request: &request.request, text: &request.text })
        .collect();
    let verdicts = asking.decide(&asked.point, &both).await?;
    for ((request, one, now, _), (old, new)) in of.iter().zip(&verdicts) {
        let answer = SimulatedAnswer {
            point: &asked.point,
            facts: now.subject().facts,
            request: &request.request,
            old,
            new,
            recorded: Some(&request.decision),
        };
        simulation.add_recorded(&SimulatedCustomer {
            id: &one.id,
            currency: &one.currency,
            from: one.from(),
            to: one.to(asking.candidate),
            answers: &[answer],
        });
    }
    Ok(of.len())
}
