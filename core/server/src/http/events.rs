//! GraphQL as server-sent events: one operation for each connection, as graphql-sse has it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use guildhall_graph::{Request, Subscription};
use guildhall_workflow::Actor;

use super::metrics::Outcome;
use super::{Doors, ended, reply};

/// Whether the client wants events and nothing else.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').next().is_some_and(|first| {
        first.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
    })
}

/// What is still to be sent.
enum Left {
    Answer(Bytes),
    Changes(Box<Following>),
    Complete,
    Nothing,
}

struct Following {
    subscription: Subscription,
    doors: Arc<Doors>,
    headers: HeaderMap,
    actor: Actor,
}

impl Following {
    /// The next change; nothing if there is none, the token holds no more, or the server ends.
    async fn next(&mut self) -> Option<Bytes> {
        let mut ending = self.doors.ending.clone();
        let body = tokio::select! {
            body = self.subscription.next() => body?,
            () = ended(&mut ending) => return None,
        };
        let holds = self.doors.actor(&self.headers).await;
        matches!(holds, Ok(Some(actor)) if actor == self.actor).then_some(body)
    }
}

/// Answers a request with events: `next` for each response, then `complete`.
pub(super) async fn answer(
    doors: &Arc<Doors>,
    actor: Actor,
    headers: HeaderMap,
    request: Request,
    may_change: bool,
) -> Response {
    let left = if doors.api.is_subscription(&request, &actor).await {
        match doors.api.subscribe(request, actor.clone()).await {
            Ok(subscription) => {
                Left::Changes(Box::new(Following { subscription, doors: Arc::clone(doors), headers, actor }))
            }
            Err(refused) => return reply::refused(&refused),
        }
    } else {
        let response = doors.api.execute(&request, &actor, may_change).await;
        if !response.executed {
            let mut refused = reply::refused(&response);
            if response.mutation && !may_change {
                *refused.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            return refused;
        }
        if response.mutation {
            doors.access.forget();
        }
        Left::Answer(response.body)
    };
    let events = stream::unfold(left, |left| async {
        let next = |body: Bytes| Event::default().event("next").data(String::from_utf8_lossy(&body));
        let (event, left) = match left {
            Left::Answer(body) => (next(body), Left::Complete),
            Left::Changes(mut following) => match following.next().await {
                Some(body) => (next(body), Left::Changes(following)),
                None => (Event::default().event("complete"), Left::Nothing),
            },
            Left::Complete => (Event::default().event("complete"), Left::Nothing),
            Left::Nothing => return None,
        };
        Some((Ok::<_, Infallible>(event), left))
    });
    let outcome = Extension(Outcome { code: "OK", operation: Some("subscription") });
    (outcome, Sse::new(events).keep_alive(KeepAlive::default())).into_response()
}
