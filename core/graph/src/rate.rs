//! Rates: how many points each actor may spend.
//!
//! Each actor has a bucket that fills evenly and never holds more than a minute's points. It is ours, because a client is told
//! what is left even when it is refused, which the rate limiters at hand do not say, and because the actors remembered must
//! be bounded. One process counts what is asked of it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use serde_json::Value;

use crate::problem::{Code, Problem};

/// The time in which an empty bucket fills.
pub const WINDOW: Duration = Duration::from_secs(60);
/// Most actors remembered. Who is forgotten has all points again.
const REMEMBERED: usize = 10_000;

/// What an actor may still spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Points of a full bucket, which come back in a [`WINDOW`].
    pub points: u64,
    /// Points that are left.
    pub left: u64,
    /// When all of them are back.
    pub full_in: Duration,
    /// For who was refused: when there will be enough.
    pub enough_in: Option<Duration>,
}

pub(crate) struct Rates {
    points: u64,
    /// By actor, when the bucket will be full again: all there is to know of one.
    full: Cache<String, Arc<Mutex<Instant>>>,
}

impl Rates {
    /// Buckets of that many points; nothing if there is no limit.
    pub(crate) fn new(points: u64) -> Option<Self> {
        (points > 0).then(|| Rates { points, full: Cache::new(REMEMBERED) })
    }

    /// Spends an actor's points, or none of them if there are not so many.
    pub(crate) fn spend(&self, actor: &str, points: u64, now: Instant) -> (Allowance, Result<(), Problem>) {
        let Ok(full) = self.full.get_or_insert_with(actor, || Ok::<_, Infallible>(Arc::new(Mutex::new(now))));
        let mut full = full.lock().unwrap_or_else(PoisonError::into_inner);
        let before = full.saturating_duration_since(now);
        let after = before.saturating_add(self.time_of(points));
        if after > WINDOW {
            let enough_in = after - WINDOW;
            let problem = if points > self.points {
                let message = format!(
                    "the operation costs {points} points, and nobody has more than {}; ask for smaller pages",
                    self.points
                );
                Problem::limit("rate", message)
            } else {
                let message = format!(
                    "`{actor}` has {} points left and the operation costs {points}; send it again in {} seconds",
                    self.left(before),
                    seconds(enough_in)
                );
                Problem::new(Code::RateLimited, message).with("retryAfter", Value::from(seconds(enough_in)))
            };
            let enough_in = (points <= self.points).then_some(enough_in);
            return (self.allowance(before, enough_in), Err(problem));
        }
        *full = now + after;
        (self.allowance(after, None), Ok(()))
    }

    fn allowance(&self, full_in: Duration, enough_in: Option<Duration>) -> Allowance {
        Allowance { points: self.points, left: self.left(full_in), full_in, enough_in }
    }

    /// How long that many points take to come back.
    fn time_of(&self, points: u64) -> Duration {
        let nanos = u128::from(points) * WINDOW.as_nanos() / u128::from(self.points);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Points in a bucket that is full in that time.
    fn left(&self, full_in: Duration) -> u64 {
        let gone = (full_in.as_nanos() * u128::from(self.points)).div_ceil(WINDOW.as_nanos());
        self.points.saturating_sub(u64::try_from(gone).unwrap_or(u64::MAX))
    }
}

/// Whole seconds after which a time is over.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_gone_and_comes_back() {
        let rates = Rates::new(600).unwrap();
        let begun = Instant::now();
        let (allowance, spent) = rates.spend("rita", 400, begun);
        assert!(spent.is_ok());
        assert_eq!((allowance.points, allowance.left, allowance.full_in.as_secs()), (600, 200, 40));
        let (allowance, spent) = rates.spend("rita", 300, begun);
        assert_eq!(spent.unwrap_err().code, Code::RateLimited);
        assert_eq!((allowance.left, allowance.enough_in), (200, Some(Duration::from_secs(10))));
        let (allowance, spent) = rates.spend("rita", 300, begun + Duration::from_secs(10));
        assert!(spent.is_ok());
        assert_eq!(allowance.left, 0);
        let (allowance, spent) = rates.spend("rita", 1, begun + Duration::from_secs(600));
        assert!(spent.is_ok());
        assert_eq!(allowance.left, 599);
    }

    #[test]
    fn another_has_points_of_his_own() {
        let rates = Rates::new(10).unwrap();
        let now = Instant::now();
        assert!(rates.spend("rita", 10, now).1.is_ok());
        assert!(rates.spend("rita", 1, now).1.is_err());
        assert!(rates.spend("dora", 10, now).1.is_ok());
    }

    #[test]
    fn what_costs_more_than_anybody_has_is_not_to_be_sent_again() {
        let (allowance, spent) = Rates::new(10).unwrap().spend("rita", 11, Instant::now());
        assert_eq!((spent.unwrap_err().code, allowance.left, allowance.enough_in), (Code::LimitExceeded, 10, None));
    }

    #[test]
    fn the_actors_remembered_are_bounded() {
        let rates = Rates::new(10).unwrap();
        let now = Instant::now();
        for actor in 0..REMEMBERED * 2 {
            assert!(rates.spend(&actor.to_string(), 1, now).1.is_ok());
        }
        assert!(rates.full.len() <= REMEMBERED, "{}", rates.full.len());
    }
}
