//! Where departments disagree: over the recorded decisions of a period, or over every customer of today. It only reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_decision::{
    ConflictReport, DecisionPoint, Disputed, Proposal, SimulatedCustomer, Verdict, Worths, canonical_json,
};
use guildhall_store::ledger::{self, Entry, Recorded};
use guildhall_store::overrides;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::recorded::global_id;
use crate::simulate_strategy::asking::{Asked, Asking};
use crate::simulate_strategy::customers;
use crate::{Actor, Deployment, House, WorkflowError};

/// Recorded decisions that are held at a time.
const PAGE: u32 = 50;

/// Which decisions are looked at.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// Those that were recorded from a time on and before another: at most so many, the newest first.
    Recorded { since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>, limit: u64 },
    /// What would be decided now about every customer, at the points that ask nothing.
    Base,
}

/// Counts where departments disagree. `progress` is told how many decisions were looked at.
pub async fn policy_conflicts(
    house: &Arc<House>,
    by: &Actor,
    over: Over,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ConflictReport, WorkflowError> {
    if !by.access.sees_all() || !by.access.reads_type("Decision") {
        return Err(WorkflowError::refused(
            "only who sees all records and reads decisions may see where departments disagree",
        ));
    }
    let mut report = ConflictReport::default();
    let (since, until) = match over {
        Over::Recorded { since, until, limit } => {
            recorded(house, (since, until, limit), &mut report, progress).await?;
            (since, until)
        }
        Over::Base => {
            base(house, now.trunc_subsecs(3), &mut report, progress).await?;
            (None, None)
        }
    };
    for (point, count) in overrides::by_point(&house.database, since, until).await? {
        report.set_aside(&point, count);
    }
    Ok(report)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proposed {
    under_strategy: Vec<Proposal>,
    without_strategy: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Bounded {
    field: String,
    before: Value,
    after: Value,
}

async fn recorded(
    house: &Arc<House>,
    (since, until, limit): (Option<DateTime<Utc>>, Option<DateTime<Utc>>, u64),
    report: &mut ConflictReport,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), WorkflowError> {
    let points: BTreeMap<String, DecisionPoint> = house
        .points_ever()
        .await?
        .into_iter()
        .map(|point| (point.name.clone(), DecisionPoint::clone(&point)))
        .collect();
    let names: Vec<&str> = points.keys().map(String::as_str).collect();
    let (mut behind, mut left) = (until.map(|until| (until, Uuid::nil())), limit);
    while left > 0 {
        let rows = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
        let page = ledger::recorded(&house.database, &Recorded { points: &names, since, behind }, rows).await?;
        let Some(last) = page.last() else { return Ok(()) };
        behind = Some((last.decided_at, last.id));
        left = left.saturating_sub(page.len().try_into().unwrap_or(u64::MAX));
        for row in page {
            if let Some(point) = points.get(&row.point) {
                one(house, point, row, report)?;
            }
        }
        progress(report.decisions);
    }
    report.note(format!("only the newest {limit} decisions were looked at"));
    Ok(())
}

fn one(house: &House, point: &DecisionPoint, row: Entry, report: &mut ConflictReport) -> Result<(), WorkflowError> {
    let Some(kept) = row.kept else { return Ok(()) };
    let decision = global_id(&house.model, "Decision", row.id)?;
    let broken = |error: serde_json::Error| {
        WorkflowError::Internal(format!("`{decision}` cannot be read: {error}; `guildhall ledger verify` says more"))
    };
    let proposed: Proposed = serde_json::from_str(&kept.proposals).map_err(broken)?;
    let bounds: Vec<Bounded> = serde_json::from_str(&kept.bounds).map_err(broken)?;
    let answer: Map<String, Value> = serde_json::from_str(&kept.verdict).map_err(broken)?;
    let ruled = bounds.into_iter().filter(|bound| bound.before != bound.after).map(|bound| bound.field);
    report.add(&Disputed {
        point,
        customer: &global_id(&house.model, "Customer", row.customer)?,
        decision: Some(&decision),
        proposals: &proposed.under_strategy,
        ruled: &ruled.collect::<Vec<_>>(),
        answer: &answer,
        fallback: row.fallback,
        without: proposed.without_strategy.as_ref(),
    });
    Ok(())
}

async fn base(
    house: &Arc<House>,
    now: DateTime<Utc>,
    report: &mut ConflictReport,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), WorkflowError> {
    let installed = Deployment::load(house).await?;
    let strategy = installed.strategy().ok_or(WorkflowError::NoActiveStrategy)?;
    let beside = &installed;
    let asking = Asking { house, installed: &installed, beside, candidate: strategy, other_plugins: false, at: now };
    let mut points = Vec::new();
    for point in installed.points().iter().filter(|point| installed.is_served(&point.name)) {
        match point.read_request(&Value::Null) {
            Ok(request) => {
                points.push((Asked::new(&asking, point, &Worths::default())?, canonical_json(&request), request));
            }
            Err(_) => report.note(format!("{} asks something: only recorded decisions tell of it", point.name)),
        }
    }
    report.note("what the strategy changed is known of recorded decisions alone");
    let mut seen = |customer: &SimulatedCustomer<'_>| {
        for answer in customer.answers {
            let Verdict { output, fallback, proposals, bounds, .. } = answer.old;
            let ruled = bounds.iter().filter(|bound| bound.before != bound.after).map(|bound| bound.field.clone());
            report.add(&Disputed {
                point: answer.point,
                customer: customer.id,
                decision: None,
                proposals,
                ruled: &ruled.collect::<Vec<_>>(),
                answer: output,
                fallback: *fallback,
                without: None,
            });
        }
    };
    let mut go_on = |asked: u64| {
        progress(asked);
        true
    };
    customers::ask(&asking, &points, None, &mut seen, &mut go_on).await.map(drop)
}
