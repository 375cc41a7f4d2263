//! Metrics: what is counted at the doors, and the page where an admin reads all numbers.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use guildhall_graph::{CacheMetrics, Code, Metrics};
use guildhall_plugin_host::Circuit;
use guildhall_workflow::{PluginMetrics, SeeMetrics};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::bearer::Bearer;
use super::{Doors, reply};

/// Upper bounds of the durations told apart, in seconds.
const DURATIONS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0];
const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How a request ended. Handlers leave it with the response.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    /// `OK`, or the first problem's code.
    pub code: &'static str,
    pub operation: Option<&'static str>,
}

type Label = (&'static str, &'static str);

/// Counts requests and how long they took.
pub(crate) struct Watch {
    requests: Family<[Label; 2], Counter>,
    durations: Family<[Label; 1], Histogram, fn() -> Histogram>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Watch { requests: Family::default(), durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)) }
    }
}

/// Counts what passes. Only operations and refusals are counted, not whether the process lives.
pub(super) async fn watch(State(doors): State<Arc<Doors>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    if let Some(outcome) = response.extensions().get::<Outcome>() {
        let operation = ("operation", outcome.operation.unwrap_or("none"));
        doors.watch.requests.get_or_create(&[("code", outcome.code), operation]).inc();
        doors.watch.durations.get_or_create(&[operation]).observe(begun.elapsed().as_secs_f64());
    }
    response
}

/// All numbers, for whoever may see them.
pub(super) async fn get(Bearer(actor): Bearer, State(doors): State<Arc<Doors>>) -> Response {
    if let Err(error) = actor.permit::<SeeMetrics>() {
        return reply::problem(StatusCode::FORBIDDEN, Code::Refused, &error.to_string());
    }
    let mut registry = Registry::with_prefix("guildhall");
    registry.register("requests", "Requests by outcome and kind of operation", doors.watch.requests.clone());
    registry.register("request_duration_seconds", "How long requests took", doors.watch.durations.clone());
    registry.register_collector(Box::new(Told(doors.api.metrics())));
    let mut page = String::new();
    match text::encode(&mut page, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, FORM)], page).into_response(),
        Err(error) => reply::internal(&error),
    }
}

/// The API's numbers, in the exposition's words.
#[derive(Debug)]
struct Told(Metrics);

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let metrics = &self.0;
        let generation = u64::try_from(metrics.generation).unwrap_or_default();
        one(&mut encoder, "generation", "Number of the generation that serves", &ConstGauge::new(generation))?;
        let suspended = ConstGauge::new(metrics.suspended);
        one(&mut encoder, "plugins_suspended", "Installed plugins that cannot be asked", &suspended)?;
        one(&mut encoder, "statements", "SQL statements sent", &ConstCounter::new(metrics.statements))?;
        one(&mut encoder, "guest_calls", "Calls of plugins", &ConstCounter::new(metrics.guest_calls))?;
        plugins(&mut encoder, &metrics.plugins)?;
        let limits = metrics.limits.iter().map(|(limit, count)| (vec![("limit", *limit)], *count));
        counter(&mut encoder, "limits_exceeded", "Operations refused, by limit", limits)?;
        let caches = |number: fn(&CacheMetrics) -> u64| {
            let told = move |cache: &CacheMetrics| (vec![("cache", cache.cache), ("role", cache.role)], number(cache));
            metrics.caches.iter().map(told)
        };
        counter(&mut encoder, "cache_hits", "Found in a cache", caches(|cache| cache.hits))?;
        counter(&mut encoder, "cache_misses", "Not found in a cache", caches(|cache| cache.misses))?;
        counter(&mut encoder, "cache_evictions", "Given up by a cache", caches(|cache| cache.evictions))?;
        gauge(&mut encoder, "cache_entries", "Held by a cache", caches(|cache| cache.entries))?;
        gauge(&mut encoder, "cache_weight_bytes", "About how much a cache holds on to", caches(|cache| cache.weight))
    }
}

/// How the plugins that serve are doing.
fn plugins(encoder: &mut DescriptorEncoder<'_>, plugins: &[PluginMetrics]) -> Result<(), fmt::Error> {
    let named = |plugin: &PluginMetrics| ("plugin", plugin.name.clone());
    let circuits = plugins.iter().map(|plugin| (vec![named(plugin)], u64::from(plugin.circuit != Circuit::Closed)));
    gauge(encoder, "plugin_circuit_open", "1 while a plugin is not asked because it failed too often", circuits)?;
    let opened = plugins.iter().map(|plugin| (vec![named(plugin)], plugin.opened));
    counter(encoder, "plugin_circuit_opened", "How often a plugin failed too often", opened)?;
    let failures = plugins.iter().flat_map(|plugin| {
        let told =
            |(code, count): (&&'static str, &u64)| (vec![named(plugin), ("failure", (*code).to_owned())], *count);
        plugin.failures.iter().map(told).collect::<Vec<_>>()
    });
    counter(encoder, "plugin_failures", "Subjects a plugin gave no answer about, by failure", failures)
}

/// A number without labels.
fn one(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> Result<(), fmt::Error> {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn counter<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (L, u64)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in values {
        family.encode_family(&labels)?.encode_counter::<Vec<Label>, _, u64>(&value, None)?;
    }
    Ok(())
}

fn gauge<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (L, u64)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        family.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}
