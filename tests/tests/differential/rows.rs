//! Rows that are hard to answer rightly, the same for every seed: written into a database, and as JSON for the reference.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use guildhall_model::{Cardinality, GlobalId, Kind, Model, ObjectType, RelationKey, Value};
use guildhall_store::business_day::{self, BusinessDay};
use guildhall_store::{Batch, Database, FieldsSet};
use rust_decimal::Decimal;
use serde_json::json;

/// How many records of each type.
const COUNTS: [(&str, usize); 52] = [
    ("Segment", 9),
    ("Strategy", 4),
    ("Customer", 48),
    ("Contact", 60),
    ("Address", 40),
    ("Product", 36),
    ("Order", 110),
    ("OrderLine", 170),
    ("CreditNoteLine", 40),
    ("Shipment", 30),
    ("Invoice", 80),
    ("CreditNote", 24),
    ("Payment", 70),
    ("CreditAccount", 26),
    ("Membership", 50),
    ("Campaign", 8),
    ("CampaignMember", 36),
    ("Interaction", 50),
    ("User", 16),
    ("Territory", 9),
    ("TerritoryAssignment", 20),
    ("Plugin", 6),
    ("ImportRun", 12),
    ("Decision", 30),
    ("ContactPoint", 40),
    ("Consent", 36),
    ("Topic", 9),
    ("TopicSubscription", 24),
    ("Quote", 20),
    ("QuoteLine", 40),
    ("QuoteDiscount", 50),
    ("Supply", 24),
    ("PaymentAllocation", 40),
    ("Dispute", 16),
    ("CreditGroup", 8),
    ("ExposureEntry", 40),
    ("CustomerDay", 40),
    ("Hold", 18),
    ("Case", 26),
    ("Milestone", 30),
    ("Task", 30),
    ("Note", 24),
    ("Opportunity", 22),
    ("Offer", 26),
    ("Team", 8),
    ("TeamMember", 20),
    ("Override", 10),
    ("Event", 30),
    ("DeletedRecord", 12),
    ("RoleDocument", 5),
    ("FieldDocument", 5),
    ("Publisher", 5),
];

/// Texts with everything in them that quoting, escaping, comparing or cutting could get wrong.
const TEXTS: [&str; 46] = [
    "",
    " ",
    "  two blanks before and one after ",
    "apple",
    "Apple",
    "APPLE",
    "apples",
    "Zebra",
    "zebra",
    "\u{e9}t\u{e9}",
    "e\u{301}te\u{301}",
    "stra\u{df}e",
    "STRASSE",
    "\u{130}stanbul",
    "\u{131}\u{fb03}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "\u{202e}right to left\u{202c}",
    "\u{645}\u{631}\u{62d}\u{628}\u{627}",
    "\u{65e5}\u{672c}\u{8a9e}",
    "\u{1f3db}",
    "\u{1f469}\u{200d}\u{1f680}",
    "\u{1d4d0}",
    "\u{ffff}",
    "\u{fffd}",
    "\u{fb00}",
    "\u{10ffff}",
    "\u{feff}mark",
    "\u{2028}\u{2029}",
    "it's 'quoted'",
    "\"twice\"",
    "\\",
    "\\\\ \\\" \\n \\u0041",
    "line\nline\r\nline",
    "tab\ttab",
    "\u{1}\u{2}\u{8}\u{b}\u{c}\u{e}\u{1b}\u{1f}\u{7f}\u{80}\u{9f}",
    "100%",
    "_under_",
    "a*b?c[d]e^f",
    "'; DROP TABLE customer; --",
    "$1 ?1 :name @name ${x} {{y}}",
    "$.a[0].\"b\"",
    "{\"a\": [1, null]}",
    "null",
    "true",
    "0",
    "</script>&amp;",
];

const DECIMALS: [&str; 18] = [
    "0",
    "0.0000",
    "0.0001",
    "-0.0001",
    "0.1",
    "0.10",
    "0.3",
    "1",
    "1.00",
    "-1",
    "12.5",
    "99.9999",
    "100",
    "1234.5678",
    "-1234.50",
    "9007199254740.9931",
    "92233720368.5477",
    "0.3333",
];

