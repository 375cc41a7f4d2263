//! The life of a strategy: which version may go where, what it needs for it, and that it is written down with its event.
//!
//! The machine itself is declared in the model, as that of every record is. An act that takes a version on has its turn, so that
//! no other act changes strategies or plugins meanwhile.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{ActivationRules, DecisionPoint, Strategy};
use guildhall_model::{Kind, Value};
use guildhall_store::strategy::{self, Status};
use guildhall_store::{Transaction, segment};
use sha2::{Digest, Sha256};

use crate::activate_strategy::{read_strategy, segments};
use crate::assign_segments::assign_in;
use crate::keepable::keepable;
use crate::plugin_set::PluginSet;
use crate::writing::{Writing, object};
use crate::{House, WorkflowError};

/// An act on versions of the strategy, inside its turn.
pub(crate) struct Life<'a> {
    house: &'a House,
    transaction: &'a Transaction,
    /// Who does it.
    actor: &'a str,
    act: &'static str,
    now: DateTime<Utc>,
    pub points: Vec<Arc<DecisionPoint>>,
    pub in_force: Option<(strategy::Strategy, Strategy)>,
}

impl<'a> Life<'a> {
    /// Looks at what is there. The transaction has the turn.
    pub(crate) async fn begin(
        house: &'a House,
        transaction: &'a Transaction,
        actor: &'a str,
        act: &'static str,
        now: DateTime<Utc>,
    ) -> Result<Self, WorkflowError> {
        let points = PluginSet::present(house, transaction).await?.points;
        let in_force = match strategy::active(transaction).await? {
            Some(stored) => {
                let read = read_strategy(&house.model, &points, &stored.document)?;
                Some((stored, read))
            }
            None => None,
        };
        Ok(Life { house, transaction, actor, act, now, points, in_force })
    }

    /// Reads a document with the decision points there are now.
    pub(crate) fn read(&self, document: &str) -> Result<Strategy, WorkflowError> {
        read_strategy(&self.house.model, &self.points, document)
    }

    /// Refuses whoever is no approver of the strategy in force: nobody gets power by writing himself into a new one. The first
    /// strategy names its own.
    pub(crate) fn approver(&self, candidate: &Strategy) -> Result<(), WorkflowError> {
        let (approvers, whose) = match &self.in_force {
            Some((_, in_force)) => (&in_force.approvers, "the strategy in force"),
            None => (&candidate.approvers, "this first strategy"),
        };
        if approvers.iter().any(|approver| approver == self.actor) {
            return Ok(());
        }
        Err(WorkflowError::refused(format!(
            "`{}` is no approver of {whose}; it names {}",
            self.actor,
            approvers.join(", ")
        )))
    }

    /// What the strategy in force asks of the one after it; the first asks it of itself.
    pub(crate) fn rules(&self, candidate: &Strategy) -> ActivationRules {
        self.in_force.as_ref().map_or(candidate.activation, |(_, in_force)| in_force.activation)
    }

    /// Refuses a version that lacks what it needs to decide: eyes, a simulation that is fresh, pledges. All reasons at once.
    pub(crate) fn ready(&self, version: &strategy::Strategy, candidate: &Strategy) -> Result<(), WorkflowError> {
        let rules = self.rules(candidate);
        let mut reasons = Vec::new();
        if rules.four_eyes && version.approved_by.as_ref().is_none_or(|by| *by == version.proposed_by) {
            reasons.push(format!(
                "strategy {} was proposed by `{}`, and another approver has to approve it",
                version.number, version.proposed_by
            ));
        }
        if let Some(days) = rules.simulation_within_days {
            let age = version.simulated_at.map(|at| self.now.signed_duration_since(at));
            if age.is_none_or(|age| age > chrono::TimeDelta::days(i64::from(days))) {
                reasons.push(format!(
                    "strategy {} was not simulated over every customer in the last {days} days; use `guildhall strategy simulate`",
                    version.number
                ));
            }
        }
        reasons.extend(self.unpledged(candidate));
        if reasons.is_empty() { Ok(()) } else { Err(WorkflowError::Refused(reasons)) }
    }

    fn unpledged(&self, candidate: &Strategy) -> Vec<String> {
        if !self.rules(candidate).pledges {
            return Vec::new();
        }
        let mut points: Vec<&str> = candidate.treatments.iter().map(|treatment| treatment.point.as_str()).collect();
        points.sort_unstable();
        points.dedup();
        let without = points.into_iter().filter(|point| candidate.pledge(point).is_none());
        without.map(|point| format!("the policy at `{point}` has no pledge, and every policy needs one")).collect()
    }

