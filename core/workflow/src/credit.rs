//! Credit: what `credit.check` says about an order, and what the core enforces of it.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use guildhall_decision::{Datum, DecisionPoint, Verdict};
use guildhall_store::Transaction;
use guildhall_store::credit::{Release, Reservation, Reserved, Stop, last_release, reserve};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::decide::{Decided, Detail, Facts};
use crate::facts_of::facts_tree_on;
use crate::recording::Recording;
use crate::{Deployment, House, WorkflowError};

/// The decision point that orders are placed under.
const POINT: &str = "credit.check";
/// Who acts when nobody does.
pub(crate) const SELF: &str = "guildhall";

/// An order as credit sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Asked {
    pub customer: Uuid,
    /// In the customer's currency.
    pub amount: Decimal,
    pub needed_on: Option<NaiveDate>,
}

impl Asked {
    /// The request of the decision point, in the form it reads.
    pub(crate) fn request(&self, point: &DecisionPoint) -> Result<Json, WorkflowError> {
        let asked = json!({ "amount": self.amount.normalize().to_string(), "neededOn": self.needed_on });
        point.read_request(&asked).map_err(|error| WorkflowError::Internal(format!("the credit request: {error}")))
    }
}

/// The decision point.
pub(crate) fn point(deployment: &Deployment) -> Result<&Arc<DecisionPoint>, WorkflowError> {
    deployment.point(POINT).ok_or_else(|| WorkflowError::Internal(format!("there is no decision point `{POINT}`")))
}

/// Decides about one order, with what the departments would have done by themselves beside.
pub(crate) async fn decide(
    deployment: &Deployment,
    point: &DecisionPoint,
    facts: &Facts<'_>,
    request: &Json,
    at: DateTime<Utc>,
) -> Result<Decided, WorkflowError> {
    let decided = deployment
        .decide(point, &[facts], request, at, Detail::Compared, Some(&deployment.budget([point.name.as_str()])))
        .await?;
    decided.into_iter().next().ok_or_else(|| WorkflowError::Internal("nothing was decided".to_owned()))
}

/// What a recorded verdict lets the core do as things are by now: since its facts were read, others may have bought. Departments
/// said what they said; the ground rules look again, at what stays as it is from here on, because recording locked the customer.
pub(crate) async fn now(
    house: &House,
    deployment: &Deployment,
    transaction: &Transaction,
    recording: &Recording<'_>,
) -> Result<Credit, WorkflowError> {
    let Recording { point, customer, request, decided, at, .. } = *recording;
    let tree = facts_tree_on(house, transaction, deployment, point, &[customer]).await?;
    let facts = deployment.facts_in(&tree).map_err(|error| WorkflowError::Internal(format!("the facts: {error}")))?;
    let facts = facts.first().ok_or_else(|| WorkflowError::NotFound("there is no such customer".to_owned()))?;
    let verdict = deployment.bound_again(point, facts, request, at, &decided.verdict.proposals)?;
    Ok(Credit::of(&verdict))
}

/// Why an order stops, whatever credit says of it.
pub(crate) fn stopped(stop: Stop) -> &'static str {
    match stop {
        Stop::Closed => "the customer is closed and buys no longer",
        Stop::Customer => "a hold stops all orders of the customer until it is released",
        Stop::Order => "another hold stops the order until it is released",
    }
}

/// What lets an order go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Credit is given.
    Credit,
    /// A person released the order before, and that still holds.
    Release(Release),
    /// It is held.
    None,
}

/// What a verdict lets the core do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Credit {
    pub approved: bool,
    /// Whether a ground rule holds the order. Nobody releases it then.
    pub forbidden: Option<String>,
    pub ceiling: Option<Decimal>,
    pub ceiling_static: Option<Decimal>,
    /// What those who share a limit may owe together.
    pub ceiling_group: Option<Decimal>,
    pub horizon_days: u64,
    /// The share by which an order that a person released may grow and stay released.
    pub release_deviation: Decimal,
    /// The days for which a release holds.
    pub release_days: u64,
    pub amount_to_pay: Option<Decimal>,
    /// Why, in the departments' and the strategy's words.
    pub reasons: Vec<String>,
}

