//! Segments against what the strategy says after each write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guildhall_model::plan::Visible;
use guildhall_model::{GlobalId, Role, Value as Datum};
use guildhall_store::Batch;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::Actor;
use crate::activate_strategy::activate_strategy;
use crate::set_fields::set_fields;
use crate::testing::{admin, document, houses, now};
use crate::write_records::{Change, Order, Verb, Written, write_records};

/// A segment `key` of those for whom `when` holds, and `rest` of all others.
async fn activate(house: &House, when: &str) {
    activate_with(house, when, "").await;
}

async fn activate_with(house: &House, when: &str, stay: &str) {
    let segment = |key: &str, when: &str| {
        format!("[[segments]]\nkey = \"{key}\"\nname = \"N\"\nneed = \"n\"\nwhen = '''{when}'''\n")
    };
    let text = format!("{}{}{stay}{}", document("first", "ada"), segment("key", when), segment("rest", "true"));
    activate_strategy(house, admin("ada").permit().unwrap(), &text, None, now()).await.unwrap();
}

/// Reacts to everything that happened so far; how many customers moved. On PostgreSQL events wait for older transactions, those
/// in other databases, too; so what is waited for is an event that concerns nobody.
async fn followed(house: &House) -> u64 {
    let sku = Uuid::now_v7().to_string();
    let last =
        create(house, "Product", json!({ "name": "Tea", "sku": sku, "currency": "USD", "listPrice": "1" })).await;
    let last = global(house, "Product", last);
    let deployment = Deployment::load(house).await.unwrap();
    let start = reaction::place(&house.database, Who::Segments).await.unwrap().unwrap();
    let mut moved = 0;
    for _ in 0..1200 {
        // Read before and from the start: what is told here is told to the act, whatever is told to it in between.
        let (told, _) = event::after(&house.database, start, &event::Seen::default(), BATCH).await.unwrap();
        moved += reassign_segments(house, &deployment, now()).await.unwrap().moved;
        if told.iter().any(|told| told.record_id == last) {
            return moved;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("events are not told");
}

/// Writes a record through the act that the API writes by, which is one event.
async fn write(house: &House, verb: Verb, object: &str, change: Change) -> Uuid {
    let key = Uuid::now_v7().to_string();
    let object = Arc::clone(house.model.object(object).unwrap());
    let order = Order { act: "test".to_owned(), verb, object, changes: vec![change], idempotency_key: key };
    let written =
        write_records(house, &Actor::new("ada", &house.model, Role::Admin), &Visible::default(), &order, now())
            .await
            .unwrap();
    let Written::Done(done) = written else { panic!("{written:?}") };
    done[0].id
}

async fn create(house: &House, object: &str, values: Value) -> Uuid {
    let values = values.as_object().unwrap().clone();
    write(house, Verb::Create, object, Change { values, path: vec!["values".into()], ..Change::default() }).await
}

async fn update(house: &House, object: &str, id: Uuid, version: i64, values: Value) {
    let (id, version, values) = (Some(id), Some(version), values.as_object().unwrap().clone());
    let change = Change { id, version, values, path: vec!["set".into()], ..Change::default() };
    write(house, Verb::Update, object, change).await;
}

fn global(house: &House, object: &str, id: Uuid) -> String {
    GlobalId::new(house.model.object(object).unwrap(), id).to_string()
}

async fn customer(house: &House, more: Value) -> Uuid {
    let mut values = json!({ "name": "Harbour", "kind": "ORGANIZATION", "currency": "USD" });
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    create(house, "Customer", values).await
}

async fn order(house: &House, customer: Uuid) -> Uuid {
    let values = json!({ "customer": global(house, "Customer", customer), "number": Uuid::now_v7().to_string(),
        "orderedOn": "2026-11-20", "currency": "USD", "grossTotal": "10", "netTotal": "10" });
    create(house, "Order", values).await
}

/// Version and segment of a customer, and what became of him: segment and evidence of each membership, and whether it lasts.
async fn stands(house: &House, id: Uuid) -> (i64, Option<String>, Vec<(String, Value, bool)>) {
    let transaction = house.database.begin().await.unwrap();
    let object = |name: &str| Arc::clone(house.model.object(name).unwrap());
    let (customers, memberships) = (object("Customer"), object("Membership"));
    let keys = guildhall_store::segment::current(&transaction).await.unwrap();
    let keys: BTreeMap<Uuid, String> = keys.into_iter().map(|(key, id)| (id, key)).collect();
    let customer = transaction.lock_records(&customers, &[id]).await.unwrap().remove(0);
    let mut parts = transaction.lock_parts(&memberships, "customer_id", &[id]).await.unwrap();
    parts.sort_by_key(|part| (part.get(&memberships, "to") == Some(&Datum::Null), part.id));
    let key = |value: Option<&Datum>| match value {
        Some(Datum::Id(id)) => keys.get(id).cloned(),
        _ => None,
    };
    let history = parts.iter().map(|part| {
        let Some(Datum::Json(evidence)) = part.get(&memberships, "evidence") else { panic!("no evidence") };
        let lasts = part.get(&memberships, "to") == Some(&Datum::Null);
        (key(part.get(&memberships, "segment")).unwrap(), evidence.clone(), lasts)
    });
    let stands = (customer.version, key(customer.get(&customers, "segment")), history.collect());
    transaction.rollback().await.unwrap();
    stands
}

async fn segment(house: &House, id: Uuid) -> Option<String> {
    stands(house, id).await.1
}

fn is(key: &str) -> Option<String> {
    Some(key.to_owned())
}

#[tokio::test]
async fn an_order_moves_its_customer_with_history_and_evidence() {
    for (house, _fixture) in houses().await {
        activate(&house, "customer.orders12m >= 1").await;
        let (one, other) = (customer(&house, json!({})).await, customer(&house, json!({})).await);
        assert_eq!(followed(&house).await, 2);
        order(&house, one).await;
        assert_eq!(followed(&house).await, 1);
        let history = vec![
            ("rest".to_owned(), json!({ "orders12m": 0 }), false),
            ("key".to_owned(), json!({ "orders12m": 1 }), true),
        ];
        // The version is as it was: nobody's change is refused.
        assert_eq!(stands(&house, one).await, (1, is("key"), history));
        assert_eq!(segment(&house, other).await, is("rest"));
        // What moved him is told of, too, and nothing more comes of it.
        assert_eq!(followed(&house).await, 0);
    }
}

#[tokio::test]
async fn an_order_that_goes_to_another_customer_moves_both() {
    for (house, _fixture) in houses().await {
        activate(&house, "customer.orders12m >= 1").await;
        let (from, to) = (customer(&house, json!({})).await, customer(&house, json!({})).await);
        let id = order(&house, from).await;
        assert_eq!(followed(&house).await, 2);
        let keys = async || (segment(&house, from).await, segment(&house, to).await);
        assert_eq!(keys().await, (is("key"), is("rest")));
        update(&house, "Order", id, 1, json!({ "customer": global(&house, "Customer", to) })).await;
        assert_eq!(followed(&house).await, 2);
        assert_eq!(keys().await, (is("rest"), is("key")));
        // What is deleted names nobody any more.
        write(&house, Verb::Delete, "Order", Change { id: Some(id), version: Some(2), ..Change::default() }).await;
        assert_eq!(followed(&house).await, 1);
        assert_eq!(keys().await, (is("rest"), is("rest")));
        write(&house, Verb::Restore, "Order", Change { id: Some(id), ..Change::default() }).await;
        assert_eq!(followed(&house).await, 1);
        assert_eq!(keys().await, (is("rest"), is("key")));
    }
}

#[tokio::test]
async fn who_is_at_the_edge_stays_where_he_is() {
    for (house, _fixture) in houses().await {
        activate_with(&house, "customer.orders12m >= 2", "stay = 'customer.orders12m >= 1'\n").await;
        let (first, second) = (customer(&house, json!({})).await, customer(&house, json!({})).await);
        let (one, two) = (order(&house, first).await, order(&house, first).await);
        order(&house, second).await;
        assert_eq!(followed(&house).await, 2);
        write(&house, Verb::Delete, "Order", Change { id: Some(one), version: Some(1), ..Change::default() }).await;
        assert_eq!(followed(&house).await, 0);
        // Both have one order now.
        assert_eq!((segment(&house, first).await, segment(&house, second).await), (is("key"), is("rest")));
        write(&house, Verb::Delete, "Order", Change { id: Some(two), version: Some(1), ..Change::default() }).await;
        assert_eq!(followed(&house).await, 1);
        assert_eq!(segment(&house, first).await, is("rest"));
    }
}

#[tokio::test]
async fn a_field_of_the_deployments_own_moves_a_customer_and_what_is_not_read_moves_nobody() {
    for (house, _fixture) in houses().await {
        let tier = "[fields.Customer.tier]\nkind = \"text\"\ndoc = \"d\"\n";
        set_fields(&house, admin("ada").permit().unwrap(), tier, None, now()).await.unwrap();
        let house = house.current().await.unwrap();
        activate(&house, "customer.tier == 'gold' && customer.country == 'Norway'").await;
        let id = customer(&house, json!({ "country": "Norway" })).await;
        assert_eq!(followed(&house).await, 1);
        update(&house, "Customer", id, 1, json!({ "tier": "gold" })).await;
        assert_eq!(followed(&house).await, 1);
        assert_eq!(segment(&house, id).await, is("key"));
        let before = house.database.statements();
        update(&house, "Customer", id, 2, json!({ "phone": "1" })).await;
        let written = house.database.statements() - before;
        assert_eq!(followed(&house).await, 0);
        // To be read by the strategy costs the write nothing.
        let before = house.database.statements();
        update(&house, "Customer", id, 3, json!({ "tier": "silver" })).await;
        assert_eq!(house.database.statements() - before, written);
        assert_eq!(followed(&house).await, 1);
        assert_eq!(segment(&house, id).await, is("rest"));
    }
}

#[tokio::test]
async fn what_related_records_become_moves_customers() {
    for (house, _fixture) in houses().await {
        activate(&house, "customer.owner.name == 'Zoe' || customer.parent.orders12m >= 1").await;
        let owner = create(&house, "User", json!({ "login": "zoe", "name": "Zo" })).await;
        let owned = customer(&house, json!({ "owner": global(&house, "User", owner) })).await;
        let parent = customer(&house, json!({})).await;
        let child = customer(&house, json!({ "parent": global(&house, "Customer", parent) })).await;
        assert_eq!(followed(&house).await, 3);
        update(&house, "User", owner, 1, json!({ "name": "Zoe" })).await;
        assert_eq!(followed(&house).await, 1);
        assert_eq!(segment(&house, owned).await, is("key"));
        order(&house, parent).await;
        assert_eq!(followed(&house).await, 1);
        assert_eq!((segment(&house, child).await, segment(&house, parent).await), (is("key"), is("rest")));
    }
}

#[tokio::test]
async fn who_follows_his_parents_segment_moves_after_it() {
    for (house, _fixture) in houses().await {
        activate(&house, "customer.country == 'Norway' || customer.parent.segment.key == 'key'").await;
        let mut line = vec![customer(&house, json!({})).await];
        for _ in 0..2 {
            let parent = global(&house, "Customer", line[line.len() - 1]);
            line.push(customer(&house, json!({ "parent": parent })).await);
        }
        assert_eq!(followed(&house).await, 3);
        assert_eq!(followed(&house).await, 0);
        update(&house, "Customer", line[0], 1, json!({ "country": "Norway" })).await;
        // One generation at a time, each by the event of the one before; then it is over.
        let mut moved = Vec::new();
        while moved.last() != Some(&0) {
            moved.push(followed(&house).await);
        }
        assert_eq!(moved.iter().sum::<u64>(), 3);
        for id in line {
            assert_eq!(segment(&house, id).await, is("key"));
        }
    }
}

#[tokio::test]
async fn several_processes_assign_once_and_one_that_is_killed_loses_nothing() {
    for (house, _fixture) in houses().await {
        activate(&house, "customer.orders12m >= 1").await;
        let id = customer(&house, json!({})).await;
        assert_eq!(followed(&house).await, 1);
        let deployment = Deployment::load(&house).await.unwrap();
        order(&house, id).await;
        // One is killed while it waits: on SQLite for the writer's place, on PostgreSQL for the customer it is about to move.
        let other = house.database.begin().await.unwrap();
        other.lock_records(house.model.object("Customer").unwrap(), &[id]).await.unwrap();
        let killed = tokio::time::timeout(Duration::from_secs(1), async {
            while reassign_segments(&house, &deployment, now()).await.unwrap() == Reassigned::default() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(killed.await.is_err());
        other.rollback().await.unwrap();
        let work = || async {
            let mut moved = 0;
            while segment(&house, id).await != is("key") {
                moved += reassign_segments(&house, &deployment, now()).await.unwrap().moved;
            }
            moved
        };
        let (one, two, three) = tokio::join!(work(), work(), work());
        assert_eq!(one + two + three, 1);
        let (_, _, history) = stands(&house, id).await;
        assert_eq!(history.iter().map(|(key, ..)| key.as_str()).collect::<Vec<_>>(), ["rest", "key"]);
    }
}

#[tokio::test]
async fn who_serves_a_strategy_of_before_assigns_nobody_and_a_new_one_assigns_all() {
    for (house, _fixture) in houses().await {
        activate(&house, "customer.orders12m >= 1").await;
        let old = Deployment::load(&house).await.unwrap();
        let id = customer(&house, json!({})).await;
        activate(&house, "customer.orders12m >= 2").await;
        assert_eq!(segment(&house, id).await, is("rest"));
        order(&house, id).await;
        for _ in 0..20 {
            assert_eq!(reassign_segments(&house, &old, now()).await.unwrap(), Reassigned::default());
        }
        assert_eq!(followed(&house).await, 0);
        assert_eq!(segment(&house, id).await, is("rest"));
    }
}

#[tokio::test]
async fn a_batch_that_concerns_very_many_assigns_the_whole_base() {
    for (house, _fixture) in houses().await {
        let owner = create(&house, "User", json!({ "login": "zoe", "name": "Zo" })).await;
        let many = MOST + 1;
        let names = ["id", "name", "kind", "status", "currency", "owner_id"].map(str::to_owned).to_vec();
        let row = |_| {
            let id = Datum::Id(Uuid::now_v7());
            vec![id, "Harbour".into(), "ORGANIZATION".into(), "ACTIVE".into(), "USD".into(), owner.into()]
        };
        let transaction = house.database.begin().await.unwrap();
        let object = house.model.object("Customer").unwrap();
        let batch = Batch { object, columns: names, rows: (0..many).map(row).collect() };
        transaction.insert(&batch, now()).await.unwrap();
        transaction.commit().await.unwrap();
        activate(&house, "customer.owner.name == 'Zoe'").await;
        update(&house, "User", owner, 1, json!({ "name": "Zoe" })).await;
        let deployment = Deployment::load(&house).await.unwrap();
        let mut moved = 0;
        while moved == 0 {
            moved = reassign_segments(&house, &deployment, now()).await.unwrap().moved;
        }
        assert_eq!(moved, many as u64);
    }
}
