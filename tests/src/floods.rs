//! Floods: what a hostile client sends, each made by a function from a size in bytes. The tests send all of them and so does
//! the benchmark. A new one is a line in [`catalogue`].

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Answer;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sizes every flood is sent in: below, around and far beyond what a document may have, and beyond what a body may have.
pub const SIZES: [usize; 7] = [512, 4 << 10, 24 << 10, 63 << 10, 300 << 10, 1_000_000, 2 << 20];

/// A way to hurt the server.
#[derive(Clone, Copy)]
pub struct Flood {
    pub name: &'static str,
    make: fn(usize) -> Sent,
    /// What it may be told: codes, and [`DATA`] where the smaller ones are answered.
    pub told: &'static [&'static str],
}

/// What is sent.
pub enum Sent {
    /// A body for `POST /graphql`.
    Body(Vec<u8>),
    /// Path and query of a `GET`.
    Path(String),
}

impl Flood {
    pub fn sent(&self, size: usize) -> Sent {
        (self.make)(size)
    }
}

impl Sent {
    /// The body, if it is no `GET`.
    pub fn body(&self) -> Option<&[u8]> {
        match self {
            Sent::Body(body) => Some(body),
            Sent::Path(_) => None,
        }
    }

    /// Sends it over a connection of its own. Whoever does not read what is sent has to answer all the same.
    pub async fn send(&self, address: &str, secret: &str) -> io::Result<Answer> {
        tokio::time::timeout(PATIENCE, self.exchange(address, secret))
            .await
            .unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }

    async fn exchange(&self, address: &str, secret: &str) -> io::Result<Answer> {
        let (method, path) = match self {
            Sent::Body(_) => ("POST", "/graphql"),
            Sent::Path(path) => ("GET", path.as_str()),
        };
        let body = self.body().unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {secret}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let (mut from, mut to) = TcpStream::connect(address).await?.into_split();
        let writing = async {
            to.write_all(head.as_bytes()).await?;
            to.write_all(body).await
        };
        let mut received = Vec::new();
        // What became of the writing shows in the answer.
        let (_, read) = tokio::join!(writing, from.read_to_end(&mut received));
        read?;
        read_answer(&received).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

fn read_answer(received: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
    };
    let whole = field("content-length")?.parse() == Ok(body.len());
    whole.then(|| Answer { status, content_type: field("content-type").unwrap_or_default(), text: body.to_owned() })
}

/// An answer without errors.
pub const DATA: &str = "data";
const LIMIT: &str = "LIMIT_EXCEEDED";
const UNPARSED: &str = "PARSE_FAILED";
const INVALID: &str = "VALIDATION_FAILED";
const INPUT: &str = "BAD_USER_INPUT";
const REQUEST: &str = "BAD_REQUEST";

/// All floods, one a line.
#[rustfmt::skip]
pub fn catalogue() -> Vec<Flood> {
    let flood = |name, told, make| Flood { name, make, told };
    vec![
        // Nesting.
        flood("lists nested in an argument", &[LIMIT, INVALID], |size| { document(nested("{ customers(filter: {and: ", "[", "", "]", "}) { totalCount } }", size)) }),
        flood("objects nested in an argument", &[LIMIT, DATA], |size| { document(nested("{ customers(filter: ", "{not: ", "{}", "}", ") { totalCount } }", size)) }),
        flood("lists nested in a default", &[LIMIT, INVALID], |size| { document(nested("query($f: CustomerFilter = {and: ", "[", "", "]", "}) { customers(filter: $f) { totalCount } }", size)) }),
        flood("lists nested in a variable's type", &[LIMIT, INVALID], |size| { document(nested("query($f: ", "[", "Int", "]", ") { customers(filter: $f) { totalCount } }", size)) }),
        flood("selections nested", &[LIMIT], |size| { document(nested("{ segments { nodes ", "{ parent ", "{ id }", "}", "} }", size)) }),
        flood("lists nested in lists", &[LIMIT], |size| { document(nested("{ customers { nodes ", "{ orders { nodes { customer ", "{ id }", "} } }", "} }", size)) }),
        flood("inline fragments nested", &[LIMIT, DATA], |size| { document(nested("{ ", "... { ", "__typename", "}", "}", size)) }),
        flood("brackets without end", &[LIMIT, UNPARSED], |size| document("[".repeat(size))),
        flood("brackets without end in an argument", &[LIMIT, UNPARSED], |size| { document(repeated("{ customers(filter: ", |_| "[".to_owned(), "", size)) }),
        flood("braces without end", &[LIMIT, UNPARSED], |size| document("{".repeat(size))),
        flood("fields opened without end", &[LIMIT, UNPARSED], |size| document("{a".repeat(size / 2))),
        flood("parentheses without end", &[LIMIT, UNPARSED], |size| { document(repeated("{ a", |_| "(".to_owned(), "", size)) }),
        flood("objects opened without end", &[LIMIT, UNPARSED], |size| { document(repeated("{ a(b: ", |_| "{c:".to_owned(), "", size)) }),
        // Fragments.
        flood("fragments that double", &[LIMIT, DATA], |size| { document(fragments("{ customers { nodes { ...F0 } } }", size, |index| format!("fragment F{index} on Customer {{ ...F{0} ...F{0} }}", index + 1), |last| format!("fragment F{last} on Customer {{ id }}"))) }),
        flood("fields that double through fragments", &[LIMIT, DATA], |size| { document(fragments("{ segments { nodes { ...F0 } } }", size, |index| { format!("fragment F{index} on Segment {{ a: parent {{ ...F{0} }} b: parent {{ ...F{0} }} }}", index + 1) }, |last| format!("fragment F{last} on Segment {{ id }}"))) }),
        flood("fragments that overlap", &[LIMIT, DATA], |size| { let count = count(size, 70); document(format!("{{ customers {{ nodes {{ {} }} }} }} {}", listed(count, |index| format!("...F{index}")), listed(count, |index| format!("fragment F{index} on Customer {{ name orders {{ nodes {{ id }} }} }}")))) }),
        flood("fragments in a chain", &[LIMIT, DATA], |size| { document(fragments("{ customers { nodes { ...F0 } } }", size, |index| format!("fragment F{index} on Customer {{ ...F{} }}", index + 1), |last| format!("fragment F{last} on Customer {{ id }}"))) }),
        flood("fragments in a chain with fields", &[LIMIT, DATA], |size| { document(fragments("{ segments { nodes { ...F0 } } }", size, |index| format!("fragment F{index} on Segment {{ id parent {{ ...F{} }} }}", index + 1), |last| format!("fragment F{last} on Segment {{ id }}"))) }),
        flood("fragments in a fan", &[LIMIT, DATA], |size| { let count = count(size, 40); document(format!("{{ customers {{ nodes {{ ...Fan }} }} }} fragment Fan on Customer {{ {} }} {}", listed(count, |index| format!("...F{index}")), listed(count, |index| format!("fragment F{index} on Customer {{ id }}")))) }),
        flood("fragments in a circle", &[LIMIT, INVALID], |size| { document(fragments("{ customers { nodes { ...F0 } } }", size, |index| format!("fragment F{index} on Customer {{ ...F{} }}", index + 1), |last| format!("fragment F{last} on Customer {{ ...F0 }}"))) }),
        flood("a fragment that contains itself", &[INVALID, LIMIT], |size| { document(repeated("{ customers { nodes { ...F } } } fragment F on Customer { ", |_| "...F ".to_owned(), "}", size)) }),
        flood("operations times fragments", &[LIMIT, INPUT, INVALID], |size| { let half = size / 2; document(format!("{} fragment F on Customer {{ {} }}", listed(count(half, 45), |index| format!("query Q{index} {{ customers {{ nodes {{ ...F }} }} }}")), listed(count(half, 9), |index| format!("f{index}: id")))) }),
        flood("operations times chained fragments", &[LIMIT, INPUT, INVALID], |size| { let operations = listed(count(size, 100).min(48), |index| { format!("query Q{index} {{ customers {{ nodes {{ ...F0 }} }} }}") }); let links = listed(48, |index| { format!("fragment F{index} on Customer {{ {} ...F{} }}", listed(count(size, 800), |field| format!("f{index}x{field}: id")), index + 1) }); document(format!("{operations} {links} fragment F48 on Customer {{ id }}")) }),
        flood("inline fragments nested through fragments", &[LIMIT], |size| document(fragments("{ customers { nodes { ...F0 } } }", size.max(9_000), |index| format!("fragment F{index} on Customer {{ {} ...F{} {} }}", "... { ".repeat(40), index + 1, "} ".repeat(40)), |last| format!("fragment F{last} on Customer {{ id }}")))),
        flood("fragments that are not used", &[LIMIT, INVALID], |size| { document(repeated("{ __typename } ", |index| format!("fragment F{index} on Customer {{ id }} "), "", size)) }),
        flood("one fragment spread over and over", &[LIMIT, DATA], |size| { document(repeated("fragment F on Customer { id } { customers { nodes { ", |_| "...F ".to_owned(), "} } }", size)) }),
        flood("spreads of unknown fragments", &[LIMIT, INVALID], |size| { document(repeated("{ customers { nodes { ", |index| format!("...F{index} "), "} } }", size)) }),
        flood("fragments on unknown types", &[LIMIT, INVALID], |size| { document(repeated("{ customers { nodes { ", |index| format!("... on T{index} {{ id }} "), "} } }", size)) }),
        flood("inline fragments of one type", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("... on Customer {{ f{index}: id }} "), "} } }", size)) }),
        // Merging.
        flood("interfaces merged over and over", &[LIMIT, INVALID, INPUT], |size| { document(format!("{{ node(id: \"x\") {{ {} }} }}", merged(count(size, 1).isqrt() / 6))) }),
        flood("one type in another, merged over and over", &[LIMIT, INVALID], |size| { document(format!("{{ orders {{ nodes {{ customer {{ {} }} }} }} }}", merged(count(size, 1).isqrt() / 6))) }),
        flood("types of a node merged", &[LIMIT, INPUT], |size| { document(repeated("{ node(id: \"x\") { ", |index| format!("... on {} {{ id }} ", one_of(&["Customer", "Order", "Invoice", "Contact"], index)), "} }", size)) }),
        flood("one key for many fields", &[LIMIT, INVALID], |size| { document(repeated("{ customers { nodes { ", |index| format!("a: {} ", one_of(&["id", "name", "status", "kind"], index)), "} } }", size)) }),
        flood("one key for many lists", &[LIMIT, INVALID], |size| { document(repeated("{ customers { nodes { ", |index| format!("a: orders(first: {index}) {{ totalCount }} "), "} } }", size)) }),
        flood("conflicts with a long argument", &[LIMIT, INVALID], |size| { let half = size / 2; document(format!("{{ a: customers(filter: {{name: {{in: [{}]}}}}) {{ totalCount }} {} }}", listed(count(half, 2), |_| "1".to_owned()), listed(count(half, 30), |_| "a: orders { totalCount }".to_owned()))) }),
        flood("objects of many keys compared", &[LIMIT, INVALID], |size| { let keys = listed(count(size / 2, 9), |index| format!("k{index}: 1")); document(format!("{{ a: customers(filter: {{{keys}}}) {{ totalCount }} a: customers(filter: {{{keys}}}) {{ totalCount }} }}")) }),
        // Introspection.
        flood("introspection nested", &[LIMIT], |size| { document(nested("{ __schema { types ", "{ fields { type ", "{ name }", "} }", "} }", size.max(200))) }),
        flood("introspection nested through reused fragments", &[LIMIT], |size| { document(fragments("{ __schema { types { ...F0 } } }", size.max(700), |index| format!("fragment F{index} on __Type {{ ...F{0} fields {{ type {{ ...F{0} }} }} }}", index + 1), |last| format!("fragment F{last} on __Type {{ name }}"))) }),
        flood("introspection nested through reused fragments, named first", &[LIMIT], |size| { document(fragments("{ a: __type(name: \"Query\") { ...F0 } }", size.min(500), |index| { format!("fragment F{index} on __Type {{ ...F{0} fields {{ type {{ ofType {{ ...F{0} }} ...F{0} }} }} }}", index + 1) }, |last| format!("fragment F{last} on __Type {{ name }}"))) }),
        flood("introspection through possible types", &[LIMIT, INVALID], |size| { document(nested("{ __type(name: \"Node\") ", "{ possibleTypes { interfaces ", "{ name }", "} }", "}", size.max(200))) }),
        flood("introspection of one list under many names", &[LIMIT, DATA], |size| { document(repeated("{ __schema { types { ", |index| format!("f{index}: fields {{ name }} "), "} } }", size)) }),
        flood("introspection of many names in a list of lists", &[LIMIT], |size| { document(repeated("{ __schema { types { fields { type { fields { ", |index| format!("f{index}: description "), "} } } } } }", size.max(2_000))) }),
        flood("introspection of enum values and arguments", &[LIMIT, DATA], |size| { document(repeated("{ __schema { types { ", |index| { format!("e{index}: enumValues {{ name description }} a{index}: fields {{ args {{ name description }} }} ") }, "} } }", size)) }),
        flood("introspection of many types", &[LIMIT, DATA], |size| { document(repeated("{ ", |index| format!("t{index}: __type(name: \"Customer\") {{ fields {{ name }} }} "), "}", size)) }),
        flood("introspection under many roots", &[LIMIT, DATA], |size| { document(repeated("{ ", |index| format!("s{index}: __schema {{ types {{ name }} }} "), "}", size)) }),
        flood("introspection of type after type", &[LIMIT, DATA], |size| { document(nested("{ __type(name: \"Query\") { fields { type ", "{ ofType ", "{ name }", "}", "} } }", size)) }),
        // Width.
        flood("aliases", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("a{index}: id "), "} } }", size)) }),
        flood("aliases of a root's name", &[LIMIT, DATA], |size| { document(repeated("{ ", |index| format!("a{index}: __typename "), "}", size)) }),
        flood("one field over and over", &[LIMIT, DATA], |size| { document(repeated("{ customers { nodes { ", |_| "id ".to_owned(), "} } }", size)) }),
        flood("fields nobody knows", &[LIMIT, INVALID], |size| { document(repeated("{ customers { nodes { ", |index| format!("u{index} "), "} } }", size)) }),
        flood("root fields nobody knows", &[LIMIT, INVALID], |size| { document(repeated("{ ", |index| format!("u{index} "), "}", size)) }),
        flood("fields under a leaf", &[LIMIT, INVALID], |size| { document(repeated("{ customers { nodes { ", |index| format!("a{index}: id {{ b }} "), "} } }", size)) }),
        flood("objects without fields", &[LIMIT, INVALID], |size| { document(repeated("{ customers { nodes { ", |index| format!("a{index}: segment "), "} } }", size)) }),
        flood("roots", &[LIMIT, DATA], |size| { document(repeated("{ ", |index| format!("r{index}: customers(first: 0) {{ totalCount }} "), "}", size)) }),
        flood("roots that read", &[LIMIT, DATA], |size| { document(repeated("{ ", |index| format!("r{index}: customers(first: 1) {{ nodes {{ id }} }} "), "}", size)) }),
        flood("lists of one record", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("o{index}: orders(first: 1) {{ nodes {{ id }} }} "), "} } }", size)) }),
        flood("counts of one record", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("o{index}: orders(filter: {{number: {{contains: \"{index}\"}}}}) {{ totalCount }} "), "} } }", size)) }),
        flood("records beside a record", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("s{index}: segment {{ id }} "), "} } }", size)) }),
        flood("amounts of one record", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("m{index}: revenue12m {{ amount currency }} "), "} } }", size)) }),
        flood("decisions of one record", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("d{index}: creditTerms {{ netDays }} "), "} } }", size)) }),
        flood("pages in pages", &[LIMIT], |size| { document(nested("{ customers(first: 250) { nodes ", "{ orders(first: 250) { nodes { customer ", "{ id }", "} } }", "} }", size.min(300))) }),
        flood("groups by many fields", &[LIMIT, INVALID], |size| { document(repeated("{ ordersGroups(by: [", |_| "{field: STATUS} ".to_owned(), "]) { totalCount } }", size)) }),
        flood("groups in many orders", &[LIMIT, INVALID], |size| { document(repeated("{ ordersGroups(by: {field: STATUS}, orderBy: [", |_| "{measure: COUNT} ".to_owned(), "]) { totalCount } }", size)) }),
        flood("aggregates under many names", &[LIMIT, DATA], |size| { document(repeated("{ customers { nodes { ", |index| format!("a{index}: ordersAggregate {{ count sum {{ netTotal {{ amount }} }} }} "), "} } }", size)) }),
        flood("searches under many names", &[LIMIT, DATA], |size| { document(repeated("{ ", |index| format!("s{index}: search(text: \"a\", first: 20) {{ __typename }} "), "}", size)) }),
        flood("last pages under many names", &[LIMIT, DATA], |size| { document(repeated("{ customers(last: 5) { nodes { ", |index| format!("o{index}: orders(last: 5, orderBy: {{customer: {{field: NAME}}}}) {{ pageInfo {{ hasPreviousPage }} }} "), "} } }", size)) }),
        flood("nodes by their ids", &[LIMIT, INVALID, INPUT, DATA], |size| { document(repeated("{ nodes(ids: [", |index| format!("\"cus_{index:032x}\" "), "]) { id } }", size)) }),
        flood("a node under many names", &[LIMIT, DATA], |size| { document(repeated("{ ", |index| format!("n{index}: node(id: \"cus_{index:032x}\") {{ id }} "), "}", size)) }),
        // Directives.
        flood("directives nobody knows", &[LIMIT, INVALID], |size| { document(repeated("{ __typename ", |index| format!("@d{index} "), "}", size)) }),
        flood("one directive repeated", &[LIMIT, INVALID], |size| { document(repeated("{ __typename ", |_| "@skip(if: false) ".to_owned(), "}", size)) }),
        flood("one directive repeated on the operation", &[LIMIT, INVALID], |size| { document(repeated("query ", |_| "@skip(if: false) ".to_owned(), "{ __typename }", size)) }),
        flood("a directive on every field", &[LIMIT, DATA], |size| { document(repeated("{ customers(first: 1) { nodes { ", |index| format!("a{index}: id @include(if: true) "), "} } }", size)) }),
        flood("a directive on every spread", &[LIMIT, DATA], |size| { document(repeated("fragment F on Customer { id } { customers(first: 1) { nodes { ", |_| "...F @include(if: true) ".to_owned(), "} } }", size)) }),
        // Arguments and values.
        flood("arguments nobody knows", &[LIMIT, INVALID], |size| { document(repeated("{ customers(", |index| format!("a{index}: 1 "), ") { totalCount } }", size)) }),
        flood("one argument repeated", &[LIMIT, INVALID], |size| { document(repeated("{ customers(", |_| "first: 1 ".to_owned(), ") { totalCount } }", size)) }),
        flood("one key repeated", &[LIMIT, INVALID], |size| { document(repeated("{ customers(filter: {", |_| "name: {} ".to_owned(), "}) { totalCount } }", size)) }),
        flood("keys nobody knows", &[LIMIT, INVALID], |size| { document(repeated("{ customers(filter: {", |index| format!("k{index}: 1 "), "}) { totalCount } }", size)) }),
        flood("empty objects", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {and: [", |_| "{} ".to_owned(), "]}) { totalCount } }", size)) }),
        flood("enum values nobody knows", &[LIMIT, INVALID], |size| { document(repeated("{ customers(filter: {status: {in: [", |index| format!("E{index} "), "]}}) { totalCount } }", size)) }),
        flood("a huge text", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {name: {eq: \"", |_| "x".to_owned(), "\"}}) { totalCount } }", size)) }),
        flood("a huge pattern", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {name: {contains: \"", |_| "%_".to_owned(), "\"}}) { totalCount } }", size)) }),
        flood("a huge text of escapes", &[LIMIT, DATA, INPUT], |size| { document(repeated("{ customers(filter: {name: {eq: \"", |_| "\\u0001".to_owned(), "\"}}) { totalCount } }", size)) }),
        flood("surrogates in a text", &[LIMIT, UNPARSED, INVALID, INPUT, DATA], |size| { document(repeated("{ customers(filter: {name: {eq: \"", |_| "\\ud800".to_owned(), "\"}}) { totalCount } }", size)) }),
        flood("zeros in a text", &[LIMIT, UNPARSED, INPUT, DATA], |size| { document(repeated("{ customers(filter: {name: {eq: \"", |_| "\\u0000".to_owned(), "\"}}) { totalCount } }", size)) }),
        flood("a huge block text", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {name: {eq: \"\"\"", |_| " x\n".to_owned(), "\"\"\"}}) { totalCount } }", size)) }),
        flood("a huge integer", &[LIMIT, INVALID], |size| { document(repeated("{ customers(first: ", |_| "9".to_owned(), ") { totalCount } }", size)) }),
        flood("a huge decimal", &[LIMIT, INVALID, INPUT], |size| { document(repeated("{ orders(filter: {netTotal: {eq: 0.", |_| "9".to_owned(), "}}) { totalCount } }", size)) }),
        flood("a huge exponent", &[LIMIT, INVALID, INPUT], |size| { document(repeated("{ orders(filter: {netTotal: {eq: 1e", |_| "9".to_owned(), "}}) { totalCount } }", size)) }),
        flood("a huge id", &[LIMIT, INPUT], |size| { document(repeated("{ node(id: \"cus_", |_| "0".to_owned(), "\") { id } }", size)) }),
        flood("a huge cursor", &[LIMIT, INPUT], |size| { document(repeated("{ customers(after: \"", |_| "5b".to_owned(), "\") { totalCount nodes { id } } }", size)) }),
        flood("a cursor of brackets", &[LIMIT, INPUT], |size| { request("query($a: String) { customers(after: $a) { nodes { id } } }", json!({ "a": "5b".repeat(size / 2) })) }),
        flood("a huge name", &[LIMIT, INVALID], |size| document(repeated("{ ", |_| "n".to_owned(), " }", size))),
        flood("a huge alias", &[LIMIT, DATA], |size| { document(repeated("{ ", |_| "n".to_owned(), ": __typename }", size)) }),
        flood("many huge names", &[LIMIT, INVALID], |size| { let name = "n".repeat(size / 40); document(format!("{{ customers {{ nodes {{ {} }} }} }}", listed(40, |index| format!("{name}{index}")))) }),
        flood("huge names nested", &[LIMIT, INVALID, UNPARSED], |size| { let name = "n".repeat(size / 30); document(format!("{{ {}{} }}", format!("{name} {{ ").repeat(20), "}".repeat(20))) }),
        flood("a huge type name", &[LIMIT, INVALID], |size| { document(repeated("query($a: ", |_| "T".to_owned(), ") { customers(first: $a) { totalCount } }", size)) }),
        // Filters and orders.
        flood("a filter with wide and", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {and: [", |index| format!("{{name: {{ne: \"{index}\"}}}} "), "]}) { totalCount } }", size)) }),
        flood("a filter with wide or", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {or: [", |index| format!("{{name: {{contains: \"{index}\"}}}} "), "]}) { totalCount } }", size)) }),
        flood("a filter with deep and and or", &[LIMIT, DATA], |size| { document(nested("{ customers(filter: ", "{and: [{or: [{name: {ne: \"a\"}}, ", "{}", "]}]}", ") { totalCount } }", size.min(600))) }),
        flood("a filter wide and deep", &[LIMIT, DATA], |size| { let width = count(size, 1).isqrt() / 4; document(format!("{{ customers(filter: {{and: [{}]}}) {{ totalCount }} }}", listed(width, |_| format!("{{or: [{}]}}", listed(width, |_| "{name: {ne: \"a\"}}".to_owned()))))) }),
        flood("a filter with a long list", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {name: {in: [", |index| format!("\"{index}\" "), "]}}) { totalCount } }", size)) }),
        flood("a filter through relation after relation", &[LIMIT], |size| { document(nested("{ orders(filter: ", "{customer: {orders: {some: ", "{}", "}}}", ") { totalCount } }", size)) }),
        flood("a filter through list after list", &[LIMIT, DATA], |size| { document(nested("{ customers(filter: ", "{orders: {some: {customer: ", "{}", "}}}", ") { totalCount } }", size.min(300))) }),
        flood("filters on list after list", &[LIMIT, DATA], |size| { document(repeated("{ customers(filter: {and: [", |index| format!("{{orders: {{some: {{number: {{contains: \"{index}\"}}}}}}}} "), "]}) { totalCount } }", size)) }),
        flood("an order of many terms", &[LIMIT, DATA], |size| { document(repeated("{ customers(orderBy: [", |_| "{field: NAME} ".to_owned(), "]) { nodes { id } } }", size)) }),
        // Variables.
        flood("variables that are not used", &[LIMIT, INVALID], |size| { document(repeated("query(", |index| format!("$v{index}: Int "), ") { __typename }", size)) }),
        flood("variables that are used", &[LIMIT, DATA], |size| { let count = count(size, 75); document(format!("query({}) {{ {} }}", listed(count, |index| format!("$v{index}: Int")), listed(count, |index| format!("r{index}: customers(first: $v{index}) {{ totalCount }}")))) }),
        flood("variables with long defaults", &[LIMIT, INVALID, DATA], |size| { document(repeated("query($f: CustomerFilter = {name: {in: [", |index| format!("\"{index}\" "), "]}}) { customers(filter: $f) { totalCount } }", size)) }),
        flood("one variable defined over and over", &[LIMIT, INVALID], |size| { document(repeated("query(", |_| "$v: Int ".to_owned(), ") { customers(first: $v) { totalCount } }", size)) }),
        flood("variables nobody defined", &[LIMIT, INVALID], |size| { document(repeated("{ customers(filter: {name: {in: [", |index| format!("$v{index} "), "]}}) { totalCount } }", size)) }),
        flood("deep variables", &[LIMIT, REQUEST, DATA], |size| { request("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", raw(nested("{\"f\": ", "{\"not\": ", "{}", "}", "}", size))) }),
        flood("deep lists in variables", &[LIMIT, REQUEST, INPUT], |size| { request("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", raw(nested("{\"f\": ", "[", "", "]", "}", size))) }),
        flood("variables with a huge text", &[LIMIT, DATA], |size| { request("query($n: String) { customers(filter: {name: {eq: $n}}) { totalCount } }", json!({ "n": "x".repeat(size) })) }),
        flood("variables with a huge pattern", &[LIMIT, DATA], |size| { request("query($n: String) { customers(filter: {name: {contains: $n}}) { totalCount } }", json!({ "n": "%_".repeat(size / 2) })) }),
        flood("a filter as a variable, wide", &[LIMIT, DATA], |size| { request("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", json!({ "f": { "or": vec![json!({ "name": { "eq": "a" } }); size / 22] } })) }),
        flood("a list as a variable", &[LIMIT, DATA], |size| { request("query($n: [String!]) { customers(filter: {name: {in: $n}}) { totalCount } }", json!({ "n": vec!["a"; size / 4] })) }),
        flood("a list of nothing as a variable", &[LIMIT, INPUT], |size| { request("query($n: [String!]) { customers(filter: {name: {in: $n}}) { totalCount } }", json!({ "n": vec![Value::Null; size / 5] })) }),
        flood("an order as a variable", &[LIMIT, DATA], |size| { request("query($o: [CustomerOrderBy!]) { customers(orderBy: $o) { nodes { id } } }", json!({ "o": vec![json!({ "field": "NAME" }); size / 16] })) }),
        flood("variables nobody asked for", &[LIMIT, DATA], |size| { request("{ __typename }", Value::Object((0..count(size, 12)).map(|index| (format!("v{index}"), json!(1))).collect())) }),
        flood("keys nobody knows in a variable", &[LIMIT, INPUT], |size| { request("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", json!({ "f": Value::Object((0..count(size, 12)).map(|index| (format!("k{index}"), json!(1))).collect()) })) }),
        flood("a huge key in a variable", &[LIMIT, INPUT], |size| { request("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", json!({ "f": { "k".repeat(size): 1 } })) }),
        flood("a huge number in a variable", &[LIMIT, INPUT, REQUEST], |size| { request("query($n: Int) { customers(first: $n) { totalCount } }", raw(format!("{{\"n\": {}}}", "9".repeat(size)))) }),
        flood("a huge decimal in a variable", &[LIMIT, INPUT], |size| { request("query($n: Decimal) { orders(filter: {netTotal: {eq: $n}}) { totalCount } }", json!({ "n": format!("0.{}", "9".repeat(size)) })) }),
        flood("a huge enum value in a variable", &[LIMIT, INPUT], |size| { request("query($n: CustomerStatus) { customers(filter: {status: {eq: $n}}) { totalCount } }", json!({ "n": "E".repeat(size) })) }),
        flood("a huge request of a decision", &[LIMIT, INPUT, INVALID, DATA], |size| { request("query($n: Decimal!) { customers(first: 1) { nodes { creditCheck(request: {amount: $n}) { outcome } } } }", json!({ "n": "9".repeat(size) })) }),
        flood("zeros in a variable", &[LIMIT, INPUT, DATA], |size| { request("query($n: String) { customers(filter: {name: {eq: $n}}) { totalCount } }", json!({ "n": "\u{0}".repeat(size / 6) })) }),
        // Definitions.
        flood("operations with names", &[LIMIT, INPUT], |size| { document(repeated("", |index| format!("query Q{index} {{ __typename }} "), "query Z { __typename }", size)) }),
        flood("operations without names", &[LIMIT, INVALID, INPUT], |size| { document(repeated("", |_| "{ __typename } ".to_owned(), "{ __typename }", size)) }),
        flood("operations of one name", &[LIMIT, INVALID, INPUT], |size| { document(repeated("", |_| "query Q { __typename } ".to_owned(), "query Q { __typename }", size)) }),
        flood("subscriptions", &[LIMIT, INVALID], |size| { document(repeated("subscription { ", |index| format!("a{index}: customers {{ totalCount }} "), "}", size)) }),
        flood("types defined", &[LIMIT, INVALID], |size| { document(repeated("{ __typename } ", |index| format!("type T{index} {{ a: Int }} "), "", size)) }),
        flood("types extended", &[LIMIT, INVALID], |size| { document(repeated("{ __typename } extend type Query { ", |index| format!("a{index}: Int "), "}", size)) }),
        flood("a schema defined", &[LIMIT, INVALID, UNPARSED], |size| { document(repeated("schema { query: Query } ", |_| "directive @d on FIELD ".to_owned(), "", size)) }),
        flood("mutations", &[LIMIT, INPUT, INVALID, DATA], |size| { document(repeated("mutation { ", |index| format!("r{index}: revokeToken(input: {{tokenId: \"x\"}}) {{ __typename }} "), "}", size)) }),
        // Texts that are no documents.
        flood("a text that does not end", &[LIMIT, UNPARSED], |size| { document(repeated("{ customers(filter: {name: {eq: \"", |_| "x".to_owned(), "", size)) }),
        flood("a block text that does not end", &[LIMIT, UNPARSED], |size| { document(repeated("{ customers(filter: {name: {eq: \"\"\"", |_| "\"\" ".to_owned(), "", size)) }),
        flood("quotes", &[LIMIT, UNPARSED], |size| document("\"".repeat(size))),
        flood("a comment", &[LIMIT, DATA], |size| document(repeated("{ __typename } #", |_| "x".to_owned(), "", size))),
        flood("comments", &[LIMIT, DATA], |size| document(repeated("{ __typename }", |_| "#\n".to_owned(), "", size))),
        flood("white space", &[LIMIT, DATA], |size| document(repeated("{ __typename }", |_| " ".to_owned(), "", size))),
        flood("commas", &[LIMIT, DATA], |size| document(repeated("{ __typename ", |_| ",".to_owned(), "}", size))),
        flood("line ends", &[LIMIT, DATA], |size| { document(repeated("{ __typename ", |_| "\r\n".to_owned(), "}", size)) }),
        flood("errors at the end of many lines", &[LIMIT, INVALID], |size| { document(repeated("{\n", |index| format!("\nu{index} "), "}", size)) }),
        flood("dots", &[LIMIT, UNPARSED], |size| document(repeated("{ ", |_| "...".to_owned(), "}", size))),
        flood("dollars", &[LIMIT, UNPARSED], |size| document("$".repeat(size))),
        flood("signs of no meaning", &[LIMIT, UNPARSED], |size| document("?~^".repeat(size / 3))),
        flood("marks of byte order", &[LIMIT, UNPARSED, DATA], |size| { document(format!("{}{{ __typename }}", "\u{feff}".repeat(size / 3))) }),
        flood("zeros in the document", &[LIMIT, UNPARSED], |size| document("\u{0}".repeat(size / 6))),
        flood("letters of four bytes", &[LIMIT, UNPARSED], |size| document("\u{1f4a3}".repeat(size / 4))),
        flood("minus signs", &[LIMIT, UNPARSED], |size| { document(repeated("{ customers(first: ", |_| "-".to_owned(), ") { totalCount } }", size)) }),
        // Bodies.
        flood("bytes that are no text", &[REQUEST], |size| Sent::Body(vec![0xff; size])),
        flood("bytes that are no text, in the document", &[REQUEST], |size| { Sent::Body([b"{\"query\":\"{ a".to_vec(), vec![0xc3; size], b" }\"}".to_vec()].concat()) }),
        flood("a body of zeros", &[REQUEST], |size| Sent::Body(vec![0; size])),
        flood("a body of blanks", &[REQUEST], |size| Sent::Body(vec![b' '; size])),
        flood("a body of brackets", &[REQUEST], |size| Sent::Body(vec![b'['; size])),
        flood("a body of objects", &[REQUEST], |size| Sent::Body("{\"a\":".repeat(size / 5).into_bytes())),
        flood("a batch", &[REQUEST], |size| Sent::Body(repeated("[{}", |_| ",{}".to_owned(), "]", size).into_bytes())),
        flood("half of a body", &[REQUEST], |size| { Sent::Body(repeated("{\"query\":\"", |_| "x".to_owned(), "", size).into_bytes()) }),
        flood("halves of surrogates", &[REQUEST], |size| { Sent::Body(repeated("{\"query\":\"", |_| "\\ud800".to_owned(), "\"}", size).into_bytes()) }),
        flood("keys nobody knows beside the query", &[DATA], |size| { Sent::Body(repeated("{\"query\":\"{ __typename }\"", |index| format!(",\"k{index}\":[{{}}]"), "}", size).into_bytes()) }),
        flood("the query over and over", &[REQUEST], |size| { Sent::Body(repeated("{\"query\":\"{ __typename }\"", |_| ",\"query\":\"{ __typename }\"".to_owned(), "}", size).into_bytes()) }),
        flood("a huge name of the operation", &[INPUT, LIMIT], |size| { Sent::Body(json!({ "query": "query Q { __typename }", "operationName": "Q".repeat(size) }).to_string().into_bytes()) }),
        flood("variables that are no object", &[INPUT, LIMIT, REQUEST], |size| { Sent::Body(json!({ "query": "{ __typename }", "variables": "v".repeat(size) }).to_string().into_bytes()) }),
        flood("a query that is a number", &[REQUEST], |size| { Sent::Body(format!("{{\"query\":{}}}", "1".repeat(size)).into_bytes()) }),
        flood("a query by GET", &[LIMIT, DATA], |size| { Sent::Path(repeated("/graphql?query=%7B__typename%7D", |_| "%23".to_owned(), "", size)) }),
        flood("parameters by GET", &[REQUEST, DATA], |size| { Sent::Path(repeated("/graphql?query=%7B__typename%7D", |index| format!("&k{index}=1"), "", size)) }),
        flood("variables by GET", &[REQUEST, LIMIT], |size| { Sent::Path(repeated("/graphql?query=%7B__typename%7D&variables=", |_| "%5B".to_owned(), "", size)) }),
    ]
}

/// A request for a document.
fn document(text: String) -> Sent {
    request(&text, Value::Null)
}

fn request(query: &str, variables: Value) -> Sent {
    let query = Value::from(query);
    // A text stands for itself, because not everything a client sends can be made from a value.
    let variables = variables.as_str().map_or_else(|| variables.to_string(), str::to_owned);
    Sent::Body(format!("{{\"query\":{query},\"variables\":{variables}}}").into_bytes())
}

/// JSON that is written as it is.
fn raw(text: String) -> Value {
    Value::from(text)
}

/// How many pieces of `length` bytes make about `size` bytes; one at least.
fn count(size: usize, length: usize) -> usize {
    (size / length).max(1)
}

/// The words in turn.
fn one_of<'w>(words: &[&'w str], index: usize) -> &'w str {
    words.get(index % words.len().max(1)).copied().unwrap_or_default()
}

