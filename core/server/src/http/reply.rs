//! Replies that are not data.

use std::any::Any;

use axum::Extension;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use guildhall_graph::Code;
use serde_json::json;

use super::metrics::Outcome;
use super::rate;

/// The form of errors. Where the client prefers the other, it is sent as that: see `graphql::in_form`.
pub(super) const PROBLEM: &str = "application/graphql-response+json; charset=utf-8";
const OURS: &str = "the server could not answer; it is not your fault and has been logged";

/// An error in the form of GraphQL, so that clients read all errors alike.
pub(super) fn problem(status: StatusCode, code: Code, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code.name() } }] });
    let content = [(header::CONTENT_TYPE, PROBLEM)];
    (status, Extension(Outcome { code: code.name(), operation: None }), content, body.to_string()).into_response()
}

/// The status that tells what became of a GraphQL request.
pub(super) fn status(response: &guildhall_graph::Response) -> StatusCode {
    match response.code {
        _ if response.executed => StatusCode::OK,
        Some(Code::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
        Some(Code::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
        Some(Code::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A GraphQL request that was not executed.
pub(super) fn refused(response: &guildhall_graph::Response) -> Response {
    let content = [(header::CONTENT_TYPE, PROBLEM)];
    let outcome = Outcome { code: response.code.map_or("OK", Code::name), operation: response.operation };
    let rate = rate::headers(response.allowance.as_ref());
    (status(response), Extension(outcome), rate, content, response.body.clone()).into_response()
}

/// There is nothing at the address.
pub(super) async fn no_address(uri: Uri) -> Response {
    let path: String = uri.path().chars().take(64).collect();
    problem(StatusCode::NOT_FOUND, Code::NotFound, &format!("there is nothing at `{path}`; the API is at `/graphql`"))
}

/// The address does not take the method; what it takes stands in `Allow`.
pub(super) async fn no_method(method: Method) -> Response {
    let message = format!("the address does not take `{method}`; `Allow` says what it takes");
    problem(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, &message)
}

/// A handler panicked, which is our fault. The log has the message already.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    problem(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, OURS)
}

pub(super) fn unauthenticated() -> Response {
    let message =
        "a bearer token is needed: `Authorization: Bearer gh_...`; an admin makes one with `guildhall token create`";
    let mut reply = problem(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message);
    reply.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    reply
}

pub(super) fn busy(message: &str) -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, Code::Busy, message)
}

pub(super) fn internal(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a request failed");
    problem(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, OURS)
}
