//! Bodies, read as far as they may go.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Buf, BytesMut};
use guildhall_graph::Code;
use guildhall_workflow::Upload;

use super::reply;

/// How much of a body that is too large is read and thrown away. Who still writes when the connection is closed does not
/// read the answer.
const DISCARDED: usize = 8 * 1024 * 1024;
/// How long an upload may stand still.
const QUIET: std::time::Duration = std::time::Duration::from_secs(30);

/// The whole body, or the answer to one that is larger than `limit` or broke off.
pub(super) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Response> {
    let mut kept = BytesMut::new();
    let mut length = 0_usize;
    while let Some(data) = next(&mut body).await? {
        length = length.saturating_add(data.remaining());
        if length <= limit {
            kept.extend_from_slice(&data);
        } else if length > DISCARDED {
            break;
        } else {
            kept = BytesMut::new();
        }
    }
    if length > limit {
        return Err(too_large(limit as u64));
    }
    Ok(kept.freeze())
}

/// Lets requests pass whose body is what it is, and none that is packed: its length would not be that of what is in it.
pub(super) async fn plain(request: Request, next: Next) -> Response {
    let packed = request.headers().get_all(header::CONTENT_ENCODING).iter();
    if packed.map(HeaderValue::as_bytes).all(|coding| coding.eq_ignore_ascii_case(b"identity")) {
        return next.run(request).await;
    }
    let message = "send the body as it is, without `Content-Encoding`";
    let mut reply = reply::problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, message);
    reply.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    reply
}

/// Reads a body into an upload, or gives the answer to one that is larger than `limit`, broke off or stands still.
pub(super) async fn pour(mut body: Body, limit: u64, mut upload: Upload) -> Result<Upload, Response> {
    let stands = |_| {
        let message = format!("nothing came for {} seconds; send it again", QUIET.as_secs());
        reply::problem(StatusCode::REQUEST_TIMEOUT, Code::BadRequest, &message)
    };
    while let Some(data) = tokio::time::timeout(QUIET, next(&mut body)).await.map_err(stands)?? {
        if upload.bytes().saturating_add(data.len() as u64) > limit {
            drop(upload);
            let mut discarded = data.len();
            while discarded <= DISCARDED
                && let Ok(Ok(Some(data))) = tokio::time::timeout(QUIET, next(&mut body)).await
            {
                discarded += data.len();
            }
            return Err(too_large(limit));
        }
        upload.write(&data).await.map_err(|error| reply::internal(&error))?;
    }
    Ok(upload)
}

/// The next piece of a body, or nothing after the last.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Response> {
    loop {
        let Some(frame) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await else { return Ok(None) };
        match frame.map(|frame| frame.into_data()) {
            Ok(Ok(data)) => return Ok(Some(data)),
            // Trailers say nothing to us.
            Ok(Err(_)) => {}
            Err(error) => {
                let message = format!("the body cannot be read: {error}");
                return Err(reply::problem(StatusCode::BAD_REQUEST, Code::BadRequest, &message));
            }
        }
    }
}

fn too_large(limit: u64) -> Response {
    let message = format!("the body is larger than {limit} bytes");
    reply::problem(StatusCode::PAYLOAD_TOO_LARGE, Code::BadRequest, &message)
}
