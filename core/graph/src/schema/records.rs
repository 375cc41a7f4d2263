//! Mutations of records: the same verbs for every type that may be written.

use std::sync::Arc;

use async_graphql::dynamic::{Enum, EnumItem, Field, InputObject, Object, SchemaBuilder, TypeRef};
use guildhall_model::{Model, ObjectType, required};
use guildhall_workflow::write_records::{Outcome, RECORD_LIMIT, Verb};

use super::objects::kind_type;
use super::refusals::result;
use super::{Source, argument, field, lower_first};

const KEY: &str = "Chosen by the caller: the same key and input give the stored answer and are done once.";
const VERSION: &str = "The version you have seen; if the record has another by now, nothing is done.";

/// What a mutation does to records of a type.
#[derive(Clone, Debug)]
pub(crate) struct RecordAct {
    pub verb: Verb,
    pub object: Arc<ObjectType>,
    /// Several records in one transaction.
    pub many: bool,
}

const VERBS: [(Verb, &str); 5] = [
    (Verb::Create, "create"),
    (Verb::Update, "update"),
    (Verb::Upsert, "upsert"),
    (Verb::Delete, "delete"),
    (Verb::Restore, "restore"),
];

impl RecordAct {
    /// The act of a mutation's name, if it is one.
    pub(crate) fn named(model: &Model, name: &str) -> Option<RecordAct> {
        let (verb, rest) = VERBS.iter().find_map(|(verb, prefix)| Some((*verb, name.strip_prefix(prefix)?)))?;
        let mut objects = model.objects().iter().filter(|object| !object.is_kept());
        objects.find_map(|object| {
            let many = rest == upper_first(&object.plural);
            (many || rest == object.name).then(|| RecordAct { verb, object: Arc::clone(object), many })
        })
    }

    /// The name of the type that says what was done.
    pub(crate) fn written(&self) -> String {
        if self.many { "RecordsWritten".to_owned() } else { format!("{}Written", self.object.name) }
    }

    fn field(&self) -> Field {
        let (verb, prefix) = VERBS.iter().find(|(verb, _)| *verb == self.verb).copied().unwrap_or(VERBS[0]);
        let name = &self.object.name;
        let subject = if self.many { upper_first(&self.object.plural) } else { name.clone() };
        let input = match (verb, self.many) {
            (Verb::Delete, false) => "DeleteInput".to_owned(),
            (Verb::Delete, true) => "DeleteManyInput".to_owned(),
            (Verb::Restore, false) => "RestoreInput".to_owned(),
            (Verb::Restore, true) => "RestoreManyInput".to_owned(),
            _ => format!("{}{subject}Input", upper_first(prefix)),
        };
        let result = if self.many { "RecordsResult".to_owned() } else { format!("{name}Result") };
        let one = self.object.table.replace('_', " ");
        let doc = match (verb, self.many) {
            (Verb::Create, false) => format!("Makes a new {one}."),
            (Verb::Update, false) => format!("Changes the {one} with this id."),
            (Verb::Upsert, false) => {
                format!("Changes the {one} known by `source` and `externalId`, or makes it if there is none.")
            }
            (Verb::Delete, false) => format!("Deletes a {one} with its parts; what else refers to it prevents it."),
            (Verb::Restore, false) => format!("Brings a deleted {one} back, with what was deleted along with it."),
            (_, true) => {
                format!("The same as `{prefix}{name}` for 1 to {RECORD_LIMIT} records: all of it is done, or nothing.")
            }
        };
        field(&format!("{prefix}{subject}"), TypeRef::named_nn(result), &doc).argument(argument(
            "input",
            TypeRef::named_nn(input),
            "What to do.",
        ))
    }
}

/// The acts on records that may be done, as fields of `Mutation`.
pub(super) fn fields(source: &Source<'_>) -> Vec<Field> {
    source.written().flat_map(acts).filter(|act| may(source, act.verb, &act.object)).map(|act| act.field()).collect()
}

