//! Subscriptions: changes of records, by type.

use async_graphql::dynamic::{
    Enum, EnumItem, Object, SchemaBuilder, Subscription, SubscriptionField, SubscriptionFieldFuture, TypeRef,
};
use guildhall_model::{Model, ObjectType};
use std::sync::Arc;

use super::{Source, argument, field, lower_first};

/// The type whose changes a field of `Subscription` tells.
pub(crate) fn followed<'m>(model: &'m Model, field: &str) -> Option<&'m Arc<ObjectType>> {
    let name = field.strip_suffix("Changed")?;
    model.objects().iter().find(|object| !object.is_kept() && lower_first(&object.name) == name)
}

/// The subscription root.
pub(super) fn subscription(source: &Source<'_>) -> Option<Subscription> {
    let mut root = Subscription::new("Subscription")
        .description("What can be followed, over a web socket (graphql-transport-ws) or as server-sent events.");
    let mut any = false;
    for object in source.followed() {
        any = true;
        let one = lower_first(&object.name);
        let kinds = "What is told; all of it if not said.";
        root = root.field(
            SubscriptionField::new(
                format!("{one}Changed"),
                TypeRef::named_nn(format!("{}Change", object.name)),
                |_| {
                    SubscriptionFieldFuture::new(async {
                        Err::<Empty, _>(async_graphql::Error::new("executed by the planner"))
                    })
                },
            )
            .description(format!("Changes of records of type {} through the API, as they are committed.", object.name))
            .argument(argument(
                "ids",
                TypeRef::named_nn_list("ID"),
                "Only these records, at most 250; all that you see if not said.",
            ))
            .argument(argument("kinds", TypeRef::named_nn_list("ChangeKind"), kinds)),
        );
    }
    any.then_some(root)
}

/// Reaching a resolver would be a second way of execution, so there is never a stream.
type Empty = futures_util::stream::Empty<Result<async_graphql::Value, async_graphql::Error>>;

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    let mut any = false;
    for object in source.followed() {
        any = true;
        let doc = "The record as it is now; null if it was deleted.";
        let change = Object::new(format!("{}Change", object.name))
            .description(format!("A change of a record of type {}.", object.name))
            .field(field("id", TypeRef::named_nn("ID"), "The record's id."))
            .field(field("kind", TypeRef::named_nn("ChangeKind"), "What happened."))
            .field(field("version", TypeRef::named_nn("Int"), "The version it has since then."))
            .field(field(
                "fields",
                TypeRef::named_nn_list_nn("String"),
                "The fields that changed, of those you may read.",
            ))
            .field(field("occurredAt", TypeRef::named_nn("DateTime"), "When it happened."))
            .field(field(&lower_first(&object.name), TypeRef::named(&object.name), doc));
        builder = builder.register(change);
    }
    if !any {
        return builder;
    }
    let kinds = Enum::new("ChangeKind")
        .description("What can happen to a record.")
        .item(EnumItem::new("CREATED").description("It was made."))
        .item(EnumItem::new("UPDATED").description("Some of its values were changed."))
        .item(
            EnumItem::new("DELETED").description("It was deleted. Told only to those who see all records of its type."),
        )
        .item(EnumItem::new("RESTORED").description("It was brought back."));
    builder.register(kinds)
}
