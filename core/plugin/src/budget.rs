//! Budget: what all plugins together may spend on one request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::limits::Limits;

/// What all plugins together may spend on one request: fuel, and time by the clock.
///
/// A guest call is made as long as some of both is left, and with the plugin's full limits, so that an answer in a crowded request is
/// the answer alone. What is spent by then can exceed the budget by one call. Who is not asked any more fails with
/// `BUDGET_SPENT`.
#[derive(Debug)]
pub struct Budget {
    fuel: AtomicU64,
    /// Nothing: however long it takes.
    until: Option<Instant>,
}

impl Budget {
    /// The budget of a request that begins now.
    pub fn begin(limits: &Limits) -> Self {
        Budget { fuel: AtomicU64::new(limits.request_fuel), until: Instant::now().checked_add(limits.request_wall) }
    }

    /// For who is not a request: tests of a plugin, replay.
    pub fn unlimited() -> Self {
        Budget { fuel: AtomicU64::new(u64::MAX), until: None }
    }

    /// Whether nothing is left for a further call.
    pub fn is_spent(&self) -> bool {
        self.fuel.load(Ordering::Relaxed) == 0 || self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// How long one may wait who has so much patience himself.
    pub(crate) fn patience(&self, own: Duration) -> Duration {
        self.until.map_or(own, |until| own.min(until.saturating_duration_since(Instant::now())))
    }

    pub(crate) fn spend(&self, fuel: u64) {
        // The closure always gives a value, so this cannot fail.
        let _ = self.fuel.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(fuel)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuel_and_time_are_spent() {
        let limits = Limits { request_fuel: 100, ..Limits::default() };
        let budget = Budget::begin(&limits);
        budget.spend(99);
        assert!(!budget.is_spent());
        budget.spend(50);
        assert!(budget.is_spent());
        let late = Budget::begin(&Limits { request_wall: Duration::ZERO, ..limits });
        assert!(late.is_spent() && late.patience(Duration::from_secs(1)).is_zero());
        let endless = Budget::unlimited();
        endless.spend(u64::MAX - 1);
        assert!(!endless.is_spent());
        assert_eq!(endless.patience(Duration::from_secs(1)), Duration::from_secs(1));
    }
}
