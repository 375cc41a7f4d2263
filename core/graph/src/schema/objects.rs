//! Object types, their connections and edges.

use async_graphql::dynamic::{Enum, EnumItem, Field, Object, SchemaBuilder, TypeRef};
use guildhall_model::{Cardinality, Kind, ObjectType};

use super::filters::{connection_field, connection_name, edge_name};
use super::{Source, decisions, field};

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    for object in source.objects() {
        builder = builder.register(object_type(object, source)).register(connection(object)).register(edge(object));
        for declared in object.fields.iter().filter(|field| field.readable_by <= source.role) {
            if let Kind::Enum(declared) = &declared.kind {
                let items = declared.values.iter().map(|value| EnumItem::new(value.name).description(value.doc));
                builder = builder.register(Enum::new(declared.name).description(declared.doc).items(items));
            }
        }
    }
    builder
}

fn object_type(object: &ObjectType, source: &Source<'_>) -> Object {
    let mut built = Object::new(&object.name).description(&object.doc).implement("Node");
    for declared in object.fields.iter().filter(|field| field.readable_by <= source.role) {
        built = built.field(field(&declared.name, field_type(&declared.kind, declared.nullable), &declared.doc));
    }
    for relation in object.relations.iter().filter(|relation| source.may_read(&relation.target)) {
        let Some(target) = source.model.object(&relation.target) else { continue };
        built = built.field(match relation.cardinality {
            Cardinality::One if relation.nullable => {
                field(&relation.name, TypeRef::named(&relation.target), &relation.doc)
            }
            Cardinality::One => field(&relation.name, TypeRef::named_nn(&relation.target), &relation.doc),
            Cardinality::Many => connection_field(&relation.name, target, &relation.doc),
        });
    }
    for point in source.points.iter().filter(|point| point.subject == object.name) {
        built = built.field(decisions::decision_field(point));
    }
    built
}

/// GraphQL type of a stored field.
fn field_type(kind: &Kind, nullable: bool) -> TypeRef {
    let name = match kind {
        Kind::Id => "ID",
        Kind::Text => "String",
        Kind::Int => "Int",
        Kind::Bool => "Boolean",
        Kind::Decimal { .. } => "Decimal",
        Kind::Money => "Money",
        Kind::Date => "Date",
        Kind::DateTime => "DateTime",
        Kind::Enum(declared) => declared.name,
        Kind::Json => "JSON",
    };
    if nullable { TypeRef::named(name) } else { TypeRef::named_nn(name) }
}

fn connection(object: &ObjectType) -> Object {
    let name = &object.name;
    let list = |name: &str, of: &str, doc: &str| -> Field { field(name, TypeRef::named_nn_list_nn(of), doc) };
    Object::new(connection_name(object))
        .description(format!("A page of records of type {name}."))
        .field(list("nodes", name, "The records."))
        .field(list("edges", &edge_name(object), "The records, each with its cursor."))
        .field(field("pageInfo", TypeRef::named_nn("PageInfo"), "Where the page stands in the list."))
        .field(field(
            "totalCount",
            TypeRef::named_nn("Int"),
            "How many records there are over all pages; counted only when asked for.",
        ))
}

fn edge(object: &ObjectType) -> Object {
    Object::new(edge_name(object))
        .description(format!("A record of type {} in a list.", object.name))
        .field(field("node", TypeRef::named_nn(&object.name), "The record."))
        .field(field("cursor", TypeRef::named_nn("String"), "The record's place in this order."))
}
