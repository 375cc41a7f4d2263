//! Histories: writes and days in any order, kept track of beside the database.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use guildhall_model::plan::Visible;
use guildhall_model::{GlobalId, Value as Stored};
use guildhall_store::{Record, business_day};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::recount::{self, Counted};
use crate::House;
use crate::ReasonCode;
use crate::refresh_facts::{new_day, refresh_within};
use crate::testing::{admin, now};
use crate::write_records::{Change, Order, Verb, Written, write_records};

/// The types written, more often those that facts are counted from. Lines and allocations change no fact.
const OBJECTS: [&str; 16] = [
    "Customer",
    "CreditAccount",
    "Order",
    "Order",
    "Order",
    "Order",
    "OrderLine",
    "Invoice",
    "Invoice",
    "Invoice",
    "Invoice",
    "Payment",
    "PaymentAllocation",
    "CreditNote",
    "CreditNote",
    "Interaction",
];
/// Days from today that lie at the borders of what facts look at.
const BORDERS: [i64; 20] =
    [-400, -366, -365, -364, -121, -91, -90, -61, -60, -31, -30, -29, -14, -2, -1, 0, 1, 13, 14, 15];

/// One step of a history. Numbers say which record, and which values.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Create(usize, [u16; 8]),
    Update(u16, [u16; 8]),
    Delete(u16),
    Restore(u16),
    /// Days pass, and the last of them begins as it should.
    Days(u64),
    /// Days pass, and nothing looks.
    Unnoticed(u64),
    /// Everything is counted anew, as after an import.
    Whole,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => (0..OBJECTS.len(), any::<[u16; 8]>()).prop_map(|(object, seeds)| Step::Create(object, seeds)),
        20 => (any::<u16>(), any::<[u16; 8]>()).prop_map(|(which, seeds)| Step::Update(which, seeds)),
        7 => any::<u16>().prop_map(Step::Delete),
        5 => any::<u16>().prop_map(Step::Restore),
        5 => (1..40_u64).prop_map(Step::Days),
        2 => (1..3_u64).prop_map(Step::Unnoticed),
        1 => Just(Step::Whole),
    ]
}

/// A record as the writes of the history left it.
pub(super) struct Kept {
    pub(super) object: &'static str,
    pub(super) id: Uuid,
    version: i64,
    pub(super) values: Map<String, Json>,
    /// The record it was deleted with.
    deleted_with: Option<Uuid>,
}

impl Kept {
    pub(super) fn is_there(&self) -> bool {
        self.deleted_with.is_none()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Json::as_str)
    }
}

/// A house, and what was written in it.
pub(super) struct History {
    house: Arc<House>,
    pub(super) records: Vec<Kept>,
    now: DateTime<Utc>,
    acts: u32,
    /// How many records were created, updated, deleted and restored.
    pub(super) written: [usize; 4],
    product: String,
    /// The customers whom the last step must have brought to today.
    current: Vec<Uuid>,
}

impl History {
    pub(super) async fn new(house: Arc<House>) -> Self {
        let mut history = History {
            house,
            records: Vec::new(),
            now: now(),
            acts: 0,
            written: [0; 4],
            product: String::new(),
            current: Vec::new(),
        };
        let product = json!({ "sku": "1", "name": "Chai", "currency": "USD", "listPrice": "1" });
        let product = history.write(Verb::Create, "Product", None, product.as_object().unwrap().clone()).await.unwrap();
        history.product = history.global("Product", product.0);
        for seed in 0..2 {
            history.take(&Step::Create(0, [seed; 8])).await;
            history.take(&Step::Create(1, [seed; 8])).await;
        }
        history.take(&Step::Days(1)).await;
        history
    }

