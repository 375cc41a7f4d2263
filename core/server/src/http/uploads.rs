//! Files come in as bytes, are written as they come, and wait for an import to claim them.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use guildhall_graph::Code;

use super::bearer::Bearer;
use super::{Doors, body, reply};

pub(super) async fn post(Bearer(actor): Bearer, State(doors): State<Arc<Doors>>, body: Body) -> Response {
    let by = match actor.permit() {
        Ok(by) => by,
        Err(error) => return reply::problem(StatusCode::FORBIDDEN, Code::Refused, &error.to_string()),
    };
    let upload = match doors.api.house().imports.receive(by).await {
        Ok(upload) => upload,
        Err(error) => return reply::internal(&error),
    };
    let upload = match body::pour(body, doors.upload_limit, upload).await {
        Ok(upload) => upload,
        Err(refusal) => return refusal,
    };
    let bytes = upload.bytes();
    match upload.finish().await {
        Ok(upload) => (StatusCode::CREATED, Json(json!({ "upload": upload, "bytes": bytes }))).into_response(),
        Err(error) => reply::internal(&error),
    }
}
