//! What stands against a request for credit.

use guildhall_plugin::Decimal;

use super::credit_check::{CreditGroup, Question};
use super::{CreditAccount, Figures, amount, has_expired};

/// One thing that stands against a request.
pub(super) struct Blocker {
    pub name: &'static str,
    pub reason: String,
    /// What has to be paid to lift it; nothing if no payment does.
    pub to_pay: Option<Decimal>,
}

impl Blocker {
    fn lasting(name: &'static str, reason: String) -> Blocker {
        Blocker { name, reason, to_pay: None }
    }

    fn payable(name: &'static str, reason: String, to_pay: Decimal) -> Blocker {
        Blocker { name, reason, to_pay: Some(to_pay.max(Decimal::ZERO)) }
    }
}

/// Everything that stands against it, the gravest first; nothing if an amount is too large to be added up.
pub(super) fn blockers(question: &Question, account: &CreditAccount, figures: &Figures) -> Option<Vec<Blocker>> {
    let all = [
        on_hold(account),
        expired(question, account),
        dunning(question, account),
        whole(account, figures)?,
        inside(question, account, figures)?,
        group(question, account, figures)?,
        document(question, account),
        oldest(question, account)?,
        overdue(question)?,
    ];
    Some(all.into_iter().flatten().collect())
}

fn on_hold(account: &CreditAccount) -> Option<Blocker> {
    let reason = || "finance has stopped deliveries to this customer".to_owned();
    account.on_hold.then(|| Blocker::lasting("on-hold", reason()))
}

fn expired(question: &Question, account: &CreditAccount) -> Option<Blocker> {
    let until = account.limit_until.filter(|_| has_expired(question, account))?;
    Some(Blocker::lasting("limit-expired", format!("the credit limit held until {until} and was not renewed")))
}

fn dunning(question: &Question, account: &CreditAccount) -> Option<Blocker> {
    let from = question.parameters.max_dunning_level.filter(|from| account.dunning_level >= *from)?;
    let reason = format!("the dunning level is {}; from {from} on there is no further credit", account.dunning_level);
    Some(Blocker::lasting("dunning", reason))
}

/// Everything that is ordered, whenever it is needed.
fn whole(account: &CreditAccount, figures: &Figures) -> Option<Option<Blocker>> {
    if figures.total <= figures.ceiling_static {
        return Some(None);
    }
    let missing = figures.total.checked_sub(figures.ceiling_static)?;
    let reason = format!(
        "all that is owed and ordered comes to {}, which exceeds {} by {}",
        amount(figures.total, account),
        amount(figures.ceiling_static, account),
        amount(missing, account)
    );
    Some(Some(Blocker::payable("limit-static", reason, missing)))
}

/// What is owed and needed inside the horizon. A request for later burdens nothing there.
fn inside(question: &Question, account: &CreditAccount, figures: &Figures) -> Option<Option<Blocker>> {
    if !figures.soon || figures.dynamic <= figures.ceiling {
        return Some(None);
    }
    let (asked, missing) = (question.request.amount, figures.dynamic.checked_sub(figures.ceiling)?);
    let reason = format!(
        "{} owed and {} asked for exceed {} by {}",
        amount(figures.dynamic.checked_sub(asked)?, account),
        amount(asked, account),
        amount(figures.ceiling, account),
        amount(missing, account)
    );
    Some(Some(Blocker::payable("limit", reason, missing)))
}

