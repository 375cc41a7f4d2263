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
    ) -> Uuid {
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
        insert(&self.transaction, "Invoice", &fields).await
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

    async fn ageing(&self) -> [String; 6] {
        use sea_orm::EntityTrait;
        let row = entity::customer::Entity::find_by_id(self.customer);
        let row = self.transaction.link().find(row).await.unwrap().unwrap();
        [
            row.open_amount,
            row.overdue_amount,
            row.overdue1_to30,
            row.overdue31_to60,
            row.overdue61_to90,
            row.overdue_over90,
        ]
        .map(|amount| amount.0.normalize().to_string())
    }

    async fn credit_note(&self, issued: &str, amount: Value, invoice: Option<Uuid>) {
        let fields = [
            ("number", issued.into()),
            ("issuedOn", day(issued).into()),
            ("currency", "USD".into()),
            ("amount", amount),
            ("customer_id", self.customer.into()),
            ("invoice_id", invoice.into()),
        ];
        insert(&self.transaction, "CreditNote", &fields).await;
    }

    async fn exposure(&self) -> String {
        use sea_orm::EntityTrait;
        let row = self.transaction.link().find(entity::credit_account::Entity::find()).await.unwrap().unwrap();
        let (exposure, dynamic) = (row.exposure.0.normalize(), row.exposure_dynamic.0.normalize());
        format!("v{} {exposure} dynamic {dynamic}", row.version)
    }
}

/// The stage and the amount of each entry, in the order of ids.
async fn entries(scene: &Scene) -> Vec<(Uuid, String)> {
    let sql = r#"SELECT "id", "stage", "amount", "version" FROM "exposure_entry" ORDER BY "id""#;
    let rows = scene.transaction.link().rows(sql, Vec::new()).await.unwrap();
    let told = |row: &sea_orm::QueryResult| {
        let (stage, version): (String, i32) = (row.try_get_by_index(1).unwrap(), row.try_get_by_index(3).unwrap());
        let Value::Decimal(amount) = read(scene.transaction.dialect(), &Kind::Money, row, 2).unwrap() else {
            panic!("no amount")
        };
        (row.try_get_by_index(0).unwrap(), format!("{stage} {} v{version}", amount.normalize()))
    };
    rows.iter().map(told).collect()
}

#[tokio::test]
async fn what_is_owed_moves_from_stage_to_stage() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        let order = scene.order("1", "1998-05-01", "OPEN", "100", Some("1")).await;
        let now_is = async |change: &str, expected: &[(Uuid, &str)]| {
            if !change.is_empty() {
                scene.transaction.execute(change, Vec::new()).await.unwrap();
            }
            refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
            let expected: Vec<_> = expected.iter().map(|(id, told)| (*id, (*told).to_owned())).collect();
            assert_eq!(entries(&scene).await, expected, "{change}");
        };
        now_is("", &[(order, "ORDER 100 v1")]).await;
        now_is("", &[(order, "ORDER 100 v1")]).await;
        now_is(
            r#"UPDATE "order" SET "status" = 'SHIPPED', "shipped_on" = '1998-05-02'"#,
            &[(order, "DELIVERY 100 v2")],
        )
        .await;
        // The first invoice takes the order's place, the second one stands beside it.
        let first = scene.invoice("1998-05-03", "1998-06-01", None, ("70", "0"), Some(order)).await;
        now_is("", &[(order, "INVOICE 70 v3")]).await;
        let second = scene.invoice("1998-05-04", "1998-06-01", None, ("50", "0"), Some(order)).await;
        now_is("", &[(order, "INVOICE 70 v3"), (second, "INVOICE 50 v1")]).await;
        assert_eq!(scene.exposure().await, "v1 120 dynamic 120");
        let paid = r#"UPDATE "invoice" SET "status" = 'PAID' WHERE "number" = '1998-05-03'"#;
        now_is(paid, &[(order, "CLEARED 70 v4"), (second, "INVOICE 50 v1")]).await;
        // A payment that comes back.
        let open = r#"UPDATE "invoice" SET "status" = 'OPEN' WHERE "number" = '1998-05-03'"#;
        now_is(open, &[(order, "INVOICE 70 v5"), (second, "INVOICE 50 v1")]).await;
        forget(&scene.transaction, &Model::core().object("Invoice").unwrap().clone(), first).await.unwrap();
        now_is(
            r#"DELETE FROM "invoice" WHERE "number" = '1998-05-03'"#,
            &[(order, "INVOICE 50 v1"), (second, "CLEARED 50 v2")],
        )
        .await;
        assert_eq!(scene.exposure().await, "v1 50 dynamic 50");
    }
}

