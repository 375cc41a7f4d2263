//! Subscriptions: changes told as they are committed, over web sockets and as server-sent events, on every server of a database.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use guildhall_tests::{Role, Server, places, until};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(20);
const CHANGED: &str =
    "subscription($ids: [ID!]) { customerChanged(ids: $ids) { id kind version fields customer { name phone } } }";

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(server: &Server) -> Socket {
        let mut request = format!("ws://{}/graphql", server.address()).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().unwrap());
        Socket(connect_async(request).await.unwrap().0)
    }

    /// A socket that has said who it is.
    async fn of(server: &Server, secret: &str) -> Socket {
        let mut socket = Socket::open(server).await;
        socket
            .send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {secret}") } }))
            .await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.send(json!({ "id": id, "type": "subscribe", "payload": { "query": query, "variables": variables } }))
            .await;
    }

    /// The next message, or `{"closed": code}`.
    async fn hear(&mut self) -> Value {
        loop {
            let Ok(heard) = timeout(PATIENCE, self.0.next()).await else { panic!("nothing is heard") };
            match heard {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] != "ping" {
                        return message;
                    }
                }
                Some(Ok(Message::Close(frame))) => return json!({ "closed": frame.map(|frame| u16::from(frame.code)) }),
                Some(Ok(_)) => {}
                other => return json!({ "closed": format!("{other:?}") }),
            }
        }
    }

    /// The next change.
    async fn change(&mut self) -> Value {
        let message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        message["payload"]["data"]["customerChanged"].clone()
    }
}

/// Makes a customer and gives its id.
async fn create(server: &Server, key: &str) -> String {
    let query =
        "mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { ... on CustomerWritten { id } } }";
    let values = json!({ "name": key, "kind": "PERSON", "currency": "EUR" });
    let input = json!({ "input": { "values": values, "idempotencyKey": key } });
    let made = server.graphql(Role::Department, query, input).await.data();
    made["createCustomer"]["id"].as_str().unwrap().to_owned()
}

async fn phone(server: &Server, id: &str, version: i64, phone: &str) {
    let query = "mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { ... on CustomerWritten { version } } }";
    let input =
        json!({ "id": id, "version": version, "set": { "phone": phone }, "idempotencyKey": format!("{id}{version}") });
    let done = server.graphql(Role::Department, query, json!({ "input": input })).await.data();
    assert_eq!(done["updateCustomer"]["version"], version + 1, "{done}");
}

#[tokio::test]
async fn a_change_is_told_with_the_record_as_it_is() {
    for server in places().await.into_iter().map(Server::start) {
        let mut socket = Socket::of(&server, server.secret(Role::Department)).await;
        socket.subscribe("1", CHANGED, Value::Null).await;
        // The subscription has begun once a later operation of the connection is answered.
        socket.subscribe("2", "{ customers(first: 1) { nodes { id } } }", Value::Null).await;
        assert_eq!(socket.hear().await["type"], "next");
        assert_eq!(socket.hear().await, json!({ "id": "2", "type": "complete" }));
        tokio::time::sleep(Duration::from_millis(300)).await;
        let id = create(&server, "told").await;
        let created = socket.change().await;
        assert_eq!((&created["id"], &created["kind"], &created["version"]), (&json!(id), &json!("CREATED"), &json!(1)));
        phone(&server, &id, 1, "7").await;
        let expected = json!({
            "id": id, "kind": "UPDATED", "version": 2, "fields": ["phone"], "customer": { "name": "told", "phone": "7" },
        });
        assert_eq!(socket.change().await, expected);
        socket.send(json!({ "id": "1", "type": "complete" })).await;
    }
}

#[tokio::test]
async fn only_what_was_asked_for_is_told() {
    for server in places().await.into_iter().map(Server::start) {
        let (one, other) = (create(&server, "one").await, create(&server, "other").await);
        let mut socket = Socket::of(&server, server.secret(Role::Reader)).await;
        socket.subscribe("1", CHANGED, json!({ "ids": [one] })).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        phone(&server, &other, 1, "1").await;
        phone(&server, &one, 1, "2").await;
        assert_eq!(socket.change().await["id"], json!(one));
    }
}

