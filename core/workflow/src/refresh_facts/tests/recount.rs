//! Facts counted from the records of a history, one after the other, as the documentation of the fields says.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate, SecondsFormat, Utc};
use guildhall_model::Value;
use rust_decimal::Decimal;
use serde_json::Value as Json;
use uuid::Uuid;

use super::history::{History, Kept};

const FACTS: [&str; 12] = [
    "revenue12m",
    "margin12m",
    "orders12m",
    "lastOrderOn",
    "openAmount",
    "overdueAmount",
    "overdue1To30",
    "overdue31To60",
    "overdue61To90",
    "overdueOver90",
    "averageDaysLate",
    "lastTouchAt",
];
const DAY: [&str; 6] = ["records", "amount", "cost", "unknownCosts", "daysLate", "lastAt"];

/// Facts as texts, to be compared: by customer, by account, by customer's day.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Counted {
    pub(super) as_of: BTreeMap<Uuid, NaiveDate>,
    pub(super) facts: BTreeMap<(Uuid, &'static str), String>,
    pub(super) days: BTreeMap<String, String>,
    /// What is owed, by what it is owed for: stage, amount, currency, day, customer.
    pub(super) owed: BTreeMap<Uuid, String>,
    /// What the entries of an account come to, by customer.
    pub(super) counted: BTreeMap<Uuid, Decimal>,
}

impl Counted {
    pub(super) fn add_customer(&mut self, record: &BTreeMap<String, Value>) {
        let Value::Id(id) = record["id"] else { panic!("{record:?}") };
        if let Value::Date(day) = record["factsAsOf"] {
            self.as_of.insert(id, day);
        }
        self.facts.extend(FACTS.map(|name| ((id, name), shown(&record[name]))));
    }

    pub(super) fn add_account(&mut self, record: &BTreeMap<String, Value>) {
        let Value::Id(id) = record["customer"] else { panic!("{record:?}") };
        self.facts.extend(["exposure", "exposureDynamic"].map(|name| ((id, name), shown(&record[name]))));
    }

    /// An entry, if it counts. Nothing is owed twice for one thing.
    pub(super) fn add_entry(&mut self, record: &BTreeMap<String, Value>) {
        if record["stage"] == Value::from("CLEARED") {
            return;
        }
        let ((Value::Id(thing), _) | (Value::Null, Value::Id(thing))) = (&record["invoice"], &record["order"]) else {
            panic!("{record:?}")
        };
        let told = ["stage", "amount", "currency", "neededOn", "customer"].map(|name| shown(&record[name])).join(" ");
        assert_eq!(self.owed.insert(*thing, told), None, "{thing} is owed twice");
        if let (Value::Id(_), Value::Id(customer), Value::Decimal(amount)) =
            (&record["creditAccount"], &record["customer"], &record["amount"])
        {
            *self.counted.entry(*customer).or_default() += amount;
        }
    }

    /// Every account's exposure is what its entries come to.
    pub(super) fn adds_up(&self) {
        for ((customer, name), exposure) in self.facts.iter().filter(|((_, name), _)| *name == "exposure") {
            let counted = self.counted.get(customer).copied().unwrap_or_default();
            assert_eq!(counted.normalize().to_string(), *exposure, "{name} of {customer}");
        }
    }

    pub(super) fn add_day(&mut self, record: &BTreeMap<String, Value>) {
        let text = |name: &str| shown(&record[name]);
        let key = ["customer", "origin", "day", "currency"].map(text).join(" ");
        let before = self.days.insert(key.clone(), DAY.map(text).join(" "));
        assert_eq!(before, None, "{key} is there twice");
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Id(id) => id.to_string(),
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.normalize().to_string(),
        Value::Date(day) => day.to_string(),
        Value::DateTime(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true),
        other => panic!("{other:?}"),
    }
}

fn amount(kept: &Kept, name: &str) -> Option<Decimal> {
    kept.text(name).map(|text| text.parse().unwrap())
}

fn day(kept: &Kept, name: &str) -> Option<NaiveDate> {
    kept.text(name).map(|text| text.parse().unwrap())
}

fn time(kept: &Kept, name: &str) -> Option<DateTime<Utc>> {
    kept.text(name).map(|text| text.parse().unwrap())
}

fn status(kept: &Kept) -> &str {
    kept.text("status").unwrap_or("OPEN")
}

