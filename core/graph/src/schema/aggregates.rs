//! Aggregates and groups, which follow from the kinds of fields.

use std::sync::Arc;

use async_graphql::dynamic::{Enum, EnumItem, Field, InputObject, Object, SchemaBuilder, TypeRef};
use guildhall_model::plan::Function;
use guildhall_model::{Cardinality, Kind, ObjectType, Relation, RelationKey};

use super::filters::order_field;
use super::objects::kind_type;
use super::{Source, argument, field, lists};

/// What is gathered over records: what can be added up, or what can be the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gathered {
    Sums,
    Extremes,
}

impl Gathered {
    pub(crate) fn type_name(self, object: &ObjectType) -> String {
        match self {
            Gathered::Sums => format!("{}Sums", object.name),
            Gathered::Extremes => format!("{}Extremes", object.name),
        }
    }
}

/// Whether fields of this kind have a sum, or extremes.
pub(crate) fn is_measured(kind: &Kind, gathered: Gathered) -> bool {
    matches!(kind, Kind::Int | Kind::Decimal { .. } | Kind::Money) || (gathered == Gathered::Extremes && is_date(kind))
}

/// Whether fields of this kind are grouped by periods.
pub(crate) fn is_date(kind: &Kind) -> bool {
    matches!(kind, Kind::Date | Kind::DateTime)
}

/// Whether records are grouped by fields of this kind.
fn is_key(kind: &Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Int | Kind::Bool | Kind::Enum(_)) || is_date(kind)
}

pub(super) fn aggregate_name(object: &str) -> String {
    format!("{object}Aggregate")
}

pub(super) fn group_name(object: &str) -> String {
    format!("{object}Group")
}

pub(super) fn group_by_name(object: &str) -> String {
    format!("{object}GroupBy")
}

pub(super) fn group_order_name(object: &str) -> String {
    format!("{object}GroupOrderBy")
}

/// The relations by whose record this type's records can be grouped, with the enum value that says so.
fn key_relations<'o>(source: &Source<'_>, object: &'o ObjectType) -> impl Iterator<Item = (String, &'o Relation)> {
    source.relations(object).filter_map(|relation| match &relation.key {
        RelationKey::Here { column } if relation.cardinality == Cardinality::One => {
            Some((order_field(column.trim_end_matches("_id")), relation.as_ref()))
        }
        _ => None,
    })
}

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    builder = shared(builder);
    for object in source.objects() {
        let name = &object.name;
        let aggregate = Object::new(aggregate_name(name))
            .description(format!("What records of type {name} come to, all together."));
        let key = field("key", TypeRef::named_nn(group_key_name(name)), "What the group's records have in common.");
        let group =
            Object::new(group_name(name)).description(format!("Records of type {name} that have something in common."));
        builder = builder
            .register(measures(object, aggregate))
            .register(measures(object, group.field(key)))
            .register(gathered(source, object, Gathered::Sums))
            .register(gathered(source, object, Gathered::Extremes))
            .register(group_key(source, object))
            .register(group_field(source, object))
            .register(measure_field(source, object))
            .register(group_by(source, object))
            .register(group_order(source, object));
        builder = lists::pages(builder, &group_name(name), &format!("group of records of type {name}"));
    }
    builder
}

fn shared(builder: SchemaBuilder) -> SchemaBuilder {
    let bucket = Enum::new("DateBucket")
        .description("A period of the calendar, in UTC. Its value is its first day.")
        .item(EnumItem::new("DAY").description("A day."))
        .item(EnumItem::new("WEEK").description("A week, from Monday."))
        .item(EnumItem::new("MONTH").description("A month."))
        .item(EnumItem::new("QUARTER").description("A quarter of a year."))
        .item(EnumItem::new("YEAR").description("A year."));
    let measure = Enum::new("GroupMeasure")
        .description("A number over the records of a group.")
        .item(EnumItem::new("COUNT").description("How many records there are."))
        .item(EnumItem::new("SUM").description("The sum of a field."))
        .item(EnumItem::new("AVERAGE").description("The average of a field."))
        .item(EnumItem::new("MIN").description("The least value of a field."))
        .item(EnumItem::new("MAX").description("The greatest value of a field."));
    builder.register(bucket).register(measure)
}

/// Adds what is counted and added up.
fn measures(object: &ObjectType, to: Object) -> Object {
    let of = |gathered: Gathered| TypeRef::named_nn(gathered.type_name(object));
    to.field(field("count", TypeRef::named_nn("Int"), "How many records there are."))
        .field(field("sum", of(Gathered::Sums), "Sums, exact."))
        .field(field(
            "average",
            of(Gathered::Sums),
            "Averages of the values there are, rounded half away from zero to 4 places.",
        ))
        .field(field("min", of(Gathered::Extremes), "The least values."))
        .field(field("max", of(Gathered::Extremes), "The greatest values."))
}

