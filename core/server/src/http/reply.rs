//! Replies that are not data.

use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error in the form of GraphQL, so that clients read all errors alike.
pub(super) fn problem(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    (status, [(header::CONTENT_TYPE, "application/graphql-response+json; charset=utf-8")], body.to_string())
        .into_response()
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

/// A body that was not read, because it is too large or broke off.
pub(super) fn unread(rejection: &BytesRejection) -> Response {
    problem(rejection.status(), "BAD_REQUEST", &format!("the body cannot be read: {}", rejection.body_text()))
}

pub(super) fn internal(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a request failed");
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL",
        "the server could not answer; it is not your fault and has been logged",
    )
}
