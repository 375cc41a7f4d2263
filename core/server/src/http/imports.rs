//! What an import could not take, as files.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use guildhall_graph::Code;
use guildhall_model::GlobalId;
use guildhall_workflow::rejected_rows::rejected_rows;
use guildhall_workflow::{Actor, WorkflowError};
use hyper::body::{Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf, Take};

use super::bearer::Bearer;
use super::{Doors, reply};

/// How much of a file is in memory at a time.
const PIECE: usize = 64 * 1024;

pub(super) async fn errors(Bearer(actor): Bearer, State(doors): State<Arc<Doors>>, Path(id): Path<String>) -> Response {
    rejected(&doors, &actor, &id, "errors.csv").await
}

pub(super) async fn rows(
    Bearer(actor): Bearer,
    State(doors): State<Arc<Doors>>,
    Path((id, file)): Path<(String, String)>,
) -> Response {
    rejected(&doors, &actor, &id, &format!("rows/{file}")).await
}

async fn rejected(doors: &Doors, actor: &Actor, id: &str, name: &str) -> Response {
    let house = doors.api.house();
    let Some(object) = house.model.object("ImportRun") else {
        return reply::internal(&io::Error::other("the model lacks a type"));
    };
    let id = match GlobalId::parse_as(id, object) {
        Ok(id) => id,
        Err(error) => return reply::problem(StatusCode::BAD_REQUEST, Code::BadUserInput, &error.to_string()),
    };
    let by = match actor.permit() {
        Ok(by) => by,
        Err(error) => return reply::problem(StatusCode::FORBIDDEN, Code::Refused, &error.to_string()),
    };
    let found = match rejected_rows(&house, by, id, name).await {
        Ok(found) => found,
        Err(error @ WorkflowError::NotFound(_)) => {
            return reply::problem(StatusCode::NOT_FOUND, Code::NotFound, &error.to_string());
        }
        Err(WorkflowError::Busy(message)) => return reply::busy(&message),
        Err(error) => return reply::internal(&error),
    };
    let file = match File::open(&found.path).await {
        Ok(file) => file,
        Err(error) => return reply::internal(&error),
    };
    let shown = name.rsplit('/').next().unwrap_or(name).chars();
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '_' };
    let shown: String = shown.map(plain).collect();
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{shown}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, Body::new(Streamed { file: file.take(found.bytes), left: found.bytes })).into_response()
}

/// A file as a body, read as it is sent.
struct Streamed {
    file: Take<File>,
    left: u64,
}

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        if body.left == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; PIECE];
        let mut buffer = ReadBuf::new(&mut piece);
        if let Err(error) = ready!(Pin::new(&mut body.file).poll_read(context, &mut buffer)) {
            return Poll::Ready(Some(Err(error)));
        }
        let length = buffer.filled().len();
        if length == 0 {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        piece.truncate(length);
        body.left = body.left.saturating_sub(length as u64);
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
