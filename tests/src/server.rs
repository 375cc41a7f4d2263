//! A running server, and requests to it.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{Memory, Place, memory};

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// What the bearer of a token may do. Each role's token belongs to an actor: `rita`, `dora` and `ada`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Reader,
    Department,
    Admin,
}

impl Role {
    const ALL: [Role; 3] = [Role::Reader, Role::Department, Role::Admin];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        ["reader", "department", "admin"].get(self as usize).copied().unwrap_or_default()
    }

    /// Whose token the harness makes for it.
    pub fn actor(self) -> &'static str {
        ["rita", "dora", "ada"].get(self as usize).copied().unwrap_or_default()
    }
}

/// A reply, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub text: String,
}

impl Answer {
    /// The body, which has to be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.text) {
            Ok(value) => value,
            Err(error) => panic!("{} {error}: {}", self.status, self.text),
        }
    }

    /// `data` of a GraphQL response that has no errors.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut body = self.json();
        assert_eq!(body.get("errors"), None, "{}", self.text);
        body.get_mut("data").map(Value::take).unwrap_or_default()
    }
}

/// `guildhall serve` on a place. Dropping it ends it as an administrator would, and fails the test if it ends badly.
pub struct Server {
    child: Option<Child>,
    address: String,
    log: Arc<Mutex<String>>,
    printed: Arc<Mutex<String>>,
    secrets: Vec<String>,
    // The last field, because the database has to outlive the process.
    place: Arc<Place>,
}

impl Server {
    /// Serves a place, with a token for each role.
    pub fn start(place: Place) -> Self {
        Server::beside(&Arc::new(place))
    }

    /// Serves a place that others may serve, too.
    pub fn beside(place: &Arc<Place>) -> Self {
        let secrets = Role::ALL.map(|role| place.token(role.actor(), role)).to_vec();
        let mut command = place.program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--log-level", "info"]);
        Server::watch(command, place, secrets)
    }

    /// Runs a command that serves, and waits until it says where. `secrets` are the tokens of reader, department and admin.
    pub fn watch(mut command: Command, place: &Arc<Place>, secrets: Vec<String>) -> Self {
        let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("guildhall cannot be started: {error}"));
        let printed = collect(child.stdout.take());
        let log = collect(child.stderr.take());
        let mut server =
            Server { child: Some(child), address: String::new(), log, printed, secrets, place: Arc::clone(place) };
        server.address = server.wait_for_address();
        server
    }

    fn wait_for_address(&mut self) -> String {
        let begun = Instant::now();
        loop {
            let printed = self.printed();
            // Only a whole line is sure to hold a whole address.
            let line = printed.split_inclusive('\n').find(|line| line.ends_with('\n') && line.contains("http://"));
            let address = line.and_then(|line| line.split("http://").nth(1)?.split('/').next());
            if let Some(address) = address {
                return address.to_owned();
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || begun.elapsed() > PATIENCE {
                self.child = None;
                panic!("guildhall does not serve ({ended:?}): {printed}{}", self.log());
            }
            std::thread::sleep(POLL);
        }
    }

    /// `127.0.0.1:12345`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process's memory, or nothing where the system does not tell.
    pub fn memory(&self) -> Option<Memory> {
        memory(self.child.as_ref()?.id())
    }

    pub fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        text(&self.log)
    }

    /// What it logged as its own failures.
    fn failures(&self) -> String {
        self.log().lines().filter(|line| line.contains("\"ERROR\"")).map(|line| format!("\n{line}")).collect()
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        text(&self.printed)
    }

    /// The token the harness made for a role.
    pub fn secret(&self, role: Role) -> &str {
        self.secrets.get(role as usize).map(String::as_str).unwrap_or_default()
    }

    /// A request without anything. Each has a connection of its own: a test's runtime ends before the next one's begins.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        reqwest::Client::new().request(method, format!("http://{}{path}", self.address)).timeout(PATIENCE)
    }

    /// Sends a request. Whatever a client sends, the server's own failure is no answer to it.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = answer(request).await.unwrap_or_else(|error| panic!("no answer: {error}: {}", self.log()));
        assert!(
            !answer.text.contains("\"code\":\"INTERNAL\""),
            "the server failed: {}{}",
            answer.text,
            self.failures()
        );
        answer
    }

    pub async fn get(&self, role: Role, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).bearer_auth(self.secret(role))).await
    }

    /// A GraphQL request whose body is `body`, from the bearer of `secret`.
    pub async fn post(&self, secret: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, "/graphql").bearer_auth(secret).json(body)).await
    }

    /// A GraphQL request with variables.
    pub async fn graphql(&self, role: Role, query: &str, variables: Value) -> Answer {
        self.post(self.secret(role), &json!({ "query": query, "variables": variables })).await
    }

    /// What an admin's query gives; it must have no errors.
    pub async fn query(&self, query: &str) -> Value {
        self.graphql(Role::Admin, query, Value::Null).await.data()
    }

    /// Tells the process to end; who has requests under way gets their answers.
    pub fn terminate(&self) {
        let Some(child) = &self.child else { return };
        if let Err(error) = Command::new("kill").args(["-TERM", &child.id().to_string()]).status() {
            panic!("cannot end the server: {error}");
        }
    }

    /// Ends the process as a power cut would.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { panic!("the server has ended already") };
        if let Err(error) = child.kill().and_then(|()| child.wait()) {
            panic!("cannot kill the server: {error}");
        }
    }

    /// Waits until the process has ended.
    pub fn ended(&mut self) -> ExitStatus {
        let Some(mut child) = self.child.take() else { panic!("the server has ended already") };
        let begun = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return status,
                Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(POLL),
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!("the server does not end: {}", self.log());
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_none() {
            return;
        }
        if std::thread::panicking() {
            // The test has failed already; its server must not stay.
            if let Some(mut child) = self.child.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
            return;
        }
        self.terminate();
        let status = self.ended();
        assert!(status.success(), "the server ended with {status}: {}", self.log());
    }
}

/// Asks again until `found` is content, for as long as `patience` lasts.
pub async fn until<T>(patience: Duration, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(begun.elapsed() < patience, "it did not come to pass within {patience:?}");
        tokio::time::sleep(POLL).await;
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    Ok(Answer { status, content_type, text: response.text().await? })
}

fn collect(from: Option<impl Read + Send + 'static>) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let Some(from) = from else { return text };
    let into = Arc::clone(&text);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if let Ok(mut text) = into.lock() {
                text.push_str(&line);
                text.push('\n');
            }
        }
    });
    text
}

fn text(shared: &Mutex<String>) -> String {
    shared.lock().map(|text| text.clone()).unwrap_or_default()
}
