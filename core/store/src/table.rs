//! Tables: the model's, as they follow from the registry, and those of house-keeping.

use guildhall_model::{Kind, Model, ObjectType, RelationKey};

use crate::facts;

/// A table, in no dialect.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) primary_key: Vec<&'static str>,
    pub(crate) references: Vec<Reference>,
    pub(crate) unique: Vec<Unique>,
    pub(crate) indexes: Vec<Vec<String>>,
    /// Text columns that are searched by how they begin, whatever the case.
    pub(crate) searched: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) storage: Storage,
    pub(crate) nullable: bool,
    /// Starts at zero when a new record does not say.
    pub(crate) zero: bool,
}

/// How a column is stored: as a kind of the model, or as something only house-keeping needs.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    Model(Kind),
    BigInt,
    Bytes,
}

/// A column that names a row of another table.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) column: String,
    pub(crate) table: String,
}

/// Columns whose values occur once, among all rows or among those of one state.
#[derive(Clone, Debug)]
pub(crate) struct Unique {
    pub(crate) columns: Vec<String>,
    /// Column, `=` or `<>`, and the value that say which rows count.
    pub(crate) among: Option<Among>,
}

type Among = (&'static str, &'static str, &'static str);

/// Table, columns, and among which rows they are unique.
type Rule = (&'static str, &'static [&'static str], Option<Among>);

/// What the model cannot say.
const RULES: [Rule; 12] = [
    ("user", &["login"], None),
    ("topic", &["key"], None),
    ("segment", &["key"], None),
    ("strategy", &["number"], None),
    ("strategy", &["status"], Some(("status", "=", "ACTIVE"))),
    ("plugin", &["name"], Some(("status", "<>", "REMOVED"))),
    ("publisher", &["name"], Some(("status", "=", "TRUSTED"))),
    ("publisher", &["key"], Some(("status", "=", "TRUSTED"))),
    ("decision", &["customer_id", "sequence"], None),
    ("role_document", &["number"], None),
    ("field_document", &["number"], None),
    ("customer_day", &["customer_id", "origin", "day", "currency"], None),
];

/// The fields of a type whose values only one record may have, by the API's names.
pub fn unique_fields(object: &ObjectType) -> Vec<String> {
    let rules = RULES.iter().filter(|(table, _, _)| *table == object.table);
    let name = |column: &&str| {
        let field = object.fields.iter().find(|field| field.column == *column);
        field.map_or_else(|| (*column).to_owned(), |field| field.name.clone())
    };
    rules.map(|(_, columns, _)| columns.iter().map(name).collect::<Vec<_>>().join(" and ")).collect()
}

/// What house-keeping has to know of a record and the API does not tell, in the table of its type. Records that come from
/// elsewhere have nothing there.
const BESIDE: [(&str, &[(&str, Storage)]); 4] = [
    (
        "import_run",
        &[
            ("mapping_digest", TEXT),
            ("epoch", Storage::Model(Kind::Int)),
            ("setup", Storage::Model(Kind::Json)),
            ("progress", Storage::Model(Kind::Json)),
        ],
    ),
    ("event", &[("position", Storage::BigInt)]),
    ("decision", &[("salt", TEXT)]),
    // The generation an installation began, which orders those of a name; its settings as they were given.
    ("plugin", &[("began", Storage::Model(Kind::Int)), ("settings_given", Storage::Model(Kind::Json))]),
];

/// Every table, in the order in which they can be created.
pub(crate) fn all(model: &Model) -> Vec<Table> {
    let mut tables: Vec<_> = model.objects().iter().map(|object| of_type(model, object)).collect();
    tables.extend([package(), token(), idempotency(), deployment(), ledger_head(), point_sdl(), reaction()]);
    tables
}

fn of_type(model: &Model, object: &ObjectType) -> Table {
    let references = object.references(model);
    let fields = object.fields.iter().map(|field| Column {
        name: field.column.clone(),
        storage: Storage::Model(field.kind.clone()),
        nullable: field.nullable,
        zero: facts::is_fact(&object.table, &field.column) && !field.nullable,
    });
    let keys = references.iter().map(|reference| Column {
        name: reference.column.to_owned(),
        storage: Storage::Model(Kind::Id),
        nullable: reference.nullable,
        zero: false,
    });
    let beside = BESIDE.iter().filter(|(table, _)| *table == object.table).flat_map(|(_, columns)| *columns);
    let beside = beside.map(|(name, storage)| Column {
        name: (*name).to_owned(),
        storage: storage.clone(),
        nullable: true,
        zero: false,
    });
    let target = |name: &str| model.object(name).map_or_else(|| name.to_owned(), |target| target.table.clone());
    Table {
        name: object.table.clone(),
        columns: fields.chain(keys).chain(beside).collect(),
        primary_key: vec!["id"],
        references: references
            .iter()
            .map(|reference| Reference { column: reference.column.to_owned(), table: target(reference.target) })
            .collect(),
        unique: unique(object, references.iter().filter(|r| r.unique).map(|r| r.column)),
        indexes: indexes(object),
        searched: object.fields.iter().filter(|field| field.searchable).map(|field| field.column.clone()).collect(),
    }
}

fn unique<'a>(object: &ObjectType, references: impl Iterator<Item = &'a str>) -> Vec<Unique> {
    let plain = |columns: &[&str]| columns.iter().map(|&column| column.to_owned()).collect();
    // Records that were never imported have nulls here, and nulls are distinct.
    let mut all = vec![Unique { columns: plain(&["source", "external_id"]), among: None }];
    all.extend(references.map(|column| Unique { columns: plain(&[column]), among: None }));
    let rules = RULES.iter().filter(|(table, _, _)| *table == object.table);
    all.extend(rules.map(|(_, columns, among)| Unique { columns: plain(columns), among: *among }));
    all
}

/// Indexes over several fields, for what Guildhall itself looks for again and again.
const LOOKED_FOR: [(&str, &[&str]); 1] = [("consent", &["status", "to"])];

/// Every index ends with `id`, so that it is a total order and one page of a list reads only its own rows.
fn indexes(object: &ObjectType) -> Vec<Vec<String>> {
    let id = || "id".to_owned();
    let mut all: Vec<Vec<String>> =
        object.fields.iter().filter(|field| field.indexed).map(|field| vec![field.column.clone(), id()]).collect();
    let looked_for = LOOKED_FOR.iter().filter(|(table, _)| *table == object.table);
    let columns =
        looked_for.map(|(_, columns)| columns.iter().map(|&column| column.to_owned()).chain([id()]).collect());
    all.extend(columns);
    for relation in &object.relations {
        let RelationKey::Here { column } = &relation.key else { continue };
        all.push(vec![column.clone(), id()]);
        if column != "customer_id" {
            continue;
        }
        // The usual order of a customer's orders, invoices, payments: by their business day.
        let days = object.fields.iter().filter(|field| {
            field.indexed && matches!(field.kind, Kind::Date | Kind::DateTime) && field.column != "created_at"
        });
        all.extend(days.map(|field| vec![column.clone(), field.column.clone(), id()]));
    }
    // Events are followed in the order in which they came to be.
    if object.table == "event" {
        all.push(vec!["position".to_owned(), id()]);
    }
    // What a customer's facts look for: what is still open, and what was shipped lately.
    const OPEN: [(&str, &[&str]); 3] =
        [("order", &["status", "shipped_on"]), ("invoice", &["status"]), ("exposure_entry", &["stage"])];
    for (_, columns) in OPEN.iter().filter(|(table, _)| *table == object.table) {
        let parts: [&[&str]; 3] = [&["customer_id"], columns, &["id"]];
        all.push(parts.concat().into_iter().map(str::to_owned).collect());
    }
    // The usual order of lines: by their place.
    const LINES: [(&str, &str); 4] = [
        ("order_line", "order_id"),
        ("credit_note_line", "credit_note_id"),
        ("quote_line", "quote_id"),
        ("quote_discount", "line_id"),
    ];
    for (table, of) in LINES {
        if object.table == table {
            all.push(vec![of.to_owned(), "position".to_owned(), id()]);
        }
    }
    all
}

fn house(name: &str, primary_key: &[&'static str], columns: &[(&str, Storage, bool)]) -> Table {
    let column = |(name, storage, nullable): &(&str, Storage, bool)| Column {
        name: (*name).to_owned(),
        storage: storage.clone(),
        nullable: *nullable,
        zero: false,
    };
    Table {
        name: name.to_owned(),
        columns: columns.iter().map(column).collect(),
        primary_key: primary_key.to_vec(),
        references: Vec::new(),
        unique: Vec::new(),
        indexes: Vec::new(),
        searched: Vec::new(),
    }
}

const TEXT: Storage = Storage::Model(Kind::Text);
const TIME: Storage = Storage::Model(Kind::DateTime);

fn package() -> Table {
    house(
        "package",
        &["digest"],
        &[("digest", TEXT, false), ("bytes", Storage::Bytes, false), ("created_at", TIME, false)],
    )
}

fn token() -> Table {
    let columns = [
        ("id", Storage::Model(Kind::Id), false),
        ("name", TEXT, false),
        ("actor", TEXT, false),
        ("roles", TEXT, false),
        ("scopes", TEXT, false),
        ("reach", TEXT, false),
        ("secret_hash", TEXT, false),
        ("created_at", TIME, false),
        ("expires_at", TIME, true),
        ("revoked_at", TIME, true),
    ];
    Table {
        unique: vec![Unique { columns: vec!["secret_hash".to_owned()], among: None }],
        ..house("token", &["id"], &columns)
    }
}

fn idempotency() -> Table {
    let columns = [
        ("actor", TEXT, false),
        ("key", TEXT, false),
        ("act", TEXT, false),
        ("body_digest", TEXT, false),
        ("result", Storage::Model(Kind::Json), false),
        ("created_at", TIME, false),
    ];
    house("idempotency", &["actor", "key"], &columns)
}

/// How far reactions to events are, and which process works on them.
fn reaction() -> Table {
    let columns = [
        ("id", Storage::Model(Kind::Int), false),
        ("position", Storage::BigInt, true),
        ("event", Storage::Model(Kind::Id), true),
        ("since", TIME, true),
        ("holder", Storage::Model(Kind::Id), true),
        ("held_until", TIME, true),
    ];
    house("reaction", &["id"], &columns)
}

fn deployment() -> Table {
    let columns = [
        ("id", Storage::Model(Kind::Int), false),
        ("generation", Storage::BigInt, false),
        ("facts_day", Storage::Model(Kind::Date), true),
        ("held_day", Storage::Model(Kind::Date), true),
    ];
    house("deployment", &["id"], &columns)
}

/// Where each customer's chain of decisions ends.
fn ledger_head() -> Table {
    let columns = [
        ("customer_id", Storage::Model(Kind::Id), false),
        ("sequence", Storage::Model(Kind::Int), false),
        ("digest", TEXT, false),
    ];
    house("ledger_head", &["customer_id"], &columns)
}

/// The decision points that decisions were recorded at, by the digest of their SDL.
fn point_sdl() -> Table {
    house("point_sdl", &["digest"], &[("digest", TEXT, false), ("sdl", TEXT, false), ("created_at", TIME, false)])
}
