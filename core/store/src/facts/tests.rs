use guildhall_model::{Model, Value};
use uuid::Uuid;

use super::*;
use crate::entity;
use crate::link::Reads;
use crate::testing::{amount, customer, databases, day, insert, now, time};

struct Scene {
    transaction: Transaction,
    customer: Uuid,
}

impl Scene {
    async fn order(&self, number: &str, on: &str, status: &str, net: &str, cost: Option<&str>) -> Uuid {
        self.order_in("USD", number, on, status, net, cost).await
    }

    async fn order_in(
        &self,
        currency: &str,
        number: &str,
        on: &str,
        status: &str,
        net: &str,
        cost: Option<&str>,
    ) -> Uuid {
        let fields = [
            ("number", number.into()),
            ("status", status.into()),
            ("orderedOn", day(on).into()),
            ("currency", currency.into()),
            ("grossTotal", amount(net)),
            ("netTotal", amount(net)),
            ("costTotal", cost.map_or(Value::Null, amount)),
            ("customer_id", self.customer.into()),
        ];
        insert(&self.transaction, "Order", &fields).await
    }

    async fn invoice(
        &self,
        issued: &str,
        due: &str,
        paid_on: Option<&str>,
        amounts: (&str, &str),
        order: Option<Uuid>,
    ) {
        let fields = [
            ("number", issued.into()),
            ("status", if paid_on.is_some() { "PAID" } else { "OPEN" }.into()),
            ("issuedOn", day(issued).into()),
            ("dueOn", day(due).into()),
            ("paidOn", paid_on.map(day).into()),
            ("currency", "USD".into()),
            ("amount", amount(amounts.0)),
            ("paidAmount", amount(amounts.1)),
            ("customer_id", self.customer.into()),
            ("order_id", order.into()),
        ];
        insert(&self.transaction, "Invoice", &fields).await;
    }

    async fn facts(&self) -> String {
        use sea_orm::EntityTrait;
        let row = entity::customer::Entity::find_by_id(self.customer);
        let row = self.transaction.link().find(row).await.unwrap().unwrap();
        format!(
            "v{} revenue {} margin {:?} orders {} last {:?} open {} overdue {} late {} as of {:?}",
            row.version,
            row.revenue12m.0.normalize(),
            row.margin12m.map(|margin| margin.0.normalize().to_string()),
            row.orders12m,
            row.last_order_on.map(|day| day.to_string()),
            row.open_amount.0.normalize(),
            row.overdue_amount.0.normalize(),
            row.average_days_late,
            row.facts_as_of.map(|day| day.to_string()),
        )
    }

    async fn exposure(&self) -> String {
        use sea_orm::EntityTrait;
        let row = self.transaction.link().find(entity::credit_account::Entity::find()).await.unwrap().unwrap();
        format!("v{} {}", row.version, row.exposure.0.normalize())
    }
}

async fn scene(database: &crate::Database) -> Scene {
    let transaction = database.begin().await.unwrap();
    let customer = customer(&transaction, "Alfreds").await;
    let account = [
        ("currency", "USD".into()),
        ("limit", amount("1000")),
        ("dunningLevel", 0.into()),
        ("onHold", false.into()),
        ("customer_id", customer.into()),
    ];
    insert(&transaction, "CreditAccount", &account).await;
    Scene { transaction, customer }
}

#[tokio::test]
async fn twelve_months_end_with_the_day_and_begin_after_the_same_day_a_year_ago() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        scene.order("1", "1997-05-06", "SHIPPED", "1000", Some("1")).await;
        scene.order("2", "1997-05-07", "SHIPPED", "200.0395", Some("150")).await;
        scene.order("3", "1998-05-06", "OPEN", "30.5", Some("20.25")).await;
        scene.order("4", "1998-05-06", "CANCELLED", "5000", None).await;
        scene.order("5", "1998-05-07", "OPEN", "7", None).await;
        scene.order_in("EUR", "6", "1998-01-01", "SHIPPED", "9", Some("1")).await;
        let done = refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        assert_eq!(done, Refreshed { customers: 1, credit_accounts: 1 });
        assert_eq!(
            scene.facts().await,
            r#"v2 revenue 230.5395 margin Some("60.2895") orders 3 last Some("1998-05-06") open 0 overdue 0 late 0 as of Some("1998-05-06")"#
        );
        // The order of the day after counts as exposure all the same.
        assert_eq!(scene.exposure().await, "v2 37.5");
    }
}

#[tokio::test]
async fn an_unknown_cost_makes_the_margin_unknown() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        scene.order("1", "1998-05-05", "SHIPPED", "10", Some("4")).await;
        scene.order("2", "1998-05-06", "SHIPPED", "10", None).await;
        refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        assert!(scene.facts().await.contains("revenue 20 margin None orders 2"), "{}", scene.facts().await);
    }
}

#[tokio::test]
async fn invoices_are_open_overdue_or_late() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        let order = scene.order("1", "1998-03-01", "OPEN", "500", Some("1")).await;
        scene.invoice("1998-03-02", "1998-04-01", None, ("500", "120.5"), Some(order)).await;
        scene.invoice("1998-04-06", "1998-05-06", None, ("40", "0"), None).await;
        // Ten days late, three days early, one day late: 11 / 3 is 3.67.
        scene.invoice("1998-01-01", "1998-02-20", Some("1998-03-02"), ("10", "10"), None).await;
        scene.invoice("1998-01-02", "1998-02-20", Some("1998-02-17"), ("10", "10"), None).await;
        scene.invoice("1998-01-03", "1998-02-20", Some("1998-02-21"), ("10", "10"), None).await;
        refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        let facts = scene.facts().await;
        assert!(facts.contains("open 419.5 overdue 379.5 late 4"), "{facts}");
        // The open order has its invoice, so it counts once.
        assert_eq!(scene.exposure().await, "v2 419.5");
    }
}

#[tokio::test]
async fn halves_of_days_are_rounded_up() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        scene.invoice("1998-01-01", "1998-02-20", Some("1998-02-22"), ("10", "10"), None).await;
        scene.invoice("1998-01-02", "1998-02-20", Some("1998-02-23"), ("10", "10"), None).await;
        refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        assert!(scene.facts().await.contains("late 3"), "{}", scene.facts().await);
    }
}

#[tokio::test]
async fn a_record_changes_when_a_figure_does() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        scene.order("1", "1998-05-06", "SHIPPED", "10", Some("4")).await;
        let later = time("2026-11-23T00:00:00Z");
        let first = refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        let again = refresh(&scene.transaction, day("1998-05-06"), later).await.unwrap();
        let next_day = refresh(&scene.transaction, day("1998-05-07"), later).await.unwrap();
        assert_eq!((first.customers, again.customers, next_day.customers), (1, 0, 1));
        let facts = scene.facts().await;
        assert!(facts.starts_with("v2 ") && facts.ends_with(r#"as of Some("1998-05-07")"#), "{facts}");
    }
}

#[tokio::test]
async fn two_statements_serve_any_number_of_customers() {
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        for number in 0..20 {
            customer(&transaction, &number.to_string()).await;
        }
        let before = database.statements();
        assert_eq!(refresh(&transaction, day("1998-05-06"), now()).await.unwrap().customers, 20);
        assert_eq!(database.statements() - before, 2);
    }
}

#[test]
fn facts_are_columns_of_the_model() {
    let model = Model::core();
    for (table, columns) in FACTS {
        let object = model.objects().iter().find(|object| object.table == table).unwrap();
        for column in columns {
            assert!(object.fields.iter().any(|field| field.column == *column), "{table}.{column}");
        }
    }
}
