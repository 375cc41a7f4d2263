//! Mutations: what can be done, by role.

use async_graphql::dynamic::{Enum, EnumItem, InputObject, Object, SchemaBuilder, TypeRef};
use guildhall_model::Role;

use super::{Source, argument, field, records};

/// A mutation: its input and what comes back.
struct Act {
    name: &'static str,
    doc: &'static str,
    role: Role,
    input: &'static [(&'static str, &'static str, bool, &'static str)],
    payload: &'static [(&'static str, &'static str, bool, &'static str)],
}

const KEY: (&str, &str, bool, &str) = (
    "idempotencyKey",
    "String",
    true,
    "Chosen by the caller: the same key and input give the stored answer and are done once.",
);

const ACTS: [Act; 9] = [
    Act {
        name: "recordDecision",
        doc: "Makes a decision and puts it on the ledger.",
        role: Role::Department,
        input: &[
            ("point", "String", true, "The decision point, such as `credit.terms`."),
            ("customer", "ID", true, "Whom the decision is about."),
            ("request", "JSON", false, "What is asked, if the point asks anything."),
            KEY,
        ],
        payload: &[("decision", "Decision", true, "The recorded decision.")],
    },
    Act {
        name: "activateStrategy",
        doc: "Checks a strategy and makes it the one that decides. Only an approver named by the strategy in force may.",
        role: Role::Admin,
        input: &[("document", "String", true, "The strategy file."), KEY],
        payload: &[
            ("strategy", "Strategy", true, "The strategy, now active."),
            ("assigned", "Int", true, "How many customers changed their segment."),
        ],
    },
    Act {
        name: "installPlugin",
        doc: "Installs a package that was sent to `/packages`. An installed plugin of the same name is replaced.",
        role: Role::Admin,
        input: &[
            ("digest", "String", true, "SHA-256 of the package, in hex; `/packages` answers it."),
            (
                "approve",
                "[String!]",
                true,
                "Every field the plugin reads, as `Type.field`; it must be all of them and no other.",
            ),
            KEY,
        ],
        payload: &[("plugin", "Plugin", true, "The plugin, now installed.")],
    },
    Act {
        name: "removePlugin",
        doc: "Takes a plugin out of all decisions.",
        role: Role::Admin,
        input: &[("plugin", "ID", true, "The plugin."), KEY],
        payload: &[("plugin", "Plugin", true, "The plugin, now removed.")],
    },
    Act {
        name: "createToken",
        doc: "Makes a bearer token for an actor. It is shown this once; only its hash is kept. So there is no idempotency \
            key: a stored answer would have to keep the token itself. If an answer is lost, revoke that token and make \
            another. For an approver of the strategy in force only the approver makes one.",
        role: Role::Admin,
        input: &[
            ("actor", "String", true, "Who will use it."),
            ("role", "TokenRole", true, "What they may do."),
            ("reach", "TokenReach", false, "Whose records they see; ALL if not said."),
            ("territory", "String", false, "Which territory, with the reach TERRITORY."),
            ("expiresAt", "DateTime", false, "When it ceases to hold; never if not said."),
        ],
        payload: &[
            ("tokenId", "String", true, "Names the token when it is revoked."),
            ("token", "String", true, "The token itself."),
        ],
    },
    Act {
        name: "revokeToken",
        doc: "Makes a token worthless: at once in the process that answers, within two seconds in others.",
        role: Role::Admin,
        input: &[("tokenId", "String", true, "The token's id, as `createToken` gave it.")],
        payload: &[("tokenId", "String", true, "The token that no longer holds.")],
    },
    Act {
        name: "startImport",
        doc: "Starts an import of files that were sent to `/uploads`; `importRun` tells how far it is.",
        role: Role::Admin,
        input: &[
            ("mapping", "String", true, "The text of the mapping file."),
            ("files", "[ImportFile!]", true, "The files, by the names the mapping has for them."),
            ("dryRun", "Boolean", false, "Say what would be done, and do nothing."),
            KEY,
        ],
        payload: &[("importRun", "ImportRun", true, "The import, queued or running.")],
    },
    Act {
        name: "cancelImport",
        doc: "Ends an import that waits or runs, with the batch it is at. What it has written stays.",
        role: Role::Admin,
        input: &[("id", "ID", true, "The import run."), KEY],
        payload: &[("importRun", "ImportRun", true, "The import, now cancelled.")],
    },
    Act {
        name: "resumeImport",
        doc: "Goes on with an import that was cancelled, failed or lost its server, where it was.",
        role: Role::Admin,
        input: &[("id", "ID", true, "The import run."), KEY],
        payload: &[("importRun", "ImportRun", true, "The import, queued or running.")],
    },
];

fn acts(source: &Source<'_>) -> impl Iterator<Item = &'static Act> {
    let role = source.role;
    let decides = !source.points.is_empty();
    ACTS.iter().filter(move |act| act.role <= role && (decides || act.name != "recordDecision"))
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

/// The mutation root, if the role may do anything.
pub(super) fn mutation(source: &Source<'_>) -> Option<Object> {
    let own = acts(source).map(|act| {
        field(act.name, TypeRef::named_nn(type_name(act, "Payload")), act.doc).argument(argument(
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
    for act in acts(source) {
        let mut input = InputObject::new(type_name(act, "Input")).description(format!("Input of `{}`.", act.name));
        for (name, ty, required, doc) in act.input {
            input = input.field(argument(name, type_ref(ty, *required), doc));
        }
        let mut payload = Object::new(type_name(act, "Payload")).description(format!("What `{}` did.", act.name));
        for (name, ty, required, doc) in act.payload {
            payload = payload.field(field(name, type_ref(ty, *required), doc));
        }
        builder = builder.register(input).register(payload);
    }
    if source.role == Role::Admin {
        let roles = Role::ALL.map(|role| EnumItem::new(role.name().to_ascii_uppercase()));
        let reach = Enum::new("TokenReach")
            .description("Whose records the bearer of a token sees.")
            .item(EnumItem::new("ALL").description("All."))
            .item(EnumItem::new("OWN").description("Those of customers whose owner's `login` is the bearer's name."))
            .item(EnumItem::new("TEAM").description("Those of customers whose team the bearer is a member of today."))
            .item(EnumItem::new("TERRITORY").description("Those of customers of one territory."));
        let file = InputObject::new("ImportFile")
            .description("A file to be imported.")
            .field(argument("name", TypeRef::named_nn("String"), "The name the mapping has for it."))
            .field(argument("upload", TypeRef::named_nn("String"), "The upload it is, as `/uploads` answered."));
        builder = builder
            .register(file)
            .register(Enum::new("TokenRole").description("What the bearer of a token may do.").items(roles))
            .register(reach);
    }
    builder
}
