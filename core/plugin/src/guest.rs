//! Guest: a loaded plugin, ready to be asked.

mod asking;

use std::sync::Arc;

use crate::answer::Answer;
use crate::failure::{Failure, FailureCode};
use crate::gate::Gate;
use crate::instance::Program;
use crate::limits::Limits;
use crate::package::Package;

/// A loaded plugin. Cloning is cheap; a clone may be used on any thread.
#[derive(Clone)]
pub struct Guest(pub(crate) Arc<Loaded>);

pub(crate) struct Loaded {
    pub package: Package,
    pub program: Program,
    pub limits: Arc<Limits>,
    /// Of this plugin.
    pub gate: Gate,
    /// Of the whole host; there are as many instances as places.
    pub host_gate: Arc<Gate>,
}

/// One question about one subject, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// A JSON object: the decision point's parameters.
    pub parameters: &'a [u8],
    /// A JSON object `{"subject": {...}, "request": {...}, "settings": {...}}`.
    pub input: &'a [u8],
}

/// What came of a number of calls.
#[derive(Clone, Debug)]
pub struct Batch {
    /// One for each call, in their order.
    pub answers: Vec<Result<Answer, Failure>>,
    /// Fuel of all guest calls together.
    pub fuel: u64,
    /// How often the guest was called: once for up to 256 calls, more if some failed.
    pub guest_calls: u32,
    /// The most memory that one guest call had, in bytes.
    pub memory_peak: usize,
    /// Bytes of the longest answer.
    pub output_peak: usize,
    /// What the guest logged, bounded and without control characters.
    pub log: Vec<String>,
}

impl Guest {
    /// Asks the guest about every call at a decision point. `at` is the time of the decision, RFC 3339 in UTC.
    ///
    /// Blocks the thread for as long as the guest computes: at most about the wall limits.
    pub fn decide(&self, point: &str, at: &str, calls: &[Call<'_>]) -> Batch {
        let loaded = &*self.0;
        let patience = loaded.limits.patience;
        // The plugin's own gate first, so that a slow plugin's callers do not hold places that others could use.
        let own = loaded.gate.enter(patience);
        let place = own.as_ref().and_then(|_| loaded.host_gate.enter(patience));
        if place.is_none() {
            let busy = Failure::new(FailureCode::Busy, "too many plugin calls are running; try again");
            let answers = calls.iter().map(|_| Err(busy.clone())).collect();
            return Batch { answers, fuel: 0, guest_calls: 0, memory_peak: 0, output_peak: 0, log: Vec::new() };
        }
        asking::ask(loaded, point, at, calls)
    }

    /// The package it was loaded from.
    pub fn package(&self) -> &Package {
        &self.0.package
    }

    pub fn name(&self) -> &str {
        &self.0.package.manifest().name
    }

    pub fn version(&self) -> &semver::Version {
        &self.0.package.manifest().version
    }

    pub fn department(&self) -> &str {
        &self.0.package.manifest().department
    }

    /// SHA-256 over the package, in hex.
    pub fn digest(&self) -> &str {
        self.0.package.digest()
    }
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guest").field("name", &self.name()).field("digest", &self.digest()).finish()
    }
}
