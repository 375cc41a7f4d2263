//! Gate: how many guest calls run at a time.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets a number of calls through and makes the others wait.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Mutex<usize>,
    returned: Condvar,
}

/// A place behind the gate; given back when dropped.
pub(crate) struct Place<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new(places: usize) -> Self {
        Gate { free: Mutex::new(places), returned: Condvar::new() }
    }

    /// A place, or nothing if none becomes free in time.
    pub(crate) fn enter(&self, patience: Duration) -> Option<Place<'_>> {
        let until = Instant::now() + patience;
        // Nothing panics while the count is held; were it so, the count would still be right.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            let left = until.checked_duration_since(Instant::now())?;
            free = self.returned.wait_timeout(free, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *free -= 1;
        Some(Place(self))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.returned.notify_one();
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
}
