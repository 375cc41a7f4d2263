//! Credit: what `credit.check` says about an order, and what the core enforces of it.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use guildhall_decision::{Datum, DecisionPoint, Verdict};
use guildhall_model::Value;
use guildhall_store::Transaction;
use guildhall_store::credit::{Reservation, Reserved, reserve};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::decide::{Decided, Detail, Facts};
use crate::writing::Writing;
use crate::{Deployment, WorkflowError};

/// The decision point that orders are placed under.
const POINT: &str = "credit.check";
/// The dynamic horizon where the strategy sets none, in days.
const HORIZON: i64 = 14;

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
    let decided = deployment.decide(point, &[facts], request, at, Detail::Compared, Some(&deployment.budget())).await?;
    decided.into_iter().next().ok_or_else(|| WorkflowError::Internal("nothing was decided".to_owned()))
}

/// What a verdict lets the core do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Credit {
    pub approved: bool,
    /// Whether a ground rule holds the order. Nobody releases it then.
    pub forbidden: Option<String>,
    pub ceiling: Option<Decimal>,
    pub ceiling_static: Option<Decimal>,
    pub horizon_days: i64,
    pub amount_to_pay: Option<Decimal>,
    /// Why, in the departments' and the strategy's words.
    pub reasons: Vec<String>,
}

impl Credit {
    pub(crate) fn of(verdict: &Verdict) -> Credit {
        let number = |name: &str| verdict.output.get(name).and_then(Json::as_str).and_then(|text| text.parse().ok());
        let held = |bound: &&guildhall_decision::Bound| bound.field == "outcome" && bound.after == "HELD";
        let horizon = verdict.parameters.iter().find(|parameter| parameter.name == "horizonDays");
        let horizon = match horizon.and_then(|parameter| parameter.value.as_ref()) {
            Some(Datum::Int(days)) => i64::from(*days),
            _ => HORIZON,
        };
        let said = verdict.proposals.iter().filter_map(|proposal| proposal.result.as_ref().ok());
        let mut reasons: Vec<String> = said.flat_map(|proposed| proposed.reasons.iter().cloned()).collect();
        reasons.extend(verdict.bounds.iter().map(|bound| format!("{}: {}", bound.rule, bound.reason)));
        reasons.dedup();
        Credit {
            approved: verdict.output.get("outcome").and_then(Json::as_str) == Some("APPROVED"),
            forbidden: verdict.bounds.iter().find(held).map(|bound| format!("{}: {}", bound.rule, bound.reason)),
            ceiling: number("ceiling"),
            ceiling_static: number("ceilingStatic"),
            horizon_days: horizon,
            amount_to_pay: number("amountToPay"),
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
        let ahead = Days::new(u64::try_from(self.horizon_days).unwrap_or_default());
        let wanted = Reservation {
            customer: asked.customer,
            amount: asked.amount,
            needed_on: asked.needed_on,
            horizon: today.checked_add_days(ahead).unwrap_or(NaiveDate::MAX),
            ceiling: self.ceiling.filter(|_| !released),
            ceiling_static: self.ceiling_static,
        };
        Ok(reserve(transaction, &wanted).await?)
    }
}

/// Puts down that an order counts as exposure from now on.
pub(crate) async fn expose(
    writing: &mut Writing<'_>,
    asked: &Asked,
    order: Uuid,
    account: Option<Uuid>,
    currency: &str,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let entry = writing.object("ExposureEntry")?;
    let values = [
        ("stage", Value::from("ORDER")),
        ("currency", currency.into()),
        ("amount", asked.amount.into()),
        ("since", now.into()),
        ("customer", asked.customer.into()),
        ("creditAccount", account.into()),
        ("order", order.into()),
    ];
    writing.make(&entry, &values).await.map(drop)
}

#[cfg(test)]
mod tests {
    use guildhall_decision::{Bound, Layer, Resolved};
    use serde_json::Map;

    use super::*;

    fn verdict(output: Json, bounds: Vec<Bound>) -> Verdict {
        let Json::Object(output) = output else { unreachable!() };
        let horizon = Resolved {
            name: "horizonDays".to_owned(),
            value: Some(Datum::Int(7)),
            layer: Layer::Segment,
            source: String::new(),
        };
        Verdict {
            output: output.into_iter().collect::<Map<_, _>>(),
            bounds,
            parameters: vec![horizon],
            ..Verdict::default()
        }
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
