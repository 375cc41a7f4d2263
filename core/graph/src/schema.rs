//! The schema a role is served, built from the model, the decision points and the mutations.
//!
//! A role has a schema of its own: what it may not read is not in it, so it can be neither selected, filtered, ordered,
//! introspected nor guessed from an error. async-graphql carries the types and prints the SDL; operations are executed by
//! our planner, never by its resolvers.

mod decisions;
mod filters;
mod mutations;
mod objects;

use std::sync::Arc;

use async_graphql::SDLExportOptions;
use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, InputValue, Interface, InterfaceField, Object, Scalar, Schema, SchemaBuilder,
    SchemaError, Type, TypeRef,
};
use guildhall_decision::DecisionPoint;
use guildhall_model::{Model, ObjectType, Role};

pub(crate) use decisions::{TRACE_FIELDS, TraceField};
pub(crate) use filters::{connection_name, order_field};

/// What a schema is built from.
pub(crate) struct Source<'a> {
    pub model: &'a Model,
    /// The decision points whose fields this role may see.
    pub points: &'a [Arc<DecisionPoint>],
    pub role: Role,
}

impl Source<'_> {
    /// The types this role may read.
    fn objects(&self) -> impl Iterator<Item = &Arc<ObjectType>> {
        self.model.objects().iter().filter(|object| object.readable_by <= self.role)
    }

    fn may_read(&self, object: &str) -> bool {
        self.model.object(object).is_some_and(|object| object.readable_by <= self.role)
    }
}

/// Builds the schema and prints it as SDL, sorted.
pub(crate) fn sdl(source: &Source<'_>) -> Result<String, SchemaError> {
    let schema = build(source)?;
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions();
    Ok(schema.sdl_with_options(options))
}

fn build(source: &Source<'_>) -> Result<Schema, SchemaError> {
    let mutation = mutations::mutation(source);
    let mut builder = Schema::build("Query", mutation.as_ref().map(Object::type_name), None);
    builder = scalars(builder);
    builder = shared(builder);
    builder = filters::register(builder, source);
    builder = objects::register(builder, source);
    builder = decisions::register(builder, source);
    builder = mutations::register(builder, source);
    if let Some(mutation) = mutation {
        builder = builder.register(mutation);
    }
    builder.register(query(source)).finish()
}

fn scalars(builder: SchemaBuilder) -> SchemaBuilder {
    let scalars = [
        ("Decimal", "An exact decimal number as a string in plain notation: `\"1234.5\"`."),
        ("Date", "A day as `YYYY-MM-DD`."),
        ("DateTime", "A time in RFC 3339, UTC, to the millisecond: `\"2026-11-22T18:07:08.123Z\"`."),
        ("JSON", "Any JSON value."),
    ];
    scalars.into_iter().fold(builder, |builder, (name, doc)| builder.register(Scalar::new(name).description(doc)))
}

fn shared(builder: SchemaBuilder) -> SchemaBuilder {
    let money = Object::new("Money")
        .description("An exact amount of money.")
        .field(field("amount", TypeRef::named_nn("Decimal"), "The amount, with at least two decimal places."))
        .field(field("currency", TypeRef::named_nn("String"), "ISO 4217 code."));
    let page_info = Object::new("PageInfo")
        .description("Where a page stands in its list.")
        .field(field("hasNextPage", TypeRef::named_nn("Boolean"), "Whether records follow this page."))
        .field(field("hasPreviousPage", TypeRef::named_nn("Boolean"), "Whether the page was asked for with `after`."))
        .field(field("startCursor", TypeRef::named("String"), "Cursor of the first record; null for an empty page."))
        .field(field(
            "endCursor",
            TypeRef::named("String"),
            "Cursor of the last record, to be sent as `after`; null for an empty page.",
        ));
    let direction = Enum::new("OrderDirection")
        .description("Which way a list is ordered.")
        .item(EnumItem::new("ASC").description("Smallest first."))
        .item(EnumItem::new("DESC").description("Largest first."));
    let nulls = Enum::new("NullsOrder")
        .description("Where records without a value stand.")
        .item(EnumItem::new("FIRST").description("Before all others."))
        .item(EnumItem::new("LAST").description("After all others."));
    let node = Interface::new("Node").description("Anything with a global id.").field(
        InterfaceField::new("id", TypeRef::named_nn("ID"))
            .description("Identifies the record among all records of all types."),
    );
    builder.register(money).register(page_info).register(direction).register(nulls).register(node)
}

fn query(source: &Source<'_>) -> Object {
    let mut query = Object::new("Query").description("Everything that can be read.").field(
        field("node", TypeRef::named("Node"), "The record with this id, whatever its type; null if there is none.")
            .argument(argument("id", TypeRef::named_nn("ID"), "The record's id.")),
    );
    for object in source.objects() {
        let one = lower_first(&object.name);
        query = query
            .field(
                field(
                    &one,
                    TypeRef::named(&object.name),
                    &format!("The {} with this id; null if there is none.", object.name),
                )
                .argument(argument("id", TypeRef::named_nn("ID"), "The record's id.")),
            )
            .field(filters::connection_field(&object.plural, object, &format!("All records of type {}.", object.name)));
    }
    query
}

/// `OrderLine` -> `orderLine`.
pub(crate) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn field(name: &str, ty: TypeRef, doc: &str) -> Field {
    // The planner answers every operation; reaching a resolver would be a second way of execution.
    Field::new(name, ty, |_| {
        FieldFuture::new(async {
            Err::<Option<async_graphql::Value>, _>(async_graphql::Error::new("executed by the planner"))
        })
    })
    .description(doc)
}

fn argument(name: &str, ty: TypeRef, doc: &str) -> InputValue {
    InputValue::new(name, ty).description(doc)
}

fn register_all(builder: SchemaBuilder, types: impl IntoIterator<Item = Type>) -> SchemaBuilder {
    types.into_iter().fold(builder, |builder, ty| builder.register(ty))
}

#[cfg(test)]
mod tests;
