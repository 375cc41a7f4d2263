//! Numbers about what the API did, for whoever watches it. They only rise, whatever generation serves.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use guildhall_model::Role;
use guildhall_workflow::{Deployment, PluginMetrics};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

use crate::Problem;

/// What the API did since the process began, and what it holds now.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The number of the generation that serves.
    pub generation: i64,
    pub guest_calls: u64,
    /// The plugins that serve.
    pub plugins: Vec<PluginMetrics>,
    /// Installed plugins that cannot be asked.
    pub suspended: u64,
    /// SQL statements sent.
    pub statements: u64,
    pub caches: Vec<CacheMetrics>,
    /// How often each limit was exceeded.
    pub limits: BTreeMap<&'static str, u64>,
}

/// One cache of a built-in role, or the one that all other combinations of rights share.
#[derive(Clone, Copy, Debug)]
pub struct CacheMetrics {
    /// `documents` or `plans`.
    pub cache: &'static str,
    /// A built-in role, or `other`: so many there are, however many roles a deployment has.
    pub role: &'static str,
    pub hits: u64,
    pub misses: u64,
    /// What went out, or was too large to come in. What an old generation held goes with it and is not counted.
    pub evictions: u64,
    pub entries: u64,
    /// About how many bytes it holds on to.
    pub weight: u64,
}

/// The counters of one cache. The next generation's cache goes on with them.
#[derive(Debug, Default)]
pub(crate) struct CacheCounters {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

/// The counters of a label: of its documents and of its plans.
pub(crate) type LabelCounters = (&'static str, Arc<CacheCounters>, Arc<CacheCounters>);

/// The label of all accesses that are not just a built-in role's.
pub(crate) const OTHER: &str = "other";

/// What outlives generations.
pub(crate) struct Counters {
    labels: Vec<LabelCounters>,
    limits: Mutex<BTreeMap<&'static str, u64>>,
    guests: Mutex<Guests>,
}

/// Calls of guests by deployments that serve no more.
#[derive(Default)]
struct Guests {
    calls: u64,
    /// Those that operations may still be under way on.
    ending: Vec<Arc<Deployment>>,
}

impl Guests {
    /// Keeps the calls of deployments that no operation is under way on, and lets them go.
    fn settle(&mut self) {
        let (ended, ending): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ending).into_iter().partition(|deployment| Arc::strong_count(deployment) == 1);
        self.calls += ended.iter().map(|deployment| deployment.guest_calls()).sum::<u64>();
        self.ending = ending;
    }
}

impl Counters {
    pub(crate) fn new() -> Self {
        let labels = Role::ALL.map(Role::name).into_iter().chain([OTHER]);
        let labels = labels.map(|label| (label, Arc::default(), Arc::default())).collect();
        Counters { labels, limits: Mutex::default(), guests: Mutex::default() }
    }

    pub(crate) fn labels(&self) -> &[LabelCounters] {
        &self.labels
    }

    /// Counts the limits that problems speak of.
    pub(crate) fn exceeded(&self, problems: &[Problem]) {
        for limit in problems.iter().filter_map(Problem::exceeded) {
            *self.limits.lock().unwrap_or_else(PoisonError::into_inner).entry(limit).or_default() += 1;
        }
    }

    pub(crate) fn limits(&self) -> BTreeMap<&'static str, u64> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the place of a deployment by what `swap` does, and keeps its calls.
    pub(crate) fn ended(&self, deployment: Arc<Deployment>, swap: impl FnOnce()) {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        guests.settle();
        guests.ending.push(deployment);
        swap();
    }

    /// Calls of guests by all deployments, of which `current` gives the one that serves.
    pub(crate) fn guest_calls(&self, current: impl FnOnce() -> Arc<Deployment>) -> u64 {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        guests.settle();
        let under_way: u64 = guests.ending.iter().map(|deployment| deployment.guest_calls()).sum();
        guests.calls + under_way + current().guest_calls()
    }
}

/// A cache that counts. The counts are kept outside, because the cache ends with its generation.
pub(crate) struct Counted<K, V, W> {
    cache: Cache<K, V, W, DefaultHashBuilder, Evictions>,
    counters: Arc<CacheCounters>,
}

/// Few, because each takes nothing heavier than its share.
const SHARDS: usize = 4;

impl<K: Eq + Hash + Clone, V: Clone, W: Weighter<K, V> + Clone> Counted<K, V, W> {
    pub(crate) fn new(entries: usize, weight: u64, weighter: W, counters: &Arc<CacheCounters>) -> Option<Self> {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(entries)
            .weight_capacity(weight)
            .shards(SHARDS)
            .build()
            .ok()?;
        let evictions = Evictions(Arc::clone(counters));
        let cache = Cache::with_options(options, weighter, DefaultHashBuilder::default(), evictions);
        Some(Counted { cache, counters: Arc::clone(counters) })
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let found = self.cache.get(key);
        let counter = if found.is_some() { &self.counters.hits } else { &self.counters.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.cache.insert(key, value);
    }

    pub(crate) fn metrics(&self, cache: &'static str, role: &'static str) -> CacheMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheMetrics {
            cache,
            role,
            hits: read(&self.counters.hits),
            misses: read(&self.counters.misses),
            evictions: read(&self.counters.evictions),
            entries: self.cache.len() as u64,
            weight: self.cache.weight(),
        }
    }
}

/// Told by the cache what it gives up.
#[derive(Clone, Debug)]
struct Evictions(Arc<CacheCounters>);

impl<K, V> Lifecycle<K, V> for Evictions {
    type RequestState = ();

    fn begin_request(&self) {}

    fn on_evict(&self, (): &mut (), _: K, _: V) {
        self.0.evictions.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Length;

    impl Weighter<u32, String> for Length {
        fn weight(&self, _: &u32, text: &String) -> u64 {
            text.len() as u64
        }
    }

    fn cache(counters: &Arc<CacheCounters>) -> Counted<u32, String, Length> {
        Counted::new(100, 10_000, Length, counters).unwrap()
    }

    #[test]
    fn a_flood_of_entries_stays_within_the_weight_and_shows_as_evictions() {
        let counters = Arc::default();
        let cache = cache(&counters);
        for key in 0..1_000 {
            assert_eq!(cache.get(&key), None);
            cache.insert(key, "x".repeat(100));
        }
        let told = cache.metrics("documents", "reader");
        assert!(told.weight <= 10_000 && told.entries <= 100, "{told:?}");
        assert_eq!((told.hits, told.misses), (0, 1_000));
        assert_eq!(told.evictions, 1_000 - told.entries);
    }

    #[test]
    fn what_is_heavier_than_the_cache_does_not_come_in() {
        let counters = Arc::default();
        let cache = cache(&counters);
        cache.insert(1, "x".repeat(20_000));
        let told = cache.metrics("plans", "reader");
        assert_eq!((told.entries, told.weight, told.evictions), (0, 0, 1));
    }

    #[test]
    fn the_next_cache_is_empty_and_counts_on() {
        let counters = Arc::default();
        let old = cache(&counters);
        old.insert(1, "x".to_owned());
        assert!(old.get(&1).is_some() && old.get(&2).is_none());
        drop(old);
        let next = cache(&counters);
        assert_eq!(next.get(&1), None);
        let told = next.metrics("plans", "admin");
        assert_eq!((told.hits, told.misses, told.entries, told.weight), (1, 2, 0, 0));
    }
}
