//! Probing: an actor of a narrow role tries to learn of hidden types, fields and rows through every door there is. The probes
//! follow from the schema an admin is served, so a new type or field is probed without a word here.

mod hidden_rows;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guildhall_tests::{Place, Role, Server, built, codes, data, places};
use serde_json::{Value, json};

use crate::rows::{FILES, MAPPING};

/// What the narrow role reads; the rest of the schema is to be as if it were not there.
const NARROW: [(&str, &[&str]); 3] = [
    ("Customer", &["id", "version", "externalId", "name", "phone", "orders"]),
    ("Order", &["id", "version", "externalId", "number", "netTotal", "customer"]),
    ("Product", &["id", "version", "name"]),
];

const NARROW_FILE: &str = r#"
[roles.narrow]
doc = "Knows little."
rows = ["own"]

[roles.narrow.types.Customer]
read = ["externalId", "name", "phone", "orders"]
update = ["phone"]
delete = true

[roles.narrow.types.Order]
read = ["externalId", "number", "netTotal", "customer"]
update = ["number"]

[roles.narrow.types.Product]
read = ["name"]
"#;

/// Fields of the deployment's own are probed like the model's.
const FIELDS: &str =
    "[fields.Customer.whisper]\nkind = \"text\"\ndoc = \"d\"\n[fields.Order.margin]\nkind = \"money\"\ndoc = \"d\"\n";

/// Loads the files of `rows`, or those of them that Mia sees.
fn load(place: &Place, files: &[(&str, &str)]) {
    for (name, content) in files {
        place.file(&format!("rows/{name}"), content);
    }
    let mapping = place.file("rows/mapping.toml", MAPPING);
    place.import(&mapping, &place.folder().join("rows"));
    place.activate(&data("small/strategy.toml"));
    place.install(&built("plugins/credit-rules"));
}

fn mia(place: &Place, role: &str) -> String {
    place.done(&["token", "create", "Mia", "--role", role]).trim().to_owned()
}

async fn ask(server: &Server, secret: &str, query: &str, variables: &Value) -> Value {
    server.post(secret, &json!({ "query": query, "variables": variables })).await.json()
}

/// A type of records as an admin is served it: its lists and its fields, each with the type it is of.
struct Type {
    name: String,
    list: String,
    fields: BTreeMap<String, String>,
}

impl Type {
    fn one(&self) -> String {
        self.name[..1].to_lowercase() + &self.name[1..]
    }
}

/// The types of records in the schema that the bearer of a secret is served.
async fn types(server: &Server, secret: &str) -> Vec<Type> {
    let query = "{ __schema { types { name kind interfaces { name } fields { name type { name ofType { name ofType { name ofType { name } } } } } } } }";
    let schema = ask(server, secret, query, &Value::Null).await;
    let schema = schema["data"]["__schema"]["types"].as_array().unwrap().clone();
    let named = |ty: &Value| {
        let mut ty = ty;
        while ty["name"].is_null() && !ty["ofType"].is_null() {
            ty = &ty["ofType"];
        }
        ty["name"].as_str().unwrap_or_default().to_owned()
    };
    let fields = |ty: &Value| -> BTreeMap<String, String> {
        let fields = ty["fields"].as_array().into_iter().flatten();
        fields.map(|field| (field["name"].as_str().unwrap().to_owned(), named(&field["type"]))).collect()
    };
    let query = fields(schema.iter().find(|ty| ty["name"] == "Query").unwrap());
    let is_record = |ty: &&Value| {
        let interfaces = ty["interfaces"].as_array().into_iter().flatten();
        ty["kind"] == "OBJECT" && interfaces.clone().any(|interface| interface["name"] == "Node")
    };
    let record = |ty: &Value| {
        let name = ty["name"].as_str().unwrap().to_owned();
        let list = query.iter().find(|(_, of)| **of == format!("{name}Connection")).map(|(field, _)| field.clone());
        Type { list: list.unwrap(), fields: fields(ty), name }
    };
    schema.iter().filter(is_record).map(record).collect()
}

/// `margin12m` -> `MARGIN12M`, `orderedOn` -> `ORDERED_ON`.
fn upper(name: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_uppercase() { format!("_{letter}") } else { letter.to_ascii_uppercase().to_string() }
    };
    name.chars().map(letter).collect()
}

