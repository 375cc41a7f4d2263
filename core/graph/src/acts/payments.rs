//! Payments, and what they pay.

use chrono::NaiveDate;
use guildhall_model::{Ability, Kind, Value as Given, parse_text};
use guildhall_workflow::record_payment::{NewPayment, ToPay, record_payment as record};
use guildhall_workflow::{ActValue, InvalidCode, InvalidValue, WorkflowError};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::{Act, Call, Came, Done, KEY, Stopped, by, id_of, values};
use crate::plan::sight;

pub(super) static ACTS: [Act; 1] = [Act {
    name: "recordPayment",
    doc: "Records a payment and what it pays: the oldest open invoices that are not disputed, if it is not said. What is left is \
        kept on account. Orders that wait for credit of the customer, or of those who share its limit, have been checked again by \
        the time of the answer.",
    ability: Ability::RecordPayments,
    changes_what_decides: false,
    input: &[
        ("customer", "ID", true, "Who paid."),
        ("amount", "Decimal", true, "How much came in: more than 0."),
        ("currency", "String", false, "ISO 4217 code of the amount's currency; the customer's if not said."),
        ("receivedOn", "Date", false, "The day the money came in; today if not said."),
        ("method", "String", false, "How it was paid."),
        (
            "invoices",
            "[InvoicePayment!]",
            false,
            "What it is for, at most 250 invoices; the oldest if not said. An empty list keeps all of it on account.",
        ),
        KEY,
    ],
    done: &[Done {
        name: "PaymentRecorded",
        payload: &[("payment", "Payment", true, "The payment; its allocations say what it paid.")],
    }],
    perform: by!(record_payment),
}];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordPayment {
    customer: String,
    amount: String,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    received_on: Option<NaiveDate>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    invoices: Option<Vec<InvoicePayment>>,
    idempotency_key: String,
}

#[derive(Deserialize)]
struct InvoicePayment {
    invoice: String,
    amount: String,
    #[serde(default)]
    version: Option<i64>,
}

async fn record_payment(call: &Call<'_>, input: RecordPayment) -> Result<Came, Stopped> {
    let permit = call.actor.permit()?;
    let invoices = input.invoices.map(|invoices| {
        let each = invoices.iter().enumerate().map(|(place, pay)| {
            Ok(ToPay {
                invoice: id_of(call.house, "Invoice", "invoices", &pay.invoice)?,
                amount: money(&[Value::from("invoices"), place.into(), "amount".into()], &pay.amount)?,
                version: pay.version,
            })
        });
        each.collect::<Result<Vec<_>, Stopped>>()
    });
    let payment = NewPayment {
        customer: id_of(call.house, "Customer", "customer", &input.customer)?,
        amount: money(&[Value::from("amount")], &input.amount)?,
        currency: input.currency,
        received_on: input.received_on,
        method: input.method,
        invoices: invoices.transpose()?,
        idempotency_key: input.idempotency_key,
    };
    let sight = sight(&call.house.model, call.actor, call.now);
    let recorded = record(call.house, call.deployment, permit, &sight, &payment, call.now).await?;
    values([("payment", ActValue::Record(recorded))])
}

fn money(path: &[Value], text: &str) -> Result<Decimal, Stopped> {
    match parse_text(&Kind::Money, text) {
        Ok(Given::Decimal(number)) => Ok(number),
        Ok(_) => Ok(Decimal::ZERO),
        Err(error) => {
            let message = format!("`amount` cannot be taken: {error}");
            Err(WorkflowError::Invalid(vec![InvalidValue::new(path.to_vec(), InvalidCode::Malformed, message)]).into())
        }
    }
}
