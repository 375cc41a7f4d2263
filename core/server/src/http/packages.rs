//! Packages come in as bytes and are named by their digest.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use guildhall_workflow::WorkflowError;
use guildhall_workflow::store_package::store_package;
use serde_json::json;

use super::bearer::Bearer;
use super::{Doors, reply};

pub(super) async fn post(
    Bearer(actor): Bearer,
    State(doors): State<Arc<Doors>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return reply::unread(&rejection),
    };
    match store_package(doors.api.house(), &actor, &body, Utc::now()).await {
        Ok(digest) => (StatusCode::CREATED, Json(json!({ "digest": digest }))).into_response(),
        Err(error @ WorkflowError::BadInput(_)) => {
            reply::problem(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", &error.to_string())
        }
        Err(error @ WorkflowError::Refused(_)) => reply::problem(StatusCode::FORBIDDEN, "REFUSED", &error.to_string()),
        Err(WorkflowError::Busy(message)) => reply::busy(&message),
        Err(error) => reply::internal(&error),
    }
}
