//! Customers as the input query of `credit.check` selects them, with what is asked for and what the strategy sets.
//!
//! The JSON is as a server writes it: the query's fields in its order, no blanks, money with two places, parameters by name.

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

/// As many invoices as the query selects.
const SHOWN: usize = 20;

/// A customer by its place in the batch: all that varies follows from it, in cycles of different lengths. Amounts are in cents.
pub(super) struct Customer(pub usize);

impl Customer {
    pub(super) fn parameters(&self) -> String {
        let parameters = json!({
            "documentMaximum": self.one_of([None, Some("2500"), None, None, Some("800.5"), None, Some("1000"), None]),
            "horizonDays": self.one_of([14, 14, 7, 14, 30]),
            "maxDunningLevel": self.one_of([Some(3), None, None, Some(2), None, None, Some(3), None]),
            "oldestOpenItemDays": self.one_of([None, Some(60), None, None, Some(45), None, None, None, Some(30), None]),
            "overLimit": self.one_of(["0", "0.2", "0.25"]),
            "overLimitStatic": self.one_of(["1", "0.5", "0.3", "1"]),
            "overdueShare": self.one_of([Some("0.5"), None, Some("0.25"), None, Some("0.75"), None, Some("1")]),
            "releaseDays": self.one_of([14, 7]),
            "releaseDeviation": self.one_of(["0.1", "0.05", "0"]),
        });
        parameters.to_string()
    }

    pub(super) fn input(&self) -> String {
        let shown = self.0 % (SHOWN + 1);
        // Every other full page leaves some out.
        let count = if shown == SHOWN { shown + self.0 / SHOWN % 2 * 7 } else { shown };
        let invoices: Vec<_> = (0..count).map(|place| self.invoice(place as i64)).collect();
        let open = invoices.iter().map(Invoice::open).sum();
        let overdue = invoices.iter().filter(|invoice| invoice.due_in < 0).map(Invoice::open).sum();
        let nodes: Vec<_> = invoices.iter().take(SHOWN).map(Invoice::json).collect();
        format!(
            r#"{{"subject":{{"currency":"EUR","openAmount":{},"overdueAmount":{},"creditAccount":{},"openInvoices":{{"totalCount":{count},"nodes":[{}]}}}},"request":{},"settings":{{}}}}"#,
            eur(open),
            eur(overdue),
            self.account(open),
            nodes.join(","),
            self.request(),
        )
    }

    fn request(&self) -> String {
        let amount =
            self.one_of(["500", "99.95", "1250", "640.5", "2800", "310.25", "1000", "75", "450", "900", "220"]);
        let needed_on = match self.0 % 5 {
            0 => day(9),
            3 => day(21),
            _ => "null".to_owned(),
        };
        format!(r#"{{"amount":"{amount}","neededOn":{needed_on}}}"#)
    }

    /// What is ordered comes on top of what is open, some of it for later.
    fn account(&self, open: i64) -> String {
        if self.0.is_multiple_of(11) {
            return "null".to_owned();
        }
        let dynamic = open + self.one_of([0, 25_000, 0, 48_050, 9_075, 0]);
        let exposure = dynamic + self.one_of([0, 0, 120_000, 0, 340_090]);
        // Odd multiples of 500: with them no utilization lies midway between two of four places, where languages round differently.
        let limit = 100 * self.one_of([17_500, 8_500, 12_500, 25_500, 6_500, 30_500, 14_500]);
        let limit_until = match self.0 % 19 {
            4 => day(-29),
            9 => day(120),
            _ => "null".to_owned(),
        };
        let dunning_level = self.one_of([0, 0, 2, 0, 1, 0, 3, 0, 0, 0, 1, 0, 0]);
        let on_hold = self.0 % 23 == 5;
        let group = if self.0 % 6 == 1 { self.group(exposure) } else { "null".to_owned() };
        format!(
            r#"{{"limit":{},"limitUntil":{limit_until},"exposure":{},"exposureDynamic":{},"dunningLevel":{dunning_level},"onHold":{on_hold},"group":{group}}}"#,
            eur(limit),
            eur(exposure),
            eur(dynamic),
        )
    }

    /// Two to six accounts, the customer's own first; one in seven of them of several currencies.
    fn group(&self, own: i64) -> String {
        let accounts = 2 + self.0 / 6 % 5;
        let others = (1..accounts as i64).map(|place| {
            let amount = 190_000 + place * 77_040;
            if self.0 % 7 == 3 { money(amount, "USD") } else { eur(amount) }
        });
        let nodes: Vec<_> =
            std::iter::once(eur(own)).chain(others).map(|owed| format!(r#"{{"exposure":{owed}}}"#)).collect();
        format!(
            r#"{{"name":"Hanse {}","limit":{},"accounts":{{"totalCount":{accounts},"nodes":[{}]}}}}"#,
            self.0,
            eur(100 * self.one_of([26_000, 14_000, 34_000, 20_000])),
            nodes.join(","),
        )
    }

    /// Those that wait longest come first.
    fn invoice(&self, place: i64) -> Invoice {
        let index = self.0 as i64;
        let (first, apart) = (self.one_of([-12, -75, 3, -4, -31, -90, -52, 1, -20, 15, 8]), self.one_of([1, 4, 2, 5]));
        let amount = 18_000 + (index * 37 + place * 53) % 97 * 1_015;
        Invoice {
            number: format!("I26-{index:04}-{:03}", 80 + place),
            due_in: first + place * apart,
            amount,
            paid: if (index + place) % 5 == 0 { 6_000 } else { 0 },
        }
    }

    fn one_of<T: Copy + Default, const COUNT: usize>(&self, values: [T; COUNT]) -> T {
        values.get(self.0 % COUNT).copied().unwrap_or_default()
    }
}

struct Invoice {
    number: String,
    /// Days from the day of the decisions; negative once it is due.
    due_in: i64,
    amount: i64,
    paid: i64,
}

impl Invoice {
    fn open(&self) -> i64 {
        self.amount - self.paid
    }

    fn json(&self) -> String {
        let Invoice { number, due_in, amount, paid } = self;
        let (due_on, amount, paid) = (day(*due_in), eur(*amount), eur(*paid));
        format!(r#"{{"number":"{number}","dueOn":{due_on},"amount":{amount},"paidAmount":{paid}}}"#)
    }
}

fn eur(cents: i64) -> String {
    money(cents, "EUR")
}

fn money(cents: i64, currency: &str) -> String {
    format!(r#"{{"amount":"{}.{:02}","currency":"{currency}"}}"#, cents / 100, cents % 100)
}

/// So many days from the day of the decisions, in quotes.
fn day(days: i64) -> String {
    let today = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap_or_default();
    format!("\"{}\"", today + TimeDelta::days(days))
}
