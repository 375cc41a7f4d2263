use super::*;
use crate::testing::{self, databases, now};

fn entry(customer: Uuid, strategy: Uuid, sequence: i32, previous: Option<&str>) -> Entry {
    Entry {
        id: Uuid::now_v7(),
        customer,
        strategy,
        point: "credit.check".to_owned(),
        decided_at: now(),
        recorded_by: "ann".to_owned(),
        fallback: false,
        versions: "{}".to_owned(),
        commitment: format!("commitment {sequence}"),
        kept: Some(kept()),
        erased: None,
        sequence,
        digest: format!("digest {sequence}"),
        previous_digest: previous.map(str::to_owned),
    }
}

/// Documents whose bytes are no canonical form: what is kept is what was given.
fn kept() -> Kept {
    Kept {
        salt: "5a17".to_owned(),
        request: "{\"amount\" : \"120.50\", \"a\":1.0,  \"a\":1e2}".to_owned(),
        verdict: "{\"approved\": true}".to_owned(),
        parameters: "{}".to_owned(),
        proposals: "[ ]".to_owned(),
        bounds: "[]".to_owned(),
        inputs: "{\"z\":1,\"a\":\"\\u00fc\"}".to_owned(),
        explanation: "[\"Approved.\"]".to_owned(),
        customer_explanation: "null".to_owned(),
    }
}

async fn scene(database: &crate::Database) -> (Uuid, Uuid) {
    let transaction = database.begin().await.unwrap();
    let customer = testing::customer(&transaction, "Alfreds").await;
    let strategy = testing::strategy(&transaction, 1, "ACTIVE", &[]).await;
    transaction.commit().await.unwrap();
    (customer, strategy)
}

