//! Records a payment: what came in, and which invoices it pays. What it pays is no longer owed, and what waits for credit of
//! the customer, or of those who share a limit with him, is checked again before the answer.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use guildhall_model::plan::Visible;
use guildhall_model::{ObjectType, Value};
use guildhall_store::payment::{credited, currency_of, oldest_open};
use guildhall_store::{Record, Transaction, business_day, facts};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::held_order::is;
use crate::keepable::keepable;
use crate::once::Once;
use crate::recheck_credit::recheck_around;
use crate::sight::seen;
use crate::writing::{Writing, object};
use crate::{Actor, Deployment, House, InvalidCode, InvalidValue, Permit, RecordPayments, WorkflowError};

/// Most invoices one payment goes to. What is left then is kept on account.
pub const INVOICE_LIMIT: usize = 1_000;
/// Most invoices a request can name.
pub const NAMED_LIMIT: usize = 250;
const ACT: &str = "recordPayment";

/// What came in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPayment {
    pub customer: Uuid,
    pub amount: Decimal,
    /// The customer's own if nothing is said.
    pub currency: Option<String>,
    /// Today if nothing is said.
    pub received_on: Option<NaiveDate>,
    pub method: Option<String>,
    /// What it is for. The oldest open invoices if nothing is said; none of them if the list is empty.
    pub invoices: Option<Vec<ToPay>>,
    pub idempotency_key: String,
}

/// How much of a payment goes to an invoice.
#[derive(Clone, Debug, PartialEq)]
pub struct ToPay {
    pub invoice: Uuid,
    pub amount: Decimal,
    /// The version of the invoice that was looked at; any if nothing is said.
    pub version: Option<i64>,
}

/// Records a payment of a customer the actor sees, and gives its id. It goes to the invoices it names, else to the oldest open
/// ones that are not disputed, the last of them in part; what is left is kept on account.
pub async fn record_payment(
    house: &House,
    deployment: &Arc<Deployment>,
    by: Permit<'_, RecordPayments>,
    sight: &Visible,
    payment: &NewPayment,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let now = now.trunc_subsecs(3);
    in_form(payment)?;
    let body = asked_for(payment);
    let once = Once::new(&by, &payment.idempotency_key, ACT, &[body.as_bytes()])?;
    if let Some(known) = once.answered(&house.database).await? {
        return remembered(known);
    }
    let recorded = record(house, &by, sight, payment, &once, now).await?;
    // The payment stands, whatever becomes of this: what waits is looked at every second.
    if let Err(error) = recheck_around(house, deployment, payment.customer, now).await {
        tracing::warn!(%error, "what waits for credit cannot be checked after a payment; it is tried again");
    }
    Ok(recorded)
}

/// What of the payment can be seen to be wrong without looking anywhere.
fn in_form(payment: &NewPayment) -> Result<(), WorkflowError> {
    let mut problems = Vec::new();
    let mut wrong = |path: Vec<Json>, message: String| {
        problems.push(InvalidValue::new(path, InvalidCode::RuleBroken, message));
    };
    if payment.amount <= Decimal::ZERO {
        wrong(vec!["amount".into()], "`amount` must be more than 0".to_owned());
    }
    let code = |currency: &String| currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if !payment.currency.as_ref().is_none_or(code) {
        wrong(vec!["currency".into()], "`currency` must be an ISO 4217 code such as EUR".to_owned());
    }
    let named = payment.invoices.as_deref().unwrap_or_default();
    if named.len() > NAMED_LIMIT {
        let message = format!("a payment names at most {NAMED_LIMIT} invoices; this one has {}", named.len());
        wrong(vec!["invoices".into()], message);
    }
    let mut known = HashSet::new();
    for (place, pay) in named.iter().enumerate() {
        let path = |name: &str| vec![Json::from("invoices"), place.into(), name.into()];
        if pay.amount <= Decimal::ZERO {
            wrong(path("amount"), "`amount` must be more than 0".to_owned());
        }
        if !known.insert(pay.invoice) {
            wrong(path("invoice"), "the invoice is named twice; name each once".to_owned());
        }
    }
    let sum = named.iter().try_fold(Decimal::ZERO, |sum, pay| sum.checked_add(pay.amount));
    if sum.is_none_or(|sum| sum > payment.amount) {
        wrong(vec!["invoices".into()], "the invoices are given more than `amount`".to_owned());
    }
    if !problems.is_empty() {
        return Err(WorkflowError::Invalid(problems));
    }
    let method = payment.method.as_deref().unwrap_or_default();
    keepable("the method", method).map_err(|error| error.of("method"))
}

