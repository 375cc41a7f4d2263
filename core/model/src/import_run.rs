//! Import run: what became of the files of another system.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const STATE: EnumType = EnumType {
    name: "ImportRunState",
    doc: "Whether an import goes on.",
    values: &[
        EnumValue { name: "QUEUED", doc: "Waits for its turn." },
        EnumValue { name: "RUNNING", doc: "Goes on." },
        EnumValue { name: "DONE", doc: "Came to its end." },
        EnumValue { name: "CANCELLED", doc: "Was ended by somebody; it can go on." },
        EnumValue { name: "FAILED", doc: "Stopped at a problem; it can go on." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("ImportRun", "importRuns", "imp", "One run of an import, and how far it is.")
        .only_for(Role::Admin)
        .described("source", "The system the imported records come from.")
        .field("state", Kind::Enum(STATE), "Whether it goes on.")
        .indexed()
        .field("dryRun", Kind::Bool, "Whether it only says what it would do.")
        .field("actor", Kind::Text, "Who started it.")
        .field("rows", Kind::Int, "Rows read so far, over all entries of the mapping.")
        .field("created", Kind::Int, "Rows that made a record.")
        .field("updated", Kind::Int, "Rows that changed a record.")
        .field("unchanged", Kind::Int, "Rows whose record was as they say already.")
        .field("merged", Kind::Int, "Rows that are more of a record that an earlier row made.")
        .field("skipped", Kind::Int, "Rows the mapping does not take.")
        .field("errors", Kind::Int, "Rows that could not be taken.")
        .field("report", Kind::Json, "The same numbers for each entry of the mapping; for a dry run with samples.")
        .optional("problem", Kind::Text, "Why it failed.")
        .field("startedAt", Kind::DateTime, "When it was asked for.")
        .indexed()
        .field("movedAt", Kind::DateTime, "When it last gave a sign of life.")
        .optional("endedAt", Kind::DateTime, "When it ended.")
        .kept()
}
