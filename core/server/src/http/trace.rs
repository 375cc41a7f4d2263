//! What a request is called, in its answer and in the log.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use tower_http::request_id::RequestId;
use tracing::Span;

pub(super) const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name that is taken from a client.
const LONGEST: usize = 128;

/// Keeps the name that a client or proxy gave if it can stand in a log as it is. Else it gets one of ours.
pub(super) async fn readable(mut request: Request) -> Request {
    let is_readable =
        |name: &HeaderValue| (1..=LONGEST).contains(&name.len()) && name.as_bytes().iter().all(u8::is_ascii_graphic);
    if request.headers().get(NAME).is_some_and(|name| !is_readable(name)) {
        request.headers_mut().remove(NAME);
    }
    request
}

/// What the log says of a request with each of its lines. The query string may hold a customer's data, so it is not told.
pub(super) fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    tracing::error_span!("request", id, method = %request.method(), path = request.uri().path())
}