fn may(source: &Source<'_>, verb: Verb, object: &ObjectType) -> bool {
    match verb {
        Verb::Create => source.access.creates(&object.name),
        Verb::Update => source.access.updates(&object.name),
        Verb::Upsert => source.access.upserts(object),
        Verb::Delete | Verb::Restore => source.access.deletes(&object.name),
    }
}

fn acts(object: &Arc<ObjectType>) -> impl Iterator<Item = RecordAct> {
    VERBS
        .into_iter()
        .flat_map(move |(verb, _)| [false, true].map(|many| RecordAct { verb, object: Arc::clone(object), many }))
}

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    if source.written().next().is_none() {
        return builder;
    }
    for ty in results() {
        builder = builder.register(ty);
    }
    builder =
        builder.register(result("RecordsResult", "What came of a mutation of several records.", "RecordsWritten"));
    builder = builder.register(outcomes());
    for input in shared_inputs() {
        builder = builder.register(input);
    }
    for object in source.written() {
        for input in inputs(source, object) {
            builder = builder.register(input);
        }
        let name = &object.name;
        let written = Object::new(format!("{name}Written"))
            .description(format!("What became of a record of type {name}."))
            .field(field(&lower_first(name), TypeRef::named(name), "The record as it is now; null if it was deleted."))
            .field(field("id", TypeRef::named_nn("ID"), "The record's id."))
            .field(field("version", TypeRef::named_nn("Int"), "The version it has now, or had when it was deleted."))
            .field(field("outcome", TypeRef::named_nn("WriteOutcome"), "What was done."));
        let doc = format!("What came of a mutation of a record of type {name}.");
        builder = builder.register(written).register(result(&format!("{name}Result"), &doc, &format!("{name}Written")));
    }
    builder
}

fn results() -> [Object; 2] {
    let written = Object::new("RecordsWritten").description("What became of several records.").field(field(
        "records",
        TypeRef::named_nn_list_nn("RecordWritten"),
        "One for each, in the order of the input.",
    ));
    let one = Object::new("RecordWritten")
        .description("What became of one of several records.")
        .field(field("id", TypeRef::named_nn("ID"), "The record's id."))
        .field(field("version", TypeRef::named_nn("Int"), "The version it has now, or had when it was deleted."))
        .field(field("outcome", TypeRef::named_nn("WriteOutcome"), "What was done."));
    [written, one]
}

fn outcomes() -> Enum {
    let outcomes = [
        (Outcome::Created, "It was made."),
        (Outcome::Updated, "It was changed."),
        (Outcome::Unchanged, "Everything was as wanted already."),
        (Outcome::Deleted, "It was deleted."),
        (Outcome::Restored, "It was brought back."),
    ];
    let outcome = Enum::new("WriteOutcome").description("What was done to a record.");
    outcomes
        .into_iter()
        .fold(outcome, |outcome, (value, doc)| outcome.item(EnumItem::new(value.name()).description(doc)))
}

fn key(input: InputObject) -> InputObject {
    input.field(argument("idempotencyKey", TypeRef::named_nn("String"), KEY))
}

fn id(input: InputObject) -> InputObject {
    input.field(argument("id", TypeRef::named_nn("ID"), "The record's id."))
}

fn version(input: InputObject) -> InputObject {
    input.field(argument("version", TypeRef::named_nn("Int"), VERSION))
}

fn items(input: InputObject, of: &str) -> InputObject {
    let doc = format!("The records, 1 to {RECORD_LIMIT}.");
    key(input.field(argument("items", TypeRef::named_nn_list_nn(of), &doc)))
}

