//! Whether the process lives, and whether it can answer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Doors;

/// The process lives.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The database answers. A plugin that is suspended keeps nobody from being served; which one it is, is not for everybody.
pub(super) async fn ready(State(doors): State<Arc<Doors>>) -> Response {
    match doors.api.house().generation().await {
        Ok(_) => match doors.api.suspended() {
            0 => "ok\n".into_response(),
            count => format!("ok, and {count} suspended of the installed plugins\n").into_response(),
        },
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
