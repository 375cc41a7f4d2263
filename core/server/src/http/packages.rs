//! Packages come in as bytes and are named by their digest. Whoever is to approve one is told what it would mean.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use guildhall_graph::Code;
use guildhall_workflow::store_package::store_package;
use guildhall_workflow::{House, ManagePlugins, Offer, WorkflowError};
use serde_json::{Value, json};

use super::bearer::Bearer;
use super::{Doors, PACKAGE_LIMIT, body, reply};

pub(super) async fn post(Bearer(actor): Bearer, State(doors): State<Arc<Doors>>, body: Body) -> Response {
    let by = match actor.permit() {
        Ok(by) => by,
        Err(error) => return reply::problem(StatusCode::FORBIDDEN, Code::Refused, &error.to_string()),
    };
    let body = match body::read(body, PACKAGE_LIMIT).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let house = doors.api.house();
    let stored = async {
        let digest = store_package(&house, by, &body, Utc::now()).await?;
        offered(&house, &digest, &body).await
    };
    match stored.await {
        Ok(offer) => (StatusCode::CREATED, Json(offer)).into_response(),
        Err(error) => problem(&error),
    }
}

/// What a package that was sent would mean now.
pub(super) async fn get(
    Bearer(actor): Bearer,
    State(doors): State<Arc<Doors>>,
    Path(digest): Path<String>,
) -> Response {
    if let Err(error) = actor.permit::<ManagePlugins>() {
        return reply::problem(StatusCode::FORBIDDEN, Code::Refused, &error.to_string());
    }
    let house = doors.api.house();
    let told = async {
        let bytes = house.package(&digest).await?;
        offered(&house, &digest, &bytes).await
    };
    match told.await {
        Ok(offer) => Json(offer).into_response(),
        Err(error) => problem(&error),
    }
}

/// What there is to know before approving it; or why there is nothing to approve.
async fn offered(house: &Arc<House>, digest: &str, bytes: &[u8]) -> Result<Value, WorkflowError> {
    match Offer::of(house, bytes, None, Utc::now()).await {
        Ok(offer) => Ok(json!({ "digest": digest, "offer": offer.json(), "problem": null })),
        Err(WorkflowError::BadInput(problem)) => Ok(json!({ "digest": digest, "offer": null, "problem": problem })),
        Err(error) => Err(error),
    }
}

fn problem(error: &WorkflowError) -> Response {
    match error {
        WorkflowError::BadInput(_) | WorkflowError::Invalid(_) => {
            reply::problem(StatusCode::BAD_REQUEST, Code::BadUserInput, &error.to_string())
        }
        WorkflowError::NotFound(message) => reply::problem(StatusCode::NOT_FOUND, Code::NotFound, message),
        WorkflowError::Refused(_) => reply::problem(StatusCode::FORBIDDEN, Code::Refused, &error.to_string()),
        WorkflowError::Busy(message) => reply::busy(message),
        error => reply::internal(error),
    }
}
