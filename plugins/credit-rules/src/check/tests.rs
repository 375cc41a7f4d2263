use guildhall_plugin::Money;

use super::credit_check::{
    CreditAccount as Shared, CreditAccountConnection, CreditGroup, Customer, Invoice, InvoiceConnection, Parameters,
    Request,
};
use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn eur(amount: &str) -> Money {
    Money::new(decimal(amount), "EUR")
}

/// A customer who owes `exposure` of a limit, nothing of it later, asks for more on 1 March.
fn question(limit: &str, exposure: &str, asked: &str) -> Question {
    let account = CreditAccount {
        limit: eur(limit),
        limit_until: None,
        exposure: eur(exposure),
        exposure_dynamic: eur(exposure),
        dunning_level: 0,
        on_hold: false,
        group: None,
    };
    Question {
        subject: Customer {
            open_amount: eur(exposure),
            overdue_amount: eur("0"),
            credit_account: Some(account),
            ..Customer::default()
        },
        request: Request { amount: decimal(asked), needed_on: None },
        parameters: Parameters::default(),
        at: "2026-03-01T09:00:00Z".parse().unwrap(),
        settings: guildhall_plugin::NoSettings {},
    }
}

fn invoice(number: &str, due_on: &str, amount: &str, paid: &str) -> Invoice {
    Invoice { number: number.to_owned(), due_on: due_on.parse().unwrap(), amount: eur(amount), paid_amount: eur(paid) }
}

/// The blockers, the amount to pay and the utilization.
#[track_caller]
fn check_that(limit: &str, exposure: &str, asked: &str, change: impl Fn(&mut Question), expected: &str) {
    let mut question = question(limit, exposure, asked);
    change(&mut question);
    let output = check(&question).unwrap().output;
    let blockers = output.blockers.unwrap_or_default();
    assert_eq!(output.outcome == CreditOutcome::Approved, blockers.is_empty());
    let to_pay = output.amount_to_pay.map_or("-".to_owned(), |amount| amount.to_string());
    assert_eq!(format!("{} / {to_pay} / {}", blockers.join(" "), output.utilization), expected);
}

fn account(question: &mut Question) -> &mut CreditAccount {
    question.subject.credit_account.as_mut().unwrap()
}

#[test]
fn the_limit_decides() {
    check_that("1000", "400", "600", |_| {}, " / 0 / 1");
    check_that("1000", "400", "601", |_| {}, "limit / 1 / 1.001");
}

#[test]
fn the_strategy_may_allow_more_than_the_limit() {
    let allowed = |question: &mut Question| question.parameters.over_limit = decimal("0.2");
    check_that("1000", "400", "800", allowed, " / 0 / 1.2");
    check_that("1000", "400", "801", allowed, "limit / 1 / 1.201");
}

#[test]
fn what_is_needed_later_counts_on_the_whole_alone() {
    let later = |question: &mut Question| {
        question.parameters.over_limit_static = decimal("0.3");
        question.request.needed_on = Some("2026-03-16".parse().unwrap());
    };
    check_that("1000", "1000", "300", later, " / 0 / 1");
    check_that("1000", "1000", "301", later, "limit-static / 1 / 1");
    let inside = |question: &mut Question| {
        later(question);
        question.request.needed_on = Some("2026-03-15".parse().unwrap());
    };
    check_that("1000", "1000", "300", inside, "limit / 300 / 1.3");
}

#[test]
fn open_orders_beyond_the_horizon_do_not_count_inside() {
    let ordered = |question: &mut Question| account(question).exposure = eur("1400");
    check_that("1000", "400", "600", ordered, " / 0 / 1");
    // Of a longer horizon only the whole is known.
    let longer = |question: &mut Question| {
        ordered(question);
        question.parameters.horizon_days = 15;
    };
    check_that("1000", "400", "600", longer, "limit / 1000 / 2");
}