/// What deleting and bringing back takes, whatever the type.
fn shared_inputs() -> [InputObject; 5] {
    let doc = format!("The records' ids, 1 to {RECORD_LIMIT}.");
    [
        key(version(id(InputObject::new("DeleteInput").description("Names a record to be deleted.")))),
        version(id(InputObject::new("RecordVersion").description("A record as you have seen it."))),
        items(InputObject::new("DeleteManyInput").description("Names records to be deleted."), "RecordVersion"),
        key(id(InputObject::new("RestoreInput").description("Names a record to be brought back."))),
        key(InputObject::new("RestoreManyInput").description("Names records to be brought back.").field(argument(
            "ids",
            TypeRef::named_nn_list_nn("ID"),
            &doc,
        ))),
    ]
}

/// What making and changing records of a type takes.
fn inputs(source: &Source<'_>, object: &ObjectType) -> Vec<InputObject> {
    let name = &object.name;
    let plural = upper_first(&object.plural);
    let new = |suffix: &str, doc: String| InputObject::new(suffix).description(doc);
    let set = |input: InputObject| {
        let doc = "What is to change; what is not named stays, and null takes a value away.";
        input.field(argument("set", TypeRef::named_nn(format!("{name}Changes")), doc))
    };
    let known = |input: InputObject| {
        input
            .field(argument("source", TypeRef::named_nn("String"), "The system the record comes from."))
            .field(argument("externalId", TypeRef::named_nn("String"), "The record's id in `source`."))
    };
    let one = object.table.replace('_', " ");
    let values = argument("values", TypeRef::named_nn(format!("{name}Values")), "What it is to be.");
    let mut inputs = Vec::new();
    if may(source, Verb::Create, object) {
        inputs.extend([
            values_of(source, object, &format!("{name}Values"), &format!("The values of a new {one}."), true),
            key(new(&format!("Create{name}Input"), format!("Says what a new {one} is to be.")).field(values)),
            items(
                new(&format!("Create{plural}Input"), format!("Says what new records of type {name} are to be.")),
                &format!("{name}Values"),
            ),
        ]);
    }
    if may(source, Verb::Update, object) {
        inputs.extend([
            values_of(source, object, &format!("{name}Changes"), &format!("New values for a {one}."), false),
            key(set(version(id(new(&format!("Update{name}Input"), format!("Says how a {one} is to change.")))))),
            set(version(id(new(&format!("{name}Update"), format!("Says how one {one} is to change."))))),
            items(
                new(&format!("Update{plural}Input"), format!("Says how records of type {name} are to change.")),
                &format!("{name}Update"),
            ),
        ]);
    }
    if may(source, Verb::Upsert, object) {
        let of_another = format!("Says what records of type {name} of another system are to be.");
        inputs.extend([
            key(set(known(new(
                &format!("Upsert{name}Input"),
                format!("Says what a {one} of another system is to be."),
            )))),
            set(known(new(&format!("{name}Upsert"), format!("Says what one {one} of another system is to be.")))),
            items(new(&format!("Upsert{plural}Input"), of_another), &format!("{name}Upsert")),
        ]);
    }
    inputs
}

/// The values of a record that may be written; for a new one, some must be.
fn values_of(source: &Source<'_>, object: &ObjectType, name: &str, doc: &str, new: bool) -> InputObject {
    let mut input = InputObject::new(name).description(doc);
    let required: Vec<&str> = required(object).collect();
    let ty = |name: &str, ty: &str| {
        if new && required.contains(&name) { TypeRef::named_nn(ty) } else { TypeRef::named(ty) }
    };
    let written: Vec<&str> =
        if new { source.access.created(&object.name).collect() } else { source.access.updated(&object.name).collect() };
    for field in object.fields.iter().filter(|field| written.contains(&field.name.as_str())) {
        let kind = match &field.kind {
            guildhall_model::Kind::Money => "Decimal",
            kind => kind_type(kind),
        };
        input = input.field(argument(&field.name, ty(&field.name, kind), &field.doc));
    }
    for relation in object.relations.iter().filter(|relation| written.contains(&relation.name.as_str())) {
        input = input.field(argument(&relation.name, ty(&relation.name, "ID"), &relation.doc));
    }
    input
}

/// `orderLines` -> `OrderLines`.
pub(crate) fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
