//! Bodies, read as far as they may go.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::{Buf, BytesMut};

use super::reply;

/// How much of a body that is too large is read and thrown away. Who still writes when the connection is closed does not
/// read the answer.
const DISCARDED: usize = 8 * 1024 * 1024;

/// The whole body, or the answer to one that is larger than `limit` or broke off.
pub(super) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Response> {
    let mut kept = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let data = match frame.map(|frame| frame.into_data()) {
            Ok(Ok(data)) => data,
            // Trailers say nothing to us.
            Ok(Err(_)) => continue,
            Err(error) => {
                let message = format!("the body cannot be read: {error}");
                return Err(reply::problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", &message));
            }
        };
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
        let message = format!("the body is larger than {limit} bytes");
        return Err(reply::problem(StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST", &message));
    }
    Ok(kept.freeze())
}
