//! Calls: the shipped credit check for many different customers.

use guildhall_plugin_host::{Answer, Call, Guest, Limits};
use serde_json::Value;

use super::customer::Customer;
use crate::Fallible;

pub(super) const POINT: &str = "credit.check";
pub(super) const AT: &str = "2026-03-01T09:00:00.000Z";

/// Parameters and input of each call.
pub(super) struct Calls(Vec<(String, String)>);

impl Calls {
    pub(super) fn of(count: usize) -> Self {
        Calls((0..count).map(Customer).map(|customer| (customer.parameters(), customer.input())).collect())
    }

    /// Bytes of an input on the average.
    pub(super) fn input_bytes(&self) -> usize {
        self.0.iter().map(|(_, input)| input.len()).sum::<usize>() / self.0.len().max(1)
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
        let answers = guildhall_credit_rules::decide(POINT, AT, &self.native_calls());
        answers.into_iter().map(|answer| Ok(serde_json::from_slice(&answer?)?)).collect()
    }

    /// One call on a line, for other programs.
    pub(super) fn lines(&self) -> String {
        let line = |(parameters, input): &(String, String)| {
            format!("{{\"at\":\"{AT}\",\"parameters\":{parameters},\"input\":{input}}}\n")
        };
        self.0.iter().map(line).collect()
    }

    /// From JSON to answers as the host takes them, all at once. A function inside of the host would answer in JSON too, and the host would
    /// read it.
    pub(super) fn native(&self, limits: &Limits) -> Fallible<()> {
        let answers = guildhall_credit_rules::decide(POINT, AT, &self.native_calls());
        all(answers.iter().map(|answer| is_read(answer, limits)))
    }

    pub(super) fn native_one_by_one(&self, limits: &Limits) -> Fallible<()> {
        let calls = self.native_calls();
        all(calls.iter().map(|call| {
            let answers = guildhall_credit_rules::decide(POINT, AT, std::slice::from_ref(call));
            answers.iter().all(|answer| is_read(answer, limits))
        }))
    }

    /// From the same JSON to the same answers, in as few guest calls as their fuel allows.
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

fn is_read(answer: &Result<Vec<u8>, String>, limits: &Limits) -> bool {
    answer.as_ref().is_ok_and(|answer| Answer::read(answer, limits).is_ok())
}

fn all(mut answered: impl Iterator<Item = bool>) -> Fallible<()> {
    if answered.all(|is_good| is_good) { Ok(()) } else { Err("a decision failed while it was measured".into()) }
}
