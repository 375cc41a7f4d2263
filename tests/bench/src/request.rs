//! Request: what is asked, of us in GraphQL and of the handwritten server by address.

use std::sync::atomic::{AtomicU64, Ordering};

use guildhall_model::{GlobalId, Model};
use serde_json::{Value, json};

use crate::Fallible;
use crate::company::Company;
use crate::load::Side;
use crate::process::{Folder, Serving};

const CUSTOMER: &str = "query($id: ID!) { customer(id: $id) { \
    id name country currency revenue12m { amount currency } segment { key name } } }";
const PAGE: &str = "query($after: String) { customers(first: 20, after: $after) { nodes { \
    id name orders(first: 5) { nodes { number orderedOn netTotal { amount currency } } } \
    contacts(first: 5) { nodes { name email } } } } }";
const DECIDED: &str = "query($after: String) { customers(first: 20, after: $after) { nodes { \
    id name orders(first: 5) { nodes { number orderedOn netTotal { amount currency } } } \
    contacts(first: 5) { nodes { name email } } creditTerms { netDays discount } } } }";
const ALL: &str = "query($after: String) { customers(first: 100, after: $after) { edges { cursor node { id } } } }";
/// Customers on a page.
const PAGE_SIZE: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Customer,
    Page,
    Decided,
}

/// Customers, and where the list goes on after each of them.
pub(crate) struct Places(Vec<Place>);

pub(crate) struct Place {
    id: String,
    pub uuid: String,
    cursor: String,
}

/// The SQL that Guildhall made of the requests.
pub(crate) struct Statements {
    pub customer: String,
    pub page: String,
}

/// Runs the server once with its log open and takes the statements from it.
pub(crate) async fn statements(files: &Folder, company: &Company) -> Fallible<Statements> {
    let serving = Serving::guildhall(files, company, &["--log", "json", "--log-level", "guildhall_graph=debug"])?;
    let first = ask(&serving, &company.token, ALL, Value::Null).await?;
    let edge = first.pointer("/data/customers/edges/0").ok_or("there are no customers")?;
    let (id, cursor) = (edge.pointer("/node/id").unwrap_or(&Value::Null), edge.get("cursor").unwrap_or(&Value::Null));
    ask(&serving, &company.token, CUSTOMER, json!({ "id": id })).await?;
    ask(&serving, &company.token, PAGE, json!({ "after": cursor })).await?;
    drop(serving);
    let log = std::fs::read_to_string(files.file("log"))?;
    let planned = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let fields = line.get("fields")?;
        (fields.get("message")? == "planned").then(|| Some(fields.get("sql")?.as_str()?.to_owned()))?
    });
    match planned.collect::<Vec<_>>().as_slice() {
        [_, customer, page] => Ok(Statements { customer: customer.clone(), page: page.clone() }),
        other => Err(format!("3 statements should be in the log, there are {}:\n{log}", other.len()).into()),
    }
}

impl Places {
    /// `most` different places at random, none so near the end that its page would be short.
    pub(crate) async fn random(ours: &Serving, token: &str, most: usize) -> Fallible<Self> {
        let mut all = Vec::new();
        let mut after = Value::Null;
        loop {
            let answer = ask(ours, token, ALL, json!({ "after": after })).await?;
            let edges =
                answer.pointer("/data/customers/edges").and_then(Value::as_array).ok_or("no list of customers")?;
            let Some(last) = edges.last() else { break };
            after = last.get("cursor").cloned().unwrap_or_default();
            for edge in edges {
                all.push(Place::read(edge)?);
            }
        }
        all.truncate(all.len().saturating_sub(PAGE_SIZE));
        let mut random = Random::new();
        for index in (1..all.len()).rev() {
            all.swap(index, random.below(index + 1));
        }
        all.truncate(most);
        Ok(Places(all))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.0.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Place {
    fn read(edge: &Value) -> Fallible<Self> {
        let text =
            |path: &str| edge.pointer(path).and_then(Value::as_str).map(str::to_owned).ok_or("an edge lacks a field");
        let id = text("/node/id")?;
        let model = Model::core();
        let customer = model.object("Customer").ok_or("the model has no customers")?;
        let uuid = GlobalId::parse_as(&id, customer)?.to_string();
        Ok(Place { id, uuid, cursor: text("/cursor")? })
    }
}

/// Numbers that are the same in every run (splitmix64), and others for each one who asks.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        static SEED: AtomicU64 = AtomicU64::new(1);
        Random(SEED.fetch_add(1 << 40, Ordering::Relaxed))
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or_default() % end.max(1)
    }
}

/// The requests of a kind to Guildhall, one for each place.
pub(crate) fn graphql(kind: Kind, places: &Places, token: &str) -> Vec<Vec<u8>> {
    let request = |place: &Place| match kind {
        Kind::Customer => post(token, CUSTOMER, &json!({ "id": place.id })),
        Kind::Page => post(token, PAGE, &json!({ "after": place.cursor })),
        Kind::Decided => post(token, DECIDED, &json!({ "after": place.cursor })),
    };
    places.0.iter().map(request).collect()
}

/// The same requests to the handwritten server.
pub(crate) fn handwritten(kind: Kind, places: &Places, token: &str) -> Vec<Vec<u8>> {
    let request = |place: &Place| {
        let target = match kind {
            Kind::Customer => format!("/customers/{}", place.uuid),
            Kind::Page | Kind::Decided => format!("/customers?after={}", place.uuid),
        };
        format!("GET {target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
    };
    places.0.iter().map(request).collect()
}

pub(crate) fn post(token: &str, query: &str, variables: &Value) -> Vec<u8> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let length = body.len();
    let head = "POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n";
    format!("{head}authorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

pub(crate) async fn ask(serving: &Serving, token: &str, query: &str, variables: Value) -> Fallible<Value> {
    let side = Side::new(serving.address, vec![post(token, query, &variables)]);
    let answer = side.answers().await?.pop().unwrap_or_default();
    let answer: Value = serde_json::from_slice(&answer)?;
    if answer.get("errors").is_some() { Err(format!("`{query}` failed: {answer}").into()) } else { Ok(answer) }
}

/// The data of a response without errors, as it was written.
pub(crate) fn data(body: &[u8]) -> Fallible<&[u8]> {
    let data = body.strip_prefix(b"{\"data\":").and_then(|rest| rest.strip_suffix(b"}"));
    let has_errors = memchr::memmem::find(body, b",\"errors\":").is_some();
    data.filter(|_| !has_errors).ok_or_else(|| format!("no data: {}", String::from_utf8_lossy(body)).into())
}

/// Whether a page with decisions is the page without them, plus a decision about every customer.
pub(crate) fn is_decided(decided: &[u8], plain: &[u8]) -> Fallible<()> {
    let mut decided: Value = serde_json::from_slice(data(decided)?)?;
    let nodes =
        decided.pointer_mut("/customers/nodes").and_then(Value::as_array_mut).ok_or("a page without customers")?;
    for node in nodes {
        let terms = node.as_object_mut().and_then(|node| node.remove("creditTerms")).unwrap_or_default();
        if !terms.get("netDays").is_some_and(Value::is_number) {
            return Err(format!("nothing was decided about {node}").into());
        }
    }
    if decided == serde_json::from_slice::<Value>(data(plain)?)? {
        Ok(())
    } else {
        Err("a page with decisions shows other customers than the one without".into())
    }
}
