//! Guest: a loaded plugin, ready to be asked.

mod asking;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use semver::Version;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::breaker::Breaker;
use crate::budget::Budget;
use crate::experience::Experience;
use crate::failure::{Failure, FailureCode};
use crate::gate::Gate;
use crate::instance::Program;
use crate::limits::Limits;
use crate::settings::{self, SettingsProblem, SettingsSchema};
use crate::tally::Tally;

/// A loaded plugin. Cloning is cheap; a clone may be used on any thread.
#[derive(Clone)]
pub struct Guest {
    loaded: Arc<Loaded>,
    /// The limits at the points whose input queries raise them.
    scaled: Arc<BTreeMap<String, Limits>>,
}

/// What is kept of a plugin while nobody asks it. Its package is not.
pub(crate) struct Loaded {
    pub digest: String,
    pub name: String,
    pub version: Version,
    pub department: String,
    pub settings: Option<SettingsSchema>,
    pub breaker: Breaker,
    pub tally: Arc<Tally>,
    pub program: Program,
    pub experience: Experience,
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
    /// How often the guest was called: once for up to 256 calls, more if some failed or all together cost too much fuel.
    pub guest_calls: u32,
    /// The most memory that one guest call had, in bytes.
    pub memory_peak: usize,
    /// Bytes of the longest answer.
    pub output_peak: usize,
    /// What the guest logged, bounded and without control characters.
    pub log: Vec<String>,
}

impl Guest {
    pub(crate) fn new(loaded: Arc<Loaded>) -> Self {
        Guest { loaded, scaled: Arc::default() }
    }

    /// The same plugin with the limits that go with its input queries: for each point, how many list entries its query declares for
    /// one subject.
    #[must_use]
    pub fn scaled<'p>(&self, entries: impl IntoIterator<Item = (&'p str, u32)>) -> Guest {
        let base = &self.loaded.limits;
        let scaled = entries.into_iter().map(|(point, entries)| (point, base.scaled(entries)));
        let raised = scaled.filter(|(_, limits)| limits != base.as_ref());
        let scaled = Arc::new(raised.map(|(point, limits)| (point.to_owned(), limits)).collect());
        Guest { loaded: Arc::clone(&self.loaded), scaled }
    }

    /// The limits of a call at a point.
    pub fn limits(&self, point: &str) -> &Limits {
        self.scaled.get(point).unwrap_or(&self.loaded.limits)
    }

    /// Asks the guest about every call at a decision point. `at` is the time of the decision, RFC 3339 in UTC.
    ///
    /// Blocks the thread for as long as the guest computes: at most about the wall limits.
    pub fn decide(&self, point: &str, at: &str, calls: &[Call<'_>]) -> Batch {
        self.decide_within(point, at, calls, &Budget::unlimited())
    }

    /// The same, as long as the request's budget lasts.
    pub fn decide_within(&self, point: &str, at: &str, calls: &[Call<'_>], budget: &Budget) -> Batch {
        let loaded = &*self.loaded;
        if budget.is_spent(&loaded.name) {
            return Batch::failed(calls.len(), &asking::spent());
        }
        let patience = budget.patience(&loaded.name, loaded.limits.patience);
        let begun = Instant::now();
        // The plugin's own gate first, so that a slow plugin's callers do not hold places that others could use.
        let own = loaded.gate.enter(patience);
        let place = own.as_ref().and_then(|_| loaded.host_gate.enter(patience));
        if place.is_none() {
            let busy = Failure::new(FailureCode::Busy, "too many plugin calls are running; try again");
            return Batch::failed(calls.len(), &busy);
        }
        budget.spend(&loaded.name, 0, begun.elapsed());
        asking::ask(loaded, self.limits(point), point, at, calls, budget)
    }

    /// Whether it is asked at all, after what became of those who asked.
    pub fn breaker(&self) -> &Breaker {
        &self.loaded.breaker
    }

    /// What is counted of all plugins of its name.
    pub fn tally(&self) -> &Tally {
        &self.loaded.tally
    }

    /// What it is given as settings: those that were made, with the defaults of the others. Without a schema there are none.
    ///
    /// # Errors
    ///
    /// Says of every setting that cannot be taken what it should be.
    pub fn complete_settings(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<SettingsProblem>> {
        settings::complete(self.loaded.settings.as_ref(), given)
    }

    pub fn name(&self) -> &str {
        &self.loaded.name
    }

    pub fn version(&self) -> &Version {
        &self.loaded.version
    }

    pub fn department(&self) -> &str {
        &self.loaded.department
    }

    /// The decision points it serves.
    pub fn points(&self) -> impl Iterator<Item = &str> {
        self.loaded.experience.points()
    }

    /// SHA-256 over the package, in hex.
    pub fn digest(&self) -> &str {
        &self.loaded.digest
    }
}

impl Batch {
    /// The same failure about each of so many calls, of which none was made.
    pub fn failed(calls: usize, failure: &Failure) -> Self {
        let answers = std::iter::repeat_n(Err(failure.clone()), calls).collect();
        Batch { answers, fuel: 0, guest_calls: 0, memory_peak: 0, output_peak: 0, log: Vec::new() }
    }
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guest").field("name", &self.name()).field("digest", &self.digest()).finish()
    }
}
