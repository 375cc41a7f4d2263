//! Http: the doors of the server.

mod bearer;
mod body;
mod events;
mod graphql;
mod health;
mod imports;
mod metrics;
mod origins;
mod packages;
mod rate;
mod reply;
mod serving;
mod signals;
mod socket;
mod trace;
mod uploads;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use chrono::Utc;
use guildhall_graph::{Api, Code};
use guildhall_workflow::activate_strategy::activate_due;
use guildhall_workflow::expire_consents::expire_consents;
use guildhall_workflow::expire_holds::expire_holds;
use guildhall_workflow::react_to_events::Reactor;
use guildhall_workflow::reassign_segments::reassign_segments;
use guildhall_workflow::recheck_credit::recheck_credit;
use guildhall_workflow::write_records::RECORD_LIMIT;
use guildhall_workflow::{Actor, Imports, WorkflowError};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::access::Access;
use crate::failure::Failure;
use crate::settings::Settings;
use metrics::Watch;
use signals::Signals;

/// Largest body of a GraphQL request: a document of 64 KiB and a strategy file in its variables.
const BODY_LIMIT: usize = 1024 * 1024;
/// Largest package.
const PACKAGE_LIMIT: usize = 4 * 1024 * 1024;
/// Smallest answer that is compressed: a smaller one fits into a packet as it is.
const COMPRESSED: u16 = 1024;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests under way may take to finish once the process is told to end: a little longer than a request may take.
const ENDING: Duration = Duration::from_secs(35);
/// Most connections that stay open.
const SOCKETS: usize = 10_000;
/// How long connections to the database may take to close.
const CLOSING: Duration = Duration::from_secs(5);
/// How often a process looks whether another one changed strategy or plugins.
const REFRESH: Duration = Duration::from_secs(1);
/// How often a process looks whether something happened that plugins react to, and how long it waits after a failure.
const REACTING: Duration = Duration::from_millis(500);
/// How often a process looks whether something happened that customers' segments follow.
const REASSIGNING: Duration = Duration::from_millis(500);
/// How often a process looks whether an order that waits for credit may go on.
const RECHECKING: Duration = Duration::from_secs(1);
/// How often a process looks whether a consent is past its end.
const EXPIRING: Duration = Duration::from_secs(5);
const RECOVERY: Duration = Duration::from_secs(2);
/// How often a process looks for imports that lost theirs.
const SILENT: Duration = Duration::from_secs(5);
/// How often what nobody claimed is removed.
const SWEEPING: Duration = Duration::from_secs(60 * 60);

/// What every handler works with.
pub(crate) struct Doors {
    pub api: Arc<Api>,
    pub access: Access,
    pub watch: Watch,
    /// Largest upload, in bytes.
    pub upload_limit: u64,
    /// Whose pages may call the API from a browser.
    pub origins: Vec<HeaderValue>,
    /// Room for connections that stay open.
    pub sockets: Arc<Semaphore>,
    /// Whether the process is about to end.
    pub ending: watch::Receiver<bool>,
}

impl Doors {
    /// Who sends a request with these headers, or nothing if no token of his holds.
    pub(crate) async fn actor(&self, headers: &HeaderMap) -> Result<Option<Actor>, WorkflowError> {
        self.bearer(headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())).await
    }

    /// Who calls himself `Bearer gh_...`. What his roles let him do is asked now: a change of roles holds for whoever has a token.
    pub(crate) async fn bearer(&self, bearer: Option<&str>) -> Result<Option<Actor>, WorkflowError> {
        Ok(self.access.bearer(bearer).await?.map(|bearer| self.api.actor(bearer)))
    }
}

