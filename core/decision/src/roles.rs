//! Roles: reads the document of a deployment's own roles and holds it against the model.
//!
//! A role of a deployment's own grants at most what `department` reads. Fields of free JSON may hold values of any other
//! field, as a recorded decision holds what its plugins were shown; so it never grants those.

use std::collections::BTreeSet;

use guildhall_model::{
    Ability, Kind, Model, ObjectType, Role, RoleDefinition, RowSet, Rows, TypeGrant, belongs_to_customer, required,
    writable,
};
use toml::de::DeValue;

use crate::Problems;
use crate::strategy::reader::{MAX_TEXT, Node, Reader, Table, read_document};

/// The keys a roles document may have. `schema/roles.schema.json` says the same; a test compares them.
const DOCUMENT: &[&str] = &["roles"];
const ROLE: &[&str] = &["doc", "rows", "abilities", "types"];
const TYPE: &[&str] = &["read", "create", "update", "delete", "rows"];
const MAX_ROLES: usize = 100;
/// Most characters of a role's name: a token keeps its roles in a text.
const MAX_NAME: usize = 64;

/// Reads a document of roles, and reports everything that is wrong with it at once.
pub fn read_roles(text: &str, model: &Model) -> Result<Vec<RoleDefinition>, Problems> {
    let department = RoleDefinition::built_in(model, Role::Department);
    read_document(text, model, &[], |reader, table| {
        reader.only(table, DOCUMENT);
        let node = reader.require(table, "roles")?;
        let roles = reader.table(&node)?;
        let all: Vec<_> = roles.each().collect();
        if all.len() > MAX_ROLES {
            reader.at(&node, format!("has {} roles; at most {MAX_ROLES} are read", all.len()));
        }
        let read = all.into_iter().take(MAX_ROLES).filter_map(|(name, span, node)| {
            if Role::named(name).is_some() {
                reader.problem(&span, &node.path, "is a built-in role; choose another name");
            } else if !is_name(name) {
                let message = format!(
                    "is not a name; begin with a letter and use lower-case letters, digits and `-`, at most {MAX_NAME}"
                );
                reader.problem(&span, &node.path, message);
            }
            let table = reader.table(&node)?;
            role(reader, &department, name, &table)
        });
        Some(read.collect())
    })
}