/// What the records come to, for each customer up to the day its facts are of.
pub(super) fn recount(history: &History, as_of: &BTreeMap<Uuid, NaiveDate>) -> Counted {
    let mut counted = Counted { as_of: as_of.clone(), ..Counted::default() };
    for customer in history.of("Customer") {
        let up_to = as_of[&customer.id];
        let facts = facts(history, customer, up_to);
        counted.facts.extend(FACTS.into_iter().zip(facts).map(|(name, fact)| ((customer.id, name), fact)));
        let global = history.global("Customer", customer.id);
        for account in history.of("CreditAccount").filter(|account| account.text("customer") == Some(&global)) {
            let [whole, soon] = exposure(history, &global, account.text("currency").unwrap(), up_to);
            counted.facts.insert((customer.id, "exposure"), whole.normalize().to_string());
            counted.facts.insert((customer.id, "exposureDynamic"), soon.normalize().to_string());
        }
        days(history, customer.id, &global, &mut counted.days);
        owed(history, customer.id, &global, up_to, &mut counted.owed);
    }
    counted
}

fn facts(history: &History, customer: &Kept, as_of: NaiveDate) -> [String; 12] {
    let global = history.global("Customer", customer.id);
    let own = |kept: &&Kept| kept.text("customer") == Some(&global);
    let year_ago = as_of - Months::new(12);
    let currency = customer.text("currency");
    let mut last_order = None;
    let (mut revenue, mut margin, mut orders) = (Decimal::ZERO, Some(Decimal::ZERO), 0);
    for order in history.of("Order").filter(own).filter(|order| status(order) != "CANCELLED") {
        let ordered = day(order, "orderedOn").unwrap();
        if ordered > as_of {
            continue;
        }
        last_order = last_order.max(Some(ordered));
        if ordered <= year_ago {
            continue;
        }
        orders += 1;
        if order.text("currency") == currency {
            let net = amount(order, "netTotal").unwrap();
            revenue += net;
            margin = margin.zip(amount(order, "costTotal")).map(|(margin, cost)| margin + net - cost);
        }
    }
    let (mut late, mut settled) = (0, 0);
    let mut ageing = [Decimal::ZERO; 5];
    for invoice in history.of("Invoice").filter(own) {
        let due = day(invoice, "dueOn").unwrap();
        if status(invoice) == "PAID" {
            if let Some(paid) = day(invoice, "paidOn").filter(|paid| *paid <= as_of && *paid > year_ago) {
                settled += 1;
                late += (paid - due).num_days().max(0);
            }
        } else if day(invoice, "issuedOn").unwrap() <= as_of && invoice.text("currency") == currency {
            let age = match (as_of - due).num_days() {
                ..=0 => 0,
                1..=30 => 1,
                31..=60 => 2,
                61..=90 => 3,
                _ => 4,
            };
            ageing[age] += left(history, invoice, Some(as_of));
        }
    }
    let average = if settled == 0 {
        0
    } else {
        (Decimal::from(late) / Decimal::from(settled) + Decimal::new(5, 1)).floor().try_into().unwrap_or(0_i64)
    };
    let touches = history.of("Interaction").filter(own).filter_map(|touch| time(touch, "occurredAt"));
    let touch = touches.filter(|at| at.date_naive() <= as_of).max();
    let text = |amount: Decimal| amount.normalize().to_string();
    let overdue: Decimal = ageing[1..].iter().sum();
    [
        text(revenue),
        margin.map_or_else(|| "null".to_owned(), text),
        orders.to_string(),
        last_order.map_or_else(|| "null".to_owned(), |day| day.to_string()),
        text(overdue + ageing[0]),
        text(overdue),
        text(ageing[1]),
        text(ageing[2]),
        text(ageing[3]),
        text(ageing[4]),
        average.to_string(),
        touch.map_or_else(|| "null".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Millis, true)),
    ]
}

/// What is left to pay of an open invoice, after the credit notes issued up to a day or at any time.
fn left(history: &History, invoice: &Kept, up_to: Option<NaiveDate>) -> Decimal {
    let global = history.global("Invoice", invoice.id);
    let mut left = amount(invoice, "amount").unwrap() - amount(invoice, "paidAmount").unwrap();
    for note in history.of("CreditNote").filter(|note| note.text("invoice") == Some(&global)) {
        let known = up_to.is_none_or(|day_| day(note, "issuedOn").unwrap() <= day_);
        if known && note.text("currency") == invoice.text("currency") {
            left -= amount(note, "amount").unwrap();
        }
    }
    left.max(Decimal::ZERO)
}