pub(crate) fn router(doors: Arc<Doors>) -> Router {
    let open = Router::new()
        .route("/graphql", post(graphql::post).get(graphql::get_or_socket))
        .route("/imports/{id}/errors.csv", get(imports::errors))
        .route("/imports/{id}/rows/{*file}", get(imports::rows))
        .layer(middleware::from_fn(in_time))
        // A large file may take its time, as long as it keeps coming.
        .route("/uploads", post(uploads::post))
        .method_not_allowed_fallback(reply::no_method);
    let open = if doors.origins.is_empty() { open } else { open.layer(origins::layer(&doors.origins)) };
    let closed = Router::new()
        .route("/schema.graphql", get(graphql::schema))
        .route("/packages", post(packages::post))
        .route("/packages/{digest}", get(packages::get))
        .route("/metrics", get(metrics::get))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .layer(middleware::from_fn(in_time))
        .method_not_allowed_fallback(reply::no_method);
    // Events go out one by one, and a compressor would keep them back.
    let compressed = SizeAbove::new(COMPRESSED).and(NotForContentType::SSE);
    open.merge(closed)
        .fallback(reply::no_address)
        .layer(middleware::from_fn(body::plain))
        .layer(CatchPanicLayer::custom(reply::panicked))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(middleware::from_fn(graphql::in_form))
        .layer(middleware::from_fn_with_state(Arc::clone(&doors), metrics::watch))
        .layer(TraceLayer::new_for_http().make_span_with(trace::span))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(middleware::map_request(trace::readable))
        .with_state(doors)
}

/// Answers for a request that takes too long, in the form of all errors.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!("the request took longer than {} seconds; ask for less", REQUEST_TIMEOUT.as_secs());
            reply::problem(StatusCode::GATEWAY_TIMEOUT, Code::Busy, &message)
        }
    }
}

/// A bound address, not yet serving: whoever listens can be told before the first request is answered. From here on a signal
/// to end is heard.
pub(crate) struct Bound {
    listener: TcpListener,
    signals: Signals,
}

impl Bound {
    pub(crate) async fn at(address: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::BadInput(format!("cannot listen on `{address}`: {error}; choose another address with `--listen`"))
        })?;
        Ok(Self { listener, signals: Signals::listen().map_err(Failure::failed)? })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Serves until the process is told to end, then finishes what is under way.
pub(crate) async fn serve(bound: Bound, api: Arc<Api>, settings: &Settings) -> Result<(), Failure> {
    let database = api.house().database.clone();
    let access = Access::new(database.clone());
    let (end, ending) = watch::channel(false);
    let sockets = Arc::new(Semaphore::new(SOCKETS));
    let doors = Arc::new(Doors {
        api,
        access,
        watch: Watch::new(),
        upload_limit: settings.upload_limit,
        origins: settings.allow_origin.clone(),
        sockets,
        ending,
    });
    let Bound { listener, signals } = bound;
    let ended = async move {
        signals.told_to_end().await;
        // Those who follow are told to go, so that nobody waits for them.
        end.send_replace(true);
    };
    let sockets = Arc::clone(&doors.sockets);
    let imports = Arc::clone(&doors.api.house().imports);
    let refreshing = tokio::spawn(refresh(Arc::clone(&doors)));
    let importing = tokio::spawn(go_on_importing(Arc::clone(&doors)));
    let reacting = tokio::spawn(react(Arc::clone(&doors)));
    let reassigning = tokio::spawn(reassign(Arc::clone(&doors)));
    let rechecking = tokio::spawn(recheck(Arc::clone(&doors)));
    let expiring = tokio::spawn(expire(Arc::clone(&doors)));
    let finished = serving::serve(listener, router(doors), ended, ENDING).await;
    if tokio::time::timeout(CLOSING, sockets.acquire_many(SOCKETS as u32)).await.is_err() {
        tracing::warn!("some followers were cut");
    }
    refreshing.abort();
    importing.abort();
    reacting.abort();
    reassigning.abort();
    rechecking.abort();
    expiring.abort();
    imports.close();
    if !finished {
        tracing::warn!("some connections were cut: their requests did not finish in time");
    }
    match tokio::time::timeout(CLOSING, database.close()).await {
        Ok(closed) => closed?,
        Err(_) => tracing::warn!("a statement still runs; the process ends without waiting for it"),
    }
    tracing::info!("served to the end");
    Ok(())
}