/// Whoever owns nothing is told nothing; what a role may not read is not in what it is told.
#[tokio::test]
async fn what_is_not_seen_is_not_told() {
    for server in places().await.into_iter().map(Server::start) {
        let made = server.place().done(&["token", "create", "nobody", "--role", "department", "--reach", "own"]);
        let secret = made.split_whitespace().find(|word| word.starts_with("gh_")).unwrap().to_owned();
        let mut narrow = Socket::of(&server, &secret).await;
        let mut wide = Socket::of(&server, server.secret(Role::Department)).await;
        for socket in [&mut narrow, &mut wide] {
            socket.subscribe("1", CHANGED, Value::Null).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        create(&server, "hidden").await;
        wide.change().await;
        narrow.send(json!({ "type": "ping" })).await;
        assert_eq!(narrow.hear().await, json!({ "type": "pong" }));
    }
}

#[tokio::test]
async fn a_revoked_token_is_told_nothing_more() {
    for server in places().await.into_iter().map(Server::start) {
        let query = "mutation { createToken(input: {actor: \"gone\", roles: [\"department\"]}) { ... on TokenCreated { token tokenId } } }";
        let made = server.graphql(Role::Admin, query, Value::Null).await.data();
        let mut socket = Socket::of(&server, made["createToken"]["token"].as_str().unwrap()).await;
        socket.subscribe("1", CHANGED, Value::Null).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let query = "mutation($id: String!) { revokeToken(input: {tokenId: $id}) { ... on TokenRevoked { tokenId } } }";
        server.graphql(Role::Admin, query, json!({ "id": made["createToken"]["tokenId"] })).await.data();
        create(&server, "after").await;
        assert_eq!(socket.hear().await, json!({ "closed": 4403 }));
    }
}

/// Makes a token for a role; gives its secret and its id.
async fn token(server: &Server, role: &str) -> (String, String) {
    let query = "mutation($roles: [String!]!) { createToken(input: {actor: \"gone\", roles: $roles}) { ... on TokenCreated { token tokenId } } }";
    let made = server.graphql(Role::Admin, query, json!({ "roles": [role] })).await.data();
    let text = |name: &str| made["createToken"][name].as_str().unwrap().to_owned();
    (text("token"), text("tokenId"))
}

const NAMES: &str = "{ customers(first: 1) { nodes { name } } }";
const MAKES: &str = "mutation { createCustomer(input: { values: { name: \"late\", kind: PERSON, currency: \"EUR\" }, idempotencyKey: \"late\" }) { __typename } }";

/// A connection that was opened in time is no way around a revocation: its queries and mutations end it.
#[tokio::test]
async fn a_revoked_token_asks_and_writes_nothing_more() {
    for server in places().await.into_iter().map(Server::start) {
        let (secret, id) = token(&server, "department").await;
        let mut sockets = [Socket::of(&server, &secret).await, Socket::of(&server, &secret).await];
        for socket in &mut sockets {
            socket.subscribe("1", NAMES, Value::Null).await;
            assert_eq!(socket.hear().await["type"], "next");
            assert_eq!(socket.hear().await["type"], "complete");
        }
        let query = "mutation($id: String!) { revokeToken(input: {tokenId: $id}) { ... on TokenRevoked { tokenId } } }";
        server.graphql(Role::Admin, query, json!({ "id": id })).await.data();
        for (socket, operation) in sockets.iter_mut().zip([NAMES, MAKES]) {
            socket.subscribe("2", operation, Value::Null).await;
            assert_eq!(socket.hear().await, json!({ "closed": 4403 }), "{operation}");
        }
        let made = server.query("{ customers(first: 1, filter: { name: { eq: \"late\" } }) { totalCount } }").await;
        assert_eq!(made["customers"]["totalCount"], 0);
    }
}

/// What a role lets do is asked for each operation, also of who was connected before it was changed.
#[tokio::test]
async fn a_changed_role_holds_on_an_open_connection() {
    let roles = |read: &str| {
        format!(
            "[roles.desk]\ndoc = \"Answers whoever calls.\"\nrows = [\"all\"]\n[roles.desk.types.Customer]\nread = [{read}]\n"
        )
    };
    for server in places().await.into_iter().map(Server::start) {
        let set = |read: &str| {
            let file = server.place().file("roles.toml", roles(read));
            server.place().done(&["role", "set", &file.to_string_lossy()]);
        };
        set("\"name\", \"phone\"");
        let desk = server.place().done(&["token", "create", "Dan", "--role", "desk"]);
        let phones = "{ customers(first: 1) { nodes { phone } } }";
        let refused = async |refused: bool| {
            until(PATIENCE, async || {
                let answer = server.post(desk.trim(), &json!({ "query": phones })).await.json();
                (answer.get("errors").is_some() == refused).then_some(())
            })
            .await;
        };
        refused(false).await;
        let mut socket = Socket::of(&server, desk.trim()).await;
        socket.subscribe("1", phones, Value::Null).await;
        assert_eq!(socket.hear().await["type"], "next");
        assert_eq!(socket.hear().await["type"], "complete");
        set("\"name\"");
        refused(true).await;
        socket.subscribe("2", phones, Value::Null).await;
        let told = socket.hear().await;
        assert_eq!(
            (&told["type"], &told["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("VALIDATION_FAILED")),
            "{told}"
        );
    }
}

/// Who ends a connection hears that this was understood; otherwise his library calls it broken off.
#[tokio::test]
async fn a_closed_connection_is_closed_from_both_ends() {
    for server in places().await.into_iter().map(Server::start) {
        let mut socket = Socket::of(&server, server.secret(Role::Reader)).await;
        let frame = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
        socket.0.close(Some(frame)).await.unwrap();
        assert_eq!(socket.hear().await, json!({ "closed": 1000 }));
    }
}

/// What the protocol says of clients that do not keep to it.
#[tokio::test]
async fn the_protocols_closings() {
    for server in places().await.into_iter().map(Server::start) {
        let secret = server.secret(Role::Reader).to_owned();
        let mut stranger = Socket::open(&server).await;
        stranger.subscribe("1", CHANGED, Value::Null).await;
        assert_eq!(stranger.hear().await, json!({ "closed": 4401 }));
        let mut liar = Socket::open(&server).await;
        liar.send(json!({ "type": "connection_init", "payload": { "authorization": "Bearer gh_x" } })).await;
        assert_eq!(liar.hear().await, json!({ "closed": 4403 }));
        let mut twice = Socket::of(&server, &secret).await;
        twice.send(json!({ "type": "connection_init" })).await;
        assert_eq!(twice.hear().await, json!({ "closed": 4429 }));
        let mut same = Socket::of(&server, &secret).await;
        same.subscribe("1", CHANGED, Value::Null).await;
        same.subscribe("1", CHANGED, Value::Null).await;
        assert_eq!(same.hear().await, json!({ "closed": 4409 }));
        let mut noise = Socket::of(&server, &secret).await;
        noise.send(json!({ "type": "noise" })).await;
        assert_eq!(noise.hear().await, json!({ "closed": 4400 }));
        let mut wrong = Socket::of(&server, &secret).await;
        wrong.subscribe("1", "subscription { creditAccountChanged { id } }", Value::Null).await;
        let told = wrong.hear().await;
        assert_eq!(
            (&told["type"], &told["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("VALIDATION_FAILED"))
        );
    }
}

#[tokio::test]
async fn changes_come_as_server_sent_events() {
    for server in places().await.into_iter().map(Server::start) {
        let request = server
            .request(reqwest::Method::POST, "/graphql")
            .header("Accept", "text/event-stream")
            .bearer_auth(server.secret(Role::Department))
            .json(&json!({ "query": CHANGED }));
        let mut response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        tokio::time::sleep(Duration::from_millis(300)).await;
        create(&server, "event").await;
        let mut text = String::new();
        while !text.contains("\n\n") || text.starts_with(':') {
            let chunk = timeout(PATIENCE, response.chunk()).await.unwrap().unwrap().unwrap();
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        assert!(text.starts_with("event: next\ndata: {\"data\":{\"customerChanged\":{\"id\":\"cus_"), "{text}");
        let query = server
            .request(reqwest::Method::POST, "/graphql")
            .header("Accept", "text/event-stream")
            .bearer_auth(server.secret(Role::Department))
            .json(&json!({ "query": "{ __typename }" }));
        let text = query.send().await.unwrap().text().await.unwrap();
        assert_eq!(text, "event: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n\nevent: complete\n\n");
    }
}

/// What is told of a change names no field that the role does not read.
#[tokio::test]
async fn a_hidden_field_is_not_among_those_that_changed() {
    let roles = "[roles.desk]\ndoc = \"Answers whoever calls.\"\nrows = [\"all\"]\n[roles.desk.types.Customer]\nread = [\"name\"]\n";
    for server in places().await.into_iter().map(Server::start) {
        let file = server.place().file("roles.toml", roles);
        server.place().done(&["role", "set", &file.to_string_lossy()]);
        let desk = server.place().done(&["token", "create", "Dan", "--role", "desk"]);
        let id = create(&server, "first").await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let mut socket = Socket::of(&server, desk.trim()).await;
        socket.subscribe("1", "subscription { customerChanged { fields customer { name } } }", Value::Null).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let query = "mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { ... on CustomerWritten { version } } }";
        let input = json!({ "id": id, "version": 1, "set": { "phone": "7", "name": "second" }, "idempotencyKey": "u" });
        server.graphql(Role::Department, query, json!({ "input": input })).await.data();
        assert_eq!(socket.change().await, json!({ "fields": ["name"], "customer": { "name": "second" } }));
    }
}

#[tokio::test]
async fn a_revoked_token_is_sent_no_more_events() {
    for server in places().await.into_iter().map(Server::start) {
        let query = "mutation { createToken(input: {actor: \"gone\", roles: [\"department\"]}) { ... on TokenCreated { token tokenId } } }";
        let made = server.graphql(Role::Admin, query, Value::Null).await.data();
        let request = server
            .request(reqwest::Method::POST, "/graphql")
            .header("Accept", "text/event-stream")
            .bearer_auth(made["createToken"]["token"].as_str().unwrap())
            .json(&json!({ "query": CHANGED }));
        let response = request.send().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let query = "mutation($id: String!) { revokeToken(input: {tokenId: $id}) { ... on TokenRevoked { tokenId } } }";
        server.graphql(Role::Admin, query, json!({ "id": made["createToken"]["tokenId"] })).await.data();
        create(&server, "after").await;
        let text = timeout(PATIENCE, response.text()).await.unwrap().unwrap();
        assert!(text.contains("event: complete") && !text.contains("cus_"), "{text}");
    }
}

/// What one server does every other one tells; a server told to end sends its followers away and ends.
#[tokio::test]
async fn servers_of_one_database_tell_each_others_changes() {
    for place in places().await {
        let place = Arc::new(place);
        let mut servers: Vec<Server> =
            (0..if place.is_postgres() { 4 } else { 2 }).map(|_| Server::beside(&place)).collect();
        let mut sockets = Vec::new();
        for server in &servers {
            let mut socket = Socket::of(server, server.secret(Role::Department)).await;
            socket.subscribe("1", CHANGED, Value::Null).await;
            sockets.push(socket);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut made = Vec::new();
        for (number, server) in servers.iter().enumerate() {
            made.push(create(server, &format!("at {number}")).await);
        }
        for socket in &mut sockets {
            let mut told = Vec::new();
            for _ in &made {
                told.push(socket.change().await["id"].as_str().unwrap().to_owned());
            }
            assert_eq!(told, made);
        }
        servers[0].terminate();
        assert_eq!(sockets[0].hear().await, json!({ "closed": 1001 }));
        assert!(servers[0].ended().success());
        let last = create(&servers[1], "after").await;
        assert_eq!(sockets[1].change().await["id"], json!(last));
    }
}
