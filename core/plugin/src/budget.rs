//! Budget: what all plugins together may spend on one request.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::Limits;

/// What all plugins together may spend on one request: fuel, and time by the clock. Each of those that are asked has an equal share,
/// so that none takes from another what it needs.
///
/// A guest call is made as long as some of its plugin's share of both is left, and with the plugin's full limits, so that an answer in a
/// crowded request is the answer alone. What is spent by then can exceed a share by one call. Who is not asked any more fails
/// with `BUDGET_SPENT`.
#[derive(Debug)]
pub struct Budget {
    /// Of each plugin.
    fuel: u64,
    /// Of each plugin; nothing: however long it takes.
    wall: Option<Duration>,
    /// By name.
    spent: Mutex<BTreeMap<String, Spent>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    fuel: u64,
    time: Duration,
}

impl Budget {
    /// The budget of a request that asks so many plugins.
    pub fn of(limits: &Limits, plugins: usize) -> Self {
        let shares = u32::try_from(plugins.max(1)).unwrap_or(u32::MAX);
        Budget {
            fuel: limits.request_fuel / u64::from(shares),
            wall: Some(limits.request_wall / shares),
            spent: Mutex::default(),
        }
    }

    /// For who is not a request: tests of a plugin, replay.
    pub fn unlimited() -> Self {
        Budget { fuel: u64::MAX, wall: None, spent: Mutex::default() }
    }

    /// Whether nothing is left for a further call of a plugin.
    pub fn is_spent(&self, plugin: &str) -> bool {
        let spent = self.spent(plugin);
        spent.fuel >= self.fuel || self.wall.is_some_and(|wall| spent.time >= wall)
    }

    /// How long a plugin may wait who has so much patience himself.
    pub(crate) fn patience(&self, plugin: &str, own: Duration) -> Duration {
        self.wall.map_or(own, |wall| own.min(wall.saturating_sub(self.spent(plugin).time)))
    }

    pub(crate) fn spend(&self, plugin: &str, fuel: u64, time: Duration) {
        let mut all = self.all();
        let spent = all.entry(plugin.to_owned()).or_default();
        spent.fuel = spent.fuel.saturating_add(fuel);
        spent.time = spent.time.saturating_add(time);
    }

    fn spent(&self, plugin: &str) -> Spent {
        self.all().get(plugin).copied().unwrap_or_default()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Spent>> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn fuel_and_time_are_spent() {
        let limits = Limits { request_fuel: 100, request_wall: Duration::from_secs(1), ..Limits::default() };
        let budget = Budget::of(&limits, 1);
        budget.spend("a", 99, MOMENT);
        assert!(!budget.is_spent("a"));
        budget.spend("a", 50, MOMENT);
        assert!(budget.is_spent("a"));
        let late = Budget::of(&limits, 1);
        late.spend("a", 1, Duration::from_secs(1));
        assert!(late.is_spent("a") && late.patience("a", Duration::from_secs(1)).is_zero());
        let endless = Budget::unlimited();
        endless.spend("a", u64::MAX - 1, Duration::MAX);
        assert!(!endless.is_spent("a"));
        assert_eq!(endless.patience("a", Duration::from_secs(1)), Duration::from_secs(1));
    }

    #[test]
    fn nobody_takes_from_anothers_share() {
        let limits = Limits { request_fuel: 100, request_wall: Duration::from_secs(1), ..Limits::default() };
        let budget = Budget::of(&limits, 2);
        budget.spend("a", 1_000, Duration::from_secs(10));
        assert!(budget.is_spent("a") && !budget.is_spent("b"));
        assert_eq!(budget.patience("b", Duration::from_secs(1)), Duration::from_millis(500));
        budget.spend("b", 49, MOMENT);
        assert!(!budget.is_spent("b"));
        budget.spend("b", 1, MOMENT);
        assert!(budget.is_spent("b"));
    }
}
