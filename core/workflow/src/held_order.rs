//! A held order: what of it is looked at before it is decided about, and what is locked when it goes through.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::{ObjectType, Value};
use guildhall_store::{Record, Transaction};
use serde_json::json;
use uuid::Uuid;

use crate::credit::{Asked, Credit};
use crate::writing::{Writing, object};
use crate::{House, WorkflowError};

/// An order that is locked, with the hold that stops it.
pub(crate) struct Held {
    pub hold: Record,
    pub order: Record,
    holds: Arc<ObjectType>,
    orders: Arc<ObjectType>,
}

/// What a released order is released by.
pub(crate) struct Release<'a> {
    pub by: &'a str,
    pub why: &'a str,
    pub decision: Uuid,
    pub at: DateTime<Utc>,
}

impl Held {
    /// Locks a hold and its order; nothing if the hold stops no order any more.
    pub(crate) async fn lock(
        house: &House,
        transaction: &Transaction,
        hold: Uuid,
    ) -> Result<Option<Held>, WorkflowError> {
        let (holds, orders) = (object(house, "Hold")?, object(house, "Order")?);
        let Some(hold) = transaction.lock_records(&holds, &[hold]).await?.into_iter().next() else { return Ok(None) };
        let Some(Value::Id(order)) = hold.get(&holds, "order") else { return Ok(None) };
        let Some(order) = transaction.lock_records(&orders, &[*order]).await?.into_iter().next() else {
            return Ok(None);
        };
        let stops = is(&hold, &holds, "ACTIVE") && is(&order, &orders, "HELD");
        Ok(stops.then_some(Held { hold, order, holds, orders }))
    }

    /// The order as credit sees it.
    pub(crate) fn asked(&self) -> Result<Asked, WorkflowError> {
        asked(&self.order, &self.orders)
    }

    /// ISO 4217 code of the currency the order is in.
    pub(crate) fn currency(&self) -> Result<String, WorkflowError> {
        match self.order.get(&self.orders, "currency") {
            Some(Value::Text(code)) => Ok(code.clone()),
            _ => Err(WorkflowError::Internal("an order without currency".to_owned())),
        }
    }

    /// Lets the order go on: it is open and counts as exposure, and the hold is released.
    pub(crate) async fn release(&self, writing: &mut Writing<'_>, release: &Release<'_>) -> Result<(), WorkflowError> {
        let asked = self.asked()?;
        let values = [
            ("status", Value::from("RELEASED")),
            ("releasedAt", release.at.into()),
            ("releasedBy", release.by.into()),
            ("releaseReason", release.why.into()),
            ("releasedAmount", asked.amount.into()),
        ];
        writing.set(&self.holds, &self.hold, &values).await?;
        let values = [("status", Value::from("OPEN")), ("decision", release.decision.into())];
        writing.set(&self.orders, &self.order, &values).await
    }
}

/// An order that is to wait for credit.
pub(crate) struct Holding<'a> {
    pub customer: Uuid,
    pub order: Uuid,
    pub decision: Uuid,
    pub by: &'a str,
    pub credit: &'a Credit,
    pub at: DateTime<Utc>,
}

impl Holding<'_> {
    /// Makes the hold that stops it, and gives its id.
    pub(crate) async fn make(&self, writing: &mut Writing<'_>) -> Result<Uuid, WorkflowError> {
        let object = writing.object("Hold")?;
        let why = match self.credit.reasons.is_empty() {
            true => "credit is not given".to_owned(),
            false => self.credit.reasons.join("; "),
        };
        let values = [
            ("status", Value::from("ACTIVE")),
            ("reason", "CREDIT".into()),
            ("explanation", why.into()),
            ("placedAt", self.at.into()),
            ("placedBy", self.by.into()),
            ("customer", self.customer.into()),
            ("order", self.order.into()),
            ("decision", self.decision.into()),
        ];
        writing.make(&object, &values).await
    }
}

/// Puts down who answers for going on, where a decision says no.
pub(crate) async fn overrule(
    writing: &mut Writing<'_>,
    decision: Uuid,
    by: &str,
    why: &str,
    at: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let object = writing.object("Override")?;
    let values = [
        ("madeAt", Value::from(at)),
        ("madeBy", by.into()),
        ("reason", why.into()),
        ("verdict", Value::Json(json!({ "outcome": "APPROVED" }))),
        ("decision", decision.into()),
    ];
    writing.make(&object, &values).await.map(drop)
}

/// An order as credit sees it.
pub(crate) fn asked(order: &Record, orders: &ObjectType) -> Result<Asked, WorkflowError> {
    match (order.get(orders, "customer"), order.get(orders, "netTotal"), order.get(orders, "requiredOn")) {
        (Some(Value::Id(customer)), Some(Value::Decimal(amount)), needed) => Ok(Asked {
            customer: *customer,
            amount: *amount,
            needed_on: if let Some(Value::Date(day)) = needed { Some(*day) } else { None },
        }),
        _ => Err(WorkflowError::Internal("an order without customer or amount".to_owned())),
    }
}

pub(crate) fn is(record: &Record, object: &ObjectType, status: &str) -> bool {
    matches!(record.get(object, "status"), Some(Value::Text(found)) if found == status)
}
