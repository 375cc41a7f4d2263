//! Makes a strategy the one that decides.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{Circumstances, DecisionPoint, Problems, Severity, Strategy};
use guildhall_model::Model;
use guildhall_store::segment::{self, Segment};
use guildhall_store::strategy::{self, NewStrategy};
use guildhall_store::{generation, plugin};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::assign_segments::assign_in;
use crate::install_plugin::uuid_in;
use crate::keepable::keepable;
use crate::once::Once;
use crate::plugin_set::{PluginSet, settle};
use crate::serving::serving;
use crate::{ActivateStrategy, House, InvalidCode, InvalidValue, Permit, WorkflowError};

/// A strategy, now active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    pub strategy: Uuid,
    pub number: i32,
    /// Customers whose segment changed.
    pub assigned: u64,
}

/// Reads a strategy document; the error lists everything that is wrong with it.
pub fn read_strategy(model: &Model, points: &[Arc<DecisionPoint>], document: &str) -> Result<Strategy, WorkflowError> {
    let points: Vec<DecisionPoint> = points.iter().map(|point| DecisionPoint::clone(point)).collect();
    Strategy::read(document, model, &points).map_err(unreadable)
}

/// What is wrong with a document, line by line.
pub(crate) fn unreadable(problems: Problems) -> WorkflowError {
    let told = problems.0.iter().map(ToString::to_string);
    WorkflowError::Invalid(
        told.map(|text| InvalidValue::new(vec!["document".into()], InvalidCode::Malformed, text)).collect(),
    )
}

/// Refuses a strategy with findings that are errors: it could not do what it says.
pub(crate) async fn sound(
    house: &House,
    points: &[Arc<DecisionPoint>],
    strategy: &Strategy,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let points: Vec<DecisionPoint> = points.iter().map(|point| DecisionPoint::clone(point)).collect();
    let serving = serving(&plugin::present(&house.database).await?);
    let circumstances = Circumstances { points: &points, serving: Some(&serving), today: Some(now.date_naive()) };
    let mut errors = strategy.lint(&circumstances);
    errors.retain(|finding| finding.severity == Severity::Error);
    if errors.is_empty() {
        return Ok(());
    }
    let told = errors.iter().map(ToString::to_string);
    Err(WorkflowError::Invalid(
        told.map(|text| InvalidValue::new(vec!["document".into()], InvalidCode::Malformed, text)).collect(),
    ))
}

/// Activates a strategy: checks the document and that the actor is an approver, retires the strategy in force, brings
/// the segments up to date and assigns every customer, all in one transaction.
///
/// The approvers are those of the strategy in force, so that nobody gets power by writing himself into a new one; the
/// first strategy names its own.
pub async fn activate_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    document: &str,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Activated, WorkflowError> {
    // What is wrong in itself is told before anyone waits for it.
    let mut points = house.points_in_force().await?;
    let mut new = read_strategy(&house.model, &points, document)?;
    sound(house, &points, &new, now).await?;
    let mut kept = vec![("the strategy's name", &new.name), ("the strategy's vision", &new.vision)];
    for segment in &new.segments {
        kept.extend([&segment.key, &segment.name, &segment.need].map(|text| ("a segment of the strategy", text)));
    }
    for (what, text) in kept {
        keepable(what, text).map_err(|error| error.of("document"))?;
    }
    let once = key.map(|key| Once::new(&by, key, "activateStrategy", &[document.as_bytes()])).transpose()?;
    let transaction = house.database.begin().await?;
    // Before anything is read: whoever waits here sees what the one before him changed, the approvers above all.
    generation::lock(&transaction).await?;
    if let Some(once) = &once
        && let Some(known) = once.answered(&transaction).await?
    {
        let part = |name: &str| known.get(name).cloned().unwrap_or_default();
        let number = part("number").as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or_default();
        return Ok(Activated {
            strategy: uuid_in(&part("strategy"))?,
            number,
            assigned: part("assigned").as_u64().unwrap_or_default(),
        });
    }
    let now_there = PluginSet::present(house, &transaction).await?.points;
    if now_there != points {
        points = now_there;
        new = read_strategy(&house.model, &points, document)?;
    }
    let in_force = strategy::active(&transaction).await?;
    let approving = match &in_force {
        Some(active) => read_strategy(&house.model, &points, &active.document)?.approvers,
        None => new.approvers.clone(),
    };
    if !approving.contains(&by.name) {
        let whose = if in_force.is_some() { "the strategy in force" } else { "this first strategy" };
        return Err(WorkflowError::refused(format!(
            "`{}` is no approver of {whose}; it names {}",
            by.name,
            approving.join(", ")
        )));
    }
    let record = NewStrategy {
        name: new.name.clone(),
        vision: new.vision.clone(),
        document: document.to_owned(),
        digest: hex::encode(Sha256::digest(document.as_bytes())),
        activated_by: by.name.clone(),
    };
    let activated = strategy::activate(&transaction, &record, now).await?;
    segment::replace(&transaction, &segments(&new), now).await?;
    let assigned = assign_in(&transaction, house, &new, activated.id, now).await?;
    settle(house, &transaction, now).await?;
    let answer = Activated { strategy: activated.id, number: activated.number, assigned };
    if let Some(once) = &once {
        let stored = json!({ "strategy": answer.strategy, "number": answer.number, "assigned": answer.assigned });
        if !once.remember(&transaction, stored, now).await? {
            return Err(WorkflowError::refused("the same request is being carried out; ask again"));
        }
    }
    transaction.commit().await?;
    Ok(answer)
}