/// A name of that form that nothing has.
fn nothing(name: &str) -> String {
    let letter = |letter: char| match letter {
        'A'..='Z' => 'Q',
        '_' => '_',
        _ => 'q',
    };
    name.chars().map(letter).collect()
}

/// Asks for hidden names, and the same for names that nothing has: the answers have to be the same.
struct Prober<'a> {
    server: &'a Server,
    secret: String,
    /// What was answered to names that nothing has.
    known: HashMap<String, Value>,
    probes: usize,
}

impl Prober<'_> {
    /// Sends a document with variables, in both of which `~` is the name and `^` the name as enums have it.
    async fn probe(&mut self, document: &str, variables: &Value, name: &str) {
        let fake = nothing(name);
        let filled = |text: &str, name: &str| text.replace('~', name).replace('^', &upper(name));
        let texts = [name, &fake].map(|name| (filled(document, name), filled(&variables.to_string(), name)));
        let [hidden, unknown] = texts;
        let answer = self.answer(&hidden, name).await;
        let same = match self.known.get(&format!("{unknown:?}")) {
            Some(known) => known.clone(),
            None => {
                let same = self.answer(&unknown, &fake).await;
                self.known.insert(format!("{unknown:?}"), same.clone());
                same
            }
        };
        assert_eq!(answer, same, "{} {}", hidden.0, hidden.1);
        let refused = codes(&answer);
        let kinds = ["VALIDATION_FAILED", "BAD_USER_INPUT"];
        assert!(
            !refused.is_empty() && refused.iter().all(|code| kinds.contains(&code.as_str())),
            "{} {answer}",
            hidden.0
        );
        assert_eq!(answer.get("data"), None, "{} {answer}", hidden.0);
        self.probes += 1;
    }

    /// The answer, with `~` and `^` for the name where it comes back.
    async fn answer(&self, (document, variables): &(String, String), name: &str) -> Value {
        let variables: Value = serde_json::from_str(variables).unwrap();
        let answer = ask(self.server, &self.secret, document, &variables).await.to_string();
        serde_json::from_str(&answer.replace(&upper(name), "^").replace(name, "~")).unwrap()
    }
}

