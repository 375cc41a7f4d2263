//! Makes a strategy the one that decides.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_decision::{Circumstances, DecisionPoint, Finding, Problems, Severity, Strategy};
use guildhall_model::{Model, Value};
use guildhall_store::plugin;
use guildhall_store::segment::{self, Segment};
use guildhall_store::strategy::{self, Status, Strategy as Stored};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::life::{Life, keepable_document};
use crate::once::Once;
use crate::serving::serving;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, Actor, House, InvalidCode, InvalidValue, Permit, WorkflowError};

/// A strategy, now active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activated {
    pub strategy: Uuid,
    pub number: i32,
    /// Customers whose segment changed.
    pub assigned: u64,
    /// What is questionable about it, one sentence each.
    #[serde(default)]
    pub warnings: Vec<String>,
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

/// Everything that is questionable about a strategy, seen from the installed plugins and the customers there are.
pub async fn findings(
    house: &House,
    points: &[Arc<DecisionPoint>],
    strategy: &Strategy,
    now: DateTime<Utc>,
) -> Result<Vec<Finding>, WorkflowError> {
    let points: Vec<DecisionPoint> = points.iter().map(|point| DecisionPoint::clone(point)).collect();
    let serving = serving(&plugin::present(&house.database).await?);
    let currencies = match strategy.counts_money() {
        true => segment::currencies(&house.database).await?,
        false => Vec::new(),
    };
    let today = Some(now.date_naive());
    let circumstances =
        Circumstances { points: &points, serving: Some(&serving), currencies: Some(&currencies), today };
    Ok(strategy.lint(&circumstances))
}

/// Refuses a strategy with findings that are errors: it could not do what it says. The others are told, one sentence each.
pub(crate) async fn sound(
    house: &House,
    points: &[Arc<DecisionPoint>],
    strategy: &Strategy,
    now: DateTime<Utc>,
) -> Result<Vec<String>, WorkflowError> {
    let all = findings(house, points, strategy, now).await?;
    let (errors, warnings): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.severity == Severity::Error);
    if errors.is_empty() {
        return Ok(warnings.iter().map(ToString::to_string).collect());
    }
    let told = errors.iter().map(ToString::to_string);
    Err(WorkflowError::Invalid(
        told.map(|text| InvalidValue::new(vec!["document".into()], InvalidCode::Malformed, text)).collect(),
    ))
}

/// What is to become active.
#[derive(Clone, Copy, Debug)]
pub enum ToActivate<'a> {
    /// A document, in one step, where the strategy in force asks for no others.
    Document(&'a str),
    /// A version that was proposed and approved.
    Version(i32),
}

impl<'a> From<&'a str> for ToActivate<'a> {
    fn from(document: &'a str) -> Self {
        ToActivate::Document(document)
    }
}

impl<'a> From<&'a String> for ToActivate<'a> {
    fn from(document: &'a String) -> Self {
        ToActivate::Document(document)
    }
}

const ACT: &str = "activateStrategy";

/// Activates a strategy now: checks that it may decide and that the actor is an approver of the strategy in force, retires that,
/// brings the segments up to date and assigns every customer, all in one transaction.
pub async fn activate_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    what: impl Into<ToActivate<'_>>,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Activated, WorkflowError> {
    let what = what.into();
    let warnings = checked(house, what, now).await?;
    let once = Once::under(&by, key, ACT, &[&body(what)])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return remembered(known),
        Begun::Now(turn) => turn,
    };
    let life = Life::begin(house, &turn.transaction, &by.name, ACT, now).await?;
    let (version, candidate) = found(&life, what, &by, now, &[]).await?;
    let more = [("activatedBy", Value::from(by.name.as_str()))];
    let assigned = life.activate(&version, &candidate, &more).await?;
    let answer = Activated { strategy: version.id, number: version.number, assigned, warnings };
    turn.end(json!(answer), now).await?;
    Ok(answer)
}

/// Says when a strategy is to become active. Whichever server comes first activates it then, as if the actor did.
pub async fn schedule_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    what: impl Into<ToActivate<'_>>,
    at: DateTime<Utc>,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Activated, WorkflowError> {
    let (what, at) = (what.into(), at.trunc_subsecs(3));
    if at <= now {
        return Err(WorkflowError::invalid("activateAt", format!("{at} is not in the future; leave it out")));
    }
    let warnings = checked(house, what, now).await?;
    let time = at.timestamp_millis().to_be_bytes();
    let once = Once::under(&by, key, ACT, &[&body(what), &time])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return remembered(known),
        Begun::Now(turn) => turn,
    };
    let life = Life::begin(house, &turn.transaction, &by.name, ACT, now).await?;
    let values =
        [("activateAt", Value::from(at)), ("activatedBy", by.name.as_str().into()), ("activationRefused", Value::Null)];
    let (version, _) = found(&life, what, &by, now, &values).await?;
    if matches!(what, ToActivate::Version(_)) {
        life.go(&version, version.status, &values).await?;
    }
    let answer = Activated { strategy: version.id, number: version.number, assigned: 0, warnings };
    turn.end(json!(answer), now).await?;
    Ok(answer)
}