/// Everything that makes the request this one and no other.
fn asked_for(payment: &NewPayment) -> String {
    let number = |number: Decimal| number.normalize().to_string();
    let named = payment
        .invoices
        .as_ref()
        .map(|named| named.iter().map(|pay| json!([pay.invoice, number(pay.amount), pay.version])).collect::<Vec<_>>());
    let NewPayment { customer, amount, currency, received_on, method, .. } = payment;
    json!([customer, number(*amount), currency, received_on, method, named]).to_string()
}

fn remembered(known: Json) -> Result<Uuid, WorkflowError> {
    serde_json::from_value(known)
        .map_err(|error| WorkflowError::Internal(format!("a stored answer cannot be read: {error}")))
}

async fn record(
    house: &House,
    by: &Actor,
    sight: &Visible,
    payment: &NewPayment,
    once: &Once<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let (customers, invoices) = (object(house, "Customer")?, object(house, "Invoice")?);
    let transaction = house.database.begin().await?;
    facts::hold(&transaction).await?;
    let named = payment.invoices.iter().flatten().map(|pay| (Arc::clone(&invoices), pay.invoice));
    let all: Vec<_> = std::iter::once((customers, payment.customer)).chain(named).collect();
    let seen = seen(house, &transaction, sight, &all).await?;
    let missing = || WorkflowError::NotFound("there is no such customer".to_owned());
    if !seen.contains(&("Customer".to_owned(), payment.customer)) {
        return Err(missing());
    }
    let own = currency_of(&transaction, payment.customer).await?.ok_or_else(missing)?;
    let currency = payment.currency.clone().unwrap_or(own);
    let parts = match &payment.invoices {
        Some(named) => {
            let open = Open::lock(&transaction, &invoices, named.iter().map(|pay| pay.invoice).collect()).await?;
            let visible = |id: Uuid| seen.contains(&("Invoice".to_owned(), id));
            named_parts(&open, payment, named, &currency, visible)?
        }
        None => {
            let oldest = oldest_open(&transaction, payment.customer, &currency, INVOICE_LIMIT).await?;
            let order = oldest.clone();
            oldest_parts(Open::lock(&transaction, &invoices, oldest).await?, &order, payment.amount)?
        }
    };
    let today = business_day::current(&transaction).await?.at(now);
    let day = payment.received_on.unwrap_or(today);
    let mut writing = Writing::new(house, &transaction, &by.name, ACT, now);
    let id = write(&mut writing, &invoices, payment, &currency, &parts, day).await?;
    writing.finish().await?;
    if !once.remember(&transaction, json!(id), now).await? {
        transaction.rollback().await?;
        return remembered(once.answered(&house.database).await?.unwrap_or_default());
    }
    transaction.commit().await?;
    Ok(id)
}

/// Invoices that are locked, and what is left to pay of them.
struct Open {
    invoices: Arc<ObjectType>,
    records: HashMap<Uuid, Record>,
    credited: HashMap<Uuid, Decimal>,
}

impl Open {
    async fn lock(
        transaction: &Transaction,
        invoices: &Arc<ObjectType>,
        ids: Vec<Uuid>,
    ) -> Result<Open, WorkflowError> {
        let records = transaction.lock_records(invoices, &ids).await?;
        let credited = credited(transaction, &ids).await?;
        let records = records.into_iter().map(|record| (record.id, record)).collect();
        Ok(Open { invoices: Arc::clone(invoices), records, credited })
    }

    fn amount(&self, record: &Record, name: &str) -> Result<Decimal, WorkflowError> {
        match record.get(&self.invoices, name) {
            Some(Value::Decimal(amount)) => Ok(*amount),
            _ => Err(WorkflowError::Internal(format!("an invoice without `{name}`"))),
        }
    }

    /// What is left to pay.
    fn left(&self, record: &Record) -> Result<Decimal, WorkflowError> {
        let credited = self.credited.get(&record.id).copied().unwrap_or_default();
        let left = self.amount(record, "amount")?.checked_sub(self.amount(record, "paidAmount")?);
        left.and_then(|left| left.checked_sub(credited)).ok_or_else(|| WorkflowError::refused("an amount is too large"))
    }

    /// A part of a payment that goes to an invoice.
    fn part(&self, record: &Record, amount: Decimal) -> Result<Part, WorkflowError> {
        let paid = self.amount(record, "paidAmount")?.checked_add(amount);
        let paid = paid.ok_or_else(|| WorkflowError::refused("an amount is too large"))?;
        Ok(Part { invoice: record.clone(), amount, paid, whole: amount >= self.left(record)? })
    }
}

/// A part of a payment.
struct Part {
    invoice: Record,
    amount: Decimal,
    /// What has been paid of the invoice then.
    paid: Decimal,
    /// Whether nothing is left to pay.
    whole: bool,
}