    pub(super) async fn take(&mut self, step: &Step) {
        self.current.clear();
        match step {
            Step::Create(object, seeds) => self.create(OBJECTS[*object], seeds).await,
            Step::Update(which, seeds) => self.update(*which, seeds).await,
            Step::Delete(which) => self.delete(*which).await,
            Step::Restore(which) => self.restore(*which).await,
            Step::Days(days) => {
                self.now = self.now + Days::new(*days);
                new_day(&self.house, self.now).await.unwrap();
                self.current = self.of("Customer").map(|customer| customer.id).collect();
            }
            Step::Unnoticed(days) => self.now = self.now + Days::new(*days),
            Step::Whole => {
                let transaction = self.house.database.begin().await.unwrap();
                let done = refresh_within(&transaction, self.today(), false, self.now).await.unwrap();
                transaction.commit().await.unwrap();
                assert_eq!(done.days, 0, "days were not what the records came to");
                self.current = self.of("Customer").map(|customer| customer.id).collect();
            }
        }
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// The records of a type that are there.
    pub(super) fn of(&self, object: &str) -> impl Iterator<Item = &Kept> {
        self.records.iter().filter(move |kept| kept.object == object && kept.is_there())
    }

    pub(super) fn global(&self, object: &str, id: Uuid) -> String {
        GlobalId::new(self.house.model.object(object).unwrap(), id).to_string()
    }

    async fn create(&mut self, object: &'static str, seeds: &[u16; 8]) {
        let Some(values) = self.values(object, seeds) else { return };
        if let Some((id, version)) = self.write(Verb::Create, object, None, values.clone()).await {
            self.records.push(Kept { object, id, version, values, deleted_with: None });
            self.concerned(self.records.len() - 1);
            self.written[0] += 1;
        }
    }

    /// Gives a record some of the values another one could have, or another state.
    async fn update(&mut self, which: u16, seeds: &[u16; 8]) {
        let there: Vec<usize> = (0..self.records.len()).filter(|index| self.records[*index].is_there()).collect();
        let index = there[usize::from(which) % there.len()];
        let object = self.records[index].object;
        let mut turned = *seeds;
        turned.rotate_left(1);
        let Some(mut values) = self.values(object, &turned) else { return };
        let mut bit = 0;
        values.retain(|_, _| {
            bit += 1;
            (seeds[0] >> (bit % 14)) & 3 == 0
        });
        values.extend(self.state(object, seeds));
        let (id, version) = (self.records[index].id, self.records[index].version);
        if let Some((_, version)) = self.write(Verb::Update, object, Some((id, Some(version))), values.clone()).await {
            self.records[index].version = version;
            self.records[index].values.extend(values);
            self.written[1] += 1;
        }
    }

    async fn delete(&mut self, which: u16) {
        let there: Vec<usize> = (0..self.records.len()).filter(|index| self.records[*index].is_there()).collect();
        let index = there[usize::from(which) % there.len()];
        let Kept { object, id, version, .. } = self.records[index];
        if self.write(Verb::Delete, object, Some((id, Some(version))), Map::new()).await.is_some() {
            let whole = self.global(object, id);
            for kept in self.records.iter_mut().filter(|kept| kept.is_there()) {
                let part = match kept.object {
                    "OrderLine" => kept.text("order") == Some(&whole),
                    "PaymentAllocation" => kept.text("payment") == Some(&whole),
                    _ => false,
                };
                if part || kept.id == id {
                    kept.deleted_with = Some(id);
                }
            }
            if object != "Customer" {
                self.concerned(index);
            }
            self.written[2] += 1;
        }
    }

    async fn restore(&mut self, which: u16) {
        let gone: Vec<usize> = (0..self.records.len())
            .filter(|index| self.records[*index].deleted_with == Some(self.records[*index].id))
            .collect();
        if gone.is_empty() {
            return;
        }
        let index = gone[usize::from(which) % gone.len()];
        let Kept { object, id, .. } = self.records[index];
        if self.write(Verb::Restore, object, Some((id, None)), Map::new()).await.is_some() {
            for kept in self.records.iter_mut().filter(|kept| kept.deleted_with == Some(id)) {
                kept.deleted_with = None;
                kept.version += 1;
            }
            self.concerned(index);
            self.written[3] += 1;
        }
    }

    /// Notes whose facts a record that was just written has to have brought to today.
    fn concerned(&mut self, index: usize) {
        let kept = &self.records[index];
        let customer = match kept.object {
            "Customer" => Some(kept.id),
            "OrderLine" | "PaymentAllocation" => None,
            _ => kept.text("customer").and_then(|customer| customer.rsplit('_').next()?.parse().ok()),
        };
        self.current.extend(customer);
    }

    /// Writes one record; nothing where that was refused, as some writes of a history must be.
    async fn write(
        &mut self,
        verb: Verb,
        object: &str,
        known: Option<(Uuid, Option<i64>)>,
        values: Map<String, Json>,
    ) -> Option<(Uuid, i64)> {
        self.acts += 1;
        let order = Order {
            act: format!("{verb:?}{object}"),
            verb,
            object: Arc::clone(self.house.model.object(object).unwrap()),
            changes: vec![Change {
                id: known.map(|(id, _)| id),
                version: known.and_then(|(_, version)| version),
                values,
                path: vec!["values".into()],
                ..Change::default()
            }],
            idempotency_key: self.acts.to_string(),
        };
        match write_records(&self.house, &admin("ada"), &Visible::default(), &order, self.now).await.unwrap() {
            Written::Done(done) => Some((done[0].id, done[0].version)),
            Written::Invalid(_) => None,
            // Facts that change make nobody's version an old one.
            Written::Refused(reasons) => {
                assert!(reasons.iter().all(|reason| reason.code != ReasonCode::StaleVersion), "{reasons:?}");
                None
            }
        }
    }

    fn day(&self, seed: u16) -> NaiveDate {
        let days = BORDERS[usize::from(seed) % BORDERS.len()];
        self.today() + chrono::TimeDelta::days(days)
    }

    /// A record of the type to refer to: null for one in four, if that may be.
    fn some(&self, object: &str, seed: u16, nullable: bool) -> Option<Json> {
        let all: Vec<_> = self.of(object).collect();
        if nullable && (all.is_empty() || seed.is_multiple_of(4)) {
            return Some(Json::Null);
        }
        let kept = all.get(usize::from(seed / 4).checked_rem(all.len())?)?;
        Some(self.global(object, kept.id).into())
    }

    /// The same of those of a customer.
    fn some_of(&self, customer: &str, object: &str, seed: u16) -> Json {
        let all: Vec<_> = self.of(object).filter(|kept| kept.text("customer") == Some(customer)).collect();
        let place = usize::from(seed / 4).checked_rem(all.len());
        let kept = place.filter(|_| !seed.is_multiple_of(4)).and_then(|place| all.get(place));
        kept.map_or(Json::Null, |kept| self.global(object, kept.id).into())
    }

    /// Values for a record of a type; nothing if it needs another record and there is none.
    fn values(&self, object: &str, seeds: &[u16; 8]) -> Option<Map<String, Json>> {
        let amount = |seed: u16| Decimal::new(i64::from(seed) + 1, u32::from(seed % 5)).to_string();
        let currency = |seed: u16| if seed.is_multiple_of(5) { "EUR" } else { "USD" };
        let day = self.day(seeds[0]);
        let later = |seed: u16| day + Days::new([0, 1, 14, 30, 45][usize::from(seed % 5)]);
        let maybe = |seed: u16, value: String| if seed.is_multiple_of(3) { Json::Null } else { value.into() };
        let customer = || self.some("Customer", seeds[1], false);
        let theirs = |object: &str| {
            customer().map(|customer| self.some_of(customer.as_str().unwrap_or_default(), object, seeds[3]))
        };
        let values = match object {
            "Customer" => {
                json!({ "name": "Ben", "kind": "PERSON", "currency": currency(seeds[2]), "phone": seeds[3].to_string() })
            }
            "CreditAccount" => json!({
                "customer": customer()?, "currency": currency(seeds[2]), "limit": amount(seeds[3]), "dunningLevel": 0
            }),
            "Order" => json!({
                "customer": customer()?, "number": seeds[7].to_string(), "orderedOn": day,
                "requiredOn": maybe(seeds[3], later(seeds[4]).to_string()), "currency": currency(seeds[2]),
                "grossTotal": amount(seeds[5]), "netTotal": amount(seeds[5]),
                "costTotal": maybe(seeds[6], amount(seeds[6]))
            }),
            "OrderLine" => json!({
                "order": self.some("Order", seeds[1], false)?, "product": self.product, "position": 1,
                "currency": "USD", "quantity": amount(seeds[3]), "unitPrice": amount(seeds[4]), "discount": "0",
                "netAmount": amount(seeds[5])
            }),
            "Invoice" => json!({
                "customer": customer()?, "order": theirs("Order")?, "number": seeds[7].to_string(),
                "issuedOn": day, "dueOn": later(seeds[4]), "currency": currency(seeds[2]),
                "amount": amount(seeds[5]), "paidAmount": if seeds[6].is_multiple_of(2) { "0".to_owned() } else { amount(seeds[5]) }
            }),
            "Payment" => json!({
                "customer": customer()?, "invoice": theirs("Invoice")?, "receivedOn": day,
                "currency": currency(seeds[2]), "amount": amount(seeds[5])
            }),
            "PaymentAllocation" => {
                let payment = self.some("Payment", seeds[1], false)?;
                let of = self.of("Payment").find(|kept| payment == self.global("Payment", kept.id))?;
                let whole: Decimal = of.text("amount")?.parse().ok()?;
                json!({
                    "payment": payment, "invoice": self.some_of(of.text("customer")?, "Invoice", seeds[3]),
                    "allocatedOn": day, "currency": of.text("currency")?, "amount": (whole / Decimal::TWO).round_dp(4).to_string()
                })
            }
            "CreditNote" => json!({
                "customer": customer()?, "invoice": theirs("Invoice")?, "number": seeds[7].to_string(),
                "issuedOn": day, "currency": currency(seeds[2]), "amount": amount(seeds[5])
            }),
            "Interaction" => {
                let hour = ["00:00:00.000", "11:12:13.456", "23:59:59.999"][usize::from(seeds[4] % 3)];
                json!({
                    "customer": customer()?, "channel": "PHONE", "direction": "INBOUND",
                    "occurredAt": maybe(seeds[3], format!("{day}T{hour}Z"))
                })
            }
            other => panic!("{other}"),
        };
        values.as_object().cloned()
    }

    /// Another state for a record that has one.
    fn state(&self, object: &str, seeds: &[u16; 8]) -> Map<String, Json> {
        let day = self.day(seeds[6]);
        let maybe = |seed: u16| if seed.is_multiple_of(4) { Json::Null } else { json!(day) };
        let values = match (object, seeds[7] % 5) {
            ("Order", 0 | 1) => json!({ "status": "SHIPPED", "shippedOn": maybe(seeds[5]) }),
            ("Order", 2) => json!({ "status": "CANCELLED" }),
            ("Invoice", 0 | 1) => json!({ "status": "PAID", "paidOn": maybe(seeds[5]) }),
            ("Invoice", 2) => json!({ "status": "DISPUTED" }),
            ("Invoice", 3) => json!({ "status": "OPEN", "paidOn": null }),
            _ => json!({}),
        };
        values.as_object().cloned().unwrap_or_default()
    }

    /// Holds what is stored against a recount.
    pub(super) async fn check(&self, place: &str) {
        let stored = self.stored().await;
        for id in &self.current {
            assert_eq!(stored.as_of.get(id), Some(&self.today()), "customer {id} after {place}");
        }
        let counted = recount::recount(self, &stored.as_of);
        assert_eq!(stored.facts, counted.facts, "facts after {place}");
        assert_eq!(stored.days, counted.days, "days after {place}");
        assert_eq!(stored.owed, counted.owed, "what is owed after {place}");
        stored.adds_up();
    }

    /// The facts of all customers, as they are stored.
    pub(super) async fn stored(&self) -> Counted {
        let transaction = self.house.database.begin().await.unwrap();
        let ids: Vec<Uuid> = self.of("Customer").map(|customer| customer.id).collect();
        let records = async |name: &str, column: &str| -> Vec<BTreeMap<String, Stored>> {
            let object = self.house.model.object(name).unwrap();
            let found = transaction.lock_parts(object, column, &ids).await.unwrap();
            let values = |record: &Record| {
                let columns = guildhall_store::record_columns(object);
                columns.into_iter().map(|column| column.name).zip(record.values.clone()).collect()
            };
            found.iter().map(values).collect()
        };
        let mut counted = Counted::default();
        for customer in records("Customer", "id").await {
            counted.add_customer(&customer);
        }
        for account in records("CreditAccount", "customer_id").await {
            counted.add_account(&account);
        }
        for day in records("CustomerDay", "customer_id").await {
            counted.add_day(&day);
        }
        for entry in records("ExposureEntry", "customer_id").await {
            counted.add_entry(&entry);
        }
        let calendar = business_day::current(&transaction).await.unwrap();
        assert_eq!(calendar.held, None);
        transaction.rollback().await.unwrap();
        counted
    }
}