impl Credit {
    pub(crate) fn of(verdict: &Verdict) -> Credit {
        let number = |name: &str| verdict.output.get(name).and_then(Json::as_str).and_then(|text| text.parse().ok());
        let held = |bound: &&guildhall_decision::Bound| bound.field == "outcome" && bound.after == "HELD";
        let parameter = |name: &str| {
            let found = verdict.parameters.iter().find(|parameter| parameter.name == name)?;
            match found.value.as_ref()? {
                Datum::Int(number) => Some(Decimal::from(*number)),
                Datum::Decimal(number) => Some(*number),
                _ => None,
            }
        };
        let days = |name: &str| parameter(name).and_then(|days| days.to_u64()).unwrap_or_default();
        let said = verdict.proposals.iter().filter_map(|proposal| proposal.result.as_ref().ok());
        let mut reasons: Vec<String> = said.flat_map(|proposed| proposed.reasons.iter().cloned()).collect();
        reasons.extend(verdict.bounds.iter().map(|bound| format!("{}: {}", bound.rule, bound.reason)));
        reasons.dedup();
        let forbidden = verdict.bounds.iter().find(held).map(|bound| format!("{}: {}", bound.rule, bound.reason));
        Credit {
            approved: verdict.output.get("outcome").and_then(Json::as_str) == Some("APPROVED"),
            ceiling: number("ceiling"),
            ceiling_static: number("ceilingStatic"),
            ceiling_group: number("ceilingGroup"),
            horizon_days: days("horizonDays"),
            release_deviation: parameter("releaseDeviation").unwrap_or_default(),
            release_days: days("releaseDays"),
            amount_to_pay: number("amountToPay"),
            forbidden,
            reasons,
        }
    }

    /// Sets the order's exposure aside. `released`: a person answers for what goes beyond the dynamic ceiling; the static one
    /// is the ground rules', and nobody's to lift.
    pub(crate) async fn reserve(
        &self,
        transaction: &Transaction,
        asked: &Asked,
        today: NaiveDate,
        released: bool,
    ) -> Result<Reserved, WorkflowError> {
        Ok(reserve(transaction, &self.reservation(asked, asked.amount, today, released)).await?)
    }

    /// Whether there is room for an order that counts already.
    pub(crate) async fn has_room(
        &self,
        transaction: &Transaction,
        asked: &Asked,
        today: NaiveDate,
        released: bool,
    ) -> Result<bool, WorkflowError> {
        let reserved = reserve(transaction, &self.reservation(asked, Decimal::ZERO, today, released)).await?;
        Ok(reserved != Reserved::Full)
    }

    fn reservation(&self, asked: &Asked, amount: Decimal, today: NaiveDate, released: bool) -> Reservation {
        Reservation {
            customer: asked.customer,
            amount,
            needed_on: asked.needed_on,
            horizon: today.checked_add_days(Days::new(self.horizon_days)).unwrap_or(NaiveDate::MAX),
            ceiling: self.ceiling.filter(|_| !released),
            ceiling_static: self.ceiling_static,
            ceiling_group: self.ceiling_group,
        }
    }

