//! GraphQL over a web socket: graphql-transport-ws, as <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md> has it.
//!
//! A browser cannot send headers with a web socket, so the token may come with `connection_init`. Who bears it and what he may
//! do is asked again for each operation, and before each message that tells a change.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::SinkExt;
use guildhall_graph::{Code, Request};
use guildhall_workflow::Actor;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::graphql::{MARKS, marks};
use super::{BODY_LIMIT, Doors, ended, reply};

const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to say who it is.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How often a silent connection is asked whether it is there.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long a client that closes the connection may take to hear the answer to that.
const FAREWELL: Duration = Duration::from_secs(2);
/// Operations under way on one connection.
const OPERATIONS: usize = 100;
/// Answers that wait for a slow client; beyond them its operations wait.
const WAITING: usize = 64;

/// Why a connection is closed, as the protocol numbers it.
type Closing = (u16, &'static str);

const GOING: Closing = (1001, "the server is ending; connect again");
const INVALID: Closing = (4400, "the message is none of the protocol's");
const UNAUTHORIZED: Closing = (4401, "Unauthorized");
const FORBIDDEN: Closing = (4403, "Forbidden");
const BUSY: Closing = (1013, "the server cannot tell who you are now; connect again");
const SILENT: Closing = (4408, "Connection initialisation timeout");
const TAKEN: Closing = (4409, "Subscriber for this id already exists");
const TOO_MANY: Closing = (4429, "Too many initialisation requests");
const FULL: Closing = (4429, "Too many operations on one connection");

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    ConnectionInit { payload: Option<Value> },
    Ping { payload: Option<Value> },
    Pong {},
    Subscribe { id: String, payload: Asked },
    Complete { id: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    query: String,
    operation_name: Option<String>,
    variables: Option<Value>,
}

/// What an operation has to say.
enum Told {
    Next(String, Value),
    Error(String, Value),
    Complete(String),
    /// There is nothing more to tell on this connection.
    End(Closing),
}

pub(super) async fn open(State(doors): State<Arc<Doors>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let Ok(place) = Arc::clone(&doors.sockets).try_acquire_owned() else {
        return reply::busy("the server has as many connections as it takes; try again later");
    };
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(BODY_LIMIT).max_frame_size(BODY_LIMIT);
    if upgrade.selected_protocol().is_none() {
        let message = format!("speak `{PROTOCOL}`: name it in `Sec-WebSocket-Protocol`");
        return reply::problem(StatusCode::BAD_REQUEST, Code::BadRequest, &message);
    }
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    upgrade.on_upgrade(move |socket| async move {
        let (sender, answers) = mpsc::channel(WAITING);
        Connection { doors, bearer, introduced: false, operations: HashMap::new(), sender, answers }.run(socket).await;
        drop(place);
    })
}

struct Connection {
    doors: Arc<Doors>,
    /// What the client calls itself by: `Bearer gh_...`.
    bearer: Option<String>,
    /// Whether a token held when the client said who it is.
    introduced: bool,
    operations: HashMap<String, AbortHandle>,
    sender: mpsc::Sender<Told>,
    answers: mpsc::Receiver<Told>,
}

impl Connection {
    async fn run(mut self, mut socket: WebSocket) {
        let mut ending = self.doors.ending.clone();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let introduction = tokio::time::sleep(INTRODUCTION);
        tokio::pin!(introduction);
        let mut heard = true;
        let closing = loop {
            let sent = tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => {
                        heard = true;
                        match self.hear(&text).await {
                            Ok(Some(answer)) => socket.send(Message::Text(answer.to_string().into())).await,
                            Ok(None) => Ok(()),
                            Err(closing) => break Some(closing),
                        }
                    }
                    Some(Ok(Message::Binary(_))) => break Some(INVALID),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                        heard = true;
                        Ok(())
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break None,
                },
                Some(told) = self.answers.recv() => match self.tell(told) {
                    Ok(answer) => socket.send(Message::Text(answer.to_string().into())).await,
                    Err(closing) => break Some(closing),
                },
                () = &mut introduction, if !self.introduced => break Some(SILENT),
                _ = heartbeat.tick() => {
                    if !heard {
                        break None;
                    }
                    heard = false;
                    socket.send(Message::Ping(bytes::Bytes::new())).await
                }
                () = ended(&mut ending) => break Some(GOING),
            };
            if sent.is_err() {
                break None;
            }
        };
        for (_, operation) in self.operations.drain() {
            operation.abort();
        }
        // The client may be gone.
        if let Some((code, reason)) = closing {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = socket.send(Message::Close(Some(frame))).await;
        } else {
            // A client that closes waits to hear that it was understood.
            let _ = timeout(FAREWELL, socket.close()).await;
        }
    }

    /// What is answered to a message at once.
    async fn hear(&mut self, text: &str) -> Result<Option<Value>, Closing> {
        if marks(text) > MARKS {
            return Err(INVALID);
        }
        let said = serde_json::from_str(text).map_err(|_| INVALID)?;
        match said {
            Said::ConnectionInit { .. } if self.introduced => Err(TOO_MANY),
            Said::ConnectionInit { payload } => {
                let named = |payload: &Value| {
                    let names = ["authorization", "Authorization"];
                    names.iter().find_map(|name| payload.get(*name)?.as_str().map(str::to_owned))
                };
                self.bearer = payload.as_ref().and_then(named).or_else(|| self.bearer.take());
                holder(&self.doors, self.bearer.as_deref()).await?;
                self.introduced = true;
                Ok(Some(json!({ "type": "connection_ack" })))
            }
            Said::Ping { payload } => Ok(Some(match payload {
                Some(payload) => json!({ "type": "pong", "payload": payload }),
                None => json!({ "type": "pong" }),
            })),
            Said::Pong {} => Ok(None),
            Said::Subscribe { .. } if !self.introduced => Err(UNAUTHORIZED),
            Said::Subscribe { id, .. } if self.operations.contains_key(&id) => Err(TAKEN),
            Said::Subscribe { .. } if self.operations.len() >= OPERATIONS => Err(FULL),
            Said::Subscribe { id, payload } => {
                let request = Request {
                    query: payload.query,
                    operation_name: payload.operation_name,
                    variables: payload.variables.unwrap_or_default(),
                };
                let operation = Operation {
                    doors: Arc::clone(&self.doors),
                    bearer: self.bearer.clone(),
                    id: id.clone(),
                    sender: self.sender.clone(),
                };
                self.operations.insert(id, tokio::spawn(operation.run(request)).abort_handle());
                Ok(None)
            }
            Said::Complete { id } => {
                if let Some(operation) = self.operations.remove(&id) {
                    operation.abort();
                }
                Ok(None)
            }
        }
    }

    /// What an operation has to say, as a message.
    fn tell(&mut self, told: Told) -> Result<Value, Closing> {
        match told {
            // What was completed by the client is told no more.
            Told::Next(id, payload) if self.operations.contains_key(&id) => {
                Ok(json!({ "id": id, "type": "next", "payload": payload }))
            }
            Told::Error(id, payload) => {
                self.operations.remove(&id);
                Ok(json!({ "id": id, "type": "error", "payload": payload }))
            }
            Told::Complete(id) => {
                self.operations.remove(&id);
                Ok(json!({ "id": id, "type": "complete" }))
            }
            Told::Next(..) => Ok(json!({ "type": "ping" })),
            Told::End(closing) => Err(closing),
        }
    }
}

