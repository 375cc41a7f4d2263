//! Bearer: who sends a request. Asked before anything of its body is read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use guildhall_workflow::{Actor, WorkflowError};

use super::{Doors, reply};

/// The actor whose token the request bears. A handler that takes this first reads nothing else of a stranger.
pub(super) struct Bearer(pub Actor);

impl FromRequestParts<Arc<Doors>> for Bearer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, doors: &Arc<Doors>) -> Result<Self, Response> {
        match doors.actor(&parts.headers).await {
            Ok(Some(actor)) => Ok(Bearer(actor)),
            Ok(None) => Err(reply::unauthenticated()),
            Err(WorkflowError::Busy(message)) => Err(reply::busy(&message)),
            Err(error) => Err(reply::internal(&error)),
        }
    }
}
