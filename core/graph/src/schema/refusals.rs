//! What every mutation may come to, beside what it was to do.

use async_graphql::dynamic::{Enum, EnumItem, Object, SchemaBuilder, TypeRef, Union};
use guildhall_workflow::{InvalidCode, ReasonCode};

use super::field;

/// What comes of a mutation: what it did, or why it did nothing.
pub(super) fn result(name: &str, doc: &str, done: &str) -> Union {
    Union::new(name).description(doc).possible_type(done).possible_type("Invalid").possible_type("Refused")
}

pub(super) fn register(builder: SchemaBuilder) -> SchemaBuilder {
    let builder = types().into_iter().fold(builder, |builder, ty| builder.register(ty));
    codes().into_iter().fold(builder, |builder, code| builder.register(code))
}

/// Why nothing was done.
fn types() -> [Object; 4] {
    let invalid = Object::new("Invalid")
        .description("Nothing was done: these values cannot be taken, all of them at once.")
        .field(field("problems", TypeRef::named_nn_list_nn("InvalidValue"), "What is wrong."));
    let value = Object::new("InvalidValue")
        .description("A value that cannot be taken.")
        .field(field(
            "path",
            TypeRef::named_nn_list_nn("String"),
            "Where it stands in `input`, from outside in; empty if it is about the whole.",
        ))
        .field(field("code", TypeRef::named_nn("InvalidCode"), "What is wrong, for programs."))
        .field(field("message", TypeRef::named_nn("String"), "What is wrong, for people."));
    let refused = Object::new("Refused")
        .description("Nothing was done, though everything could be read: the answer is no.")
        .field(field("reasons", TypeRef::named_nn_list_nn("Reason"), "Why."));
    let reason = Object::new("Reason")
        .description("A reason for a refusal.")
        .field(field("code", TypeRef::named_nn("RefusalCode"), "Why, for programs."))
        .field(field("message", TypeRef::named_nn("String"), "Why, for people."))
        .field(field(
            "item",
            TypeRef::named("Int"),
            "The record it is about, by its place in the input, from 0; null where there are not several.",
        ));
    [invalid, value, refused, reason]
}

fn codes() -> [Enum; 2] {
    let invalid = Enum::new("InvalidCode").description("What can be wrong with a value.");
    let invalid = InvalidCode::ALL
        .into_iter()
        .fold(invalid, |codes, code| codes.item(EnumItem::new(code.name()).description(code.doc())));
    let refusal = Enum::new("RefusalCode").description("Why a mutation can be refused.");
    let refusal = ReasonCode::ALL
        .into_iter()
        .fold(refusal, |codes, code| codes.item(EnumItem::new(code.name()).description(code.doc())));
    [invalid, refusal]
}
