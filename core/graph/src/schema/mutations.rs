//! Mutations: what can be done, by ability.

use async_graphql::dynamic::{Enum, EnumItem, InputObject, Object, SchemaBuilder, TypeRef};
use guildhall_model::{Ability, Scope};

use super::{Source, argument, field, records};

/// A mutation: its input and what comes back.
struct Act {
    name: &'static str,
    doc: &'static str,
    ability: Ability,
    input: &'static [(&'static str, &'static str, bool, &'static str)],
    payload: &'static [(&'static str, &'static str, bool, &'static str)],
}

const KEY: (&str, &str, bool, &str) = (
    "idempotencyKey",
    "String",
    true,
    "Chosen by the caller: the same key and input give the stored answer and are done once.",
);

const ACTS: [Act; 13] = [
    Act {
        name: "recordDecision",
        doc: "Makes a decision and puts it on the ledger.",
        ability: Ability::RecordDecisions,
        input: &[
            ("point", "String", true, "The decision point, such as `credit.terms`."),
            ("customer", "ID", true, "Whom the decision is about."),
            ("request", "JSON", false, "What is asked, if the point asks anything."),
            KEY,
        ],
        payload: &[("decision", "Decision", true, "The recorded decision.")],
    },
    Act {
        name: "replayDecision",
        doc: "Makes a recorded decision again, with the packages and the strategy of its time, and compares every byte with what \
            was recorded. Nothing is changed. Refused if it cannot be replayed, with the reason.",
        ability: Ability::ManageLedger,
        input: &[("decision", "ID", true, "The recorded decision.")],
        payload: &[
            ("decision", "Decision", true, "The recorded decision."),
            ("same", "Boolean", true, "Whether every byte is as it was recorded."),
            ("replayedDigest", "String", true, "The digest of what came out now."),
            ("differences", "[String!]", true, "What is not as it was recorded, one sentence each."),
        ],
    },
    Act {
        name: "eraseDecisions",
        doc: "Erases what a customer's recorded decisions tell about them. The decisions stay in their chain, and say that they \
            are erased. Erasing again erases nothing, so there is no idempotency key.",
        ability: Ability::ManageLedger,
        input: &[("customer", "ID", true, "The customer.")],
        payload: &[("erased", "Int", true, "How many decisions were erased.")],
    },
    Act {
        name: "activateStrategy",
        doc: "Checks a strategy and makes it the one that decides. Only an approver named by the strategy in force may.",
        ability: Ability::ActivateStrategy,
        input: &[("document", "String", true, "The strategy file."), KEY],
        payload: &[
            ("strategy", "Strategy", true, "The strategy, now active."),
            ("assigned", "Int", true, "How many customers changed their segment."),
        ],
    },
    Act {
        name: "installPlugin",
        doc: "Installs a package that was sent to `/packages`. An installed plugin of the same name is replaced.",
        ability: Ability::ManagePlugins,
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
        ability: Ability::ManagePlugins,
        input: &[("plugin", "ID", true, "The plugin."), KEY],
        payload: &[("plugin", "Plugin", true, "The plugin, now removed.")],
    },
    Act {
        name: "createToken",
        doc: "Makes a bearer token for an actor. It is shown this once; only its hash is kept. So there is no idempotency \
            key: a stored answer would have to keep the token itself. If an answer is lost, revoke that token and make \
            another. Nobody gives what his own token does not allow. For an approver of the strategy in force only the approver makes one.",
        ability: Ability::ManageTokens,
        input: &[
            ("actor", "String", true, "Who will use it."),
            ("roles", "[String!]", true, "The names of their roles, which add up."),
            ("scopes", "[TokenScope!]", false, "What it is for, within what the roles allow; everything if not said."),
            ("reach", "TokenReach", false, "Whose records they see at most; ALL if not said."),
            ("territory", "String", false, "Which territory, with the reach TERRITORY."),
            ("expiresAt", "DateTime", false, "When it ceases to hold; never if not said."),
        ],
        payload: &[
            ("tokenId", "String", true, "Names the token when it is revoked."),
            ("token", "String", true, "The token itself."),
        ],
    },
    Act {
        name: "rotateToken",
        doc: "Makes a token with a new secret that allows the same until the same end, and ends the old one. It is shown this \
            once, as with `createToken`.",
        ability: Ability::ManageTokens,
        input: &[
            ("tokenId", "String", true, "The token's id, as `createToken` gave it."),
            (
                "graceSeconds",
                "Int",
                false,
                "How long the old one holds on: 0 if not said, at most 604800, which is 7 days.",
            ),
        ],
        payload: &[
            ("tokenId", "String", true, "Names the new token."),
            ("token", "String", true, "The new token itself."),
        ],
    },
    Act {
        name: "revokeToken",
        doc: "Makes a token worthless: at once in the process that answers, within two seconds in others.",
        ability: Ability::ManageTokens,
        input: &[("tokenId", "String", true, "The token's id, as `createToken` gave it.")],
        payload: &[("tokenId", "String", true, "The token that no longer holds.")],
    },
    Act {
        name: "setRoles",
        doc: "Puts a document of the deployment's own roles into force in place of the one before. A role that a token in use \
            has does not go.",
        ability: Ability::ManageRoles,
        input: &[("document", "String", true, "The roles file."), KEY],
        payload: &[("roleDocument", "RoleDocument", true, "The document, now in force.")],
    },
    Act {
        name: "startImport",
        doc: "Starts an import of files that were sent to `/uploads`; `importRun` tells how far it is.",
        ability: Ability::ImportRecords,
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
        ability: Ability::ImportRecords,
        input: &[("id", "ID", true, "The import run."), KEY],
        payload: &[("importRun", "ImportRun", true, "The import, now cancelled.")],
    },
    Act {
        name: "resumeImport",
        doc: "Goes on with an import that was cancelled, failed or lost its server, where it was.",
        ability: Ability::ImportRecords,
        input: &[("id", "ID", true, "The import run."), KEY],
        payload: &[("importRun", "ImportRun", true, "The import, queued or running.")],
    },
];

/// The acts there are for who is served this: his abilities let him, and he may read what they answer with.
fn acts(source: &Source<'_>) -> impl Iterator<Item = &'static Act> {
    let decides = !source.points.is_empty();
    let read = |ty: &str| source.model.object(ty).is_none() || source.may_read(ty);
    ACTS.iter()
        .filter(move |act| source.access.has(act.ability) && (decides || act.name != "recordDecision"))
        .filter(move |act| act.payload.iter().all(|(_, ty, _, _)| read(ty)))
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
    if acts(source).any(|act| act.name == "startImport") {
        let file = InputObject::new("ImportFile")
            .description("A file to be imported.")
            .field(argument("name", TypeRef::named_nn("String"), "The name the mapping has for it."))
            .field(argument("upload", TypeRef::named_nn("String"), "The upload it is, as `/uploads` answered."));
        builder = builder.register(file);
    }
    builder
}
