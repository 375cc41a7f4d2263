//! A held order: what of it is looked at before it is decided about, and what is locked when it goes through.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::{ObjectType, Value};
use guildhall_store::{Record, Transaction};
use uuid::Uuid;

use crate::credit::{self, Asked};
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
    /// The credit account its exposure was set aside on.
    pub account: Option<Uuid>,
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
        writing.set(&self.orders, &self.order, &values).await?;
        let currency = match self.order.get(&self.orders, "currency") {
            Some(Value::Text(currency)) => currency.clone(),
            _ => return Err(WorkflowError::Internal("an order without currency".to_owned())),
        };
        credit::expose(writing, &asked, self.order.id, release.account, &currency, release.at).await
    }
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
