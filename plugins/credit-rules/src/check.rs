//! The credit check: what is owed and asked for, against the limit.

use credit_check::{CreditAccount, CreditCheck, CreditOutcome, Question};
use guildhall_plugin::{Answer, Decimal, policy};

/// What utilization says where there is no limit to divide by.
const FULL: Decimal = Decimal::ONE;

/// Utilization is a share; more places than this say nothing.
const PLACES: u32 = 4;

#[policy(point = "credit.check", query = "credit_check.graphql")]
pub(crate) fn check(question: &Question) -> Result<Answer<CreditCheck>, String> {
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
        return Ok(answer(CreditOutcome::Approved, utilization, reason));
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
fn waiting_invoices(question: &Question, mut held: Answer<CreditCheck>) -> Answer<CreditCheck> {
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

fn held(utilization: Decimal, reason: String) -> Answer<CreditCheck> {
    answer(CreditOutcome::Held, utilization, reason)
}

fn answer(outcome: CreditOutcome, utilization: Decimal, reason: String) -> Answer<CreditCheck> {
    Answer::new(CreditCheck { outcome, utilization }).because(reason)
}

fn amount(amount: Decimal, account: &CreditAccount) -> String {
    format!("{amount:.2} {}", account.limit.currency)
}

#[cfg(test)]
mod tests {
    use super::credit_check::{Customer, Parameters, Request};
    use super::*;
    use guildhall_plugin::{Money, NoSettings};

    fn question(limit: i64, exposure: i64, asked: i64) -> Question {
        let eur = |amount: i64| Money::new(Decimal::from(amount), "EUR");
        Question {
            subject: Customer {
                credit_account: Some(CreditAccount { limit: eur(limit), exposure: eur(exposure), on_hold: false }),
                ..Customer::default()
            },
            request: Request { amount: Decimal::from(asked) },
            parameters: Parameters::default(),
            settings: NoSettings {},
            at: "2026-03-01T09:00:00Z".parse().unwrap(),
        }
    }

    #[track_caller]
    fn check_outcome(question: &Question, outcome: CreditOutcome, utilization: &str) {
        let output = check(question).unwrap().output;
        assert_eq!((output.outcome, output.utilization.to_string().as_str()), (outcome, utilization));
    }

    #[test]
    fn the_limit_decides() {
        check_outcome(&question(1_000, 400, 600), CreditOutcome::Approved, "1");
        check_outcome(&question(1_000, 400, 601), CreditOutcome::Held, "1.001");
    }

    #[test]
    fn the_strategy_may_allow_more_than_the_limit() {
        let mut asked = question(1_000, 400, 800);
        asked.parameters.over_limit = Decimal::new(2, 1);
        check_outcome(&asked, CreditOutcome::Approved, "1.2");
        asked.request.amount = Decimal::from(801);
        check_outcome(&asked, CreditOutcome::Held, "1.201");
    }

    #[test]
    fn who_is_on_hold_or_has_no_account_gets_no_credit() {
        let mut asked = question(1_000, 0, 1);
        if let Some(account) = &mut asked.subject.credit_account {
            account.on_hold = true;
        }
        check_outcome(&asked, CreditOutcome::Held, "0.001");
        asked.subject.credit_account = None;
        check_outcome(&asked, CreditOutcome::Held, "1");
    }

    #[test]
    fn a_limit_of_nothing_is_used_up_by_anything() {
        check_outcome(&question(0, 0, 0), CreditOutcome::Approved, "0");
        check_outcome(&question(0, 0, 1), CreditOutcome::Held, "1");
    }

    #[test]
    fn an_absurd_amount_is_refused_rather_than_wrapped() {
        let mut asked = question(1_000, 1, 0);
        asked.request.amount = Decimal::MAX;
        let refused = check(&asked).unwrap_err();
        assert_eq!(refused, "79228162514264337593543950335 is too large an amount to check");
    }
}
