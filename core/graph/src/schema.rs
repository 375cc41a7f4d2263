//! The schema a role is served, built from the model, the decision points and the mutations.
//!
//! Each access has a schema of its own: what is not granted is not in it, so it can be neither selected, filtered, ordered,
//! written, introspected nor guessed from an error. async-graphql carries the types and prints the SDL; operations are executed by
//! our planner, never by its resolvers.

mod aggregates;
mod conflicts;
mod decisions;
mod filters;
mod lists;
mod mutations;
mod objects;
mod records;
mod refusals;
mod subscriptions;

use std::sync::Arc;

use async_graphql::SDLExportOptions;
use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, InputValue, Interface, InterfaceField, Object, Scalar, Schema, SchemaBuilder,
    SchemaError, Type, TypeRef, Union,
};
use guildhall_decision::DecisionPoint;
use guildhall_model::{Access, Model, ObjectType};

pub(crate) use aggregates::{Gathered, is_date, is_measured, related_key_name};
pub(crate) use decisions::{TRACE_FIELDS, TraceField};
pub(crate) use filters::{filter_name, order_field};
pub(crate) use lists::{List, connection_name, edge_name, list_of};
pub(crate) use records::RecordAct;
pub(crate) use subscriptions::followed;

/// What a schema is built from.
pub(crate) struct Source<'a> {
    pub model: &'a Model,
    /// The decision points whose fields are in it.
    pub points: &'a [Arc<DecisionPoint>],
    /// What whoever is served it may do.
    pub access: &'a Access,
}

impl Source<'_> {
    /// The types that are read.
    fn objects(&self) -> impl Iterator<Item = &Arc<ObjectType>> {
        self.model.objects().iter().filter(|object| self.may_read(&object.name))
    }

    /// The types that can be searched.
    fn searched(&self) -> impl Iterator<Item = &Arc<ObjectType>> {
        self.objects().filter(|object| self.fields(object).any(|field| field.searchable))
    }

    /// The stored fields of a type that are read.
    fn fields<'o>(&self, object: &'o ObjectType) -> impl Iterator<Item = &'o Arc<guildhall_model::Field>> {
        object.fields.iter().filter(|field| self.access.reads(&object.name, &field.name))
    }

    /// The relations of a type that are read; each leads to a type that is read.
    fn relations<'o>(&self, object: &'o ObjectType) -> impl Iterator<Item = &'o Arc<guildhall_model::Relation>> {
        object.relations.iter().filter(|relation| self.access.reads(&object.name, &relation.name))
    }

    /// Whether a relation to one record may lead to none, or to one that is hidden.
    fn is_nullable(&self, object: &ObjectType, relation: &guildhall_model::Relation) -> bool {
        relation.nullable || self.access.may_hide(self.model, object, relation)
    }

    /// The types whose records are made, changed or deleted.
    fn written(&self) -> impl Iterator<Item = &Arc<ObjectType>> {
        self.objects().filter(|object| self.access.writes(&object.name))
    }

    /// The types whose changes are followed: those whose records are written, and that are read.
    fn followed(&self) -> impl Iterator<Item = &Arc<ObjectType>> {
        self.objects().filter(|object| !object.is_kept())
    }

    fn may_read(&self, object: &str) -> bool {
        self.access.reads_type(object)
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
    let subscription = subscriptions::subscription(source);
    let followed = subscription.as_ref().map(|root| root.type_name());
    let mut builder = Schema::build("Query", mutation.as_ref().map(Object::type_name), followed);
    builder = scalars(builder);
    builder = shared(builder, source);
    builder = filters::register(builder, source);
    builder = lists::register(builder, source);
    builder = aggregates::register(builder, source);
    builder = objects::register(builder, source);
    builder = decisions::register(builder, source);
    builder = conflicts::register(builder, source);
    builder = mutations::register(builder, source);
    builder = records::register(builder, source);
    builder = subscriptions::register(builder, source);
    if let Some(subscription) = subscription {
        builder = builder.register(subscription);
    }
    if let Some(mutation) = mutation {
        builder = builder.register(mutation);
    }
    if let Some(found) = search_result(source) {
        builder = builder.register(found);
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

fn shared(builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    let money = Object::new("Money")
        .description("An exact amount of money.")
        .field(field("amount", TypeRef::named_nn("Decimal"), "The amount, with at least two decimal places."))
        .field(field("currency", TypeRef::named_nn("String"), "ISO 4217 code."));
    let page_info = Object::new("PageInfo")
        .description("Where a page stands in its list.")
        .field(field("hasNextPage", TypeRef::named_nn("Boolean"), "Whether records follow this page."))
        .field(field("hasPreviousPage", TypeRef::named_nn("Boolean"), "Whether records precede this page."))
        .field(field(
            "startCursor",
            TypeRef::named("String"),
            "Cursor of the first record, to be sent as `before`; null for an empty page.",
        ))
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
    let of_customer = Interface::new("CustomerRecord")
        .description("What belongs to one customer.")
        .implement("Node")
        .field(
            InterfaceField::new("id", TypeRef::named_nn("ID"))
                .description("Identifies the record among all records of all types."),
        )
        .field(InterfaceField::new("customer", TypeRef::named_nn("Customer")).description("The customer."));
    let builder = if source.may_read("Customer") { builder.register(of_customer) } else { builder };
    builder.register(money).register(page_info).register(direction).register(nulls).register(node)
}

fn query(source: &Source<'_>) -> Object {
    let mut query = Object::new("Query")
        .description("Everything that can be read.")
        .field(
            field("node", TypeRef::named("Node"), "The record with this id, whatever its type; null if there is none.")
                .argument(argument("id", TypeRef::named_nn("ID"), "The record's id.")),
        )
        .field(
            field(
                "nodes",
                TypeRef::named_list_nn("Node"),
                "The records with these ids, whatever their types, in this order; null where there is none.",
            )
            .argument(argument("ids", TypeRef::named_nn_list_nn("ID"), "The records' ids; at most 100.")),
        );
    if source.searched().next().is_some() {
        let first = "How many records of each type at most; 20 at most.";
        let doc = "Records whose name or number begins with this text, for a search box: first customers, then what is theirs, then all else.";
        query = query.field(
            field("search", TypeRef::named_nn_list_nn("SearchResult"), doc)
                .argument(argument(
                    "text",
                    TypeRef::named_nn("String"),
                    "The beginning; case of ASCII letters does not count.",
                ))
                .argument(argument("first", TypeRef::named("Int"), first).default_value(async_graphql::Value::from(5))),
        );
    }
    if conflicts::are_told(source) {
        query = query.field(conflicts::field_of_query());
    }
    for object in source.objects() {
        let one = lower_first(&object.name);
        let all = format!("All records of type {}.", object.name);
        query = query.field(
            field(
                &one,
                TypeRef::named(&object.name),
                &format!("The {} with this id; null if there is none.", object.name),
            )
            .argument(argument("id", TypeRef::named_nn("ID"), "The record's id.")),
        );
        query = lists::fields(&object.plural, object, &all).into_iter().fold(query, Object::field);
    }
    query
}

/// What `search` finds.
fn search_result(source: &Source<'_>) -> Option<Union> {
    source.searched().next()?;
    let union = Union::new("SearchResult").description("What can be searched for.");
    Some(source.searched().fold(union, |union, object| union.possible_type(&object.name)))
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