/// What goes to the invoices that are named, if all of them can take it.
fn named_parts(
    open: &Open,
    payment: &NewPayment,
    named: &[ToPay],
    currency: &str,
    visible: impl Fn(Uuid) -> bool,
) -> Result<Vec<Part>, WorkflowError> {
    let invoices = &open.invoices;
    let mut parts = Vec::with_capacity(named.len());
    let mut problems = Vec::new();
    for (place, pay) in named.iter().enumerate() {
        let mut wrong = |name: &str, code, message: String| {
            problems.push(InvalidValue::new(vec!["invoices".into(), place.into(), Json::from(name)], code, message));
        };
        let own = |record: &&Record| record.get(invoices, "customer") == Some(&Value::Id(payment.customer));
        let Some(record) = open.records.get(&pay.invoice).filter(|_| visible(pay.invoice)).filter(own) else {
            let message = "`invoice` names no invoice of the customer that there is for you".to_owned();
            wrong("invoice", InvalidCode::UnknownRecord, message);
            continue;
        };
        if pay.version.is_some_and(|version| version != record.version) {
            return Err(WorkflowError::Stale(format!(
                "invoice {} was changed since it was read; it has version {} now",
                number_of(record, invoices),
                record.version
            )));
        }
        let left = open.left(record)?;
        if record.get(invoices, "currency") != Some(&Value::from(currency)) {
            let message = format!("invoice {} is not in {currency}", number_of(record, invoices));
            wrong("invoice", InvalidCode::RuleBroken, message);
        } else if is(record, invoices, "PAID") || left <= Decimal::ZERO {
            let message = format!("nothing is left to pay of invoice {}", number_of(record, invoices));
            wrong("invoice", InvalidCode::RuleBroken, message);
        } else if pay.amount > left {
            let message =
                format!("only {} is left to pay of invoice {}", left.normalize(), number_of(record, invoices));
            wrong("amount", InvalidCode::RuleBroken, message);
        } else {
            parts.push(open.part(record, pay.amount)?);
        }
    }
    if problems.is_empty() { Ok(parts) } else { Err(WorkflowError::Invalid(problems)) }
}

fn number_of(record: &Record, invoices: &ObjectType) -> String {
    match record.get(invoices, "number") {
        Some(Value::Text(number)) => number.clone(),
        _ => String::new(),
    }
}

/// What goes to the invoices in this order, one after the other, as far as the payment reaches.
fn oldest_parts(open: Open, order: &[Uuid], amount: Decimal) -> Result<Vec<Part>, WorkflowError> {
    let (mut parts, mut rest) = (Vec::new(), amount);
    for record in order.iter().filter_map(|id| open.records.get(id)) {
        let left = open.left(record)?;
        // Paid by somebody else a moment ago, or taken back by credit notes.
        if left <= Decimal::ZERO || !is(record, &open.invoices, "OPEN") {
            continue;
        }
        let part = left.min(rest);
        if part <= Decimal::ZERO {
            break;
        }
        parts.push(open.part(record, part)?);
        rest = rest.saturating_sub(part);
    }
    Ok(parts)
}

async fn write(
    writing: &mut Writing<'_>,
    invoices: &Arc<ObjectType>,
    payment: &NewPayment,
    currency: &str,
    parts: &[Part],
    day: NaiveDate,
) -> Result<Uuid, WorkflowError> {
    let rest = parts.iter().fold(payment.amount, |rest, part| rest.saturating_sub(part.amount));
    // A payment for one invoice says so itself.
    let whole = match parts {
        [part] if rest.is_zero() => Some(part.invoice.id),
        _ => None,
    };
    let payments = writing.object("Payment")?;
    let values = [
        ("receivedOn", Value::from(day)),
        ("currency", currency.into()),
        ("amount", payment.amount.into()),
        ("method", payment.method.clone().into()),
        ("customer", payment.customer.into()),
        ("invoice", whole.into()),
    ];
    let id = writing.make(&payments, &values).await?;
    let row = |amount: Decimal, invoice: Option<Uuid>| {
        vec![day.into(), currency.into(), amount.into(), id.into(), invoice.into()]
    };
    let mut rows: Vec<Vec<Value>> = parts.iter().map(|part| row(part.amount, Some(part.invoice.id))).collect();
    if rest > Decimal::ZERO {
        rows.push(row(rest, None));
    }
    let allocations = writing.object("PaymentAllocation")?;
    let names = ["allocatedOn", "currency", "amount", "payment", "invoice"];
    writing.make_all(&allocations, &names, rows).await?;
    for part in parts {
        let mut values = vec![("paidAmount", Value::from(part.paid))];
        if part.whole {
            values.extend([("status", "PAID".into()), ("paidOn", day.into())]);
        }
        writing.set(invoices, &part.invoice, &values).await?;
    }
    Ok(id)
}