    /// Until when a release made at a time holds.
    pub(crate) fn released_until(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.checked_add_days(Days::new(self.release_days)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether a release covers an order as it is now: as long as it holds, and as little as the order grew.
    pub(crate) fn covers(&self, release: &Release, amount: Decimal, now: DateTime<Utc>) -> bool {
        let grown =
            Decimal::ONE.checked_add(self.release_deviation).and_then(|share| release.amount.checked_mul(share));
        now < self.released_until(release.at) && grown.is_none_or(|most| amount <= most)
    }

    /// Takes back what was given, for a reason no payment lifts.
    pub(crate) fn withhold(&mut self, why: &str) {
        if self.approved {
            (self.approved, self.reasons) = (false, Vec::new());
        }
        self.reasons.push(why.to_owned());
        self.amount_to_pay = None;
    }

    /// Refuses to release what a ground rule holds.
    pub(crate) fn releasable(&self) -> Result<(), WorkflowError> {
        match &self.forbidden {
            None => Ok(()),
            Some(rule) => {
                Err(WorkflowError::refused(format!("a ground rule holds the order, and nobody releases that: {rule}")))
            }
        }
    }

    /// What lets an order go on that waits, or is checked again.
    pub(crate) async fn way(
        &self,
        transaction: &Transaction,
        order: Uuid,
        asked: &Asked,
        now: DateTime<Utc>,
    ) -> Result<Way, WorkflowError> {
        if self.approved {
            return Ok(Way::Credit);
        }
        if self.forbidden.is_some() {
            return Ok(Way::None);
        }
        let release = last_release(transaction, order, SELF).await?;
        let release = release.filter(|release| self.covers(release, asked.amount, now));
        Ok(release.map_or(Way::None, Way::Release))
    }
}

#[cfg(test)]
mod tests {
    use guildhall_decision::{Bound, Layer, Resolved};
    use serde_json::Map;

    use super::*;

    fn verdict(output: Json, bounds: Vec<Bound>) -> Verdict {
        let Json::Object(output) = output else { unreachable!() };
        let set = |name: &str, value: Datum| Resolved {
            name: name.to_owned(),
            value: Some(value),
            layer: Layer::Segment,
            source: String::new(),
        };
        let parameters = vec![
            set("horizonDays", Datum::Int(7)),
            set("releaseDeviation", Datum::Decimal(Decimal::new(1, 1))),
            set("releaseDays", Datum::Int(14)),
        ];
        Verdict { output: output.into_iter().collect::<Map<_, _>>(), bounds, parameters, ..Verdict::default() }
    }

    #[test]
    fn what_is_enforced_is_what_the_verdict_says() {
        let said =
            json!({ "outcome": "APPROVED", "ceiling": "120000", "ceilingStatic": "130000.5", "amountToPay": null });
        let credit = Credit::of(&verdict(said, Vec::new()));
        assert!(credit.approved && credit.forbidden.is_none());
        let amounts = (credit.ceiling, credit.ceiling_static, credit.amount_to_pay, credit.horizon_days);
        assert_eq!(amounts, (Some(Decimal::from(120_000)), Some(Decimal::new(1_300_005, 1)), None, 7));
    }

    #[track_caller]
    fn check_covered(released: &str, amount: &str, on: &str, expected: bool) {
        let credit = Credit::of(&verdict(json!({ "outcome": "HELD" }), Vec::new()));
        let at = "2026-03-01T09:00:00Z".parse().unwrap();
        let release = Release { by: "ada".to_owned(), at, amount: released.parse().unwrap() };
        assert_eq!(credit.covers(&release, amount.parse().unwrap(), on.parse().unwrap()), expected);
    }

    #[test]
    fn a_release_holds_for_some_days_and_some_growth() {
        check_covered("1000", "1100", "2026-03-01T10:00:00Z", true);
        check_covered("1000", "1100.0001", "2026-03-01T10:00:00Z", false);
        check_covered("1000", "1", "2026-03-15T08:59:59.999Z", true);
        check_covered("1000", "1000", "2026-03-15T09:00:00Z", false);
    }

    #[test]
    fn an_order_that_a_ground_rule_holds_is_forbidden() {
        let bound = Bound {
            rule: "GR1".to_owned(),
            name: "Ceiling".to_owned(),
            field: "outcome".to_owned(),
            before: "APPROVED".into(),
            after: "HELD".into(),
            reason: "never above 130 %".to_owned(),
            undecided: false,
        };
        let credit = Credit::of(&verdict(json!({ "outcome": "HELD" }), vec![bound]));
        assert_eq!((credit.approved, credit.forbidden.as_deref()), (false, Some("GR1: never above 130 %")));
        assert_eq!(credit.reasons, ["GR1: never above 130 %"]);
    }
}