#[tokio::test]
async fn each_customer_has_a_chain() {
    for (database, _fixture) in databases().await {
        let (customer, strategy) = scene(&database).await;
        let transaction = database.begin().await.unwrap();
        assert!(last(&transaction, &[customer]).await.unwrap().is_empty());
        let (first, second) = (entry(customer, strategy, 1, None), entry(customer, strategy, 2, Some("digest 1")));
        append(&transaction, &first, now()).await.unwrap();
        append(&transaction, &second, now()).await.unwrap();
        let end = last(&transaction, &[customer, Uuid::nil(), customer]).await.unwrap();
        assert_eq!(end, [(customer, Last { sequence: 2, digest: "digest 2".to_owned() })].into());
        transaction.commit().await.unwrap();
        assert_eq!(get(&database, first.id).await.unwrap(), Some(first.clone()));
        assert_eq!(chain(&database, customer).await.unwrap(), [first, second]);

        let transaction = database.begin().await.unwrap();
        let again = append(&transaction, &entry(customer, strategy, 2, None), now()).await;
        assert!(matches!(again, Err(StoreError::Taken(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chains_grow_without_gaps_when_many_append_at_once() {
    for (database, _fixture) in databases().await {
        let (customer, strategy) = scene(&database).await;
        let all: Vec<_> = (0..12)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    let transaction = database.begin().await.unwrap();
                    let end = last(&transaction, &[customer]).await.unwrap().remove(&customer);
                    let (sequence, previous) = end.map_or((1, None), |end| (end.sequence + 1, Some(end.digest)));
                    let next = entry(customer, strategy, sequence, previous.as_deref());
                    append(&transaction, &next, now()).await.unwrap();
                    transaction.commit().await.unwrap();
                })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
        let sequences: Vec<_> = chain(&database, customer).await.unwrap().iter().map(|entry| entry.sequence).collect();
        assert_eq!(sequences, (1..=12).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn entries_are_read_in_pages_along_the_chains_and_back_in_time() {
    for (database, _fixture) in databases().await {
        let (customer, strategy) = scene(&database).await;
        let transaction = database.begin().await.unwrap();
        let other = testing::customer(&transaction, "Berglund").await;
        let later = testing::time("2026-11-23T00:00:00Z");
        for (customer, sequence) in [(other, 1), (customer, 1), (other, 2), (customer, 2)] {
            let decided_at = if customer == other { later } else { now() };
            append(&transaction, &Entry { decided_at, ..entry(customer, strategy, sequence, None) }, now())
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
        let mut ordered = [(customer, 1), (customer, 2), (other, 1), (other, 2)];
        ordered.sort_unstable();
        let (mut seen, mut after) = (Vec::new(), None);
        while let Some(entry) = page(&database, None, after, 1).await.unwrap().pop() {
            after = Some((entry.customer, entry.sequence));
            seen.extend(after);
        }
        assert_eq!(seen, ordered);
        let ends = heads(&database, None, None, 10).await.unwrap();
        assert_eq!(ends.iter().map(|(of, last)| (*of, last.sequence)).collect::<Vec<_>>(), [ordered[1], ordered[3]]);
        assert_eq!(heads(&database, Some(other), None, 10).await.unwrap().len(), 1);
        assert_eq!(heads(&database, None, Some(ordered[3].0), 10).await.unwrap(), []);

        let points = ["credit.check", "credit.terms"];
        let wanted = Recorded { points: &points, since: None, behind: None };
        let newest = recorded(&database, &wanted, 3).await.unwrap();
        assert_eq!(newest.iter().map(|entry| entry.customer).collect::<Vec<_>>(), [other, other, customer]);
        let behind = newest.last().map(|last| (last.decided_at, last.id));
        assert_eq!(recorded(&database, &Recorded { behind, ..wanted.clone() }, 3).await.unwrap().len(), 1);
        assert_eq!(recorded(&database, &Recorded { since: Some(later), ..wanted }, 9).await.unwrap().len(), 2);
        let none = Recorded { points: &["credit.terms"], since: None, behind: None };
        assert_eq!(recorded(&database, &none, 9).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_is_erased_leaves_the_entry_and_its_chain() {
    for (database, _fixture) in databases().await {
        let (customer, strategy) = scene(&database).await;
        let transaction = database.begin().await.unwrap();
        let first = entry(customer, strategy, 1, None);
        let second = Entry { decided_at: testing::time("2026-11-23T00:00:00Z"), ..entry(customer, strategy, 2, None) };
        append(&transaction, &first, now()).await.unwrap();
        append(&transaction, &second, now()).await.unwrap();
        let answer = |id: Uuid, key: &str| crate::idempotency::Remembered {
            actor: "ann".to_owned(),
            key: key.to_owned(),
            act: "recordDecision".to_owned(),
            body_digest: "of the request".to_owned(),
            result: serde_json::json!(id),
            created_at: now(),
        };
        for (id, key) in [(first.id, "first"), (second.id, "second")] {
            assert!(crate::idempotency::remember(&transaction, &answer(id, key)).await.unwrap());
        }
        let later = testing::time("2026-11-24T00:00:00Z");
        assert_eq!(erase(&transaction, Which::Before(second.decided_at), 10, "eve", later).await.unwrap(), 1);
        transaction.commit().await.unwrap();
        let erased = Entry { kept: None, erased: Some((later, "eve".to_owned())), ..first };
        assert_eq!(chain(&database, customer).await.unwrap(), [erased, second.clone()]);
        assert!(crate::idempotency::find(&database, "ann", "first").await.unwrap().is_none());
        assert!(crate::idempotency::find(&database, "ann", "second").await.unwrap().is_some());

        let transaction = database.begin().await.unwrap();
        assert_eq!(erase(&transaction, Which::Customer(Uuid::nil()), 10, "eve", later).await.unwrap(), 0);
        assert_eq!(erase(&transaction, Which::Customer(customer), 10, "eve", later).await.unwrap(), 1);
        assert_eq!(erase(&transaction, Which::Customer(customer), 10, "eve", later).await.unwrap(), 0);
        transaction.commit().await.unwrap();
        assert_eq!(get(&database, second.id).await.unwrap().unwrap().kept, None);
        let wanted = Recorded { points: &["credit.check"], since: None, behind: None };
        assert_eq!(recorded(&database, &wanted, 9).await.unwrap(), []);
    }
}
