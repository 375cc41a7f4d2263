mod agreement;

use std::sync::Arc;

use guildhall_model::GlobalId;
use guildhall_model::plan::Visible;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::*;
use crate::Refusal;
use crate::testing::{admin, customer, houses, now};

/// An order for one record.
fn order(house: &House, verb: Verb, object: &str, change: Change, key: &str) -> Order {
    Order {
        act: format!("{verb:?}{object}"),
        verb,
        object: Arc::clone(house.model.object(object).unwrap()),
        changes: vec![change],
        idempotency_key: key.to_owned(),
    }
}

fn values(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

fn new(json: Json) -> Change {
    Change { values: values(json), path: vec!["values".into()], ..Change::default() }
}

fn set(id: Uuid, version: i64, json: Json) -> Change {
    Change { id: Some(id), version: Some(version), values: values(json), path: vec!["set".into()], keys_outside: false }
}

async fn write(house: &House, order: &Order) -> Written {
    write_records(house, &admin("ada"), &Visible::default(), order, now()).await.unwrap()
}

async fn done(house: &House, order: &Order) -> Done {
    match write(house, order).await {
        Written::Done(mut done) => done.remove(0),
        other => panic!("{other:?}"),
    }
}

async fn reasons(house: &House, order: &Order) -> Vec<ReasonCode> {
    let written = write_records(house, &admin("ada"), &Visible::default(), order, now()).await;
    let reasons = match written.map_err(WorkflowError::refusal) {
        Ok(Written::Refused(reasons)) | Err(Ok(Refusal::Refused(reasons))) => reasons,
        other => panic!("{other:?}"),
    };
    reasons.iter().map(|reason| reason.code).collect()
}

async fn problems(house: &House, order: &Order) -> Vec<(String, InvalidCode)> {
    match write(house, order).await {
        Written::Invalid(problems) => {
            problems.iter().map(|problem| (Json::from(problem.path.clone()).to_string(), problem.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn person() -> Json {
    json!({ "name": "Ben", "kind": "PERSON", "currency": "EUR" })
}

#[tokio::test]
async fn the_same_key_and_input_are_done_once() {
    for (house, _fixture) in houses().await {
        let create = order(&house, Verb::Create, "Customer", new(person()), "k");
        let first = done(&house, &create).await;
        assert_eq!(done(&house, &create).await, first);
        let other = order(
            &house,
            Verb::Create,
            "Customer",
            new(json!({ "name": "Cy", "kind": "PERSON", "currency": "EUR" })),
            "k",
        );
        assert_eq!(reasons(&house, &other).await, [ReasonCode::KeyReused]);
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    for (house, _fixture) in houses().await {
        let wrong = new(json!({ "name": " ", "currency": "euro", "parent": "cus_00000000000000000000000000000000x" }));
        let create = order(&house, Verb::Create, "Customer", wrong, "k");
        let mut found = problems(&house, &create).await;
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let at = |name: &str| format!("[\"values\",\"{name}\"]");
        assert_eq!(
            found,
            [
                (at("currency"), InvalidCode::RuleBroken),
                (at("kind"), InvalidCode::Required),
                (at("name"), InvalidCode::RuleBroken),
                (at("parent"), InvalidCode::Malformed),
            ]
        );
    }
}

#[tokio::test]
async fn a_reference_to_nothing_is_told_with_its_place() {
    for (house, _fixture) in houses().await {
        let nobody = GlobalId::new(house.model.object("Customer").unwrap(), Uuid::now_v7()).to_string();
        let contact = order(&house, Verb::Create, "Contact", new(json!({ "name": "Di", "customer": nobody })), "k");
        assert_eq!(
            problems(&house, &contact).await,
            [("[\"values\",\"customer\"]".to_owned(), InvalidCode::UnknownRecord)]
        );
    }
}

#[tokio::test]
async fn a_change_of_an_old_version_changes_nothing() {
    for (house, _fixture) in houses().await {
        let id = customer(&house).await;
        let first = order(&house, Verb::Update, "Customer", set(id, 1, json!({ "phone": "1" })), "a");
        assert_eq!(done(&house, &first).await, Done { id, version: 2, outcome: Outcome::Updated });
        let second = order(&house, Verb::Update, "Customer", set(id, 1, json!({ "phone": "2" })), "b");
        assert_eq!(reasons(&house, &second).await, [ReasonCode::StaleVersion]);
        let same = order(&house, Verb::Update, "Customer", set(id, 2, json!({ "phone": "1" })), "c");
        assert_eq!(done(&house, &same).await, Done { id, version: 2, outcome: Outcome::Unchanged });
    }
}

#[tokio::test]
async fn a_state_goes_only_where_it_leads() {
    for (house, _fixture) in houses().await {
        let begun = json!({ "name": "Ben", "kind": "PERSON", "currency": "EUR", "status": "CLOSED" });
        let create = order(&house, Verb::Create, "Customer", new(begun), "k");
        assert_eq!(reasons(&house, &create).await, [ReasonCode::ImpossibleTransition]);
        let id = customer(&house).await;
        let back = order(&house, Verb::Update, "Customer", set(id, 1, json!({ "status": "PROSPECT" })), "l");
        assert_eq!(reasons(&house, &back).await, [ReasonCode::ImpossibleTransition]);
        let on = order(&house, Verb::Update, "Customer", set(id, 1, json!({ "status": "CLOSED" })), "m");
        assert_eq!(done(&house, &on).await.outcome, Outcome::Updated);
    }
}

#[tokio::test]
async fn nobody_stands_above_himself() {
    for (house, _fixture) in houses().await {
        let (one, two) = (customer(&house).await, customer(&house).await);
        let global = |id| GlobalId::new(house.model.object("Customer").unwrap(), id).to_string();
        let under = order(&house, Verb::Update, "Customer", set(one, 1, json!({ "parent": global(two) })), "a");
        done(&house, &under).await;
        let over = order(&house, Verb::Update, "Customer", set(two, 1, json!({ "parent": global(one) })), "b");
        assert_eq!(reasons(&house, &over).await, [ReasonCode::Circle]);
        let own = order(&house, Verb::Update, "Customer", set(two, 1, json!({ "parent": global(two) })), "c");
        assert_eq!(reasons(&house, &own).await, [ReasonCode::Circle]);
    }
}

#[tokio::test]
async fn an_upsert_makes_once_and_then_changes() {
    for (house, _fixture) in houses().await {
        let upsert = |phone: &str, key: &str| {
            let mut all = values(person());
            all.extend(values(json!({ "source": "erp", "externalId": "7", "phone": phone })));
            order(
                &house,
                Verb::Upsert,
                "Customer",
                Change { values: all, path: vec!["set".into()], keys_outside: true, ..Change::default() },
                key,
            )
        };
        let made = done(&house, &upsert("1", "a")).await;
        assert_eq!(made.outcome, Outcome::Created);
        assert_eq!(done(&house, &upsert("1", "b")).await, Done { outcome: Outcome::Unchanged, ..made.clone() });
        assert_eq!(done(&house, &upsert("2", "c")).await, Done { version: 2, outcome: Outcome::Updated, ..made });
    }
}

#[tokio::test]
async fn what_is_deleted_comes_back_as_it_was_with_its_parts() {
    for (house, _fixture) in houses().await {
        let id = customer(&house).await;
        let global = GlobalId::new(house.model.object("Customer").unwrap(), id).to_string();
        let address = json!({ "customer": global, "purpose": "BILLING", "street": "Ring 1", "city": "Graz" });
        done(&house, &order(&house, Verb::Create, "Address", new(address), "a")).await;
        let before = records(&house, "Address", id).await;
        assert_eq!(before.len(), 1);
        let delete = order(&house, Verb::Delete, "Customer", Change { version: Some(1), ..set(id, 1, json!({})) }, "b");
        assert_eq!(done(&house, &delete).await.outcome, Outcome::Deleted);
        assert_eq!(records(&house, "Address", id).await, []);
        let restore = order(&house, Verb::Restore, "Customer", Change { id: Some(id), ..Change::default() }, "c");
        assert_eq!(done(&house, &restore).await, Done { id, version: 2, outcome: Outcome::Restored });
        let after = records(&house, "Address", id).await;
        let object = house.model.object("Address").unwrap();
        for name in ["id", "createdAt", "city", "customer"] {
            assert_eq!(after[0].get(object, name), before[0].get(object, name), "{name}");
        }
        let again = Order { idempotency_key: "d".to_owned(), ..restore };
        assert_eq!(reasons(&house, &again).await, [ReasonCode::NotFound]);
    }
}

#[tokio::test]
async fn what_others_refer_to_is_not_deleted() {
    for (house, _fixture) in houses().await {
        let id = customer(&house).await;
        let global = GlobalId::new(house.model.object("Customer").unwrap(), id).to_string();
        done(&house, &order(&house, Verb::Create, "Contact", new(json!({ "name": "Di", "customer": global })), "a"))
            .await;
        let delete = order(&house, Verb::Delete, "Customer", set(id, 1, json!({})), "b");
        let Written::Refused(reasons) = write(&house, &delete).await else { panic!("deleted") };
        assert_eq!(reasons[0].code, ReasonCode::InUse);
        assert!(reasons[0].message.contains("contacts"), "{}", reasons[0].message);
    }
}

#[tokio::test]
async fn several_records_are_written_all_or_none() {
    for (house, _fixture) in houses().await {
        let mut create = order(&house, Verb::Create, "Customer", new(person()), "k");
        create.changes.push(new(json!({ "name": "Cy" })));
        assert!(matches!(write(&house, &create).await, Written::Invalid(_)));
        let (mut one, id) = (order(&house, Verb::Update, "Customer", Change::default(), "l"), customer(&house).await);
        one.changes = vec![set(id, 1, json!({ "phone": "1" })), set(Uuid::now_v7(), 1, json!({ "phone": "1" }))];
        assert_eq!(reasons(&house, &one).await, [ReasonCode::NotFound]);
        let kept = order(&house, Verb::Update, "Customer", set(id, 1, json!({ "phone": "2" })), "m");
        assert_eq!(done(&house, &kept).await.version, 2);
    }
}

/// A hundred changes of one version at once: one is done, the others are told.
#[tokio::test]
async fn of_changes_at_once_one_is_done() {
    for (house, _fixture) in houses().await {
        let id = customer(&house).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..100 {
            let change = set(id, 1, json!({ "phone": number.to_string() }));
            let (house, order) =
                (Arc::clone(&house), order(&house, Verb::Update, "Customer", change, &number.to_string()));
            tasks.spawn(async move { write(&house, &order).await });
        }
        let mut written = 0;
        while let Some(result) = tasks.join_next().await {
            match result.unwrap() {
                Written::Done(_) => written += 1,
                Written::Refused(reasons) => assert_eq!(reasons[0].code, ReasonCode::StaleVersion),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(written, 1);
    }
}

/// Two records put under each other at once would be a circle that neither act sees.
#[tokio::test]
async fn circles_are_not_closed_from_two_sides_at_once() {
    for (house, _fixture) in houses().await {
        for round in 0..10 {
            let (one, two) = (customer(&house).await, customer(&house).await);
            let global = |id| GlobalId::new(house.model.object("Customer").unwrap(), id).to_string();
            let there = order(
                &house,
                Verb::Update,
                "Customer",
                set(one, 1, json!({ "parent": global(two) })),
                &format!("a{round}"),
            );
            let back = order(
                &house,
                Verb::Update,
                "Customer",
                set(two, 1, json!({ "parent": global(one) })),
                &format!("b{round}"),
            );
            let (there, back) = tokio::join!(write(&house, &there), write(&house, &back));
            let done = [there, back].iter().filter(|written| matches!(written, Written::Done(_))).count();
            assert_eq!(done, 1);
        }
    }
}

/// A clerk reads and changes the phones of customers, and deletes customers.
async fn clerk(house: &House, name: &str) -> Actor {
    use guildhall_model::{Access, RoleDefinition, RowSet, Rows, TypeGrant};
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let grant = TypeGrant {
        read: names(&["name", "phone"]),
        update: names(&["phone"]),
        delete: true,
        rows: RowSet::default().with(Rows::All),
        ..TypeGrant::default()
    };
    let role = RoleDefinition { types: [("Customer".to_owned(), grant)].into(), ..RoleDefinition::default() };
    Actor {
        roles: Vec::new(),
        name: name.to_owned(),
        access: Access::sum(&house.model, &[&role]).into(),
        territory: None,
    }
}

#[tokio::test]
async fn what_his_roles_do_not_let_him_write_is_refused() {
    for (house, _fixture) in houses().await {
        let (id, kim) = (customer(&house).await, clerk(&house, "kim").await);
        let refused = async |order: &Order| {
            let written = write_records(&house, &kim, &Visible::default(), order, now()).await;
            written.map_err(|error| error.to_string())
        };
        let no = Err("your roles do not let you write this of a customer".to_owned());
        let name = order(&house, Verb::Update, "Customer", set(id, 1, json!({ "name": "Eve's" })), "a");
        assert_eq!(refused(&name).await, no);
        let create = order(&house, Verb::Create, "Customer", new(json!({ "phone": "1" })), "b");
        assert_eq!(refused(&create).await, no);
        let contact = order(&house, Verb::Delete, "Contact", set(Uuid::now_v7(), 1, json!({})), "c");
        assert_eq!(refused(&contact).await, Err("your roles do not let you write this of a contact".to_owned()));
        let phone = order(&house, Verb::Update, "Customer", set(id, 1, json!({ "phone": "1" })), "d");
        assert!(matches!(refused(&phone).await, Ok(Written::Done(_))));
    }
}

/// A refused deletion tells of the types that the actor reads, and of others only that there is something.
#[tokio::test]
async fn a_refusal_names_no_type_that_is_hidden() {
    for (house, _fixture) in houses().await {
        let id = customer(&house).await;
        let global = GlobalId::new(house.model.object("Customer").unwrap(), id).to_string();
        done(&house, &order(&house, Verb::Create, "Contact", new(json!({ "name": "Di", "customer": global })), "a"))
            .await;
        let (kim, delete) =
            (clerk(&house, "kim").await, order(&house, Verb::Delete, "Customer", set(id, 1, json!({})), "b"));
        let written = write_records(&house, &kim, &Visible::default(), &delete, now()).await.unwrap();
        let Written::Refused(reasons) = written else { panic!("{written:?}") };
        let told = "other records refer to it: records you do not see; delete or change them first";
        assert_eq!(reasons[0].message, told);
    }
}

/// Two people may choose the same key: neither is given the other's answer.
#[tokio::test]
async fn a_key_is_its_actors_own() {
    for (house, _fixture) in houses().await {
        let create = order(&house, Verb::Create, "Customer", new(person()), "k");
        let mut made = Vec::new();
        for name in ["ada", "ben"] {
            let written = write_records(&house, &admin(name), &Visible::default(), &create, now()).await.unwrap();
            let Written::Done(done) = written else { panic!("{written:?}") };
            made.push(done[0].id);
        }
        assert_ne!(made[0], made[1]);
    }
}

/// Who places a hold and who releases it is who does it, and when is when he does.
#[tokio::test]
async fn who_did_it_and_when_is_written_by_itself() {
    for (house, _fixture) in houses().await {
        let object = house.model.object("Hold").unwrap();
        let global = GlobalId::new(house.model.object("Customer").unwrap(), customer(&house).await).to_string();
        let values = json!({ "customer": global, "reason": "CREDIT", "until": "2026-11-22T18:07:08.122Z" });
        let early = order(&house, Verb::Create, "Hold", new(values), "a");
        let told = problems(&house, &early).await;
        assert_eq!(told, [("[\"values\",\"until\"]".to_owned(), InvalidCode::OutOfOrder)]);
        let placed = done(
            &house,
            &order(&house, Verb::Create, "Hold", new(json!({ "customer": global, "reason": "CREDIT" })), "b"),
        )
        .await;
        let stamps = async || {
            let transaction = house.database.begin().await.unwrap();
            let record = transaction.lock_records(object, &[placed.id]).await.unwrap().remove(0);
            transaction.rollback().await.unwrap();
            ["placedBy", "placedAt", "releasedBy", "releasedAt"].map(|name| record.get(object, name).cloned().unwrap())
        };
        use guildhall_model::Value;
        let (ada, at) = (Value::from("ada"), Value::from(now()));
        assert_eq!(stamps().await, [ada.clone(), at.clone(), Value::Null, Value::Null]);
        let later = now() + chrono::TimeDelta::hours(1);
        let release = order(&house, Verb::Update, "Hold", set(placed.id, 1, json!({ "status": "RELEASED" })), "c");
        write_records(&house, &admin("ben"), &Visible::default(), &release, later).await.unwrap();
        assert_eq!(stamps().await, [ada.clone(), at.clone(), "ben".into(), later.into()]);
        let again = set(placed.id, 2, json!({ "status": "RELEASED", "releaseReason": "paid" }));
        let again = order(&house, Verb::Update, "Hold", again, "d");
        write_records(&house, &admin("cy"), &Visible::default(), &again, later).await.unwrap();
        assert_eq!(stamps().await, [ada, at, "ben".into(), later.into()]);
    }
}

/// The parts of a customer.
async fn records(house: &House, object: &str, customer: Uuid) -> Vec<guildhall_store::Record> {
    let transaction = house.database.begin().await.unwrap();
    transaction.lock_parts(house.model.object(object).unwrap(), "customer_id", &[customer]).await.unwrap()
}
