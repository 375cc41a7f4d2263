//! Which records an actor sees.

use std::collections::HashSet;
use std::sync::Arc;

use guildhall_model::ObjectType;
use guildhall_model::plan::{Entry, IdOf, Operand, ReadPlan, Root, Selection, Visible};
use guildhall_store::{Reads, Statement};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{House, WorkflowError};

/// Those of the records that are there and that are seen.
pub(crate) async fn seen(
    house: &House,
    on: &impl Reads,
    sight: &Visible,
    records: &[(Arc<ObjectType>, Uuid)],
) -> Result<HashSet<(String, Uuid)>, WorkflowError> {
    let mut seen = HashSet::new();
    // Each id is a part of one statement, and SQLite takes 500.
    for chunk in records.chunks(400) {
        let mut objects: Vec<Selection> = Vec::new();
        let mut ids = Vec::with_capacity(chunk.len());
        for (object, id) in chunk {
            let place = objects.iter().position(|known| known.object.name == object.name).unwrap_or_else(|| {
                objects.push(Selection { object: Arc::clone(object), outputs: Vec::new() });
                objects.len() - 1
            });
            ids.push(Some(IdOf { id: Operand::Value((*id).into()), object: place }));
        }
        let root = Root::Records { ids, objects };
        let plan = ReadPlan {
            response: vec![Entry { key: "records".to_owned(), value: root }],
            facts: Vec::new(),
            visible: sight.clone(),
        };
        let statement = Statement::compile(&plan, &house.model, house.database.dialect())?;
        let read = statement.run(on, &[]).await?;
        let answer: Json = serde_json::from_str(&read.response)
            .map_err(|error| WorkflowError::Internal(format!("what is seen cannot be read: {error}")))?;
        let found = answer.get("records").and_then(Json::as_array).cloned().unwrap_or_default();
        for ((object, id), found) in chunk.iter().zip(found) {
            if !found.is_null() {
                seen.insert((object.name.clone(), *id));
            }
        }
    }
    Ok(seen)
}
