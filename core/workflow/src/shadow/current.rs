//! Customers of today: the installed plugins with and without the candidate, side by side.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{Comparison, DecisionPoint, Mode, Seen};
use guildhall_store::sample;
use serde_json::Value;
use uuid::Uuid;

use super::{Compared, Window, reasons_of};
use crate::decide::{Decided, Detail, Facts};
use crate::facts_of::facts_tree;
use crate::install_plugin::Checked;
use crate::{Deployment, House, WorkflowError};

/// Customers that one statement reads.
const STATEMENT: usize = 50;

pub(super) async fn compare(
    house: &Arc<House>,
    candidate: &Checked,
    points: &Compared,
    window: &Window,
    now: DateTime<Utc>,
    report: &mut Comparison,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), WorkflowError> {
    let installed = Deployment::load(house).await?;
    if installed.strategy().is_none() {
        return Err(WorkflowError::NoActiveStrategy);
    }
    let beside = installed.with(&house.model, candidate, window.settings.as_ref())?;
    let name = &candidate.package.manifest().name;
    let customers = sample::customers(&house.database, window.current).await?;
    for served in points.all() {
        let Some(point) = installed.points().iter().find(|point| point.name == served) else { continue };
        if point.mode != Mode::Independent || point.read_request(&Value::Null).is_err() {
            report.note(format!("{served} cannot be asked without a request: only recorded decisions tell of it"));
            continue;
        }
        for chunk in customers.chunks(STATEMENT) {
            let (before, after) = (
                decided(house, &installed, point, chunk, now).await?,
                decided(house, &beside, point, chunk, now).await?,
            );
            for (old, new) in before.iter().zip(&after) {
                // Both read the same customers in the same order; who was deleted in between is in neither or left out.
                if old.customer != new.customer {
                    report.note("customers who were deleted meanwhile were left out");
                    break;
                }
                let proposals = &new.decided.verdict.proposals;
                let proposal = proposals.iter().find(|proposal| proposal.plugin == *name);
                report.add(&Seen {
                    point,
                    segment: new.segment.as_deref(),
                    customer: &new.customer,
                    decision: None,
                    today: true,
                    old: &old.decided.verdict.output,
                    new: &new.decided.verdict.output,
                    candidate: reasons_of(proposal),
                });
            }
            progress(report.total.all());
        }
    }
    Ok(())
}

struct Of {
    customer: String,
    segment: Option<String>,
    decided: Decided,
}

async fn decided(
    house: &House,
    deployment: &Deployment,
    point: &DecisionPoint,
    customers: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Of>, WorkflowError> {
    let tree = facts_tree(house, deployment, point, customers).await?;
    let facts = deployment
        .facts_in(&tree)
        .map_err(|error| WorkflowError::Internal(format!("the facts cannot be read: {error}")))?;
    let subjects: Vec<&Facts<'_>> = facts.iter().collect();
    let decided = deployment.decide(point, &subjects, &Value::Null, now, Detail::Answer, None).await?;
    let of = |(facts, decided): (&&Facts<'_>, Decided)| Of {
        customer: facts.id.clone(),
        segment: facts.subject().segment.map(str::to_owned),
        decided,
    };
    Ok(subjects.iter().zip(decided).map(of).collect())
}