/// Every door through which a field could be asked for: of a type by its list, and from types that lead to it.
fn doors_of_fields(ty: &Type) -> Vec<(String, Value)> {
    let (name, list, one) = (&ty.name, &ty.list, ty.one());
    let id = "cus_00000000000000000000000000000000";
    let mut doors: Vec<(String, Value)> = [
        format!("{{ {list} {{ nodes {{ ~ }} }} }}"),
        format!("{{ {list} {{ nodes {{ id other: ~ }} }} }}"),
        format!("{{ {list} {{ nodes {{ ~ {{ id }} }} }} }}"),
        format!("{{ {list} {{ nodes {{ ~(first: 1) {{ totalCount }} ~Aggregate {{ count }} }} }} }}"),
        format!("{{ {list} {{ edges {{ node {{ ... {{ ~ }} }} }} }} }}"),
        format!("{{ {list} {{ nodes {{ ...f }} }} }} fragment f on {name} {{ ~ }}"),
        format!("{{ {list} {{ nodes {{ ~ @include(if: false) }} }} }}"),
        format!("{{ {one}(id: \"{id}\") {{ ~ }} }}"),
        format!("{{ node(id: \"{id}\") {{ ... on {name} {{ ~ }} }} }}"),
        format!("{{ nodes(ids: [\"{id}\"]) {{ ... on {name} {{ ~ }} }} }}"),
        format!("{{ {list}(filter: {{~: {{eq: \"1\"}}}}) {{ totalCount }} }}"),
        format!("{{ {list}(filter: {{~: null}}) {{ totalCount }} }}"),
        format!("{{ {list}(filter: {{not: {{~: {{isNull: true}}}}}}) {{ totalCount }} }}"),
        format!("{{ {list}(filter: {{or: [{{~: {{some: {{}}}}}}]}}) {{ totalCount }} }}"),
        format!("query($v: String) {{ {list}(filter: {{~: {{eq: $v}}}}) {{ totalCount }} }}"),
        format!("{{ {list}(orderBy: {{field: ^}}) {{ totalCount }} }}"),
        format!("{{ {list}(orderBy: [{{~: {{field: ID}}}}]) {{ totalCount }} }}"),
        format!("{{ {list}Aggregate {{ sum {{ ~ }} }} }}"),
        format!("{{ {list}Aggregate {{ average {{ ~ }} min {{ ~ }} max {{ ~ {{ amount }} }} }} }}"),
        format!("{{ {list}Aggregate(filter: {{~: {{gt: \"1\"}}}}) {{ count }} }}"),
        format!("{{ {list}Groups(by: [{{field: ^}}]) {{ totalCount }} }}"),
        format!("{{ {list}Groups(by: [{{field: VERSION}}]) {{ nodes {{ key {{ ~ }} }} }} }}"),
        format!("{{ {list}Groups(by: [{{field: VERSION}}], orderBy: [{{measure: MAX, of: ^}}]) {{ totalCount }} }}"),
        format!("{{ {list}Groups(by: [{{field: VERSION}}], orderBy: [{{key: ^}}]) {{ totalCount }} }}"),
        format!("{{ {list}Groups(by: [{{field: VERSION}}]) {{ nodes {{ min {{ ~ }} }} }} }}"),
    ]
    .map(|document| (document, Value::Null))
    .into();
    doors.extend([
        (
            format!("query($f: {name}Filter) {{ {list}(filter: $f) {{ totalCount }} }}"),
            json!({ "f": { "~": { "isNull": false } } }),
        ),
        (
            format!("query($o: [{name}OrderBy!]) {{ {list}(orderBy: $o) {{ totalCount }} }}"),
            json!({ "o": [{ "field": "^" }] }),
        ),
        (
            format!("query($b: [{name}GroupBy!]!) {{ {list}Groups(by: $b) {{ totalCount }} }}"),
            json!({ "b": [{ "field": "^" }] }),
        ),
    ]);
    let asked = format!("{one}Changed {{ {one} {{ ~ }} }}");
    doors.push((format!("subscription {{ {asked} }}"), Value::Null));
    doors.push((format!("subscription {{ {one}Changed {{ ... {{ {one} {{ other: ~ {{ id }} }} }} }} }}"), Value::Null));
    if name != "Product" {
        let many = list[..1].to_uppercase() + &list[1..];
        let item = "id: \"a\", version: 1";
        doors.extend([
            (
                format!("mutation {{ update{many}(input: {{items: [{{{item}, set: {{~: null}}}}], idempotencyKey: \"k\"}}) {{ __typename }} }}"),
                Value::Null,
            ),
            (
                format!("mutation($i: Update{many}Input!) {{ update{many}(input: $i) {{ __typename }} }}"),
                json!({ "i": { "items": [{ "id": "a", "version": 1, "set": { "~": "1" } }], "idempotencyKey": "k" } }),
            ),
            (
                format!("mutation {{ update{name}(input: {{{item}, set: {{}}, idempotencyKey: \"k\"}}) {{ ... on {name}Written {{ {one} {{ ~ }} }} }} }}"),
                Value::Null,
            ),
        ]);
        let input = format!("id: \"{id}\", version: 1, idempotencyKey: \"k\"");
        doors.extend([
            (
                format!("mutation {{ update{name}(input: {{{input}, set: {{~: null}}}}) {{ __typename }} }}"),
                Value::Null,
            ),
            (
                format!(
                    "mutation($s: {name}Changes!) {{ update{name}(input: {{{input}, set: $s}}) {{ __typename }} }}"
                ),
                json!({ "s": { "~": "1" } }),
            ),
        ]);
    }
    let beside = match name.as_str() {
        "Customer" => vec![
            "{ orders { nodes { customer { ~ } } } }",
            "{ orders(filter: {customer: {~: {isNull: true}}}) { totalCount } }",
            "{ orders(orderBy: [{customer: {field: ^}}]) { totalCount } }",
            "{ ordersGroups(by: [{field: CUSTOMER}]) { nodes { key { customer { ~ } } } } }",
        ],
        "Order" => vec![
            "{ customers { nodes { orders { nodes { ~ } } ordersAggregate { max { ~ } } } } }",
            "{ customers(filter: {orders: {some: {~: {isNull: true}}}}) { totalCount } }",
            "{ customers { nodes { orders(orderBy: {field: ^}) { totalCount } } } }",
        ],
        _ => vec!["{ search(text: \"a\") { ... on Product { ~ } } }"],
    };
    doors.extend(beside.into_iter().map(|document| (document.to_owned(), Value::Null)));
    doors
}

