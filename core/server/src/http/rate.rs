//! What an actor may still spend, as the IETF's draft of `RateLimit` headers has it.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use guildhall_graph::{Allowance, WINDOW};

pub(super) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What is told of an allowance; nothing where there is no limit.
pub(super) fn headers(allowance: Option<&Allowance>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(allowance) = allowance else { return headers };
    let mut tell = |name, value: String| {
        // Digits and punctuation of ours are always a header's value.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    tell(POLICY, format!("\"points\";q={};w={}", allowance.points, WINDOW.as_secs()));
    tell(LEFT, format!("\"points\";r={};t={}", allowance.left, seconds(allowance.full_in)));
    if let Some(enough_in) = allowance.enough_in {
        tell(header::RETRY_AFTER, seconds(enough_in).to_string());
    }
    headers
}

/// Whole seconds after which a time is over.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
