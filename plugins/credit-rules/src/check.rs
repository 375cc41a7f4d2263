//! The credit check: what is owed and asked for, against the limit and what the strategy sets beside it.
//!
//! Everything that stands against a request is a [`Blocker`]; the first that is found is the gravest, and the reasons come in this
//! order. What a payment would lift says how much it takes.

mod blockers;

use blockers::{Blocker, blockers};
use credit_check::{CreditAccountCreditAccount as CreditAccount, CreditCheck, CreditOutcome, Question};
use guildhall_plugin::{Answer, Decimal, policy};

/// What utilization says where there is no limit to divide by.
const FULL: Decimal = Decimal::ONE;

/// Utilization is a share; more places than this say nothing.
const PLACES: u32 = 4;

/// How many overdue invoices are named.
const NAMED: usize = 3;

/// `CreditAccount.exposureDynamic` counts open orders that are needed within so many days.
const COUNTED_DAYS: i32 = 14;

#[policy(point = "credit.check", query = "credit_check.graphql")]
pub(crate) fn check(question: &Question) -> Result<Answer<CreditCheck>, String> {
    let Some(account) = &question.subject.credit_account else {
        let held = CreditCheck {
            outcome: CreditOutcome::Held,
            utilization: FULL,
            exposure: None,
            exposure_dynamic: None,
            ceiling: None,
            ceiling_static: None,
            ceiling_group: None,
            amount_to_pay: None,
            blockers: Some(vec!["no-account".to_owned()]),
        };
        return Ok(Answer::new(held).because("the customer has no credit account"));
    };
    let too_large = || format!("{} is too large an amount to check", question.request.amount);
    let figures = Figures::of(question, account).ok_or_else(too_large)?;
    let blockers = blockers(question, account, &figures).ok_or_else(too_large)?;
    let outcome = if blockers.is_empty() { CreditOutcome::Approved } else { CreditOutcome::Held };
    let mut answer = Answer::new(CreditCheck {
        outcome,
        utilization: utilization(figures.dynamic, account.limit.amount),
        exposure: Some(figures.total.normalize()),
        exposure_dynamic: Some(figures.dynamic.normalize()),
        ceiling: Some(figures.ceiling.normalize()),
        ceiling_static: Some(figures.ceiling_static.normalize()),
        ceiling_group: figures.ceiling_group.map(|ceiling| ceiling.normalize()),
        amount_to_pay: amount_to_pay(&blockers),
        blockers: Some(blockers.iter().map(|blocker| blocker.name.to_owned()).collect()),
    });
    if blockers.is_empty() {
        let (used, ceiling) = (amount(figures.dynamic, account), amount(figures.ceiling, account));
        return Ok(answer.because(format!("{used} of {ceiling} are used after this")));
    }
    for blocker in blockers {
        answer = answer.because(blocker.reason);
    }
    Ok(waiting_invoices(question, answer))
}

/// What is owed after the request, and how much may be.
struct Figures {
    /// Whether the goods are needed inside the horizon, so that the request counts on dynamic exposure.
    soon: bool,
    /// Owed after the request inside the horizon.
    dynamic: Decimal,
    /// Owed after the request, whenever it is needed.
    total: Decimal,
    ceiling: Decimal,
    ceiling_static: Decimal,
    /// What those who share the limit may owe together, where it is of one currency.
    ceiling_group: Option<Decimal>,
}

impl Figures {
    /// Nothing if an amount is too large to be added up.
    fn of(question: &Question, account: &CreditAccount) -> Option<Figures> {
        let (asked, parameters, today) = (question.request.amount, &question.parameters, question.at.date());
        let soon = question.request.needed_on.is_none_or(|day| day.days_since(today) <= parameters.horizon_days);
        // Beyond the days the account counts nothing is known but the whole, which is never too little.
        let owed = match parameters.horizon_days <= COUNTED_DAYS {
            true => account.exposure_dynamic.amount,
            false => account.exposure.amount,
        };
        let ceiling = |over: Decimal| limit(question, account).checked_mul(Decimal::ONE.checked_add(over)?);
        let ceiling_group = match account.group.as_ref().filter(|group| group.limit.currency == account.limit.currency)
        {
            Some(group) => {
                Some(group.limit.amount.checked_mul(Decimal::ONE.checked_add(parameters.over_limit_static)?)?)
            }
            None => None,
        };
        Some(Figures {
            soon,
            dynamic: if soon { owed.checked_add(asked)? } else { owed },
            total: account.exposure.amount.checked_add(asked)?,
            ceiling: ceiling(parameters.over_limit)?,
            ceiling_static: ceiling(parameters.over_limit_static)?,
            ceiling_group,
        })
    }
}

/// The limit, as long as it holds.
fn limit(question: &Question, account: &CreditAccount) -> Decimal {
    if has_expired(question, account) { Decimal::ZERO } else { account.limit.amount }
}

fn has_expired(question: &Question, account: &CreditAccount) -> bool {
    account.limit_until.is_some_and(|last| question.at.date().days_since(last) > 0)
}

/// What has to be paid so that nothing stands against the request; nothing if no payment would do.
fn amount_to_pay(blockers: &[Blocker]) -> Option<Decimal> {
    let mut most = Decimal::ZERO;
    for blocker in blockers {
        most = most.max(blocker.to_pay?);
    }
    Some(most.normalize())
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
    for invoice in question.subject.open_invoices.nodes.iter().take(NAMED) {
        let days = today.days_since(invoice.due_on);
        if days > 0 {
            let reason = format!("invoice {} over {} is {days} days overdue", invoice.number, invoice.amount);
            held = held.because(reason);
        }
    }
    held
}

fn amount(amount: Decimal, account: &CreditAccount) -> String {
    format!("{amount:.2} {}", account.limit.currency)
}

#[cfg(test)]
mod tests;