/// Half of what 64 bits hold in units of the scale. Each column has it once, and its opposite once: a sum of any records has
/// to fit, too.
const LARGEST: &str = "460000000000000.1234";

const DAYS: [&str; 16] = [
    "0001-01-01",
    "1899-12-31",
    "1970-01-01",
    "1999-12-31",
    "2000-02-29",
    "2001-01-01",
    "2023-12-31",
    "2024-01-01",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-12-29",
    "2024-12-30",
    "2024-12-31",
    "2026-06-30",
    "9999-12-31",
];

/// The first day of those of customers, and the business day.
const DAY: &str = "2024-02-10";

const TIMES: [&str; 8] = [
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999Z",
    "2024-02-29T00:00:00Z",
    "2024-02-29T23:59:59.999Z",
    "2024-12-31T23:59:59.100Z",
    "2025-01-01T00:00:00.001Z",
    "2026-11-22T18:07:08.120Z",
    "9999-12-31T23:59:59.999Z",
];

const INTS: [i64; 10] = [0, 0, 1, 1, 2, 7, -1, 30, i32::MAX as i64, i32::MIN as i64];

const NEVER: &str = "9999-12-31T23:59:59.999Z";
const CURRENCIES: [&str; 4] = ["EUR", "EUR", "USD", "JPY"];

/// All records, by type, each by its columns.
pub struct Rows {
    model: Model,
    tables: BTreeMap<String, Vec<BTreeMap<String, Value>>>,
    written: BTreeMap<String, serde_json::Value>,
}

impl Rows {
    pub fn new(seed: u64) -> Self {
        let model = Model::core();
        let mut rows = Rows { model: model.clone(), tables: BTreeMap::new(), written: BTreeMap::new() };
        let mut dice = Dice(seed);
        for object in model.objects() {
            let count = COUNTS.iter().find(|(name, _)| *name == object.name).unwrap().1;
            let mut records: Vec<BTreeMap<String, Value>> = Vec::with_capacity(count);
            for number in 0..count {
                let known = records.iter().map(|record| record["id"].clone()).collect::<Vec<_>>();
                records.push(rows.record(object, number, &known, &mut dice));
            }
            rows.tables.insert(object.name.clone(), records);
        }
        rows
    }

