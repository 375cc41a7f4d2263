//! Probing: an actor of a narrow role tries to learn of hidden types, fields and rows through every door there is. The probes
//! follow from the schema an admin is served, so a new type or field is probed without a word here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guildhall_tests::{Place, Role, Server, built, codes, data, places};
use serde_json::{Value, json};

use crate::rows::{FILES, MAPPING, SEEN_FILES};
use crate::writes::{inputs, sampled, targets};

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
    if name != "Product" {
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

/// A role that reads whatever a role of a deployment's own can, of customers the actor owns, and writes all of it.
fn own_of_all(all: &[Type]) -> String {
    let mut file = String::from("[roles.own]\ndoc = \"Sees what is his.\"\nrows = [\"own\"]\n");
    for ty in all.iter().filter(|ty| {
        !["Event", "DeletedRecord", "ImportRun", "RoleDocument", "FieldDocument"].contains(&ty.name.as_str())
    }) {
        file += &format!("[roles.own.types.{}]\nread = \"all\"\n", ty.name);
        if ["Customer", "Order", "Invoice", "Payment", "Note", "Task"].contains(&ty.name.as_str()) {
            file += "create = true\nupdate = \"all\"\ndelete = true\n";
        }
    }
    file
}

/// Whether records of a type are customers or belong to one, as far as the schema tells.
fn is_limited(all: &[Type], ty: &Type) -> bool {
    let whole = ["order", "invoice", "quote", "creditNote", "payment", "case", "customer", "decision"];
    ty.name == "Customer"
        || whole.iter().any(|relation| {
            let target = ty.fields.get(*relation).and_then(|target| all.iter().find(|ty| ty.name == *target));
            target
                .is_some_and(|target| target.name == "Customer" || (target.name != ty.name && is_limited(all, target)))
        })
}

/// Questions about all records of a type that follow from what the schema has of it.
fn questions(all: &[Type], ty: &Type) -> Vec<String> {
    let list = &ty.list;
    let mut all_of_it = Vec::new();
    let (mut sums, mut extremes, mut keys) = ("__typename ".to_owned(), "__typename ".to_owned(), Vec::new());
    for (field, of) in &ty.fields {
        let changes = ["createdAt", "updatedAt", "version", "id", "digest", "previousDigest", "sequence"]
            .contains(&field.as_str());
        match of.as_str() {
            _ if changes => {}
            // When and in how many steps the one server and the other were filled differs.
            "DateTime" => {}
            "String" | "Int" | "Boolean" | "Decimal" | "Date" => {
                all_of_it.push(field.clone());
                if of == "Int" || of == "Decimal" {
                    sums += &format!("{field} ");
                }
                if of != "String" && of != "Boolean" {
                    extremes += &format!("{field} ");
                }
                if ["String", "Int", "Boolean"].contains(&of.as_str()) {
                    keys.push(upper(field));
                }
            }
            "Money" => {
                all_of_it.push(format!("{field} {{ amount currency }}"));
                sums += &format!("{field} {{ amount }} ");
                extremes += &format!("{field} {{ amount }} ");
            }
            other if all.iter().any(|ty| ty.name == other) => {
                all_of_it.push(format!("{field} {{ __typename externalId }}"))
            }
            other if other.strip_suffix("Connection").is_some_and(|of| all.iter().any(|ty| ty.name == of)) => {
                all_of_it.push(format!("{field}(first: 5, orderBy: {{field: EXTERNAL_ID}}) {{ totalCount nodes {{ externalId }} }} {field}Aggregate {{ count }}"));
            }
            _ => {}
        }
    }
    let selected = all_of_it.join(" ");
    let mut questions = vec![
        format!(
            "{{ {list}(first: 50, orderBy: {{field: EXTERNAL_ID}}) {{ totalCount pageInfo {{ hasNextPage }} nodes {{ {selected} }} }} }}"
        ),
        format!("{{ {list}(last: 1) {{ totalCount pageInfo {{ hasPreviousPage }} }} }}"),
        format!(
            "{{ {list}Aggregate {{ count sum {{ {sums} }} average {{ {sums} }} min {{ {extremes} }} max {{ {extremes} }} }} }}"
        ),
        format!("{{ {list}Aggregate(filter: {{not: {{externalId: {{eq: \"IM\"}}}}}}) {{ count }} }}"),
    ];
    for key in keys {
        questions.push(format!("{{ {list}Groups(by: [{{field: {key}}}]) {{ totalCount nodes {{ count }} }} }}"));
        questions.push(format!(
            "{{ {list}(orderBy: [{{field: {key}}}, {{field: EXTERNAL_ID}}]) {{ nodes {{ externalId }} }} }}"
        ));
        let found = key.chars().fold((String::new(), false), |(mut name, up), letter| match letter {
            '_' => (name, true),
            letter => {
                name.push(if up { letter } else { letter.to_ascii_lowercase() });
                (name, false)
            }
        });
        questions.push(format!("{{ {list}(filter: {{{}: {{isNull: false}}}}) {{ totalCount }} }}", found.0));
    }
    questions
}

/// The answer with its nodes in one order: records that are equal in what a list is ordered by stand by their ids, which differ.
fn in_one_order(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(in_one_order).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, in_one_order(value))).collect(),
        other => other,
    }
}

