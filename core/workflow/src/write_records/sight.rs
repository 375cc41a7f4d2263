//! Which records the actor sees.

use std::collections::HashSet;
use std::sync::Arc;

use guildhall_model::ObjectType;
use guildhall_model::plan::{Entry, IdOf, Operand, ReadPlan, Root, Selection};
use guildhall_store::Statement;
use serde_json::Value as Json;
use uuid::Uuid;

use super::Work;
use crate::WorkflowError;

impl Work<'_> {
    /// Those of the records that are there and that the actor sees.
    pub(super) async fn seen(
        &self,
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
                visible: self.sight.clone(),
            };
            let statement = Statement::compile(&plan, &self.house.model, self.transaction.dialect())?;
            let read = statement.run(self.transaction, &[]).await?;
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
}
