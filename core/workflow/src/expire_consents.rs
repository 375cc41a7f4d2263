//! Ends consents that are past their end. Nobody has to: what was allowed until a day is not allowed after it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::Role;
use guildhall_store::consent;
use serde_json::{Map, json};

use crate::credit::SELF;
use crate::write_records::{Change, Order, RECORD_LIMIT, Verb, Written, write_within};
use crate::writing::object;
use crate::{Actor, House, WorkflowError};

const ACT: &str = "expireConsents";

/// Lets consents whose `to` has passed be EXPIRED, each with its event. Gives how many; there may be more where it is
/// [`RECORD_LIMIT`]. Any number of processes may do so at the same time.
pub async fn expire_consents(house: &House, now: DateTime<Utc>) -> Result<usize, WorkflowError> {
    if consent::ended(&house.database, now, 1).await?.is_empty() {
        return Ok(0);
    }
    let transaction = house.database.begin().await?;
    let consents = object(house, "Consent")?;
    // Locked first, looked at then: one that somebody has just prolonged or withdrawn is not among them.
    let found = consent::ended(&transaction, now, RECORD_LIMIT).await?;
    transaction.lock_records(&consents, &found).await?;
    let ended = consent::ended(&transaction, now, RECORD_LIMIT).await?;
    let ended: Vec<_> = ended.into_iter().filter(|id| found.contains(id)).collect();
    if ended.is_empty() {
        transaction.rollback().await?;
        return Ok(0);
    }
    let values = Map::from_iter([("status".to_owned(), json!("EXPIRED"))]);
    let change = |id| Change { id: Some(id), values: values.clone(), ..Change::default() };
    let order = Order {
        act: ACT.to_owned(),
        verb: Verb::Update,
        object: Arc::clone(&consents),
        changes: ended.iter().copied().map(change).collect(),
        idempotency_key: String::new(),
    };
    let by = Actor::new(SELF, &house.model, Role::Admin);
    match write_within(house, &by, &order, &transaction, now).await? {
        Written::Done(done) => {
            transaction.commit().await?;
            Ok(done.len())
        }
        refused => Err(WorkflowError::Internal(format!("consents that have ended cannot be written: {refused:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use guildhall_model::plan::Visible;
    use guildhall_model::{GlobalId, Value};
    use uuid::Uuid;

    use super::*;
    use crate::InvalidCode;
    use crate::testing::{admin, customer, houses, now};
    use crate::write_records::write_records;

    async fn write(house: &House, verb: Verb, change: Change) -> Written {
        let consents = object(house, "Consent").unwrap();
        let key = Uuid::now_v7().to_string();
        let order =
            Order { act: "test".to_owned(), verb, object: consents, changes: vec![change], idempotency_key: key };
        write_records(house, &admin("ada"), &Visible::default(), &order, now()).await.unwrap()
    }

    async fn consent(house: &House, customer: Uuid, status: &str, to: Option<&str>) -> Uuid {
        let customer = GlobalId::new(house.model.object("Customer").unwrap(), customer).to_string();
        let values = json!({
            "customer": customer, "purpose": "MARKETING", "legalBasis": "CONSENT", "status": status, "to": to,
        });
        let change = Change { values: values.as_object().unwrap().clone(), ..Change::default() };
        match write(house, Verb::Create, change).await {
            Written::Done(done) => done.first().unwrap().id,
            other => panic!("{other:?}"),
        }
    }

    async fn statuses(house: &House, ids: &[Uuid]) -> Vec<Value> {
        let consents = object(house, "Consent").unwrap();
        let transaction = house.database.begin().await.unwrap();
        let records = transaction.lock_records(&consents, ids).await.unwrap();
        records.iter().map(|record| record.get(&consents, "status").unwrap().clone()).collect()
    }

    #[tokio::test]
    async fn what_is_past_its_end_expires() {
        for (house, _fixture) in houses().await {
            let customer = customer(&house).await;
            let at = |delta: TimeDelta| (now() + delta).to_rfc3339();
            let (past, soon) = (at(TimeDelta::days(-1)), at(TimeDelta::hours(1)));
            let mut ids = Vec::new();
            for (status, to) in [
                ("GRANTED", Some(past.as_str())),
                ("REQUESTED", Some(&past)),
                ("DENIED", Some(&past)),
                ("GRANTED", Some(&soon)),
                ("GRANTED", None),
            ] {
                ids.push(consent(&house, customer, status, to).await);
            }
            assert_eq!(expire_consents(&house, now()).await.unwrap(), 2);
            let expected = ["EXPIRED", "EXPIRED", "DENIED", "GRANTED", "GRANTED"].map(Value::from);
            assert_eq!(statuses(&house, &ids).await, expected);
            assert_eq!(expire_consents(&house, now()).await.unwrap(), 0);
            assert_eq!(expire_consents(&house, now() + TimeDelta::hours(1)).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn what_was_asked_for_is_granted_by_a_confirmation() {
        for (house, _fixture) in houses().await {
            let id = consent(&house, customer(&house).await, "REQUESTED", None).await;
            let grant = |confirmed: Option<&str>| {
                let mut values = Map::from_iter([("status".to_owned(), json!("GRANTED"))]);
                values.extend(confirmed.map(|time| ("confirmedAt".to_owned(), json!(time))));
                Change { id: Some(id), version: Some(1), values, path: vec!["set".into()], ..Change::default() }
            };
            match write(&house, Verb::Update, grant(None)).await {
                Written::Invalid(problems) => {
                    let told: Vec<_> = problems.iter().map(|problem| (problem.path.clone(), problem.code)).collect();
                    assert_eq!(told, [(vec!["set".into(), "confirmedAt".into()], InvalidCode::Required)]);
                }
                other => panic!("{other:?}"),
            }
            let written = write(&house, Verb::Update, grant(Some("2026-11-22T18:00:00Z"))).await;
            assert!(matches!(written, Written::Done(_)), "{written:?}");
        }
    }
}
