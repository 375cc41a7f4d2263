//! Cases, drawn by dice that fall alike in every run.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

/// When everything is asked.
pub(super) const AT: &str = "2026-03-01T09:00:00.000Z";

pub(super) fn at() -> DateTime<Utc> {
    AT.parse().unwrap()
}

/// An account, what is owed on it, what is asked for, and what the strategy says.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub account: Option<Account>,
    /// Open invoices without a dispute, due so many days ago: amount and what was paid of it. The oldest first.
    pub invoices: Vec<(i64, i64, i64)>,
    /// What is left of disputed invoices, due so many days ago.
    pub disputed: Vec<(i64, i64)>,
    /// What is ordered and needed later than in 14 days, and what is ordered for sooner.
    pub later: i64,
    pub sooner: i64,
    pub asked: i64,
    pub needed_in: Option<i64>,
    pub rules: Rules,
}

#[derive(Clone, Debug)]
pub(super) struct Account {
    pub limit: i64,
    /// How many days the limit still holds.
    pub holds_for: Option<i64>,
    pub dunning: i64,
    pub on_hold: bool,
    pub group: Option<Group>,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub limit: i64,
    pub other_currency: bool,
    /// What the other accounts owe.
    pub others: Vec<i64>,
    /// Whether one of them counts in another currency.
    pub mixed: bool,
}

/// What the strategy sets; nothing is the department's default.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub over_limit: Option<i64>,
    pub over_static: Option<i64>,
    pub horizon: Option<i64>,
    pub document: Option<i64>,
    pub oldest: Option<i64>,
    pub share: Option<i64>,
    pub dunning: Option<i64>,
    /// The ground rule: how much of the limit may be owed in all, whoever says what.
    pub ground: Option<i64>,
    /// Whether a second rule keeps what is reserved below the same.
    pub clamped: bool,
}

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn below(&mut self, count: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(count).unwrap()).unwrap()
    }

    /// True once in so many times.
    pub(super) fn once_in(&mut self, times: i64) -> bool {
        self.below(times) == 0
    }

    fn maybe(&mut self, times: i64, draw: impl Fn(&mut Dice) -> i64) -> Option<i64> {
        if self.once_in(times) { Some(draw(self)) } else { None }
    }
}

impl Rules {
    pub(super) fn drawn(dice: &mut Dice) -> Rules {
        Rules {
            over_limit: dice.maybe(2, |dice| dice.below(5) * 500),
            over_static: dice.maybe(2, |dice| dice.below(5) * 1_000),
            horizon: dice.maybe(3, |dice| [0, 7, 13, 14, 15, 30][usize::try_from(dice.below(6)).unwrap()]),
            document: dice.maybe(4, |dice| dice.below(60_000)),
            oldest: dice.maybe(3, |dice| dice.below(4) * 15),
            share: dice.maybe(3, |dice| dice.below(11) * 1_000),
            dunning: dice.maybe(3, |dice| 1 + dice.below(3)),
            ground: dice.maybe(2, |dice| 10_000 + dice.below(5) * 1_000),
            clamped: dice.once_in(2),
        }
    }
}

impl Case {
    pub(super) fn drawn(dice: &mut Dice) -> Case {
        let rules = Rules::drawn(dice);
        Case::under(dice, rules)
    }

    pub(super) fn under(dice: &mut Dice, rules: Rules) -> Case {
        let group = dice.once_in(3).then(|| Group {
            limit: 10_000 * (1 + dice.below(25)),
            other_currency: dice.once_in(10),
            others: (0..if dice.once_in(12) { 20 } else { dice.below(4) }).map(|_| dice.below(60_000)).collect(),
            mixed: dice.once_in(12),
        });
        let account = Account {
            limit: 10_000 * dice.below(15),
            holds_for: dice.maybe(4, |dice| dice.below(5) - 1),
            dunning: dice.below(4) * dice.below(2),
            on_hold: dice.once_in(25),
            group,
        };
        let count = if dice.once_in(25) { 22 } else { dice.below(5) };
        let mut invoices: Vec<(i64, i64, i64)> = (0..count)
            .map(|_| {
                let amount = 1 + dice.below(20_000);
                (dice.below(90) - 30, amount, if dice.once_in(3) { dice.below(amount) } else { 0 })
            })
            .collect();
        invoices.sort_by_key(|(days, ..)| -days);
        let disputed = (0..dice.below(2)).map(|_| (dice.below(90) - 30, 1 + dice.below(20_000))).collect();
        Case {
            account: (!dice.once_in(40)).then_some(account),
            invoices,
            disputed,
            later: dice.maybe(3, |dice| dice.below(50_000)).unwrap_or_default(),
            sooner: dice.maybe(3, |dice| dice.below(50_000)).unwrap_or_default(),
            asked: 1 + dice.below(50_000),
            needed_in: dice.maybe(2, |dice| [0, 7, 8, 14, 15, 16, 31][usize::try_from(dice.below(7)).unwrap()]),
            rules,
        }
    }

    /// What is open of all invoices, and what of it is overdue.
    pub(super) fn open(&self) -> (i64, i64) {
        let plain = self.invoices.iter().map(|(days, amount, paid)| (*days, amount - paid));
        let all: Vec<(i64, i64)> = plain.chain(self.disputed.iter().copied()).collect();
        let overdue = all.iter().filter(|(days, _)| *days > 0);
        (all.iter().map(|(_, left)| left).sum(), overdue.map(|(_, left)| left).sum())
    }

