//! Object types.

use async_graphql::dynamic::{Enum, EnumItem, Object, SchemaBuilder, TypeRef};
use guildhall_model::{Cardinality, Kind, ObjectType};

use super::{Source, decisions, field, lists};

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    for object in source.objects() {
        builder = builder.register(object_type(object, source));
        for declared in source.fields(object) {
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
    let customer = source.relations(object).find(|relation| relation.name == "customer");
    if customer.is_some_and(|customer| !source.is_nullable(object, customer)) {
        built = built.implement("CustomerRecord");
    }
    for declared in source.fields(object) {
        let ty = field_type(&declared.kind, declared.nullable);
        let field = field(&declared.name, ty, &declared.doc);
        // Without a reason `deprecation` means deprecated for none.
        built = built.field(match declared.deprecated.as_deref() {
            Some(reason) => field.deprecation(Some(reason)),
            None => field,
        });
    }
    for relation in source.relations(object) {
        let Some(target) = source.model.object(&relation.target) else { continue };
        built = match relation.cardinality {
            Cardinality::One if source.is_nullable(object, relation) => {
                built.field(field(&relation.name, TypeRef::named(&relation.target), &relation.doc))
            }
            Cardinality::One => built.field(field(&relation.name, TypeRef::named_nn(&relation.target), &relation.doc)),
            Cardinality::Many => {
                lists::fields(&relation.name, target, &relation.doc).into_iter().fold(built, Object::field)
            }
        };
    }
    for point in source.points.iter().filter(|point| point.subject == object.name) {
        built = built.field(decisions::decision_field(point));
    }
    built
}

/// GraphQL type of a stored field.
fn field_type(kind: &Kind, nullable: bool) -> TypeRef {
    let name = kind_type(kind);
    if nullable { TypeRef::named(name) } else { TypeRef::named_nn(name) }
}

/// Name of the GraphQL type of a kind.
pub(super) fn kind_type(kind: &Kind) -> &str {
    match kind {
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
    }
}
