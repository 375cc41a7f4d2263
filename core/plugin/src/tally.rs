//! Tally: what is counted of the plugins of one name, whatever version of it runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::FailureCode;

/// What is counted of the plugins of one name since the process began. The numbers only rise.
#[derive(Debug, Default)]
pub struct Tally {
    failures: Mutex<BTreeMap<&'static str, u64>>,
    opened: AtomicU64,
}

impl Tally {
    /// Subjects a plugin gave no answer about, by the failure's code.
    pub fn failures(&self) -> BTreeMap<&'static str, u64> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it was found to fail too often.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Counts subjects without an answer.
    pub fn failed(&self, codes: impl IntoIterator<Item = FailureCode>) {
        let mut codes = codes.into_iter().peekable();
        if codes.peek().is_none() {
            return;
        }
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for code in codes {
            *failures.entry(code.as_str()).or_default() += 1;
        }
    }

    pub(crate) fn open(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }
}

/// The tallies of a host, by the plugins' names.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Mutex<BTreeMap<String, Arc<Tally>>>);

/// Names that are remembered. Whoever may have packages read could make up any number of them.
const NAMES: usize = 1_000;

impl Tallies {
    pub(crate) fn of(&self, name: &str) -> Arc<Tally> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(name) {
            return Arc::clone(known);
        }
        if all.len() >= NAMES {
            // Only those of guests in use are held elsewhere too.
            all.retain(|_, tally| Arc::strong_count(tally) > 1);
        }
        let tally = Arc::new(Tally::default());
        if all.len() < NAMES {
            all.insert(name.to_owned(), Arc::clone(&tally));
        }
        tally
    }
}