/// The strategy's segments as the store keeps them: in the order of the file, where parents stand before children, each
/// with its rank in the order in which customers are assigned.
fn segments(strategy: &Strategy) -> Vec<Segment> {
    let assignments = strategy.assignments();
    let rank = |key: &str| {
        assignments.iter().find(|assignment| assignment.segment.key == key).map_or(0, |assignment| assignment.rank)
    };
    let stored = strategy.segments.iter().map(|segment| Segment {
        key: segment.key.clone(),
        name: segment.name.clone(),
        need: segment.need.clone(),
        rank: rank(&segment.key),
        parent: segment.parent.clone(),
    });
    stored.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use guildhall_store::{generation, strategy};

    use super::*;
    use crate::testing::{admin, customer_who_ordered, document, houses, now};

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn repeats_at_once_are_all_answered_alike() {
        for (house, _fixture) in houses().await {
            let repeats: Vec<_> = (0..8)
                .map(|_| {
                    let house = Arc::clone(&house);
                    let text = document("first", "ada");
                    tokio::spawn(async move {
                        activate_strategy(&house, admin("ada").permit().unwrap(), &text, Some("k"), now())
                            .await
                            .unwrap()
                    })
                })
                .collect();
            let mut answers = Vec::new();
            for repeat in repeats {
                answers.push(repeat.await.unwrap());
            }
            assert!(answers.iter().all(|answer| answer == &answers[0] && answer.number == 1), "{answers:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn who_is_deposed_while_he_waits_activates_nothing() {
        for (house, _fixture) in houses().await {
            activate_strategy(&house, admin("ada").permit().unwrap(), &document("first", "ada"), None, now())
                .await
                .unwrap();
            let transaction = house.database.begin().await.unwrap();
            generation::lock(&transaction).await.unwrap();
            let waiting = {
                let house = Arc::clone(&house);
                tokio::spawn(async move {
                    activate_strategy(&house, admin("ada").permit().unwrap(), &document("third", "ada"), None, now())
                        .await
                })
            };
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let second = NewStrategy {
                name: "second".to_owned(),
                vision: String::new(),
                document: document("second", "ben"),
                digest: "of the second".to_owned(),
                activated_by: "ada".to_owned(),
            };
            strategy::activate(&transaction, &second, now()).await.unwrap();
            transaction.commit().await.unwrap();
            let refused = waiting.await.unwrap().unwrap_err().to_string();
            assert_eq!(refused, "`ada` is no approver of the strategy in force; it names ben");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_refused_before_the_database_sees_it() {
        for (house, _fixture) in houses().await {
            for (text, key) in [(document("a\\u0000b", "ada"), "k"), (document("a", "ada"), "k\0")] {
                let refused = activate_strategy(&house, admin("ada").permit().unwrap(), &text, Some(key), now()).await;
                assert!(matches!(refused, Err(WorkflowError::Invalid(_))), "{refused:?}");
            }
        }
    }

    #[tokio::test]
    async fn who_belongs_to_a_segment_stays_in_it_while_he_may() {
        let segment = |key: &str, conditions: &str| {
            format!("[[segments]]\nkey = \"{key}\"\nname = \"n\"\nneed = \"n\"\n{conditions}\n")
        };
        let first = segment("a", "when = \"customer.orders12m >= 2\"");
        let second = segment("a", "when = \"customer.orders12m >= 5\"\nstay = \"customer.orders12m >= 3\"");
        let rest = segment("b", "when = \"true\"");
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            // The first stays, the second does not, the third was never in it.
            for orders in [4, 2] {
                customer_who_ordered(&house, orders).await;
            }
            let text = format!("{}{first}{rest}", document("first", "ada"));
            let activated = activate_strategy(&house, ada.permit().unwrap(), &text, None, now()).await.unwrap();
            assert_eq!(activated.assigned, 2);
            customer_who_ordered(&house, 4).await;
            let text = format!("{}{second}{rest}", document("second", "ada"));
            let activated = activate_strategy(&house, ada.permit().unwrap(), &text, None, now()).await.unwrap();
            assert_eq!(activated.assigned, 2, "the second and the third come to `b`");
            let again = activate_strategy(&house, ada.permit().unwrap(), &text, None, now()).await.unwrap();
            assert_eq!(again.assigned, 0);
        }
    }

    #[tokio::test]
    async fn a_strategy_with_errors_leaves_the_one_in_force() {
        let pledge = "[[pledges]]\npolicy = \"credit.terms\"\nbenefit = { amount = 10, currency = \"EUR\" }\n\
            cost = { amount = 10, currency = \"EUR\" }\nminimum_ratio = 2\nmetric = \"m\"\nreview = 2030-01-01\n";
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            activate_strategy(&house, ada.permit().unwrap(), &document("first", "ada"), None, now()).await.unwrap();
            let text = format!("{}{pledge}", document("second", "ada"));
            let refused = activate_strategy(&house, ada.permit().unwrap(), &text, None, now()).await.unwrap_err();
            let said = "line 4, column 1: error PLEDGE_BELOW_RATIO: the pledge for `credit.terms` brings 10 EUR for 10 EUR: 1 times its cost, and it wants 2";
            assert_eq!(refused.to_string(), said);
            assert_eq!(strategy::active(&house.database).await.unwrap().unwrap().name, "first");
        }
    }
}
