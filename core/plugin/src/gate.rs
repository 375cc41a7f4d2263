//! Gate: how many guest calls run at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lets a number of calls through and makes the others wait.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Mutex<Places>,
    returned: Condvar,
}

#[derive(Debug)]
struct Places {
    free: usize,
    /// Who waits for one. To tell nobody that one is free is a call into the system all the same.
    waiting: usize,
}

/// A place behind the gate; given back when dropped.
pub(crate) struct Place<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new(places: usize) -> Self {
        Gate { places: Mutex::new(Places { free: places, waiting: 0 }), returned: Condvar::new() }
    }

    /// A place, or nothing if none becomes free in time.
    pub(crate) fn enter(&self, patience: Duration) -> Option<Place<'_>> {
        let mut places = self.places();
        if places.free == 0 {
            places.waiting += 1;
            let waited = self.returned.wait_timeout_while(places, patience, |places| places.free == 0);
            places = waited.unwrap_or_else(PoisonError::into_inner).0;
            places.waiting -= 1;
        }
        places.free = places.free.checked_sub(1)?;
        Some(Place(self))
    }

    /// Nothing panics while the count is held; were it so, the count would still be right.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.0.places();
        places.free += 1;
        if places.waiting > 0 {
            self.0.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_place_in_time_is_turned_away() {
        let gate = Gate::new(1);
        let place = gate.enter(Duration::ZERO);
        assert!(place.is_some());
        assert!(gate.enter(Duration::from_millis(5)).is_none());
        drop(place);
        assert!(gate.enter(Duration::ZERO).is_some());
    }

    #[test]
    fn all_who_wait_get_a_place_in_the_end() {
        let gate = Gate::new(2);
        std::thread::scope(|scope| {
            let enter = || (0..50).all(|_| gate.enter(Duration::from_secs(60)).is_some());
            let turns: Vec<_> = (0..8).map(|_| scope.spawn(enter)).collect();
            assert!(turns.into_iter().all(|turn| turn.join().is_ok_and(|entered| entered)));
        });
        let places = gate.places();
        assert_eq!((places.free, places.waiting), (2, 0));
    }
}
