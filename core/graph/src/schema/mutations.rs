//! Mutations: what can be done, by ability.

use async_graphql::dynamic::{Enum, EnumItem, InputObject, Object, SchemaBuilder, TypeRef};
use guildhall_model::{Ability, Scope};

use super::{Source, argument, field, records, refusals};
use crate::acts::{Act, declared};

/// The acts there are for who is served this: his abilities let him, and he may read what they answer with.
fn acts(source: &Source<'_>) -> impl Iterator<Item = &'static Act> {
    let decides = !source.points.is_empty();
    let read = |ty: &str| source.model.object(ty).is_none() || source.may_read(ty);
    declared()
        .filter(move |act| source.access.has(act.ability) && (decides || act.name != "recordDecision"))
        .filter(move |act| act.done.iter().flat_map(|done| done.payload).all(|(_, ty, _, _)| read(ty)))
}

fn type_name(act: &Act, suffix: &str) -> String {
    let mut letters = act.name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter();
    first.chain(letters).chain(suffix.chars()).collect()
}

fn type_ref(name: &str, required: bool) -> TypeRef {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix("!]")) {
        Some(item) if required => TypeRef::named_nn_list_nn(item),
        Some(item) => TypeRef::named_nn_list(item),
        None if required => TypeRef::named_nn(name),
        None => TypeRef::named(name),
    }
}

/// The mutation root, if anything may be done.
pub(super) fn mutation(source: &Source<'_>) -> Option<Object> {
    let own = acts(source).map(|act| {
        field(act.name, TypeRef::named_nn(type_name(act, "Result")), act.doc).argument(argument(
            "input",
            TypeRef::named_nn(type_name(act, "Input")),
            "What to do.",
        ))
    });
    let mut fields = own.chain(records::fields(source));
    let first = fields.next()?;
    let root = Object::new("Mutation")
        .description("Everything that can be done. Each mutation is one transaction.")
        .field(first);
    Some(fields.fold(root, Object::field))
}

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    if mutation(source).is_some() {
        builder = refusals::register(builder);
    }
    for act in acts(source) {
        let mut input = InputObject::new(type_name(act, "Input")).description(format!("Input of `{}`.", act.name));
        for (name, ty, required, doc) in act.input {
            input = input.field(argument(name, type_ref(ty, *required), doc));
        }
        for done in act.done {
            let mut ty = Object::new(done.name).description(format!("What `{}` did.", act.name));
            for (name, kind, required, doc) in done.payload {
                ty = ty.field(field(name, type_ref(kind, *required), doc));
            }
            builder = builder.register(ty);
        }
        let names: Vec<&str> = act.done.iter().map(|done| done.name).collect();
        let result = refusals::result(&type_name(act, "Result"), &format!("What came of `{}`.", act.name), &names);
        builder = builder.register(input).register(result);
    }
    if acts(source).any(|act| act.ability == Ability::ManageTokens) {
        let scopes = [
            (Scope::Read, "Reads records."),
            (Scope::Write, "Makes, changes, deletes and restores records."),
            (Scope::Act, "Does business acts: records decisions."),
            (Scope::Admin, "Manages: everything else."),
        ];
        let scopes = scopes.map(|(scope, doc)| EnumItem::new(scope.name().to_ascii_uppercase()).description(doc));
        let reach = Enum::new("TokenReach")
            .description("Whose records the bearer of a token sees at most.")
            .item(EnumItem::new("ALL").description("All that the roles open."))
            .item(EnumItem::new("OWN").description("Those of customers whose owner's `login` is the bearer's name."))
            .item(EnumItem::new("TEAM").description("Those of customers whose team the bearer is a member of today."))
            .item(EnumItem::new("TERRITORY").description("Those of customers of one territory."));
        let scope = Enum::new("TokenScope").description("What a token is for; it only narrows what the roles allow.");
        builder = builder.register(scope.items(scopes)).register(reach);
    }
    if acts(source).any(|act| act.name == "placeOrder") {
        let line = InputObject::new("NewOrderLine")
            .description("A line of an order to be placed.")
            .field(argument("product", TypeRef::named_nn("ID"), "What is ordered."))
            .field(argument("quantity", TypeRef::named_nn("Decimal"), "How many units: more than 0."))
            .field(argument(
                "unitPrice",
                TypeRef::named("Decimal"),
                "The price of one unit before discount; the product's list price if not said.",
            ))
            .field(argument(
                "discount",
                TypeRef::named("Decimal"),
                "The share taken off: 0.15 is 15 %; none if not said.",
            ));
        builder = builder.register(line);
    }
    if acts(source).any(|act| act.name == "recordPayment") {
        let pay = InputObject::new("InvoicePayment")
            .description("How much of a payment goes to an invoice.")
            .field(argument(
                "invoice",
                TypeRef::named_nn("ID"),
                "The invoice, one of the customer's in the payment's currency.",
            ))
            .field(argument(
                "amount",
                TypeRef::named_nn("Decimal"),
                "How much: more than 0, and no more than is left to pay.",
            ))
            .field(argument(
                "version",
                TypeRef::named("Int"),
                "The invoice's version that was looked at; any if not said.",
            ));
        builder = builder.register(pay);
    }
    if acts(source).any(|act| act.name == "startImport") {
        let file = InputObject::new("ImportFile")
            .description("A file to be imported.")
            .field(argument("name", TypeRef::named_nn("String"), "The name the mapping has for it."))
            .field(argument("upload", TypeRef::named_nn("String"), "The upload it is, as `/uploads` answered."));
        builder = builder.register(file);
    }
    builder
}
