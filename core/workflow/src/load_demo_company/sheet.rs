//! Sheets: the generated company as rows of the model, some customers at a time.
//!
//! External ids say what a record is (`O-0012-003` is the third order of `C-0012`). Ids are made of the same numbers, so
//! that references need no looking up and a demo's links stay good when it is loaded anew.

use chrono::NaiveDate;
use guildhall_model::{Model, Value};
use guildhall_store::{Batch, StoreError, Transaction, Upserted};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::assortment::Article;
use super::dice::Dice;
use super::invoice::{self, Credit, Invoice};
use super::name;
use super::order::{self, Order, Status};
use super::profile::{Profile, Tier};
use super::{CURRENCY, DemoSize, SOURCE};
use chrono::DateTime;
use chrono::Utc;

/// Rows of one type.
pub(super) struct Sheet {
    pub object: &'static str,
    columns: &'static [&'static str],
    pub rows: Vec<Vec<Value>>,
}

/// First columns of every sheet.
const KEY: [&str; 3] = ["id", "source", "externalId"];

impl Sheet {
    fn new(object: &'static str, columns: &'static [&'static str]) -> Self {
        Sheet { object, columns, rows: Vec::new() }
    }

    fn push<const N: usize>(&mut self, id: Uuid, external_id: String, values: [Value; N]) {
        let mut row = vec![Value::Id(id), Value::from(SOURCE), Value::from(external_id)];
        row.extend(values);
        self.rows.push(row);
    }

    pub(super) async fn upsert(
        self,
        transaction: &Transaction,
        model: &Model,
        now: DateTime<Utc>,
    ) -> Result<Upserted, StoreError> {
        let Some(object) = model.object(self.object) else {
            return Err(StoreError::UnknownColumn { object: self.object.to_owned(), column: "id".to_owned() });
        };
        let columns = KEY.iter().chain(self.columns).map(|name| (*name).to_owned()).collect();
        transaction.upsert(&Batch { object, columns, rows: self.rows }, now).await
    }
}

/// The id of a record: its type, its customer (or product) and its place there.
fn id(kind: u8, customer: u32, sequence: u32, item: u32) -> Uuid {
    let [a, b, c, d] = customer.to_be_bytes();
    let [e, f, g, h] = sequence.to_be_bytes();
    let [.., i, j] = item.to_be_bytes();
    uuid::Builder::from_custom_bytes([0xde, kind, a, b, c, d, 0, 0, 0, 0, e, f, g, h, i, j]).into_uuid()
}

fn customer_id(customer: u32) -> Uuid {
    id(1, customer, 0, 0)
}

fn product_id(product: u32) -> Uuid {
    id(5, product, 0, 0)
}

fn order_id(customer: u32, order: u32) -> Uuid {
    id(6, customer, order, 0)
}

fn invoice_id(customer: u32, order: u32) -> Uuid {
    id(8, customer, order, 0)
}

fn cents(amount: i64) -> Value {
    Value::Decimal(Decimal::new(amount, 2))
}

/// Ten-thousandths.
fn exact(amount: i64) -> Value {
    Value::Decimal(Decimal::new(amount, 4))
}

fn number(value: u32) -> Value {
    Value::Int(i64::from(value))
}

/// The team that looks after key customers, the two sellers who are in it, and the team of all others.
const KEY_ACCOUNTS: u32 = 1;
const OF_KEY_ACCOUNTS: u32 = 2;
const FIELD_SALES: u32 = 2;

fn user_id(seller: u32) -> Uuid {
    id(10, seller, 0, 0)
}

fn territory_id(place: u32) -> Uuid {
    id(11, place, 0, 0)
}

fn team_id(team: u32) -> Uuid {
    id(12, team, 0, 0)
}

/// The place of a name among its like, counted from 1.
fn place_of(names: &[&str], name: &str) -> Option<u32> {
    names.iter().zip(1..).find(|(known, _)| **known == name).map(|(_, place)| place)
}

/// Who works for the company, where and in which team.
pub(super) fn people() -> Vec<Sheet> {
    let mut users = Sheet::new("User", &["name", "login", "title"]);
    let mut territories = Sheet::new("Territory", &["name"]);
    let mut teams = Sheet::new("Team", &["name", "department"]);
    let mut members = Sheet::new("TeamMember", &["from", "team_id", "user_id"]);
    for (name, place) in name::TERRITORIES.iter().zip(1..) {
        territories.push(territory_id(place), format!("T-{place}"), [(*name).into()]);
    }
    for (name, team) in [("Key accounts", KEY_ACCOUNTS), ("Field sales", FIELD_SALES)] {
        teams.push(team_id(team), format!("TM-{team}"), [name.into(), "Sales".into()]);
    }
    for (name, seller) in name::SELLERS.iter().zip(1..) {
        let login = name.to_ascii_lowercase().replace(' ', ".");
        users.push(user_id(seller), format!("U-{seller}"), [(*name).into(), login.into(), "Account manager".into()]);
        let team = if seller <= OF_KEY_ACCOUNTS { KEY_ACCOUNTS } else { FIELD_SALES };
        let from = NaiveDate::from_ymd_opt(2020, 1, 1);
        let values = [from.into(), team_id(team).into(), user_id(seller).into()];
        members.push(id(13, seller, 0, 0), format!("U-{seller}"), values);
    }
    vec![users, territories, teams, members]
}

pub(super) fn products(articles: &[Article]) -> Sheet {
    let mut sheet =
        Sheet::new("Product", &["sku", "name", "category", "currency", "listPrice", "unitCost", "discontinued"]);
    for article in articles {
        let sku = format!("A-{:03}", article.number);
        let values = [
            sku.clone().into(),
            article.name.clone().into(),
            article.category.into(),
            CURRENCY.into(),
            cents(article.list_price),
            cents(article.unit_cost),
            article.discontinued.into(),
        ];
        sheet.push(product_id(article.number), sku, values);
    }
    sheet
}

/// What customers `numbers` are and did, in the order in which it can be written.
pub(super) fn customers(
    numbers: std::ops::Range<u32>,
    size: DemoSize,
    articles: &[Article],
    today: NaiveDate,
) -> Vec<Sheet> {
    let mut sheets = Sheets::new();
    for number in numbers {
        let mut dice = Dice::of_customer(number);
        let profile = Profile::new(number, size, &mut dice);
        sheets.customer(&profile, &mut dice);
        let orders = order::orders(&profile, articles, today, &mut dice);
        let invoices = invoice::invoices(&profile, &orders, today, &mut dice);
        if let Some(credit) = invoice::credit(&profile, &invoices, today, &mut dice) {
            sheets.credit(&profile, &credit);
        }
        for order in &orders {
            sheets.order(&profile, order);
        }
        for invoice in &invoices {
            sheets.invoice(&profile, invoice);
        }
    }
    sheets.in_order()
}

/// What a customer's sheet has.
const CUSTOMER: [&str; 11] = [
    "name",
    "kind",
    "status",
    "industry",
    "country",
    "phone",
    "currency",
    "owner_id",
    "territory_id",
    "team_id",
    "parent_id",
];

struct Sheets {
    customers: Sheet,
    contacts: Sheet,
    addresses: Sheet,
    credit_accounts: Sheet,
    orders: Sheet,
    lines: Sheet,
    invoices: Sheet,
    payments: Sheet,
}

impl Sheets {
    fn new() -> Self {
        Sheets {
            customers: Sheet::new("Customer", &CUSTOMER),
            contacts: Sheet::new("Contact", &["name", "title", "email", "phone", "customer_id"]),
            addresses: Sheet::new("Address", &["purpose", "street", "city", "postalCode", "country", "customer_id"]),
            credit_accounts: Sheet::new(
                "CreditAccount",
                &["currency", "limit", "dunningLevel", "onHold", "customer_id"],
            ),
            orders: Sheet::new(
                "Order",
                &[
                    "number",
                    "status",
                    "orderedOn",
                    "requiredOn",
                    "shippedOn",
                    "currency",
                    "grossTotal",
                    "netTotal",
                    "costTotal",
                    "freight",
                    "shipToName",
                    "shipToCity",
                    "shipToCountry",
                    "takenBy",
                    "customer_id",
                ],
            ),
            lines: Sheet::new(
                "OrderLine",
                &[
                    "position",
                    "currency",
                    "quantity",
                    "unitPrice",
                    "unitCost",
                    "discount",
                    "netAmount",
                    "order_id",
                    "product_id",
                ],
            ),
            invoices: Sheet::new(
                "Invoice",
                &[
                    "number",
                    "status",
                    "issuedOn",
                    "dueOn",
                    "paidOn",
                    "currency",
                    "amount",
                    "paidAmount",
                    "disputeReason",
                    "customer_id",
                    "order_id",
                ],
            ),
            payments: Sheet::new(
                "Payment",
                &["receivedOn", "currency", "amount", "method", "customer_id", "invoice_id"],
            ),
        }
    }