/// Activates the version whose time has come, if there is one: as its approver said, if he still is one and all it needs is there.
/// Any number of servers may look; one of them does it. Says which became active.
pub async fn activate_due(house: &House, now: DateTime<Utc>) -> Result<Option<Activated>, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let Some(number) = strategy::due(&house.database, now).await? else { return Ok(None) };
    let Begun::Now(turn) = Turn::begin(house, None).await? else { return Ok(None) };
    if strategy::due(&turn.transaction, now).await? != Some(number) {
        return Ok(None);
    }
    let stored = strategy::numbered(&turn.transaction, number).await?.and_then(|version| version.activated_by);
    let by = stored.unwrap_or_default();
    let life = Life::begin(house, &turn.transaction, &by, ACT, now).await?;
    let version = life.version(number).await?;
    let done = match on_its_way(house, &life, &version, now).await {
        Ok((candidate, warnings)) => {
            let assigned = life.activate(&version, &candidate, &[]).await;
            assigned.map(|assigned| (assigned, warnings))
        }
        Err(error) => Err(error),
    };
    match done {
        Ok((assigned, warnings)) => {
            turn.end(json!(null), now).await?;
            Ok(Some(Activated { strategy: version.id, number, assigned, warnings }))
        }
        Err(failure @ (WorkflowError::Busy(_) | WorkflowError::Store(_) | WorkflowError::Internal(_))) => Err(failure),
        Err(refusal) => {
            drop(turn);
            refuse_due(house, number, &by, &refusal.to_string(), now).await?;
            Ok(None)
        }
    }
}

/// Notes that a version did not become active when its time had come, and why; it is not tried again.
async fn refuse_due(
    house: &House,
    number: i32,
    by: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    tracing::error!(number, reason, "a strategy whose time has come is refused");
    let Begun::Now(turn) = Turn::begin(house, None).await? else { return Ok(()) };
    let life = Life::begin(house, &turn.transaction, by, ACT, now).await?;
    let version = life.version(number).await?;
    if version.activate_at.is_some_and(|at| at <= now) {
        let reason: String = reason.chars().filter(|letter| *letter != '\0').take(2_000).collect();
        let values = [("activateAt", Value::Null), ("activationRefused", reason.into())];
        life.go(&version, version.status, &values).await?;
    }
    turn.end(json!(null), now).await
}

/// What is wrong with a document in itself is told before anyone waits for it; what is questionable is given.
async fn checked(house: &House, what: ToActivate<'_>, now: DateTime<Utc>) -> Result<Vec<String>, WorkflowError> {
    let points = house.points_in_force().await?;
    let document = match what {
        ToActivate::Document(document) => document.to_owned(),
        // Whether there is such a version, and whether it may decide, is told later.
        ToActivate::Version(number) => match strategy::numbered(&house.database, number).await? {
            Some(version) => version.document,
            None => return Ok(Vec::new()),
        },
    };
    let new = read_strategy(&house.model, &points, &document)?;
    let warnings = sound(house, &points, &new, now).await?;
    keepable_document(&new)?;
    Ok(warnings)
}

/// What makes a request this one and no other.
fn body(what: ToActivate<'_>) -> Vec<u8> {
    match what {
        ToActivate::Document(document) => document.as_bytes().to_vec(),
        ToActivate::Version(number) => format!("strategy {number}").into_bytes(),
    }
}

pub(crate) fn remembered(known: serde_json::Value) -> Result<Activated, WorkflowError> {
    serde_json::from_value(known)
        .map_err(|error| WorkflowError::Internal(format!("a stored answer cannot be read: {error}")))
}

/// The version that is to decide, with all it needs: made of a document, approved by the actor, or found.
async fn found(
    life: &Life<'_>,
    what: ToActivate<'_>,
    by: &Actor,
    now: DateTime<Utc>,
    more: &[(&str, Value)],
) -> Result<(Stored, Strategy), WorkflowError> {
    match what {
        ToActivate::Document(document) => {
            let candidate = life.read(document)?;
            life.approver(&candidate)?;
            life.in_one_step(&candidate)?;
            let mut values = vec![("approvedAt", Value::from(now)), ("approvedBy", by.name.as_str().into())];
            values.extend(more.iter().cloned());
            Ok((life.make(document, &candidate, Status::Approved, &values).await?, candidate))
        }
        ToActivate::Version(number) => {
            let version = life.version(number).await?;
            let candidate = may_decide(life, &version)?;
            Ok((version, candidate))
        }
    }
}

/// Refuses a version that may not become active: it is not approved, or lacks what it needs.
fn may_decide(life: &Life<'_>, version: &Stored) -> Result<Strategy, WorkflowError> {
    let number = version.number;
    match version.status {
        Status::Approved | Status::Challenger => {}
        Status::Draft | Status::Simulated => {
            return Err(WorkflowError::refused(format!(
                "strategy {number} is not approved; use `guildhall strategy approve {number}`"
            )));
        }
        Status::Active => return Err(WorkflowError::refused(format!("strategy {number} is active already"))),
        Status::Retired => {
            return Err(WorkflowError::refused(format!(
                "strategy {number} is retired; propose it anew, or go back to the one before with `guildhall strategy rollback`"
            )));
        }
    }
    let candidate = life.read(&version.document)?;
    life.approver(&candidate)?;
    life.ready(version, &candidate)?;
    Ok(candidate)
}

/// The same when its time has come, with what lint finds by then.
async fn on_its_way(
    house: &House,
    life: &Life<'_>,
    version: &Stored,
    now: DateTime<Utc>,
) -> Result<(Strategy, Vec<String>), WorkflowError> {
    let candidate = may_decide(life, version)?;
    let warnings = sound(house, &life.points, &candidate, now).await?;
    Ok((candidate, warnings))
}

/// The strategy's segments as the store keeps them: in the order of the file, where parents stand before children, each
/// with its rank in the order in which customers are assigned.
pub(crate) fn segments(strategy: &Strategy) -> Vec<Segment> {
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
            let life = Life::begin(&house, &transaction, "ada", ACT, now()).await.unwrap();
            let text = document("second", "ben");
            let second = life.read(&text).unwrap();
            let version = life.make(&text, &second, Status::Approved, &[]).await.unwrap();
            life.activate(&version, &second, &[]).await.unwrap();
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