/// Customers that share a limit keep it together.
fn group(question: &Question, account: &CreditAccount, figures: &Figures) -> Option<Option<Blocker>> {
    let Some(CreditGroup { name, limit, accounts }) = &account.group else { return Some(None) };
    let known = i32::try_from(accounts.nodes.len()).unwrap_or(i32::MAX);
    if accounts.total_count > known {
        let reason = format!("the group {name} has {} accounts, more than can be added up here", accounts.total_count);
        return Some(Some(Blocker::lasting("group-limit", reason)));
    }
    let one_currency = accounts.nodes.iter().all(|account| account.exposure.currency == limit.currency);
    let Some(ceiling) = figures.ceiling_group.filter(|_| one_currency) else {
        let reason = format!("the group {name} counts in several currencies, which cannot be added up");
        return Some(Some(Blocker::lasting("group-limit", reason)));
    };
    let mut owed = question.request.amount;
    for account in &accounts.nodes {
        owed = owed.checked_add(account.exposure.amount)?;
    }
    if owed <= ceiling {
        return Some(None);
    }
    let missing = owed.checked_sub(ceiling)?;
    let reason = format!(
        "the group {name} would owe {}, which exceeds {} by {}",
        amount(owed, account),
        amount(ceiling, account),
        amount(missing, account)
    );
    Some(Some(Blocker::payable("group-limit", reason, missing)))
}

fn document(question: &Question, account: &CreditAccount) -> Option<Blocker> {
    let asked = question.request.amount;
    let most = question.parameters.document_maximum.filter(|most| asked > *most)?;
    let reason = format!(
        "{} is asked for at once; orders above {} are looked at",
        amount(asked, account),
        amount(most, account)
    );
    Some(Blocker::lasting("document-maximum", reason))
}

/// The first of the open invoices is the oldest.
fn oldest(question: &Question, account: &CreditAccount) -> Option<Option<Blocker>> {
    let Some(most) = question.parameters.oldest_open_item_days else { return Some(None) };
    let today = question.at.date();
    let too_old = |days: i32| days >= most.max(1);
    let invoices = question.subject.open_invoices.nodes.iter();
    let mut old = invoices.filter(|invoice| too_old(today.days_since(invoice.due_on))).peekable();
    let Some(first) = old.peek() else { return Some(None) };
    let (number, days) = (first.number.clone(), today.days_since(first.due_on));
    let all = &question.subject.open_invoices;
    let shown = i32::try_from(all.nodes.len()).unwrap_or(i32::MAX);
    if all.total_count > shown && all.nodes.last().is_some_and(|last| too_old(today.days_since(last.due_on))) {
        let reason = format!(
            "invoice {number} is {days} days overdue; from {most} days on there is no further credit, and more than {shown} wait that long"
        );
        return Some(Some(Blocker::lasting("oldest-open-item", reason)));
    }
    let mut to_pay = Decimal::ZERO;
    for invoice in old {
        to_pay = to_pay.checked_add(invoice.amount.amount.checked_sub(invoice.paid_amount.amount)?)?;
    }
    let reason = format!(
        "invoice {number} is {days} days overdue; from {most} days on there is no further credit: {} is to be paid first",
        amount(to_pay, account)
    );
    Some(Some(Blocker::payable("oldest-open-item", reason, to_pay)))
}

/// A payment of what is overdue lowers what is overdue and what is open alike: `(overdue - x) / (open - x)` is the share at
/// `x = (overdue - share * open) / (1 - share)`.
fn overdue(question: &Question) -> Option<Option<Blocker>> {
    let Some(share) = question.parameters.overdue_share else { return Some(None) };
    let (open, overdue) = (&question.subject.open_amount, &question.subject.overdue_amount);
    let allowed = open.amount.checked_mul(share)?;
    if overdue.amount <= Decimal::ZERO || overdue.amount <= allowed {
        return Some(None);
    }
    let reason = format!("{overdue} of {open} open is overdue, more than {} %", percent(share)?);
    let excess = overdue.amount.checked_sub(allowed)?;
    let to_pay = match Decimal::ONE.checked_sub(share)? {
        rest if rest > Decimal::ZERO => in_cents(excess.checked_div(rest)?)?,
        _ => overdue.amount,
    };
    Some(Some(Blocker::payable("overdue-share", reason, to_pay.min(overdue.amount))))
}

fn percent(share: Decimal) -> Option<Decimal> {
    Some(share.checked_mul(Decimal::ONE_HUNDRED)?.normalize())
}

/// Up to whole cents, so that what is paid is enough.
fn in_cents(amount: Decimal) -> Option<Decimal> {
    amount.checked_mul(Decimal::ONE_HUNDRED)?.ceil().checked_div(Decimal::ONE_HUNDRED)
}