    /// What is owed before the request, whenever it is needed and inside 14 days.
    pub(super) fn owed(&self) -> (i64, i64) {
        let (open, _) = self.open();
        (open + self.sooner + self.later, open + self.sooner)
    }

    /// The strategy as a document.
    pub(super) fn strategy(&self) -> String {
        let Rules { over_limit, over_static, horizon, document, oldest, share, dunning, ground, clamped } = &self.rules;
        let mut text = "name = \"Drawn\"\nvision = \"By dice.\"\napprovers = [\"ada\"]\n[[segments]]\nkey = \"all\"\nname = \"All\"\nneed = \"Any.\"\n\
            when = 'customer.country != \"Nowhere\"'\n"
            .to_owned();
        let mut treatment = String::new();
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                treatment.push_str(&format!("{name} = {value}\n"));
            }
        };
        let ratio = |share: &i64| format!("{}.{:04}", share / 10_000, share % 10_000);
        set("overLimit", over_limit.as_ref().map(ratio));
        set("overLimitStatic", over_static.as_ref().map(ratio));
        set("horizonDays", horizon.map(|days| days.to_string()));
        set("documentMaximum", document.map(|cents| format!("{}.{:02}", cents / 100, cents % 100)));
        set("oldestOpenItemDays", oldest.map(|days| days.to_string()));
        set("overdueShare", share.as_ref().map(ratio));
        set("maxDunningLevel", dunning.map(|level| level.to_string()));
        if !treatment.is_empty() {
            text.push_str(&format!("[treatments.all.\"credit.check\"]\n{treatment}"));
        }
        if let Some(ground) = ground {
            let factor = ratio(ground);
            text.push_str(&format!(
                "[[ground_rules]]\nid = \"G1\"\nname = \"All\"\nreason = \"too much\"\npoint = \"credit.check\"\n\
                 when = \"customer.creditAccount.exposure + request.amount > customer.creditAccount.limit * {factor}\"\n\
                 force = {{ outcome = \"HELD\" }}\n"
            ));
        }
        if let Some(ground) = ground.filter(|_| *clamped) {
            let factor = ratio(&ground);
            text.push_str(&format!(
                "[[ground_rules]]\nid = \"G2\"\nname = \"Ceiling\"\nreason = \"too much\"\npoint = \"credit.check\"\n\
                 clamp = {{ field = \"ceilingStatic\", max = \"customer.creditAccount.limit * {factor}\" }}\n"
            ));
        }
        text
    }

    pub(super) fn request(&self) -> Value {
        json!({ "amount": decimal(self.asked), "neededOn": self.needed_in.map(|days| day(days).to_string()) })
    }

    /// What ground rules look at.
    pub(super) fn rule_facts(&self) -> Value {
        let account = self.account.as_ref().map(|account| {
            json!({ "id": "crd_1", "limit": money(account.limit, "EUR"), "exposure": money(self.owed().0, "EUR") })
        });
        json!({ "creditAccount": account })
    }

    /// What the plugin is shown.
    pub(super) fn subject(&self) -> Value {
        let ((open, overdue), (whole, soon)) = (self.open(), self.owed());
        let account = self.account.as_ref().map(|account| {
            let group = account.group.as_ref().map(|group| {
                let own = json!({ "exposure": money(whole, "EUR") });
                let last = group.others.len().saturating_sub(1);
                let others = group.others.iter().enumerate().map(|(place, owed)| {
                    json!({ "exposure": money(*owed, if group.mixed && place == last { "USD" } else { "EUR" }) })
                });
                let nodes: Vec<Value> = std::iter::once(own).chain(others).take(20).collect();
                json!({
                    "name": "Hanse", "limit": money(group.limit, if group.other_currency { "USD" } else { "EUR" }),
                    "accounts": { "totalCount": group.others.len() + 1, "nodes": nodes }
                })
            });
            json!({
                "limit": money(account.limit, "EUR"), "limitUntil": account.holds_for.map(|days| day(days).to_string()),
                "exposure": money(whole, "EUR"), "exposureDynamic": money(soon, "EUR"), "dunningLevel": account.dunning,
                "onHold": account.on_hold, "group": group
            })
        });
        let nodes: Vec<Value> = self
            .invoices
            .iter()
            .take(20)
            .enumerate()
            .map(|(number, (days, amount, paid))| {
                json!({
                    "number": number.to_string(), "dueOn": day(-days).to_string(), "amount": money(*amount, "EUR"),
                    "paidAmount": money(*paid, "EUR")
                })
            })
            .collect();
        json!({
            "currency": "EUR", "openAmount": money(open, "EUR"), "overdueAmount": money(overdue, "EUR"),
            "creditAccount": account, "openInvoices": { "totalCount": self.invoices.len(), "nodes": nodes }
        })
    }
}

fn day(ahead: i64) -> NaiveDate {
    let (today, days) = (at().date_naive(), Days::new(ahead.unsigned_abs()));
    if ahead < 0 { today - days } else { today + days }
}

pub(super) fn decimal(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

fn money(cents: i64, currency: &str) -> Value {
    json!({ "amount": decimal(cents), "currency": currency })
}

/// The cents of an amount, which has no fractions of one.
#[track_caller]
pub(super) fn cents(text: &str) -> i64 {
    let amount: rust_decimal::Decimal = text.parse().unwrap();
    let cents = amount * rust_decimal::Decimal::ONE_HUNDRED;
    assert!(cents.is_integer(), "{text}");
    cents.try_into().unwrap()
}
