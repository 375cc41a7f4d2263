//! Lists of records: the fields that lead to them, connections and edges.

use async_graphql::dynamic::{Field, Object, SchemaBuilder, TypeRef};
use guildhall_model::ObjectType;

use super::filters::{filter_name, order_name};
use super::{Source, aggregates, argument, field};

/// What a field shows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Records,
    Aggregate,
    Groups,
}

impl List {
    fn suffix(self) -> &'static str {
        match self {
            List::Records => "",
            List::Aggregate => "Aggregate",
            List::Groups => "Groups",
        }
    }
}

/// The list a field speaks of, and what it shows of it: `ordersGroups` are the groups of `orders`.
pub(crate) fn list_of(field: &str, is_list: impl Fn(&str) -> bool) -> (&str, List) {
    let base = |list: List| field.strip_suffix(list.suffix()).filter(|base| is_list(base)).map(|base| (base, list));
    [List::Aggregate, List::Groups].into_iter().find_map(base).unwrap_or((field, List::Records))
}

pub(crate) fn connection_name(node: &str) -> String {
    format!("{node}Connection")
}

pub(crate) fn edge_name(node: &str) -> String {
    format!("{node}Edge")
}

/// The fields of a list: its records, what they come to, and groups of them.
pub(super) fn fields(name: &str, object: &ObjectType, doc: &str) -> [Field; 3] {
    let of = &object.name;
    let named = |list: List| format!("{name}{}", list.suffix());
    let filter = || argument("filter", TypeRef::named(filter_name(of)), "Takes only records that fulfil this.");
    let records = paged(field(&named(List::Records), TypeRef::named_nn(connection_name(of)), doc))
        .argument(filter())
        .argument(argument(
            "orderBy",
            TypeRef::named_nn_list(order_name(of)),
            "The order of the records; by time of creation if not said.",
        ));
    let come_to = "What they come to: how many, sums, averages, extremes.";
    let aggregate =
        field(&named(List::Aggregate), TypeRef::named_nn(aggregates::aggregate_name(of)), &format!("{doc} {come_to}"))
            .argument(filter());
    let by = "What to group by; at most 4 fields.";
    let groups = paged(field(
        &named(List::Groups),
        TypeRef::named_nn(connection_name(&aggregates::group_name(of))),
        &format!("{doc} Grouped, each group with what its records come to."),
    ))
    .argument(argument("by", TypeRef::named_nn_list_nn(aggregates::group_by_name(of)), by))
    .argument(filter())
    .argument(argument(
        "orderBy",
        TypeRef::named_nn_list(aggregates::group_order_name(of)),
        "The order of the groups; by their keys if not said.",
    ));
    [records, aggregate, groups]
}

/// Adds the arguments of a page.
fn paged(field: Field) -> Field {
    field
        .argument(argument(
            "first",
            TypeRef::named("Int"),
            "How many at most, from the beginning: 20 if neither this nor `last` is said, 250 at most.",
        ))
        .argument(argument("after", TypeRef::named("String"), "Begins after the one with this cursor."))
        .argument(argument("last", TypeRef::named("Int"), "How many at most, from the end; 250 at most."))
        .argument(argument("before", TypeRef::named("String"), "Ends before the one with this cursor."))
}

pub(super) fn register(builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    source
        .objects()
        .fold(builder, |builder, object| pages(builder, &object.name, &format!("record of type {}", object.name)))
}

/// Registers the connection and the edge of a type of nodes.
pub(super) fn pages(builder: SchemaBuilder, node: &str, what: &str) -> SchemaBuilder {
    let list = |name: &str, of: &str, doc: &str| -> Field { field(name, TypeRef::named_nn_list_nn(of), doc) };
    let connection = Object::new(connection_name(node))
        .description(format!("A page of a list; each item is a {what}."))
        .field(list("nodes", node, "The items."))
        .field(list("edges", &edge_name(node), "The items, each with its cursor."))
        .field(field("pageInfo", TypeRef::named_nn("PageInfo"), "Where the page stands in the list."))
        .field(field(
            "totalCount",
            TypeRef::named_nn("Int"),
            "How many items there are over all pages; counted only when asked for.",
        ));
    let edge = Object::new(edge_name(node))
        .description(format!("A {what} in a list."))
        .field(field("node", TypeRef::named_nn(node), "The item."))
        .field(field("cursor", TypeRef::named_nn("String"), "The item's place in this order."));
    builder.register(connection).register(edge)
}
