//! Packages come in as bytes and are named by their digest.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use guildhall_workflow::WorkflowError;
use guildhall_workflow::store_package::store_package;
use serde_json::json;

use super::bearer::Bearer;
use super::{Doors, PACKAGE_LIMIT, body, reply};

pub(super) async fn post(Bearer(actor): Bearer, State(doors): State<Arc<Doors>>, body: Body) -> Response {
    let by = match actor.permit() {
        Ok(by) => by,
        Err(error) => return reply::problem(StatusCode::FORBIDDEN, "REFUSED", &error.to_string()),
    };
    let body = match body::read(body, PACKAGE_LIMIT).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    match store_package(doors.api.house(), by, &body, Utc::now()).await {
        Ok(digest) => (StatusCode::CREATED, Json(json!({ "digest": digest }))).into_response(),
        Err(error @ WorkflowError::BadInput(_)) => {
            reply::problem(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", &error.to_string())
        }
        Err(error @ WorkflowError::Refused(_)) => reply::problem(StatusCode::FORBIDDEN, "REFUSED", &error.to_string()),
        Err(WorkflowError::Busy(message)) => reply::busy(&message),
        Err(error) => reply::internal(&error),
    }
}
