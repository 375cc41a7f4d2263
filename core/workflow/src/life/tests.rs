//! The life of strategies, act by act.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_store::strategy::{self, Status};
use guildhall_store::{event, segment};
use rust_decimal::Decimal;

use crate::activate_strategy::{Activated, ToActivate, activate_due, activate_strategy, schedule_strategy};
use crate::approve_strategy::approve_strategy;
use crate::challenge_strategy::challenge_strategy;
use crate::propose_strategy::propose_strategy;
use crate::retire_strategy::retire_strategy;
use crate::rollback_strategy::rollback_strategy;
use crate::simulate_strategy::{Extent, simulate_strategy};
use crate::testing::{admin, customer_who_ordered, document, houses, now};
use crate::{House, WorkflowError};

fn text(name: &str, more: &str) -> String {
    format!("name = \"{name}\"\nvision = \"Known by name.\"\napprovers = [\"ada\", \"ben\"]\n{more}")
}

async fn activate(house: &House, who: &str, what: impl Into<ToActivate<'_>>) -> Result<Activated, WorkflowError> {
    activate_strategy(house, admin(who).permit().unwrap(), what, None, now()).await
}

async fn propose(house: &House, who: &str, document: &str) -> i32 {
    propose_strategy(house, admin(who).permit().unwrap(), document, None, now()).await.unwrap();
    strategy::newest(&house.database, 1).await.unwrap()[0].number
}

async fn approve(house: &House, who: &str, number: i32) -> Result<(), String> {
    let done = approve_strategy(house, admin(who).permit().unwrap(), number, None, now()).await;
    done.map(drop).map_err(|error| error.to_string())
}

async fn simulate(house: &Arc<House>, document: &str, at: DateTime<Utc>) {
    let (ada, extent) = (admin("ada"), Extent::default());
    simulate_strategy(house, ada.permit().unwrap(), Some(document), &[], &extent, at, &mut |_| true).await.unwrap();
}

async fn standing(house: &House) -> Vec<(i32, Status)> {
    let all = strategy::newest(&house.database, 50).await.unwrap();
    all.iter().rev().map(|one| (one.number, one.status)).collect()
}

#[tokio::test]
async fn a_small_deployment_goes_in_one_step_and_back_in_one() {
    for (house, _fixture) in houses().await {
        let none = rollback_strategy(&house, admin("ada").permit().unwrap(), None, now()).await.unwrap_err();
        assert!(matches!(none, WorkflowError::NoActiveStrategy));
        let key = "[[segments]]\nkey = \"all\"\nname = \"n\"\nneed = \"n\"\nwhen = \"true\"\n";
        activate(&house, "ada", &text("first", key)).await.unwrap();
        let none = rollback_strategy(&house, admin("ada").permit().unwrap(), None, now()).await.unwrap_err();
        assert_eq!(none.to_string(), "no strategy decided before strategy 1");
        customer_who_ordered(&house, 1).await;
        activate(&house, "ada", &text("second", "")).await.unwrap();
        assert_eq!(standing(&house).await, [(1, Status::Retired), (2, Status::Active)]);
        let later = now() + TimeDelta::hours(1);
        let refused = rollback_strategy(&house, admin("eve").permit().unwrap(), None, later).await.unwrap_err();
        assert_eq!(refused.to_string(), "`eve` is no approver of the strategy in force; it names ada, ben");
        let back = rollback_strategy(&house, admin("ben").permit().unwrap(), Some("k"), later).await.unwrap();
        assert_eq!((back.number, back.assigned), (1, 1));
        assert_eq!(standing(&house).await, [(1, Status::Active), (2, Status::Retired)]);
        assert_eq!(segment::current(&house.database).await.unwrap().len(), 1);
        let first = strategy::active(&house.database).await.unwrap().unwrap();
        assert_eq!((first.activated_by.as_deref(), first.activated_at), (Some("ben"), Some(later)));
        // Asked again under the same key it is done once; asked anew it goes back again.
        let again = rollback_strategy(&house, admin("ben").permit().unwrap(), Some("k"), later).await.unwrap();
        assert_eq!(again, back);
        rollback_strategy(&house, admin("ben").permit().unwrap(), None, later).await.unwrap();
        assert_eq!(standing(&house).await, [(1, Status::Retired), (2, Status::Active)]);
        let refused = activate(&house, "ada", ToActivate::Version(1)).await.unwrap_err().to_string();
        assert!(refused.starts_with("strategy 1 is retired; propose it anew"), "{refused}");
    }
}