/// One server with everything, with records of every type that are nobody's, and one with what Mia sees alone: she cannot tell
/// them apart.
#[tokio::test]
async fn hidden_rows_are_as_if_they_were_not_there() {
    for (full, little) in places().await.into_iter().zip(places().await) {
        let mut servers = Vec::new();
        for (place, files) in [(full, &FILES), (little, &SEEN_FILES)] {
            load(&place, files);
            servers.push(Server::start(place));
        }
        let [full, little] = servers.as_slice() else { panic!("two were started") };
        let all = types(full, full.secret(Role::Admin)).await;
        let schema = inputs(full).await;
        let targets = targets(full).await;
        let mut hidden = Vec::new();
        for ty in &all {
            if schema.0.contains_key(&format!("{}Values", ty.name)) && is_limited(&all, ty) {
                hidden.extend(sampled(full, &ty.name, &targets, &schema).await.map(|id| (ty, id)));
            }
        }
        assert!(hidden.len() > 15, "{}", hidden.len());
        let mut secrets = Vec::new();
        for server in [full, little] {
            let file = server.place().file("roles.toml", own_of_all(&all));
            server.place().done(&["role", "set", &file.to_string_lossy()]);
            secrets.push(mia(server.place(), "own"));
        }
        for server in [full, little] {
            let secret = &secrets[usize::from(std::ptr::eq(server, little))];
            guildhall_tests::until(std::time::Duration::from_secs(20), async || {
                (ask(server, secret, "{ customers { totalCount } }", &Value::Null).await["data"]["customers"]["totalCount"] == 1).then_some(())
            })
            .await;
        }
        let served = types(full, &secrets[0]).await;
        for ty in served.iter().filter(|ty| is_limited(&served, ty)) {
            for question in questions(&served, ty) {
                let answer = ask(full, &secrets[0], &question, &Value::Null).await;
                assert_eq!(answer.get("errors"), None, "{question} {answer}");
                let other = ask(little, &secrets[1], &question, &Value::Null).await;
                assert_eq!(in_one_order(answer), in_one_order(other), "{question}");
            }
        }
        for text in ["", "m", "t", "o", "i", "n", "name"] {
            let search = format!(
                "{{ search(text: \"{text}\", first: 20) {{ __typename ... on Customer {{ name }} ... on Order {{ number }} }} }}"
            );
            let found = |answer: Value| -> Vec<Value> {
                let shared =
                    ["Product", "Campaign", "User", "Territory", "Team", "Segment", "Topic", "CreditGroup", "Supply"];
                let records = answer["data"]["search"].as_array().unwrap().clone();
                records.into_iter().filter(|record| !shared.contains(&record["__typename"].as_str().unwrap())).collect()
            };
            let answers = [
                ask(full, &secrets[0], &search, &Value::Null).await,
                ask(little, &secrets[1], &search, &Value::Null).await,
            ];
            let [all, some] = answers.map(found);
            assert_eq!(all, some, "{search}");
        }
        for (ty, id) in &hidden {
            check_hidden(full, &secrets[0], ty, id).await;
        }
    }
}

/// Holds what is answered about a hidden record against what is answered about one that there is not.
async fn check_hidden(server: &Server, secret: &str, ty: &Type, id: &str) {
    let (prefix, _) = id.split_once('_').unwrap();
    let nobody = format!("{prefix}_0190000000007000800000000000dead");
    let (list, one, name) = (&ty.list, ty.one(), &ty.name);
    let mut answers = Vec::new();
    for id in [id, &nobody] {
        let read = format!(
            "query($id: ID!) {{ {one}(id: $id) {{ id }} node(id: $id) {{ id }} nodes(ids: [$id]) {{ id }} {list}(filter: {{id: {{eq: $id}}}}) {{ totalCount }} {list}Aggregate(filter: {{id: {{in: [$id]}}}}) {{ count }} }}"
        );
        let mut told = vec![ask(server, secret, &read, &json!({ "id": id })).await];
        if ["Customer", "Order", "Invoice", "Payment", "Note", "Task"].contains(&name.as_str()) {
            let asked =
                "__typename ... on Refused { reasons { code message } } ... on Invalid { problems { code message } }";
            let update = format!(
                "mutation($id: ID!, $key: String!) {{ update{name}(input: {{id: $id, version: 1, set: {{source: \"x\"}}, idempotencyKey: $key}}) {{ {asked} }} }}"
            );
            let delete = format!(
                "mutation($id: ID!, $key: String!) {{ delete{name}(input: {{id: $id, version: 1, idempotencyKey: $key}}) {{ {asked} }} }}"
            );
            let restore = format!(
                "mutation($id: ID!, $key: String!) {{ restore{name}(input: {{id: $id, idempotencyKey: $key}}) {{ {asked} }} }}"
            );
            for (verb, document) in [("u", update), ("d", delete), ("r", restore)] {
                let answer = ask(server, secret, &document, &json!({ "id": id, "key": format!("{verb}{id}") })).await;
                let (_, done) = answer["data"].as_object().unwrap().iter().next().unwrap();
                assert_eq!(done["reasons"][0]["code"], "NOT_FOUND", "{name} {answer}");
                told.push(answer);
            }
        }
        if name == "Customer" {
            let note = "mutation($id: ID!, $key: String!) { createNote(input: {values: {customer: $id, body: \"b\"}, idempotencyKey: $key}) { ... on Invalid { problems { code message } } } }";
            let answer = ask(server, secret, note, &json!({ "id": id, "key": format!("n{id}") })).await;
            assert_eq!(answer["data"]["createNote"]["problems"][0]["code"], "UNKNOWN_RECORD", "{answer}");
            told.push(answer);
        }
        answers.push(told);
    }
    assert_eq!(answers[0], answers[1], "{name}");
    assert_eq!(answers[0][0]["data"][&one], Value::Null, "{name}");
}
