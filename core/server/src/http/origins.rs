//! Origins: whose pages may call the API from a browser.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{rate, trace};

/// How long a browser may keep the answer to whether it may.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// Lets pages of these origins call. A token goes with a request because the page puts it there, never because the browser
/// has it, so no credentials are allowed.
pub(super) fn layer(origins: &[HeaderValue]) -> CorsLayer {
    const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT, LAST_EVENT_ID, trace::NAME])
        .expose_headers([
            rate::POLICY,
            rate::LEFT,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            header::CONTENT_DISPOSITION,
            trace::NAME,
        ])
        .max_age(KEPT)
}
