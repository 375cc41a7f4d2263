use chrono::TimeDelta;
use guildhall_model::{Model, Value};

use super::*;
use crate::testing::{self, amount, databases, now, object};

fn products<'a>(object: &'a ObjectType, rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> Batch<'a> {
    let columns = ["source", "externalId", "sku", "name", "currency", "listPrice", "discontinued"];
    let row = |(id, name, price): (&str, &str, &str)| {
        vec!["shop".into(), id.into(), id.into(), name.into(), "USD".into(), amount(price), false.into()]
    };
    Batch { object, columns: columns.map(str::to_owned).to_vec(), rows: rows.into_iter().map(row).collect() }
}

#[tokio::test]
async fn an_upsert_touches_only_what_differs() {
    let model = Model::core();
    let product = object(&model, "Product");
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let first = products(product, [("1", "Chai", "18"), ("2", "Chang", "19"), ("3", "Syrup", "10")]);
        let done = transaction.upsert(&first, now()).await.unwrap();
        assert_eq!(done, Upserted { created: 3, updated: 0, unchanged: 0 });

        let later = now() + TimeDelta::hours(1);
        let second = products(product, [("1", "Chai", "18.00"), ("2", "Chang", "19.0001"), ("4", "Tofu", "1")]);
        let before = database.statements();
        let done = transaction.upsert(&second, later).await.unwrap();
        assert_eq!(done, Upserted { created: 1, updated: 1, unchanged: 1 });
        assert_eq!(database.statements() - before, 1);

        let sql =
            r#"SELECT "external_id", "version", "updated_at" = "created_at" FROM "product" ORDER BY "external_id""#;
        let rows = transaction.link().rows(sql, Vec::new()).await.unwrap();
        let seen: Vec<(String, i32, bool)> = rows.iter().map(|row| row.try_get_many_by_index().unwrap()).collect();
        let expected = [("1", 1, true), ("2", 2, false), ("3", 1, true), ("4", 1, true)];
        assert_eq!(seen, expected.map(|(id, version, same)| (id.to_owned(), version, same)));

        let wanted = ["4", "1", "unknown"].map(str::to_owned);
        let ids = transaction.ids_by_external(product, "shop", &wanted).await.unwrap();
        assert_eq!(ids.len(), 2);
        assert!(transaction.ids_by_external(product, "elsewhere", &wanted).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn large_batches_are_sent_in_several_statements() {
    let model = Model::core();
    let product = object(&model, "Product");
    let names: Vec<_> = (0..1234).map(|number| format!("{number:04}")).collect();
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let batch = products(product, names.iter().map(|name| (name.as_str(), name.as_str(), "1")));
        let before = database.statements();
        assert_eq!(transaction.upsert(&batch, now()).await.unwrap().created, 1234);
        assert_eq!(database.statements() - before, 3);
        assert_eq!(transaction.upsert(&batch, now()).await.unwrap().unchanged, 1234);
        assert_eq!(transaction.ids_by_external(product, "shop", &names).await.unwrap().len(), 1234);
    }
}

#[tokio::test]
async fn a_change_needs_the_version_it_was_made_for() {
    let model = Model::core();
    let customer = object(&model, "Customer");
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let id = testing::customer(&transaction, "Alfreds").await;
        let later = now() + TimeDelta::hours(1);
        let fields = [("industry", Value::from("Retail")), ("segment_id", Value::Null)];
        let set = |version| transaction.set_fields(customer, id, version, &fields, later);
        assert_eq!(set(1).await.unwrap(), FieldsSet::Done { version: 2 });
        assert_eq!(set(1).await.unwrap(), FieldsSet::OtherVersion { current: 2 });
        let nobody = transaction.set_fields(customer, Uuid::nil(), 1, &fields, later).await.unwrap();
        assert_eq!(nobody, FieldsSet::Missing);
        for (field, message) in [
            ("version", "`Customer.version` is kept by the store; leave it out"),
            ("name", "`Customer` cannot be written without `name`; give every record a value for it"),
            (
                "orders",
                "`Customer` has no column `orders`; use a field's name or a reference column such as `customer_id`",
            ),
        ] {
            let error = transaction.set_fields(customer, id, 2, &[(field, Value::Null)], later).await.unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_named() {
    let model = Model::core();
    let product = object(&model, "Product");
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let refuse = async |batch: Batch<'_>, message: &str| {
            assert_eq!(transaction.upsert(&batch, now()).await.unwrap_err().to_string(), message);
        };
        refuse(
            products(product, [("1", "Chai", "18"), ("2", "Chang", "0.00001")]),
            "`Product.listPrice` cannot hold `0.00001`: it has more than 4 decimal places or is too large",
        )
        .await;
        refuse(
            products(product, [("1", "Chai", "18"), ("1", "Chang", "19")]),
            "`Product` `1` of `shop` occurs twice in one batch; send each record once",
        )
        .await;
        let mut narrow = products(product, [("1", "Chai", "18")]);
        narrow.columns.pop();
        refuse(narrow.clone(), "`Product` cannot be written without `discontinued`; give every record a value for it")
            .await;
        narrow.columns.push("discontinued".to_owned());
        narrow.rows[0].pop();
        refuse(narrow, "row 0 of `Product` has 6 values for 7 columns; give one value per column").await;
    }
}

#[tokio::test]
async fn references_and_uniqueness_are_the_databases_matter() {
    let model = Model::core();
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let contact = Batch {
            object: object(&model, "Contact"),
            columns: ["name", "customer_id"].map(str::to_owned).to_vec(),
            rows: vec![vec!["Maria".into(), Value::Id(Uuid::nil())]],
        };
        let error = transaction.insert(&contact, now()).await.unwrap_err();
        assert!(matches!(error, StoreError::Reference(_)), "{error}");
        transaction.rollback().await.unwrap();

        let transaction = database.begin().await.unwrap();
        let id = testing::customer(&transaction, "Alfreds").await;
        let account = Batch {
            object: object(&model, "CreditAccount"),
            columns: ["currency", "limit", "dunningLevel", "onHold", "customer_id"].map(str::to_owned).to_vec(),
            rows: vec![vec!["USD".into(), amount("100"), 0.into(), false.into(), id.into()]],
        };
        assert_eq!(transaction.insert(&account, now()).await.unwrap(), 1);
        let error = transaction.insert(&account, now()).await.unwrap_err();
        assert!(matches!(error, StoreError::Taken(_)), "{error}");
    }
}