/// Only what was decided about is checked again, and only while it is open.
#[tokio::test]
async fn other_terms_of_an_open_order_are_a_reason_to_check_it_again() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        let order = scene.order("1", "1998-05-01", "OPEN", "100", Some("1")).await;
        let due = async |change: &str| {
            if !change.is_empty() {
                scene.transaction.execute(change, Vec::new()).await.unwrap();
            }
            refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
            crate::credit::due(&scene.transaction, now(), 9).await.unwrap().len()
        };
        assert_eq!(due("").await, 0);
        assert_eq!(due(r#"UPDATE "order" SET "net_total" = "net_total" + 1"#).await, 0);
        decided(&scene, order).await;
        assert_eq!(due("").await, 0);
        assert_eq!(due(r#"UPDATE "order" SET "net_total" = "net_total" + 1"#).await, 1);
        crate::credit::check_again(&scene.transaction, order, None).await.unwrap();
        assert_eq!(due("").await, 0);
        assert_eq!(due(r#"UPDATE "order" SET "required_on" = '1998-05-09'"#).await, 1);
        assert_eq!(due(r#"UPDATE "order" SET "status" = 'SHIPPED'"#).await, 0);
    }
}

/// Gives an order a recorded decision.
async fn decided(scene: &Scene, order: Uuid) {
    let transaction = &scene.transaction;
    let strategy = [
        ("number", 1.into()),
        ("status", "ACTIVE".into()),
        ("name", "x".into()),
        ("vision", "x".into()),
        ("document", "x".into()),
        ("digest", "x".into()),
        ("proposedAt", now().into()),
        ("proposedBy", "ann".into()),
    ];
    let strategy = insert(transaction, "Strategy", &strategy).await;
    let fields = [
        ("point", "credit.check".into()),
        ("decidedAt", now().into()),
        ("recordedBy", "ann".into()),
        ("fallback", false.into()),
        ("versions", Value::Json(serde_json::json!({}))),
        ("sequence", 1.into()),
        ("commitment", "c".into()),
        ("digest", "d".into()),
        ("customer_id", scene.customer.into()),
        ("strategy_id", strategy.into()),
    ];
    let decision = insert(transaction, "Decision", &fields).await;
    let set = r#"UPDATE "order" SET "decision_id" = $1 WHERE "id" = $2"#;
    transaction.execute(set, vec![decision.into(), order.into()]).await.unwrap();
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
        assert_eq!(done, Refreshed { customers: 1, credit_accounts: 1, days: 5 });
        assert_eq!(
            scene.facts().await,
            r#"v1 revenue 230.5395 margin Some("60.2895") orders 3 last Some("1998-05-06") open 0 overdue 0 late 0 as of Some("1998-05-06")"#
        );
        // The order of the day after counts as exposure all the same.
        assert_eq!(scene.exposure().await, "v1 37.5 dynamic 37.5");
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
        assert_eq!(scene.exposure().await, "v1 419.5 dynamic 419.5");
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
async fn facts_that_change_are_no_change_of_the_record() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        scene.order("1", "1998-05-06", "SHIPPED", "10", Some("4")).await;
        let later = time("2026-11-23T00:00:00Z");
        let first = refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        let again = refresh(&scene.transaction, day("1998-05-06"), later).await.unwrap();
        let next_day = refresh(&scene.transaction, day("1998-05-07"), later).await.unwrap();
        assert_eq!((first.customers, again.customers, next_day.customers), (1, 0, 1));
        let facts = scene.facts().await;
        assert!(facts.starts_with("v1 ") && facts.ends_with(r#"as of Some("1998-05-07")"#), "{facts}");
    }
}

#[tokio::test]
async fn eight_statements_serve_two_thousand_customers() {
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        for number in 0..20 {
            customer(&transaction, &number.to_string()).await;
        }
        let before = database.statements();
        assert_eq!(refresh(&transaction, day("1998-05-06"), now()).await.unwrap().customers, 20);
        assert_eq!(database.statements() - before, 8);
    }
}

#[tokio::test]
async fn what_is_overdue_grows_old_by_the_day() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        for (issued, due, amount) in [
            ("1998-01-01", "1998-05-06", "1"),
            ("1998-01-02", "1998-05-05", "10"),
            ("1998-01-03", "1998-04-06", "100"),
            ("1998-01-04", "1998-04-05", "1000"),
            ("1998-01-05", "1998-03-07", "10000"),
            ("1998-01-06", "1998-03-06", "100000"),
            ("1998-01-07", "1998-02-05", "1000000"),
            ("1998-01-08", "1998-02-04", "10000000"),
        ] {
            scene.invoice(issued, due, None, (amount, "0"), None).await;
        }
        refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        assert_eq!(scene.ageing().await, ["11111111", "11111110", "110", "11000", "1100000", "10000000"]);
    }
}

#[tokio::test]
async fn a_credit_note_reduces_the_invoice_it_names_down_to_nothing() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        let late = scene.invoice("1998-03-02", "1998-04-01", None, ("500", "100"), None).await;
        let small = scene.invoice("1998-03-03", "1998-04-01", None, ("50", "0"), None).await;
        scene.credit_note("1998-04-02", amount("30"), Some(late)).await;
        scene.credit_note("1998-04-03", amount("70"), Some(small)).await;
        scene.credit_note("1998-04-04", amount("200"), None).await;
        scene.credit_note("1998-05-07", amount("5"), Some(late)).await;
        refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        assert_eq!(scene.ageing().await, ["370", "370", "0", "370", "0", "0"]);
        // Exposure counts what is known now.
        assert_eq!(scene.exposure().await, "v1 365 dynamic 365");
    }
}

#[tokio::test]
async fn exposure_counts_deliveries_of_a_month_and_looks_two_weeks_ahead() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        for (number, status, required, shipped, net) in [
            ("1", "OPEN", Some("1998-05-20"), None, "1"),
            ("2", "OPEN", Some("1998-05-21"), None, "10"),
            ("3", "OPEN", None, None, "100"),
            ("4", "SHIPPED", None, Some("1998-04-07"), "1000"),
            ("5", "SHIPPED", None, Some("1998-04-06"), "10000"),
            ("6", "CANCELLED", None, None, "100000"),
        ] {
            let fields = [
                ("number", number.into()),
                ("status", status.into()),
                ("orderedOn", day("1998-03-01").into()),
                ("requiredOn", required.map(day).into()),
                ("shippedOn", shipped.map(day).into()),
                ("currency", "USD".into()),
                ("grossTotal", amount(net)),
                ("netTotal", amount(net)),
                ("customer_id", scene.customer.into()),
            ];
            insert(&scene.transaction, "Order", &fields).await;
        }
        refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        assert_eq!(scene.exposure().await, "v1 1111 dynamic 1101");
    }
}

#[tokio::test]
async fn customers_whom_a_day_concerns_not_are_only_dated() {
    for (database, _fixture) in databases().await {
        let scene = scene(&database).await;
        customer(&scene.transaction, "Berglunds").await;
        scene.order("1", "1997-05-07", "SHIPPED", "10", None).await;
        refresh(&scene.transaction, day("1998-05-06"), now()).await.unwrap();
        let (last, done) = next_chunk(&scene.transaction, None, day("1998-05-07"), now()).await.unwrap().unwrap();
        assert_eq!(done.customers, 2);
        assert!(scene.facts().await.contains("revenue 0 margin Some(\"0\") orders 0 last Some(\"1997-05-07\")"));
        assert_eq!(next_chunk(&scene.transaction, Some(last), day("1998-05-07"), now()).await.unwrap(), None);
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