fn listed(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().join(" ")
}

/// `before`, pieces until it is large enough, and `after`.
fn repeated(before: &str, piece: impl Fn(usize) -> String, after: &str, size: usize) -> String {
    let mut text = String::with_capacity(size + 128);
    text.push_str(before);
    for index in 0.. {
        if text.len() + after.len() >= size {
            break;
        }
        text.push_str(&piece(index));
    }
    text.push_str(after);
    text
}

/// `middle` within as many `open` and `close` as the size allows.
fn nested(before: &str, open: &str, middle: &str, close: &str, after: &str, size: usize) -> String {
    let fixed = before.len() + middle.len() + after.len();
    let depth = count(size.saturating_sub(fixed), open.len() + close.len());
    format!("{before}{}{middle}{}{after}", open.repeat(depth), close.repeat(depth))
}

/// An operation and fragments, each naming the next.
fn fragments(operation: &str, size: usize, link: impl Fn(usize) -> String, last: impl Fn(usize) -> String) -> String {
    let links = count(size.saturating_sub(operation.len()), link(10).len() + 1);
    format!("{operation} {} {}", listed(links, link), last(links))
}

/// Selections that share a key but not their type, level below level, so that merging them takes each way apart. The text
/// grows with the square of the levels, the ways double with each.
fn merged(levels: usize) -> String {
    let mut text = "id".to_owned();
    for level in (0..levels.max(2)).rev() {
        let way = |name: &str| {
            format!(
                "{}{name}{level}: id{}",
                "customer { ... on CustomerRecord { ".repeat(levels - level.min(levels)),
                "} }".repeat(levels - level.min(levels))
            )
        };
        text = format!(
            "... on Order {{ {} }} ... on Invoice {{ {} }} ... on CustomerRecord {{ customer {{ {text} }} }}",
            way("a"),
            way("b")
        );
    }
    text
}