    /// Refuses to skip steps that the strategy in force asks for.
    pub(crate) fn in_one_step(&self, candidate: &Strategy) -> Result<(), WorkflowError> {
        let rules = self.rules(candidate);
        let mut reasons = self.unpledged(candidate);
        if rules.four_eyes || rules.simulation_within_days.is_some() {
            reasons.push(
                "the next strategy is not activated in one step here: propose it, simulate it, let an approver approve it"
                    .to_owned(),
            );
        }
        if reasons.is_empty() { Ok(()) } else { Err(WorkflowError::Refused(reasons)) }
    }

    /// The version of this number.
    pub(crate) async fn version(&self, number: i32) -> Result<strategy::Strategy, WorkflowError> {
        let found = strategy::numbered(self.transaction, number).await?;
        found.ok_or_else(|| WorkflowError::NotFound(format!("there is no strategy {number}")))
    }

    /// Makes a version of a document, which is without errors.
    pub(crate) async fn make(
        &self,
        document: &str,
        candidate: &Strategy,
        status: Status,
        more: &[(&str, Value)],
    ) -> Result<strategy::Strategy, WorkflowError> {
        let number = strategy::next_number(self.transaction).await?;
        let mut values: Vec<(&str, Value)> = vec![
            ("number", i64::from(number).into()),
            ("status", status.name().into()),
            ("name", candidate.name.clone().into()),
            ("vision", candidate.vision.clone().into()),
            ("document", document.into()),
            ("digest", hex::encode(Sha256::digest(document.as_bytes())).into()),
            ("proposedAt", self.now.into()),
            ("proposedBy", self.actor.into()),
        ];
        values.extend(more.iter().cloned());
        let mut writing = Writing::new(self.house, self.transaction, self.actor, self.act, self.now);
        writing.make(&writing.object("Strategy")?, &values).await?;
        writing.finish().await?;
        self.version(number).await
    }

    /// Takes a version on, if it may go there.
    pub(crate) async fn go(
        &self,
        version: &strategy::Strategy,
        to: Status,
        more: &[(&str, Value)],
    ) -> Result<(), WorkflowError> {
        let strategies = object(self.house, "Strategy")?;
        let may = match strategies.get("status").map(|field| &field.kind) {
            Some(Kind::Enum(declared)) => declared.may_move(version.status.name(), to.name()),
            _ => false,
        };
        if !may {
            return Err(WorkflowError::refused(format!(
                "strategy {} is {} and cannot become {}",
                version.number,
                stands(version.status),
                stands(to)
            )));
        }
        let record = self.transaction.lock_records(&strategies, &[version.id]).await?;
        let record = record.first().ok_or_else(|| WorkflowError::NotFound("there is no such strategy".to_owned()))?;
        let mut values = vec![("status", Value::from(to.name()))];
        values.extend(more.iter().cloned());
        let mut writing = Writing::new(self.house, self.transaction, self.actor, self.act, self.now);
        writing.set(&strategies, record, &values).await?;
        writing.finish().await
    }

    /// Makes a version the one that decides: retires the one before and its challenger, brings the segments up to date and assigns
    /// every customer. Returns how many changed their segment.
    pub(crate) async fn activate(
        &self,
        version: &strategy::Strategy,
        candidate: &Strategy,
        more: &[(&str, Value)],
    ) -> Result<u64, WorkflowError> {
        let gone =
            [self.in_force.as_ref().map(|(stored, _)| stored.clone()), strategy::challenger(self.transaction).await?];
        for gone in gone.iter().flatten().filter(|gone| gone.id != version.id) {
            self.go(gone, Status::Retired, &[("retiredAt", self.now.into()), ("activateAt", Value::Null)]).await?;
        }
        let mut values = vec![
            ("activatedAt", Value::from(self.now)),
            ("retiredAt", Value::Null),
            ("activateAt", Value::Null),
            ("activationRefused", Value::Null),
        ];
        values.extend(more.iter().cloned());
        self.go(version, Status::Active, &values).await?;
        guildhall_store::generation::bump(self.transaction).await?;
        segment::replace(self.transaction, &segments(candidate), self.now).await?;
        assign_in(self.transaction, self.house, candidate, version.id, self.now).await
    }
}

fn stands(status: Status) -> &'static str {
    match status {
        Status::Draft => "a draft",
        Status::Simulated => "simulated",
        Status::Approved => "approved",
        Status::Challenger => "a challenger",
        Status::Active => "active",
        Status::Retired => "retired",
    }
}

/// Refuses a document with texts that the databases do not keep.
pub(crate) fn keepable_document(candidate: &Strategy) -> Result<(), WorkflowError> {
    let mut kept = vec![("the strategy's name", &candidate.name), ("the strategy's vision", &candidate.vision)];
    for segment in &candidate.segments {
        kept.extend([&segment.key, &segment.name, &segment.need].map(|text| ("a segment of the strategy", text)));
    }
    for (what, text) in kept {
        keepable(what, text).map_err(|error| error.of("document"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
