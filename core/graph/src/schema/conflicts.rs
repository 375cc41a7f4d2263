//! `policyConflicts`: where departments disagree.

use async_graphql::dynamic::{Field, Object, SchemaBuilder, TypeRef};
use guildhall_model::Ability;

use super::{Source, argument, field};

/// Whether whoever is served this may ask: he activates strategies and reads decisions. That he sees every record is looked at when
/// he asks.
pub(super) fn are_told(source: &Source<'_>) -> bool {
    source.access.has(Ability::ActivateStrategy) && source.may_read("Decision")
}

pub(super) fn field_of_query() -> Field {
    let doc = "Where departments disagree: recorded decisions in which plugins proposed different values, what settled them, and what \
        the strategy changed.";
    field("policyConflicts", TypeRef::named("PolicyConflicts"), doc)
        .argument(argument("since", TypeRef::named("DateTime"), "Decisions made at that time or later."))
        .argument(argument("until", TypeRef::named("DateTime"), "Decisions made before that time."))
        .argument(argument(
            "decisions",
            TypeRef::named("Int"),
            "Decisions at most, the newest first: 1,000 if not said, 20,000 at most.",
        ))
}

pub(super) fn register(builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    if !are_told(source) {
        return builder;
    }
    let numbers = [
        ("decisions", "Decisions that were looked at."),
        ("disagreed", "Those in which two plugins or more proposed different values."),
        ("customers", "Customers whom those are about."),
        ("compared", "Decisions of which it is known what the departments would have answered without the strategy."),
        ("changedByStrategy", "Those of them that the strategy changed."),
    ];
    let object = Object::new("PolicyConflicts").description("Where departments disagree.");
    let object = numbers
        .into_iter()
        .fold(object, |object, (name, doc)| object.field(field(name, TypeRef::named_nn("Int"), doc)));
    let parts = [
        (
            "points",
            "By decision point: how many, with which fields, and what settled them: ground rule, combining, or nothing.",
        ),
        ("overrides", "How often people set decisions aside, by decision point and its departments."),
        ("examples", "Some of them: who proposed what, and what came of it."),
    ];
    let object =
        parts.into_iter().fold(object, |object, (name, doc)| object.field(field(name, TypeRef::named_nn("JSON"), doc)));
    let notes = field("notes", TypeRef::named_nn_list_nn("String"), "What one has to know about these numbers.");
    let text = field("text", TypeRef::named_nn("String"), "All of it in words.");
    builder.register(object.field(notes).field(text))
}