    fn in_order(self) -> Vec<Sheet> {
        vec![
            self.customers,
            self.contacts,
            self.addresses,
            self.credit_accounts,
            self.orders,
            self.lines,
            self.invoices,
            self.payments,
        ]
    }

    fn customer(&mut self, profile: &Profile, dice: &mut Dice) {
        let (customer, city) = (profile.number, &profile.city);
        let values = [
            profile.name.clone().into(),
            "ORGANIZATION".into(),
            profile.status().into(),
            profile.industry.name().into(),
            city.country.into(),
            name::phone(dice, city).into(),
            CURRENCY.into(),
            place_of(&name::SELLERS, profile.seller).map_or(Value::Null, |seller| user_id(seller).into()),
            place_of(&name::TERRITORIES, city.territory).map_or(Value::Null, |place| territory_id(place).into()),
            team_id(if profile.tier == Tier::Key { KEY_ACCOUNTS } else { FIELD_SALES }).into(),
            profile.parent().map_or(Value::Null, |parent| customer_id(parent).into()),
        ];
        self.customers.push(customer_id(customer), format!("C-{customer:04}"), values);
        let (contacts, purposes): (u32, &[&str]) = match profile.tier {
            Tier::Key => (3, &["MAIN", "BILLING", "SHIPPING"]),
            Tier::Core => (2, &["MAIN", "SHIPPING"]),
            _ => (1, &["MAIN"]),
        };
        for place in 1..=contacts {
            let person = name::person(dice);
            let values = [
                format!("{} {}", person.0, person.1).into(),
                name::role(dice).into(),
                name::email(person, customer).into(),
                name::phone(dice, city).into(),
                customer_id(customer).into(),
            ];
            self.contacts.push(id(2, customer, place, 0), format!("C-{customer:04}-{place}"), values);
        }
        for (purpose, place) in purposes.iter().zip(1..) {
            let values = [
                (*purpose).into(),
                name::street(dice).into(),
                city.name.into(),
                city.postal_code.into(),
                city.country.into(),
                customer_id(customer).into(),
            ];
            self.addresses.push(id(3, customer, place, 0), format!("C-{customer:04}-{place}"), values);
        }
    }