fn is_name(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && name.len() <= MAX_NAME && name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

fn role(reader: &mut Reader<'_>, department: &RoleDefinition, name: &str, table: &Table<'_>) -> Option<RoleDefinition> {
    reader.only(table, ROLE);
    let doc = reader.text(table, "doc", MAX_TEXT);
    let rows = reader.require(table, "rows").and_then(|node| row_set(reader, &node));
    let abilities = table.get("abilities").and_then(|node| {
        let known = Ability::ALL.map(Ability::name);
        let read = words(reader, &node, &known)?.into_iter().filter_map(|word| Ability::named(&word)).collect();
        Some((node, read))
    });
    let mut read = RoleDefinition { name: name.to_owned(), doc: doc.unwrap_or_default(), ..RoleDefinition::default() };
    let model = reader.model;
    let types = table.get("types").and_then(|node| reader.table(&node));
    // A relation is read only where its end is, and a role is to stand by itself.
    let named: BTreeSet<&str> = types.iter().flat_map(Table::each).map(|(name, _, _)| name).collect();
    for (name, span, node) in types.iter().flat_map(Table::each) {
        let known = model.object(name).zip(department.types.get(name));
        let Some((object, granted)) = known else {
            reader.problem(&span, &node.path, "is no type that a role of your own can read");
            continue;
        };
        let Some(table) = reader.table(&node) else { continue };
        let grant = type_grant(reader, object, granted, &named, rows.unwrap_or_default(), &table);
        read.types.insert(name.to_owned(), grant);
    }
    if let Some((node, abilities)) = abilities {
        read.abilities = abilities;
        if read.abilities.contains(&Ability::RecordDecisions) && !named.contains("Decision") {
            reader.at(&node, "has `record-decisions`, which answers with the decision; let the role read `Decision`");
        }
    }
    Some(read)
}

fn type_grant(
    reader: &mut Reader<'_>,
    object: &ObjectType,
    department: &TypeGrant,
    named: &BTreeSet<&str>,
    rows: RowSet,
    table: &Table<'_>,
) -> TypeGrant {
    reader.only(table, TYPE);
    let is_json = |name: &str| object.get(name).is_some_and(|field| field.kind == Kind::Json);
    let leads = |name: &str| object.relation(name).is_none_or(|relation| named.contains(relation.target.as_str()));
    let readable: Vec<&str> = department.read.iter().map(String::as_str).filter(|name| !is_json(name)).collect();
    let all = || readable.iter().copied().filter(|name| leads(name)).map(str::to_owned).collect::<BTreeSet<_>>();
    let mut read = match reader.require(table, "read") {
        Some(node) if node.value.as_str() == Some("all") => all(),
        Some(node) => {
            let read = words(reader, &node, &readable).unwrap_or_default();
            for name in read.iter().filter(|name| !leads(name)) {
                let target = object.relation(name).map_or("", |relation| relation.target.as_str());
                reader.at(&node, format!("has `{name}`, which leads to `{target}`; let the role read that, too"));
            }
            read
        }
        None => BTreeSet::new(),
    };
    read.extend(["id".to_owned(), "version".to_owned()]);
    let written: Vec<&str> = writable(object).filter(|name| read.contains(*name)).collect();
    let create = table.get("create").map(|node| (names(reader, &node, &written), node));
    let create = create.map_or_else(BTreeSet::new, |(create, node)| {
        let lacking: Vec<_> = required(object).filter(|name| !create.contains(*name)).collect();
        if !matches!(node.value, DeValue::Boolean(false)) && !lacking.is_empty() {
            let message = format!(
                "lacks `{}`, which every new record needs; let the role read and write it",
                lacking.join("`, `")
            );
            reader.at(&node, message);
        }
        create
    });
    let update = table.get("update").map_or_else(BTreeSet::new, |node| names(reader, &node, &written));
    let delete = table.get("delete").is_some_and(|node| match node.value {
        DeValue::Boolean(delete) => *delete,
        _ => {
            reader.at(&node, "is not true or false");
            false
        }
    });
    if delete && object.is_kept() {
        reader.problem(&table.span, &table.path, "has records that only Guildhall makes and deletes");
    }
    let rows = match table.get("rows") {
        Some(node) if !belongs_to_customer(reader.model, object) => {
            reader.at(&node, "says whose records are seen, but these belong to no customer; leave it out");
            rows
        }
        Some(node) => row_set(reader, &node).unwrap_or_default(),
        None => rows,
    };
    TypeGrant { read, create, update, delete, rows }
}

/// What may be written: all, nothing, or these.
fn names(reader: &mut Reader<'_>, node: &Node<'_>, written: &[&str]) -> BTreeSet<String> {
    let all = || written.iter().map(|name| (*name).to_owned()).collect();
    match node.value {
        DeValue::Boolean(true) => all(),
        DeValue::Boolean(false) => BTreeSet::new(),
        DeValue::String(text) if text == "all" => all(),
        _ => words(reader, node, written).unwrap_or_default(),
    }
}

fn row_set(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<RowSet> {
    let read = words(reader, node, &Rows::ALL.map(Rows::name))?;
    Some(read.iter().filter_map(|word| Rows::named(word)).collect())
}

/// A list of words of which each is known.
fn words(reader: &mut Reader<'_>, node: &Node<'_>, known: &[&str]) -> Option<BTreeSet<String>> {
    let texts = reader.texts(node)?;
    for text in texts.iter().filter(|text| !known.contains(&text.as_str())) {
        let text: String = text.chars().take(64).collect();
        reader.at(node, format!("has `{text}`, which is not known here; known are {}", known.join(", ")));
    }
    Some(texts.into_iter().filter(|text| known.contains(&text.as_str())).collect())
}

#[cfg(test)]
mod tests;