fn gathered(source: &Source<'_>, object: &ObjectType, gathered: Gathered) -> Object {
    let fields = source.fields(object).filter(|field| is_measured(&field.kind, gathered));
    let (doc, function) = match gathered {
        Gathered::Sums => ("A sum or an average over records of type", Function::Sum),
        Gathered::Extremes => ("The least or the greatest values of records of type", Function::Minimum),
    };
    let built = Object::new(gathered.type_name(object)).description(format!(
        "{doc} {}, by field. Null where no record has a value, and for money where the records are in several currencies: then \
         there is an error MIXED_CURRENCIES beside it.",
        object.name
    ));
    fields.fold(built, |built, declared| {
        let kind = function.kind(&declared.kind);
        built.field(field(&declared.name, TypeRef::named(kind_type(&kind)), &declared.doc))
    })
}

fn group_key(source: &Source<'_>, object: &ObjectType) -> Object {
    let built = Object::new(group_key_name(&object.name)).description(
        "What a group's records have in common. Null where they have no value, and what is not grouped by.",
    );
    let fields = source.fields(object).filter(|field| is_key(&field.kind)).map(|declared| -> Field {
        let ty = if is_date(&declared.kind) { "Date" } else { kind_type(&declared.kind) };
        field(&declared.name, TypeRef::named(ty), &declared.doc)
    });
    let relations = key_relations(source, object)
        .map(|(_, relation)| field(&relation.name, TypeRef::named(&relation.target), &relation.doc));
    let related = related(source, object).map(|relation| {
        let doc =
            format!("What the records it leads to have in common, where records are grouped by that: {}", relation.doc);
        field(&related_key_name(relation), TypeRef::named(group_key_name(&relation.target)), &doc)
    });
    fields.chain(relations).chain(related).fold(built, Object::field)
}

/// The relations over which records are grouped by what related ones have.
fn related<'o>(source: &Source<'_>, object: &'o ObjectType) -> impl Iterator<Item = &'o Arc<Relation>> {
    source.relations(object).filter(|relation| relation.cardinality == Cardinality::One)
}

/// The field of a key that has the key of the record a relation leads to.
pub(crate) fn related_key_name(relation: &Relation) -> String {
    format!("{}Key", relation.name)
}

fn group_key_name(object: &str) -> String {
    format!("{object}GroupKey")
}

fn group_field(source: &Source<'_>, object: &ObjectType) -> Enum {
    let fields = source
        .fields(object)
        .filter(|field| is_key(&field.kind))
        .map(|field| EnumItem::new(field.capitals()).description(&field.doc));
    let relations =
        key_relations(source, object).map(|(name, relation)| EnumItem::new(name).description(&relation.doc));
    Enum::new(format!("{}GroupField", object.name))
        .description(format!("What records of type {} can be grouped by.", object.name))
        .items(fields.chain(relations))
}

fn measure_field(source: &Source<'_>, object: &ObjectType) -> Enum {
    let fields = source.fields(object).filter(|field| is_measured(&field.kind, Gathered::Extremes));
    Enum::new(format!("{}MeasureField", object.name))
        .description(format!("What groups of records of type {} can be ordered by a number of.", object.name))
        .items(fields.map(|field| EnumItem::new(field.capitals()).description(&field.doc)))
}

fn group_by(source: &Source<'_>, object: &ObjectType) -> InputObject {
    let built = InputObject::new(group_by_name(&object.name))
        .description(format!(
            "One thing that records of type {} are grouped by: a `field`, or a relation to one record and what to group by there.",
            object.name
        ))
        .field(argument("field", TypeRef::named(format!("{}GroupField", object.name)), "What to group by."))
        .field(argument("bucket", TypeRef::named("DateBucket"), "The period of a date or a time; a day if not said."));
    related(source, object).fold(built, |built, relation| {
        let ty = TypeRef::named(group_by_name(&relation.target));
        built.field(argument(&relation.name, ty, &format!("By the record it leads to: {}", relation.doc)))
    })
}

fn group_order(source: &Source<'_>, object: &ObjectType) -> InputObject {
    let name = &object.name;
    let built = InputObject::new(group_order_name(name))
        .description(format!(
            "One term of an order of groups of records of type {name}: a `key`, a `measure`, or a relation to one record and a `key` there."
        ))
        .field(argument("key", TypeRef::named(format!("{name}GroupField")), "One of the fields grouped by."))
        .field(argument("measure", TypeRef::named("GroupMeasure"), "A number over the group's records."))
        .field(argument("of", TypeRef::named(format!("{name}MeasureField")), "What the number is of; not for COUNT."))
        .field(argument("direction", TypeRef::named("OrderDirection"), "Which way; ASC if not said."))
        .field(argument("nulls", TypeRef::named("NullsOrder"), "Where groups without a value stand; last if not said."));
    related(source, object).fold(built, |built, relation| {
        let ty = TypeRef::named(group_order_name(&relation.target));
        built.field(argument(&relation.name, ty, &format!("By a key of the record it leads to: {}", relation.doc)))
    })
}