    fn credit(&mut self, profile: &Profile, credit: &Credit) {
        let customer = profile.number;
        let values = [
            CURRENCY.into(),
            cents(credit.limit),
            credit.dunning_level.into(),
            credit.on_hold.into(),
            customer_id(customer).into(),
        ];
        self.credit_accounts.push(id(4, customer, 0, 0), format!("C-{customer:04}"), values);
    }

    fn order(&mut self, profile: &Profile, order: &Order) {
        let (customer, sequence) = (profile.number, order.sequence);
        let status = match order.status {
            Status::Open => "OPEN",
            Status::Shipped => "SHIPPED",
            Status::Cancelled => "CANCELLED",
        };
        let values = [
            format!("{}-{customer:04}", order.ordered_on.format("%y%m%d")).into(),
            status.into(),
            order.ordered_on.into(),
            order.required_on.into(),
            order.shipped_on.into(),
            CURRENCY.into(),
            exact(order.gross()),
            exact(order.net()),
            exact(order.cost()),
            exact(order.freight),
            profile.name.clone().into(),
            profile.city.name.into(),
            profile.city.country.into(),
            profile.seller.into(),
            customer_id(customer).into(),
        ];
        self.orders.push(order_id(customer, sequence), format!("O-{customer:04}-{sequence:03}"), values);
        for (line, position) in order.lines.iter().zip(1..) {
            let values = [
                number(position),
                CURRENCY.into(),
                Value::Decimal(Decimal::from(line.quantity)),
                cents(line.unit_price),
                cents(line.unit_cost),
                cents(line.discount_percent),
                exact(line.net()),
                order_id(customer, sequence).into(),
                product_id(line.article).into(),
            ];
            let external_id = format!("O-{customer:04}-{sequence:03}-{position}");
            self.lines.push(id(7, customer, sequence, position), external_id, values);
        }
    }

    fn invoice(&mut self, profile: &Profile, invoice: &Invoice) {
        let (customer, sequence) = (profile.number, invoice.order);
        let values = [
            format!("I{}-{customer:04}-{sequence:03}", invoice.issued_on.format("%y")).into(),
            invoice.status().into(),
            invoice.issued_on.into(),
            invoice.due_on.into(),
            invoice.paid_on().into(),
            CURRENCY.into(),
            cents(invoice.amount),
            cents(invoice.paid()),
            invoice.dispute.into(),
            customer_id(customer).into(),
            order_id(customer, sequence).into(),
        ];
        self.invoices.push(invoice_id(customer, sequence), format!("I-{customer:04}-{sequence:03}"), values);
        for (payment, place) in invoice.payments.iter().zip(1..) {
            let values = [
                payment.received_on.into(),
                CURRENCY.into(),
                cents(payment.amount),
                payment.method.into(),
                customer_id(customer).into(),
                invoice_id(customer, sequence).into(),
            ];
            let external_id = format!("P-{customer:04}-{sequence:03}-{place}");
            self.payments.push(id(9, customer, sequence, place), external_id, values);
        }
    }
}
