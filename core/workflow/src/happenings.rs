//! What happens to records, told to those who follow, in the order of commits and whichever process did it.
//!
//! Each process reads events from the database while somebody in it follows. What is followed is told once, from the moment
//! [`House::follow`] returns; who falls too far behind is told that, and nothing is passed over in silence.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use guildhall_store::event::{self, Told};
use tokio::sync::{Mutex, broadcast};

use crate::{House, WorkflowError};

/// How often the database is asked. It is what a follower waits for at most.
const PAUSE: Duration = Duration::from_millis(200);
/// How long is waited after the database could not be asked.
const RECOVERY: Duration = Duration::from_secs(2);
/// Events read at once.
const PAGE: u32 = 500;
/// How many events a follower may fall behind.
const BEHIND: usize = 2_000;

/// Tells events to followers in this process.
pub struct Happenings {
    sender: broadcast::Sender<Arc<Told>>,
    /// Whether events are being read.
    reading: Mutex<bool>,
}

/// What is told to one follower.
pub struct Following(broadcast::Receiver<Arc<Told>>);

impl Following {
    /// The next event; nothing if the follower fell too far behind, or the process ends.
    pub async fn next(&mut self) -> Option<Arc<Told>> {
        self.0.recv().await.ok()
    }
}

impl Default for Happenings {
    fn default() -> Self {
        Happenings { sender: broadcast::channel(BEHIND).0, reading: Mutex::new(false) }
    }
}

impl House {
    /// Follows what happens from now on.
    pub async fn follow(self: &Arc<Self>) -> Result<Following, WorkflowError> {
        let mut reading = self.happenings.reading.lock().await;
        if *reading {
            return Ok(Following(self.happenings.sender.subscribe()));
        }
        let (place, seen) = event::begin(&self.database, Utc::now()).await?;
        let following = Following(self.happenings.sender.subscribe());
        *reading = true;
        tokio::spawn(read(Arc::clone(self), place, seen));
        Ok(following)
    }
}

/// Reads events after `place` that are not `seen`, until nobody follows.
async fn read(house: Arc<House>, mut place: event::Place, seen: event::Seen) {
    let happenings = &house.happenings;
    loop {
        tokio::time::sleep(PAUSE).await;
        if happenings.sender.receiver_count() == 0 {
            // Under the lock nobody begins to follow between the last look and the end.
            let mut reading = happenings.reading.lock().await;
            if happenings.sender.receiver_count() == 0 {
                *reading = false;
                return;
            }
        }
        loop {
            match event::after(&house.database, place, &seen, PAGE).await {
                Ok((told, next)) => {
                    let whole = told.len() == PAGE as usize;
                    place = next;
                    for event in told {
                        // Nobody may be there any more.
                        let _ = happenings.sender.send(Arc::new(event));
                    }
                    if !whole {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "what happens cannot be read; it is tried again");
                    tokio::time::sleep(RECOVERY).await;
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::{houses, now};

    async fn happen(house: &House, name: &str) {
        let event = event::Event {
            id: Uuid::now_v7(),
            occurred_at: Utc::now(),
            actor: "ann".to_owned(),
            act: "createCustomer".to_owned(),
            kind: "CREATED",
            record_type: "Customer".to_owned(),
            record_id: name.to_owned(),
            record_version: 1,
            before: None,
            after: Some(serde_json::json!({ "name": name })),
        };
        let transaction = house.database.begin().await.unwrap();
        event::append(&transaction, &[event], now()).await.unwrap();
        transaction.commit().await.unwrap();
    }

    #[tokio::test]
    async fn followers_are_told_what_happens_after_they_began() {
        for (house, _fixture) in houses().await {
            happen(&house, "before").await;
            let mut first = house.follow().await.unwrap();
            happen(&house, "one").await;
            assert_eq!(first.next().await.unwrap().record_id, "one");
            let mut second = house.follow().await.unwrap();
            happen(&house, "two").await;
            assert_eq!(first.next().await.unwrap().record_id, "two");
            assert_eq!(second.next().await.unwrap().record_id, "two");
            drop((first, second));
            // The reader ends when nobody follows, and begins again.
            while *house.happenings.reading.lock().await {
                tokio::time::sleep(PAUSE).await;
            }
            let mut third = house.follow().await.unwrap();
            happen(&house, "three").await;
            assert_eq!(third.next().await.unwrap().record_id, "three");
        }
    }
}