#[test]
fn what_no_payment_lifts_has_no_amount() {
    check_that("1000", "0", "1", |question| account(question).on_hold = true, "on-hold / - / 0.001");
    let expired = |question: &mut Question| account(question).limit_until = Some("2026-02-28".parse().unwrap());
    check_that("1000", "0", "1", expired, "limit-expired limit-static limit / - / 0.001");
    let holds = |question: &mut Question| account(question).limit_until = Some("2026-03-01".parse().unwrap());
    check_that("1000", "0", "1", holds, " / 0 / 0.001");
    let reminded = |question: &mut Question| {
        account(question).dunning_level = 2;
        question.parameters.max_dunning_level = Some(2);
    };
    check_that("1000", "0", "1", reminded, "dunning / - / 0.001");
    let large = |question: &mut Question| question.parameters.document_maximum = Some(decimal("500"));
    check_that("1000", "0", "500", large, " / 0 / 0.5");
    check_that("1000", "0", "501", large, "document-maximum / - / 0.501");
    check_that("1000", "0", "1", |question| question.subject.credit_account = None, "no-account / - / 1");
}

#[test]
fn invoices_that_wait_too_long_are_to_be_paid_first() {
    let waiting = |question: &mut Question| {
        question.parameters.oldest_open_item_days = Some(30);
        question.subject.open_invoices = InvoiceConnection {
            total_count: 2,
            nodes: vec![invoice("7", "2026-01-30", "90", "15"), invoice("8", "2026-01-31", "10", "0")],
        };
    };
    check_that("1000", "100", "1", waiting, "oldest-open-item / 75 / 0.101");
}

#[test]
fn more_old_invoices_than_are_shown_have_no_amount() {
    let waiting = |total_count: i32| {
        move |question: &mut Question| {
            question.parameters.oldest_open_item_days = Some(30);
            let nodes = vec![invoice("7", "2026-01-29", "90", "0"), invoice("8", "2026-01-30", "10", "0")];
            question.subject.open_invoices = InvoiceConnection { total_count, nodes };
        }
    };
    check_that("1000", "100", "1", waiting(2), "oldest-open-item / 100 / 0.101");
    check_that("1000", "100", "1", waiting(3), "oldest-open-item / - / 0.101");
}

#[test]
fn a_payment_brings_what_is_overdue_below_its_share() {
    let late = |question: &mut Question| {
        question.parameters.overdue_share = Some(decimal("0.25"));
        question.subject.overdue_amount = eur("400");
    };
    // (400 - 200) / (1000 - 200) is a quarter.
    check_that("5000", "1000", "1", late, "overdue-share / 200 / 0.2002");
    check_that("5000", "1600", "1", late, " / 0 / 0.3202");
}

#[test]
fn customers_that_share_a_limit_keep_it_together() {
    let shared = |exposure: &str| Shared { exposure: eur(exposure) };
    let group = |total_count: i32, limit: Money| {
        let nodes = vec![shared("400"), shared("500")];
        let accounts = CreditAccountConnection { total_count, nodes };
        move |question: &mut Question| {
            question.parameters.over_limit_static = decimal("0");
            let (limit, accounts) = (limit.clone(), accounts.clone());
            account(question).group = Some(CreditGroup { name: "Hanse".to_owned(), limit, accounts });
        }
    };
    check_that("1000", "400", "100", group(2, eur("1000")), " / 0 / 0.5");
    check_that("1000", "400", "101", group(2, eur("1000")), "group-limit / 1 / 0.501");
    check_that("1000", "400", "100", group(21, eur("1000")), "group-limit / - / 0.5");
    check_that("1000", "400", "100", group(2, Money::new(decimal("1000"), "USD")), "group-limit / - / 0.5");
}

#[test]
fn the_gravest_comes_first_and_most_is_to_be_paid() {
    let all = |question: &mut Question| {
        question.parameters.over_limit_static = decimal("0.3");
        question.parameters.overdue_share = Some(decimal("0.1"));
        question.subject.overdue_amount = eur("1000");
    };
    check_that("1000", "1000", "400", all, "limit-static limit overdue-share / 1000 / 1.4");
}

#[test]
fn a_limit_of_nothing_is_used_up_by_anything() {
    check_that("0", "0", "0", |_| {}, " / 0 / 0");
    check_that("0", "0", "1", |_| {}, "limit-static limit / 1 / 1");
}

#[test]
fn an_absurd_amount_is_refused_rather_than_wrapped() {
    let mut asked = question("1000", "1", "0");
    asked.request.amount = Decimal::MAX;
    let refused = check(&asked).unwrap_err();
    assert_eq!(refused, "79228162514264337593543950335 is too large an amount to check");
}
