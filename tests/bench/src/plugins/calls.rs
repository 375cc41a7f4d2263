//! Calls: finance's credit check for many different customers.

use guildhall_plugin_host::{Call, Guest};
use serde_json::{Value, json};

use crate::Fallible;

pub(super) const POINT: &str = "measured.check";
pub(super) const AT: &str = "2026-03-01T09:00:00.000Z";

/// Parameters and input of each call.
pub(super) struct Calls(Vec<(String, String)>);

impl Calls {
    /// So many customers: with and without an account, stopped, within their limits and beyond, with up to three open invoices.
    pub(super) fn of(count: usize) -> Self {
        let money = |amount: String| json!({ "amount": amount, "currency": "EUR" });
        let call = |index: usize| {
            let invoice = |place: usize| {
                json!({
                    "number": format!("2026-{:04}", index * 3 + place),
                    "dueOn": format!("2026-0{}-{:02}", 1 + place, 1 + (index * 7 + place) % 28),
                    "amount": money(format!("{}.5000", 10 + index)),
                })
            };
            let open = index % 4;
            let account = match index % 11 {
                0 => Value::Null,
                kind => json!({
                    "limit": money("10000.0000".to_owned()),
                    "exposure": money(format!("{}.0000", 2_000 + index * 40)),
                    "onHold": kind == 5,
                }),
            };
            let subject = json!({
                "currency": "EUR", "creditAccount": account,
                "openInvoices": { "totalCount": open, "nodes": (0..open).map(invoice).collect::<Value>() },
            });
            let parameters = json!({ "overLimit": if index.is_multiple_of(2) { "0" } else { "0.25" } });
            let request = json!({ "amount": format!("{}.00", 100 + index) });
            (parameters.to_string(), json!({ "subject": subject, "request": request }).to_string())
        };
        Calls((0..count).map(call).collect())
    }

    pub(super) fn with<T>(&self, ask: impl FnOnce(&[Call<'_>]) -> T) -> T {
        let calls: Vec<_> = self
            .0
            .iter()
            .map(|(parameters, input)| Call { parameters: parameters.as_bytes(), input: input.as_bytes() })
            .collect();
        ask(&calls)
    }

    fn native_calls(&self) -> Vec<guildhall_plugin::Call<'_>> {
        self.0
            .iter()
            .map(|(parameters, input)| guildhall_plugin::Call {
                parameters: parameters.as_bytes(),
                input: input.as_bytes(),
            })
            .collect()
    }

    /// What the native function answers.
    pub(super) fn answers(&self) -> Fallible<Vec<Value>> {
        let answers = guildhall_measured_guest::decide(POINT, AT, &self.native_calls());
        answers.into_iter().map(|answer| Ok(serde_json::from_slice(&answer?)?)).collect()
    }

    /// One call on a line, for other programs.
    pub(super) fn lines(&self) -> String {
        let line = |(parameters, input): &(String, String)| {
            format!("{{\"at\":\"{AT}\",\"parameters\":{parameters},\"input\":{input}}}\n")
        };
        self.0.iter().map(line).collect()
    }

    /// From JSON to JSON, all at once.
    pub(super) fn native(&self) -> Fallible<()> {
        let answers = guildhall_measured_guest::decide(POINT, AT, &self.native_calls());
        all(answers.iter().map(Result::is_ok))
    }

    pub(super) fn native_one_by_one(&self) -> Fallible<()> {
        let calls = self.native_calls();
        all(calls.iter().map(|call| {
            let answers = guildhall_measured_guest::decide(POINT, AT, std::slice::from_ref(call));
            answers.iter().all(Result::is_ok)
        }))
    }

    /// From the same JSON to answers as the host takes them, in one guest call.
    pub(super) fn sandboxed(&self, guest: &Guest) -> Fallible<()> {
        self.with(|calls| all(guest.decide(POINT, AT, calls).answers.iter().map(Result::is_ok)))
    }

    /// The same, each in an instance of its own.
    pub(super) fn sandboxed_one_by_one(&self, guest: &Guest) -> Fallible<()> {
        self.with(|calls| {
            all(calls.iter().map(|call| {
                let batch = guest.decide(POINT, AT, std::slice::from_ref(call));
                batch.answers.iter().all(Result::is_ok)
            }))
        })
    }
}

fn all(mut answered: impl Iterator<Item = bool>) -> Fallible<()> {
    if answered.all(|is_good| is_good) { Ok(()) } else { Err("a decision failed while it was measured".into()) }
}
