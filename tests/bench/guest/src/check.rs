//! A credit check: what is owed and asked for, against the limit. `tests/bench/engines/rules` has the same rule in other languages.

use guildhall_plugin::{Answer, Decimal, policy};
use measured_check::{CreditAccount, MeasuredCheck, MeasuredOutcome, Question};

/// What utilization says where there is no limit to divide by.
const FULL: Decimal = Decimal::ONE;

/// Utilization is a share; more places than this say nothing.
const PLACES: u32 = 4;

#[policy(point = "measured.check", query = "check.graphql", schema = "schema.graphql")]
pub(crate) fn check(question: &Question) -> Result<Answer<MeasuredCheck>, String> {
    let asked = question.request.amount;
    let Some(account) = &question.subject.credit_account else {
        return Ok(held(FULL, "the customer has no credit account".to_owned()));
    };
    let overflow = || format!("{asked} is too large an amount to check");
    let owed = account.exposure.amount.checked_add(asked).ok_or_else(overflow)?;
    let utilization = utilization(owed, account.limit.amount);
    if account.on_hold {
        return Ok(held(utilization, "finance has stopped deliveries to this customer".to_owned()));
    }
    let factor = Decimal::ONE.checked_add(question.parameters.over_limit).ok_or_else(overflow)?;
    let ceiling = account.limit.amount.checked_mul(factor).ok_or_else(overflow)?;
    if owed <= ceiling {
        let reason = format!("{} of {} are used after this", amount(owed, account), amount(ceiling, account));
        return Ok(answer(MeasuredOutcome::Approved, utilization, reason));
    }
    let missing = owed.checked_sub(ceiling).ok_or_else(overflow)?;
    let reason = format!(
        "{} owed and {} asked for exceed {} by {}",
        account.exposure,
        amount(asked, account),
        amount(ceiling, account),
        amount(missing, account)
    );
    Ok(waiting_invoices(question, held(utilization, reason)))
}

fn utilization(owed: Decimal, limit: Decimal) -> Decimal {
    match owed.checked_div(limit) {
        Some(share) => share.max(Decimal::ZERO).round_dp(PLACES).normalize(),
        None if owed > Decimal::ZERO => FULL,
        None => Decimal::ZERO,
    }
}

/// Names the open invoices that have waited longest, so that whoever releases the order knows whom to call about what.
fn waiting_invoices(question: &Question, mut held: Answer<MeasuredCheck>) -> Answer<MeasuredCheck> {
    let today = question.at.date();
    for invoice in &question.subject.open_invoices.nodes {
        let days = today.days_since(invoice.due_on);
        if days > 0 {
            let reason = format!("invoice {} over {} is {days} days overdue", invoice.number, invoice.amount);
            held = held.because(reason);
        }
    }
    held
}

fn held(utilization: Decimal, reason: String) -> Answer<MeasuredCheck> {
    answer(MeasuredOutcome::Held, utilization, reason)
}

fn answer(outcome: MeasuredOutcome, utilization: Decimal, reason: String) -> Answer<MeasuredCheck> {
    Answer::new(MeasuredCheck { outcome, utilization }).because(reason)
}

fn amount(amount: Decimal, account: &CreditAccount) -> String {
    format!("{amount:.2} {}", account.limit.currency)
}