/// Every door through which a type could be asked for: `~` is the type.
const DOORS_OF_TYPES: [&str; 15] = [
    "{ node(id: \"cus_00000000000000000000000000000000\") { ... on ~ { id } } }",
    "{ nodes(ids: []) { ...f } } fragment f on ~ { id }",
    "{ search(text: \"a\") { ... on ~ { id } } }",
    "query($f: ~Filter) { customers(filter: $f) { totalCount } }",
    "query($f: ~ListFilter) { __typename }",
    "query($o: [~OrderBy!]) { customers(orderBy: $o) { totalCount } }",
    "query($i: Create~Input!) { __typename }",
    "query($i: ~Changes!) { __typename }",
    "mutation { create~(input: {idempotencyKey: \"k\"}) { __typename } }",
    "mutation { update~(input: {idempotencyKey: \"k\"}) { ... on ~Written { id } } }",
    "mutation { upsert~(input: {idempotencyKey: \"k\"}) { __typename } }",
    "mutation { delete~(input: {id: \"a\", version: 1, idempotencyKey: \"k\"}) { __typename } }",
    "mutation { restore~(input: {id: \"a\", idempotencyKey: \"k\"}) { __typename } }",
    "mutation($i: Upsert~Input!) { deleteCustomer(input: $i) { ... on ~Result { __typename } } }",
    "query($k: ~GroupField) { __typename }",
];

/// The same for its list: `~` is the list or the record by id.
const DOORS_OF_LISTS: [&str; 5] = [
    "{ ~ { totalCount } }",
    "{ ~(first: 1, filter: {id: {eq: \"a\"}}) { nodes { id } } }",
    "{ a: ~Aggregate { count } }",
    "{ ~Groups(by: [{field: VERSION}]) { totalCount } }",
    "{ ~(id: \"cus_00000000000000000000000000000000\") { id } }",
];

/// The fields of a root type of the schema that the bearer of a secret is served.
async fn roots(server: &Server, secret: &str, root: &str) -> BTreeSet<String> {
    let query = format!("{{ __schema {{ {root} {{ fields {{ name }} }} }} }}");
    let schema = ask(server, secret, &query, &Value::Null).await;
    let fields = schema["data"]["__schema"][root]["fields"].as_array().cloned().unwrap_or_default();
    fields.iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect()
}

/// Whatever an admin can do, single or in bulk, ask and follow, and a narrow role cannot: its names are as those that nothing has.
#[tokio::test]
async fn every_door_of_an_admin_is_closed_to_a_narrow_role() {
    for place in places().await {
        load(&place, &FILES);
        let file = place.file("roles.toml", NARROW_FILE);
        place.done(&["role", "set", &file.to_string_lossy()]);
        let server = Server::start(place);
        let secret = mia(server.place(), "narrow");
        let mut prober = Prober { server: &server, secret, known: HashMap::new(), probes: 0 };
        for (root, kind) in [("queryType", "query"), ("mutationType", "mutation"), ("subscriptionType", "subscription")]
        {
            let all = roots(&server, server.secret(Role::Admin), root).await;
            let own = roots(&server, &prober.secret, root).await;
            assert!(own.is_subset(&all) && own.len() < all.len() / 3, "{own:?}");
            for name in all.difference(&own) {
                for door in ["~", "~ { __typename }", "~(input: {}) { __typename }", "other: ~(ids: []) { id }"] {
                    prober.probe(&format!("{kind} {{ {door} }}"), &Value::Null, name).await;
                }
            }
        }
        assert!(prober.probes > 2_000, "{}", prober.probes);
        let expected = [
            "deleteCustomer",
            "deleteCustomers",
            "restoreCustomer",
            "restoreCustomers",
            "updateCustomer",
            "updateCustomers",
            "updateOrder",
            "updateOrders",
        ];
        assert_eq!(roots(&server, &prober.secret, "mutationType").await, BTreeSet::from(expected.map(str::to_owned)));
        let followed = ["customerChanged", "orderChanged", "productChanged"];
        assert_eq!(
            roots(&server, &prober.secret, "subscriptionType").await,
            BTreeSet::from(followed.map(str::to_owned))
        );
    }
}