#[tokio::test]
async fn four_eyes_a_fresh_simulation_and_pledges_are_asked_for() {
    let rules = "[activation]\nfour_eyes = true\nsimulation_within_days = 7\npledges = true\n";
    let next = text("next", "");
    for (house, _fixture) in houses().await {
        activate(&house, "ada", &text("first", "")).await.unwrap();
        // What it asks of others it was not asked itself.
        activate(&house, "ada", &text("strict", rules)).await.unwrap();
        let refused = activate(&house, "ada", &next).await.unwrap_err().to_string();
        assert!(refused.starts_with("the next strategy is not activated in one step here"), "{refused}");
        let number = propose(&house, "ben", &next).await;
        let refused = activate(&house, "ada", ToActivate::Version(number)).await.unwrap_err().to_string();
        assert_eq!(refused, "strategy 3 is not approved; use `guildhall strategy approve 3`");
        let told = approve(&house, "ben", number).await.unwrap_err();
        assert!(told.contains("another approver has to approve it") && told.contains("was not simulated"), "{told}");
        simulate(&house, &next, now() - TimeDelta::days(8)).await;
        assert_eq!(standing(&house).await[2], (3, Status::Simulated));
        let told = approve(&house, "ada", number).await.unwrap_err();
        assert!(told.starts_with("strategy 3 was not simulated over every customer in the last 7 days"), "{told}");
        simulate(&house, &next, now() - TimeDelta::days(1)).await;
        assert_eq!(
            approve(&house, "eve", number).await.unwrap_err(),
            "`eve` is no approver of the strategy in force; it names ada, ben"
        );
        approve(&house, "ada", number).await.unwrap();
        assert_eq!(approve(&house, "ada", number).await, Ok(()), "who approves again is told no");
        // Anybody who may activate does it, also who proposed it.
        assert_eq!(activate(&house, "ben", ToActivate::Version(number)).await.unwrap().number, 3);
        let again = activate(&house, "ben", ToActivate::Version(number)).await.unwrap_err().to_string();
        assert_eq!(again, "strategy 3 is active already");
        let treated = "[[segments]]\nkey = \"a\"\nname = \"n\"\nneed = \"n\"\nwhen = \"true\"\n[treatments.a.\"credit.terms\"]\nnetDays = 5\n";
        activate(&house, "ada", &text("pledged", "[activation]\npledges = true\n")).await.unwrap();
        let refused = activate(&house, "ada", &text("unpledged", treated)).await.unwrap_err().to_string();
        assert_eq!(refused, "the policy at `credit.terms` has no pledge, and every policy needs one");
    }
}