/// The bearer of a token as he is now, with what his roles let him do.
async fn holder(doors: &Doors, bearer: Option<&str>) -> Result<Actor, Closing> {
    match doors.bearer(bearer).await {
        Ok(Some(actor)) => Ok(actor),
        Ok(None) => Err(FORBIDDEN),
        Err(_) => Err(BUSY),
    }
}

/// An operation under way.
struct Operation {
    doors: Arc<Doors>,
    bearer: Option<String>,
    id: String,
    sender: mpsc::Sender<Told>,
}

impl Operation {
    async fn run(self, request: Request) {
        if let Err(closing) = self.answer(request).await {
            self.send(Told::End(closing)).await;
        }
    }

    async fn answer(&self, request: Request) -> Result<(), Closing> {
        let actor = holder(&self.doors, self.bearer.as_deref()).await?;
        if !self.doors.api.is_subscription(&request, &actor).await {
            let response = self.doors.api.execute(&request, &actor, true).await;
            if response.mutation && response.executed {
                self.doors.access.forget();
            }
            if self.say(&response.body).await {
                self.send(Told::Complete(self.id.clone())).await;
            }
            return Ok(());
        }
        let mut subscription = match self.doors.api.subscribe(request, actor.clone()).await {
            Ok(subscription) => subscription,
            Err(refused) => {
                self.say(&refused.body).await;
                return Ok(());
            }
        };
        while let Some(body) = subscription.next().await {
            // What is followed was planned for what the actor could do when it began.
            if holder(&self.doors, self.bearer.as_deref()).await? != actor {
                return Err(FORBIDDEN);
            }
            if !self.say(&body).await {
                return Ok(());
            }
        }
        self.send(Told::Complete(self.id.clone())).await;
        Ok(())
    }

    /// Says a response. Says whether there may be more.
    async fn say(&self, body: &[u8]) -> bool {
        let mut response: Value = serde_json::from_slice(body).unwrap_or_default();
        if response.get("data").is_none() {
            let errors = response.get_mut("errors").map(Value::take).unwrap_or_default();
            self.send(Told::Error(self.id.clone(), errors)).await;
            return false;
        }
        self.send(Told::Next(self.id.clone(), response)).await
    }

    async fn send(&self, told: Told) -> bool {
        self.sender.send(told).await.is_ok()
    }
}