async fn refresh(doors: Arc<Doors>) {
    let mut ticks = tokio::time::interval(REFRESH);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match activate_due(&doors.api.house(), Utc::now()).await {
            Ok(Some(activated)) => {
                tracing::info!(number = activated.number, "a strategy is active, as its approver said")
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "whether a strategy is to become active cannot be seen; it is tried again")
            }
        }
        if let Err(error) = doors.api.refresh().await {
            tracing::error!(%error, "the current generation cannot be served; the old one serves on");
        }
    }
}

/// Goes on with imports that lost their server, this one's own of an earlier life or another's.
async fn go_on_importing(doors: Arc<Doors>) {
    let mut swept: Option<Instant> = None;
    let mut ticks = tokio::time::interval(SILENT);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let house = doors.api.house();
        if swept.is_none_or(|swept| swept.elapsed() >= SWEEPING) {
            house.imports.sweep(&house.database).await;
            swept = Some(Instant::now());
        }
        if let Err(error) = Imports::recover(&house, Utc::now()).await {
            tracing::warn!(%error, "imports that were stopped cannot be looked for");
        }
    }
}

/// Reacts to what happens. Every server tries; which of them does the work is settled in the database.
async fn react(doors: Arc<Doors>) {
    let reactor = Reactor::default();
    if let Err(error) = reactor.begin(&doors.api.house(), Utc::now()).await {
        tracing::warn!(%error, "where reactions to events stand cannot be looked up");
    }
    again(REACTING, "events cannot be reacted to; it is tried again", || async {
        let reacted = reactor.react(&doors.api.house(), &doors.api.deployment(), Utc::now()).await?;
        if reacted.events > 0 {
            tracing::debug!(events = reacted.events, followups = reacted.followups, "reacted to events");
        }
        Ok(reacted.more)
    })
    .await;
}

/// Lets segments follow what happens. Every server tries; which of them does the work is settled in the database.
async fn reassign(doors: Arc<Doors>) {
    again(REASSIGNING, "segments cannot follow events; it is tried again", || async {
        let done = reassign_segments(&doors.api.house(), &doors.api.deployment(), Utc::now()).await?;
        if done.moved > 0 {
            tracing::debug!(events = done.events, moved = done.moved, "customers came to other segments");
        }
        Ok(done.more)
    })
    .await;
}

/// Ends holds whose time has come, and looks at what waits for credit. Every server tries; a hold is released once.
async fn recheck(doors: Arc<Doors>) {
    again(RECHECKING, "what waits for credit cannot be checked; it is tried again", || async {
        let ended = expire_holds(&doors.api.house(), Utc::now()).await?;
        if ended > 0 {
            tracing::debug!(ended, "ended holds whose time had come");
        }
        let done = recheck_credit(&doors.api.house(), &doors.api.deployment(), Utc::now()).await?;
        if done.checked > 0 {
            tracing::debug!(checked = done.checked, released = done.released, "checked what waits for credit");
        }
        Ok(false)
    })
    .await;
}

/// Ends consents that are past their end. Every server tries; each is ended once.
async fn expire(doors: Arc<Doors>) {
    again(EXPIRING, "whether consents are past their end cannot be seen; it is tried again", || async {
        Ok(expire_consents(&doors.api.house(), Utc::now()).await? == RECORD_LIMIT)
    })
    .await;
}

/// Works for ever: each time until there is no more to do, and a while later after a failure.
async fn again<F>(every: Duration, failed: &str, work: impl Fn() -> F)
where
    F: Future<Output = Result<bool, WorkflowError>>,
{
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        loop {
            match work().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "{failed}");
                    tokio::time::sleep(RECOVERY).await;
                    break;
                }
            }
        }
    }
}

/// Waits until the process is about to end.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // Without anybody to say so, it is.
    let _ = ending.wait_for(|ending| *ending).await;
}