#[tokio::test]
async fn what_is_impossible_is_refused_with_the_reason() {
    for (house, _fixture) in houses().await {
        activate(&house, "ada", &text("first", "")).await.unwrap();
        let ada = admin("ada");
        let number = propose(&house, "ada", &text("next", "")).await;
        let tenth = Decimal::new(1, 1);
        let early = challenge_strategy(&house, ada.permit().unwrap(), number, tenth, None, now()).await.unwrap_err();
        assert_eq!(early.to_string(), "strategy 2 is a draft and cannot become a challenger");
        let unknown = approve(&house, "ada", 9).await.unwrap_err();
        assert_eq!(unknown, "there is no strategy 9");
        for share in [Decimal::ZERO, Decimal::ONE, Decimal::new(12_345, 5)] {
            let refused = challenge_strategy(&house, ada.permit().unwrap(), number, share, None, now()).await;
            assert!(matches!(refused, Err(WorkflowError::Invalid(_))), "{share}");
        }
        approve(&house, "ada", number).await.unwrap();
        challenge_strategy(&house, ada.permit().unwrap(), number, tenth, None, now()).await.unwrap();
        let other = propose(&house, "ada", &text("other", "")).await;
        approve(&house, "ada", other).await.unwrap();
        let second = challenge_strategy(&house, ada.permit().unwrap(), other, tenth, None, now()).await.unwrap_err();
        assert_eq!(second.to_string(), "strategy 2 is the challenger; retire or activate it first");
        let active = retire_strategy(&house, ada.permit().unwrap(), 1, None, now()).await.unwrap_err();
        assert_eq!(active.to_string(), "the active strategy is retired by activating another");
        let eve = retire_strategy(&house, admin("eve").permit().unwrap(), 2, None, now()).await.unwrap_err();
        assert!(eve.to_string().starts_with("`eve` is no approver"), "{eve}");
        // The next one takes the place of both.
        activate(&house, "ada", ToActivate::Version(other)).await.unwrap();
        let expected = [(1, Status::Retired), (2, Status::Retired), (3, Status::Active)];
        assert_eq!(standing(&house).await, expected);
        let twice = retire_strategy(&house, ada.permit().unwrap(), 2, None, now()).await.unwrap_err();
        assert_eq!(twice.to_string(), "strategy 2 is retired already");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_servers_activates_when_the_time_has_come() {
    for (house, _fixture) in houses().await {
        activate(&house, "ada", &text("first", "")).await.unwrap();
        let (ada, at) = (admin("ada"), now() + TimeDelta::hours(1));
        let past = schedule_strategy(&house, ada.permit().unwrap(), &text("past", ""), now(), None, now()).await;
        assert!(matches!(past, Err(WorkflowError::Invalid(_))));
        let later = text("later", "");
        let scheduled = schedule_strategy(&house, ada.permit().unwrap(), &later, at, None, now()).await.unwrap();
        assert_eq!(activate_due(&house, now()).await.unwrap(), None);
        assert_eq!(standing(&house).await, [(1, Status::Active), (2, Status::Approved)]);
        let servers: Vec<_> = (0..8)
            .map(|_| {
                let house = Arc::clone(&house);
                tokio::spawn(async move { activate_due(&house, at).await.unwrap() })
            })
            .collect();
        let mut done = Vec::new();
        for server in servers {
            done.extend(server.await.unwrap());
        }
        assert_eq!(done.iter().map(|one| one.number).collect::<Vec<_>>(), [scheduled.number]);
        assert_eq!(standing(&house).await, [(1, Status::Retired), (2, Status::Active)]);
        let active = strategy::active(&house.database).await.unwrap().unwrap();
        assert_eq!((active.activated_by.as_deref(), active.activated_at), (Some("ada"), Some(at)));
    }
}

#[tokio::test]
async fn who_is_no_approver_any_more_when_the_time_has_come_activates_nothing() {
    for (house, _fixture) in houses().await {
        activate(&house, "ada", &text("first", "")).await.unwrap();
        let at = now() + TimeDelta::hours(1);
        let ben = admin("ben");
        schedule_strategy(&house, ben.permit().unwrap(), &text("bens", ""), at, None, now()).await.unwrap();
        activate(&house, "ada", &document("without ben", "ada")).await.unwrap();
        assert_eq!(activate_due(&house, at).await.unwrap(), None);
        assert_eq!(activate_due(&house, at).await.unwrap(), None);
        let bens = strategy::numbered(&house.database, 2).await.unwrap().unwrap();
        assert_eq!((bens.status, bens.activate_at), (Status::Approved, None));
        assert_eq!(strategy::active(&house.database).await.unwrap().unwrap().name, "without ben");
    }
}

#[tokio::test]
async fn every_step_leaves_an_event_with_who_and_when() {
    for (house, _fixture) in houses().await {
        let start = event::place(&house.database, now()).await.unwrap();
        activate(&house, "ada", &text("first", "")).await.unwrap();
        let number = propose(&house, "ben", &text("next", "")).await;
        simulate(&house, &text("next", ""), now()).await;
        approve(&house, "ada", number).await.unwrap();
        activate(&house, "ada", ToActivate::Version(number)).await.unwrap();
        let mut told = Vec::new();
        for _ in 0..600 {
            told = event::after(&house.database, start, &event::Seen::default(), 50).await.unwrap().0;
            if told.len() >= 7 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let steps: Vec<_> =
            told.iter().map(|event| format!("{} {} {}", event.actor, event.kind, event.record_type)).collect();
        let expected = [
            "ada CREATED Strategy",
            "ada UPDATED Strategy",
            "ben CREATED Strategy",
            "ada UPDATED Strategy",
            "ada UPDATED Strategy",
            "ada UPDATED Strategy",
            "ada UPDATED Strategy",
        ];
        assert_eq!(steps, expected);
        assert!(told.iter().all(|event| event.occurred_at == now()));
    }
}