    fn record(&self, object: &ObjectType, number: usize, known: &[Value], dice: &mut Dice) -> BTreeMap<String, Value> {
        let mut record = BTreeMap::new();
        for field in &object.fields {
            if ["version", "createdAt", "updatedAt"].contains(&field.name.as_str()) {
                continue;
            }
            let value = match (object.name.as_str(), field.name.as_str()) {
                (_, "id") => Value::Id(dice.id(object).uuid),
                // What there is only once.
                (_, "externalId") if dice.one_in(3) => Value::Null,
                (_, "externalId") => Value::from(format!("{}{number}", dice.of(&TEXTS))),
                ("User", "login") if dice.one_in(3) => Value::Null,
                ("Segment" | "Topic", "key") | ("User", "login") => Value::from(format!("{}{number}", dice.of(&TEXTS))),
                ("Strategy" | "RoleDocument" | "FieldDocument", "number") => Value::from(number as i64 + 1),
                // The last one is in force, so it has to be a real one.
                ("RoleDocument", "document") => Value::from("[roles]\n"),
                ("FieldDocument", "document") => Value::from("[fields]\n"),
                ("Decision", "sequence") => Value::from(number as i64 + 1),
                ("CustomerDay", "day") => Value::from(DAY.parse::<NaiveDate>().unwrap() + Days::new(number as u64)),
                // An active strategy and installed plugins would have to be real ones.
                ("Strategy", "status") => Value::from("RETIRED"),
                ("Strategy", "activateAt") => Value::Null,
                ("Plugin", "status") => Value::from("REMOVED"),
                ("Publisher", "status") => Value::from("DISTRUSTED"),
                // What is over would be ended while the test runs.
                ("Consent", "to") | ("Hold", "until") if dice.one_in(3) => Value::Null,
                ("Consent", "to") | ("Hold", "until") => Value::from(NEVER.parse::<DateTime<Utc>>().unwrap()),
                (_, "currency") => Value::from(dice.of(&CURRENCIES)),
                _ if field.nullable && dice.one_in(4) => Value::Null,
                _ if matches!(field.kind, Kind::Money | Kind::Decimal { .. }) && [3, 7].contains(&number) => {
                    let largest: Decimal = LARGEST.parse().unwrap();
                    Value::from(if number == 3 { largest } else { -largest })
                }
                _ => dice.value(&field.kind),
            };
            record.insert(field.column.clone(), value);
        }
        for relation in &object.relations {
            let RelationKey::Here { column } = &relation.key else { continue };
            if relation.cardinality != Cardinality::One {
                continue;
            }
            let own = relation.target == object.name;
            let targets: Vec<Value> = match self.tables.get(&relation.target) {
                Some(records) => records.iter().map(|record| record["id"].clone()).collect(),
                None if own => known.to_vec(),
                None => panic!("{} comes before {}", object.name, relation.target),
            };
            // Each third record has nothing that belongs to it; most of the rest share a few.
            let some = targets.len() - targets.len() / 3;
            let value = match (object.name.as_str(), relation.name.as_str()) {
                ("CreditAccount", "customer") => targets[number].clone(),
                _ if targets.is_empty() || relation.nullable && dice.one_in(3) => Value::Null,
                _ if dice.one_in(2) => targets[dice.below(some)].clone(),
                _ => targets[dice.below(some.min(5))].clone(),
            };
            record.insert(column.clone(), value);
        }
        record
    }

    /// Writes all of it: each type at several times, some records once more later.
    pub async fn write(&mut self, url: &str) {
        let database = Database::open(url).await.unwrap();
        database.migrate().await.unwrap();
        let begun: DateTime<Utc> = "2024-02-29T23:59:59.998Z".parse().unwrap();
        let transaction = database.begin().await.unwrap();
        for object in self.model.objects() {
            let records = &self.tables[&object.name];
            let columns: Vec<String> = records[0].keys().cloned().collect();
            let mut told = Vec::with_capacity(records.len());
            for (place, chunk) in records.chunks(records.len() / 3 + 1).enumerate() {
                let now = begun + TimeDelta::milliseconds(place as i64 * 2);
                let names = columns.iter().map(|column| field_name(object, column)).collect();
                let rows = chunk.iter().map(|record| record.values().cloned().collect()).collect();
                transaction.insert(&Batch { object, columns: names, rows }, now).await.unwrap();
                for (index, record) in chunk.iter().enumerate() {
                    let mut told_record = self.told(object, record);
                    let changed = index % 4 == 0;
                    let updated = if changed { now + TimeDelta::days(1) } else { now };
                    if changed {
                        let Value::Id(id) = record["id"] else { panic!("an id") };
                        let set = transaction.set_fields(object, id, 1, &[], updated).await.unwrap();
                        assert_eq!(set, FieldsSet::Done { version: 2 });
                    }
                    let time = |time: DateTime<Utc>| text(&Kind::DateTime, &Value::DateTime(time));
                    told_record["version"] = json!(if changed { 2 } else { 1 });
                    told_record["created_at"] = time(now);
                    told_record["updated_at"] = time(updated);
                    told.push(told_record);
                }
            }
            self.written.insert(object.name.clone(), told.into());
        }
        // These facts come from no records: the server is not to count them anew.
        let day = Some(DAY.parse().unwrap());
        business_day::set(&transaction, BusinessDay { facts: day, held: day }).await.unwrap();
        transaction.commit().await.unwrap();
        database.close().await.unwrap();
    }

