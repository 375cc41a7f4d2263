//! Replies that are not data.

use axum::Extension;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::metrics::Outcome;

/// An error in the form of GraphQL, so that clients read all errors alike.
pub(super) fn problem(status: StatusCode, code: &'static str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    let content = [(header::CONTENT_TYPE, "application/graphql-response+json; charset=utf-8")];
    (status, Extension(Outcome { code, operation: None }), content, body.to_string()).into_response()
}

/// A GraphQL request that was not executed.
pub(super) fn refused(body: bytes::Bytes) -> Response {
    let content = [(header::CONTENT_TYPE, "application/graphql-response+json; charset=utf-8")];
    (StatusCode::BAD_REQUEST, content, body).into_response()
}

pub(super) fn unauthenticated() -> Response {
    let message =
        "a bearer token is needed: `Authorization: Bearer gh_...`; an admin makes one with `guildhall token create`";
    let mut reply = problem(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
    reply.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    reply
}

pub(super) fn busy(message: &str) -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message)
}

pub(super) fn internal(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a request failed");
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL",
        "the server could not answer; it is not your fault and has been logged",
    )
}