fn exposure(history: &History, customer: &str, currency: &str, as_of: NaiveDate) -> [Decimal; 2] {
    let own = |kept: &&Kept| kept.text("customer") == Some(customer) && kept.text("currency") == Some(currency);
    let mut exposure = [Decimal::ZERO; 2];
    let mut add = |amount: Decimal, soon: bool| {
        exposure[0] += amount;
        exposure[1] += if soon { amount } else { Decimal::ZERO };
    };
    for invoice in history.of("Invoice").filter(own).filter(|invoice| status(invoice) != "PAID") {
        add(left(history, invoice, None), true);
    }
    for order in history.of("Order").filter(own) {
        let global = history.global("Order", order.id);
        // In whatever currency.
        let theirs = |invoice: &&Kept| invoice.text("customer") == Some(customer);
        if history.of("Invoice").filter(theirs).any(|invoice| invoice.text("order") == Some(&global)) {
            continue;
        }
        let net = amount(order, "netTotal").unwrap();
        match status(order) {
            "OPEN" => add(net, day(order, "requiredOn").is_none_or(|needed| needed <= as_of + Days::new(14))),
            "SHIPPED" => {
                let shipped = day(order, "shippedOn").or(day(order, "orderedOn")).unwrap();
                if shipped > as_of - Days::new(30) {
                    add(net, true);
                }
            }
            _ => {}
        }
    }
    exposure
}

/// What a customer with a credit account owes, thing by thing.
fn owed(history: &History, id: Uuid, customer: &str, as_of: NaiveDate, owed: &mut BTreeMap<Uuid, String>) {
    let own = |kept: &&Kept| kept.text("customer") == Some(customer);
    if !history.of("CreditAccount").any(|account| own(&account)) {
        return;
    }
    let mut add = |thing: &Kept, stage: &str, amount: Decimal, needed: &str| {
        let currency = thing.text("currency").unwrap();
        owed.insert(thing.id, format!("{stage} {} {currency} {needed} {id}", amount.normalize()));
    };
    for invoice in history.of("Invoice").filter(own).filter(|invoice| status(invoice) != "PAID") {
        let left = left(history, invoice, None);
        if left > Decimal::ZERO {
            add(invoice, "INVOICE", left, "null");
        }
    }
    for order in history.of("Order").filter(own) {
        let global = history.global("Order", order.id);
        if history.of("Invoice").filter(own).any(|invoice| invoice.text("order") == Some(&global)) {
            continue;
        }
        let net = amount(order, "netTotal").unwrap();
        let shipped = day(order, "shippedOn").or(day(order, "orderedOn")).unwrap();
        match status(order) {
            "OPEN" => add(order, "ORDER", net, order.text("requiredOn").unwrap_or("null")),
            "SHIPPED" if shipped > as_of - Days::new(30) => add(order, "DELIVERY", net, "null"),
            _ => {}
        }
    }
}

/// What the records of a day come to so far.
#[derive(Default)]
struct Day {
    records: u32,
    amount: Decimal,
    cost: Decimal,
    unknown_costs: u32,
    days_late: i64,
    last_at: Option<DateTime<Utc>>,
}

fn days(history: &History, id: Uuid, customer: &str, counted: &mut BTreeMap<String, String>) {
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    for kept in history.records.iter().filter(|kept| kept.is_there() && kept.text("customer") == Some(customer)) {
        let origins: &[(&str, &str, &str)] = match kept.object {
            "Order" if status(kept) != "CANCELLED" => &[("ORDERS", "orderedOn", "netTotal")],
            "Invoice" if status(kept) == "PAID" => {
                &[("INVOICES", "issuedOn", "amount"), ("SETTLEMENTS", "paidOn", "amount")]
            }
            "Invoice" => &[("INVOICES", "issuedOn", "amount")],
            "Payment" => &[("PAYMENTS", "receivedOn", "amount")],
            "CreditNote" => &[("CREDIT_NOTES", "issuedOn", "amount")],
            "Interaction" => &[("INTERACTIONS", "occurredAt", "")],
            _ => &[],
        };
        for (origin, on, of) in origins {
            // A time begins with its day.
            let Some(on) = kept.values.get(*on).and_then(Json::as_str).and_then(|text| text.get(..10)) else {
                continue;
            };
            let currency = kept.text("currency").unwrap_or("XXX");
            let entry = days.entry(format!("{id} {origin} {on} {currency}")).or_default();
            entry.records += 1;
            entry.amount += amount(kept, of).unwrap_or_default();
            match *origin {
                "ORDERS" => {
                    entry.cost += amount(kept, "costTotal").unwrap_or_default();
                    entry.unknown_costs += u32::from(kept.text("costTotal").is_none());
                }
                "SETTLEMENTS" => {
                    let late = day(kept, "paidOn").unwrap() - day(kept, "dueOn").unwrap();
                    entry.days_late += late.num_days().max(0);
                }
                "INTERACTIONS" => entry.last_at = entry.last_at.max(time(kept, "occurredAt")),
                _ => {}
            }
        }
    }
    counted.extend(days.into_iter().map(|(key, day)| {
        let last_at = day.last_at.map_or("null".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
        let Day { records, amount, cost, unknown_costs, days_late, .. } = day;
        let (amount, cost) = (amount.normalize(), cost.normalize());
        (key, format!("{records} {amount} {cost} {unknown_costs} {days_late} {last_at}"))
    }));
}