    /// A record as the reference reads it: by columns, ids and references as global ids.
    fn told(&self, object: &ObjectType, record: &BTreeMap<String, Value>) -> serde_json::Value {
        let members = record.iter().map(|(column, value)| {
            let field = object.fields.iter().find(|field| field.column == *column);
            let told = match (field, value) {
                (None, Value::Id(id)) => {
                    let target = self.target(object, column);
                    json!(GlobalId::new(target, *id).to_string())
                }
                (Some(_), Value::Id(id)) => json!(GlobalId::new(object, *id).to_string()),
                (Some(field), value) => text(&field.kind, value),
                (None, _) => serde_json::Value::Null,
            };
            (column.clone(), told)
        });
        members.collect::<serde_json::Map<_, _>>().into()
    }

    fn target(&self, object: &ObjectType, column: &str) -> &ObjectType {
        let key = RelationKey::Here { column: column.to_owned() };
        let relation = object.relations.iter().find(|relation| relation.key == key).unwrap();
        self.model.object(&relation.target).unwrap()
    }

    /// What was written, for the reference.
    pub fn json(&self) -> String {
        serde_json::to_string(&self.written).unwrap()
    }
}

fn field_name(object: &ObjectType, column: &str) -> String {
    let field = object.fields.iter().find(|field| field.column == column);
    field.map_or_else(|| column.to_owned(), |field| field.name.clone())
}

fn text(kind: &Kind, value: &Value) -> serde_json::Value {
    match (kind, value) {
        (_, Value::Null) => serde_json::Value::Null,
        (_, Value::Text(text)) => json!(text),
        (_, Value::Int(number)) => json!(number),
        (_, Value::Bool(truth)) => json!(truth),
        (_, Value::Decimal(number)) => json!(number.to_string()),
        (_, Value::Date(day)) => json!(day.to_string()),
        (_, Value::DateTime(time)) => json!(time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        (_, Value::Json(document)) => document.clone(),
        (_, Value::Id(_)) => panic!("an id is told as a global id"),
    }
}

/// Deterministic numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit.max(1) as u64) as usize
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn id(&mut self, object: &ObjectType) -> GlobalId {
        GlobalId::parse(&format!("{}_{:016x}{:016x}", object.prefix, self.roll(), self.roll())).unwrap()
    }

    fn value(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Id => panic!("ids are made for a type"),
            Kind::Text => Value::from(self.of(&TEXTS)),
            Kind::Int => Value::from(self.of(&INTS)),
            Kind::Bool => Value::from(self.one_in(2)),
            Kind::Decimal { .. } | Kind::Money => self.of(&DECIMALS).parse::<Decimal>().unwrap().into(),
            Kind::Date if self.one_in(3) => {
                let begun: NaiveDate = "2023-12-25".parse().unwrap();
                Value::from(begun + Days::new(self.below(500) as u64))
            }
            Kind::Date => Value::from(self.of(&DAYS).parse::<NaiveDate>().unwrap()),
            Kind::DateTime => Value::from(self.of(&TIMES).parse::<DateTime<Utc>>().unwrap()),
            Kind::Enum(declared) => {
                let place = self.below(declared.values.len());
                Value::from(declared.values[place].name)
            }
            Kind::Json => {
                // The field is never null, so no document is.
                let members: Vec<_> = (0..1 + self.below(2)).map(|_| self.document(3)).collect();
                Value::from(json!({ "it": members }))
            }
        }
    }

    /// JSON with blanks in texts, names out of order, numbers of several forms.
    fn document(&mut self, depth: usize) -> serde_json::Value {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => json!(null),
            1 => json!(true),
            2 => json!(self.of(&INTS)),
            3 => json!(self.of(&[0.5, -1.25, 1e-7, 1e21, 123_456.789])),
            4 | 5 => json!(self.of(&TEXTS)),
            6 => (0..self.below(4)).map(|_| self.document(depth - 1)).collect(),
            _ => {
                let names = ["z", "a", "\u{fc}", "B", "with \"quotes\" and: colons, commas", "", "aa"];
                let count = self.below(5);
                let members = (0..count).map(|_| (self.of(&names).to_owned(), self.document(depth - 1)));
                members.collect::<serde_json::Map<_, _>>().into()
            }
        }
    }
}