fn granted(name: &str) -> Option<BTreeSet<&'static str>> {
    NARROW.iter().find(|(object, _)| *object == name).map(|(_, fields)| fields.iter().copied().collect())
}

#[tokio::test]
async fn what_is_hidden_is_as_if_it_were_not_there() {
    for place in places().await {
        load(&place, &FILES);
        let fields = place.file("fields.toml", FIELDS);
        place.done(&["field", "set", &fields.to_string_lossy()]);
        let file = place.file("roles.toml", NARROW_FILE);
        place.done(&["role", "set", &file.to_string_lossy()]);
        let server = Server::start(place);
        let secret = mia(server.place(), "narrow");
        let all = types(&server, server.secret(Role::Admin)).await;
        let mut prober = Prober { server: &server, secret, known: HashMap::new(), probes: 0 };
        for ty in &all {
            let Some(granted) = granted(&ty.name) else {
                for door in DOORS_OF_TYPES {
                    prober.probe(door, &Value::Null, &ty.name).await;
                }
                for door in DOORS_OF_LISTS {
                    prober.probe(door, &Value::Null, &ty.list).await;
                    prober.probe(door, &Value::Null, &ty.one()).await;
                }
                continue;
            };
            let doors = doors_of_fields(ty);
            let is_granted = |field: &String| {
                let list = ["Aggregate", "Groups"].iter().find_map(|suffix| field.strip_suffix(suffix));
                granted.contains(field.as_str()) || list.is_some_and(|list| granted.contains(list))
            };
            for field in ty.fields.keys().filter(|field| !is_granted(field)) {
                for (document, variables) in &doors {
                    prober.probe(document, variables, field).await;
                }
            }
        }
        assert!(prober.probes > 1_500, "{}", prober.probes);
        let served = types(&server, &prober.secret).await;
        assert_eq!(served.iter().map(|ty| ty.name.as_str()).collect::<Vec<_>>(), ["Customer", "Order", "Product"]);
        let hidden: BTreeSet<&str> =
            all.iter().map(|ty| ty.name.as_str()).filter(|name| granted(name).is_none()).collect();
        let schema = ask(&server, &prober.secret, "{ __schema { types { name } } }", &Value::Null).await;
        let served = schema["data"]["__schema"]["types"].as_array().unwrap().clone();
        assert!(served.iter().all(|ty| !hidden.contains(ty["name"].as_str().unwrap())), "{schema}");
    }
}

/// The ids of hidden types lead to nothing, as those that nothing has do.
#[tokio::test]
async fn an_id_of_a_hidden_type_is_no_id() {
    for place in places().await {
        load(&place, &FILES);
        let file = place.file("roles.toml", NARROW_FILE);
        place.done(&["role", "set", &file.to_string_lossy()]);
        let server = Server::start(place);
        let secret = mia(server.place(), "narrow");
        let mut known = 0;
        for ty in types(&server, server.secret(Role::Admin)).await {
            if granted(&ty.name).is_some() {
                continue;
            }
            let list = &ty.list;
            let found = server.query(&format!("{{ {list}(first: 1) {{ nodes {{ id }} }} }}")).await;
            let Some(id) = found[list]["nodes"][0]["id"].as_str() else { continue };
            known += 1;
            for id in [id, "qqq_00000000000000000000000000000000"] {
                let query =
                    format!("{{ node(id: \"{id}\") {{ __typename }} nodes(ids: [\"{id}\"]) {{ __typename }} }}");
                let answer = ask(&server, &secret, &query, &Value::Null).await;
                assert_eq!(answer, json!({ "data": { "node": null, "nodes": [null] } }), "{}", ty.name);
            }
        }
        assert!(known >= 5, "{known}");
    }
}
