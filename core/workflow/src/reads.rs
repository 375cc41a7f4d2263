//! Field paths as a selection.

use std::sync::Arc;

use guildhall_model::plan::{Entry, MoneyPart, Output, Selection};
use guildhall_model::{Cardinality, Kind, Model, ObjectType};

use crate::WorkflowError;

/// The selection that reads these fields of a record, each a path of names through relations to one record. Its JSON is
/// what conditions are evaluated over.
pub(crate) fn selection_of(
    model: &Model,
    object: &Arc<ObjectType>,
    paths: &[Vec<String>],
) -> Result<Selection, WorkflowError> {
    let unknown =
        |name: &str| WorkflowError::Internal(format!("`{}.{name}` cannot be read by a condition", object.name));
    let mut outputs: Vec<Entry<Output>> = Vec::new();
    for path in paths {
        let Some((name, rest)) = path.split_first() else { continue };
        if outputs.iter().any(|entry| entry.key == *name) {
            continue;
        }
        let value = if rest.is_empty() {
            let field = object.get(name).ok_or_else(|| unknown(name))?;
            match field.kind {
                Kind::Id => Output::GlobalId,
                Kind::Money => Output::Money {
                    field: Arc::clone(field),
                    parts: vec![Entry { key: "amount".to_owned(), value: MoneyPart::Amount }],
                },
                _ => Output::Field(Arc::clone(field)),
            }
        } else {
            let relation = object
                .relation(name)
                .filter(|relation| relation.cardinality == Cardinality::One)
                .ok_or_else(|| unknown(name))?;
            let target = model.object(&relation.target).ok_or_else(|| unknown(name))?;
            // All paths through this relation become one object.
            let inner: Vec<Vec<String>> = paths
                .iter()
                .filter(|other| other.len() > 1 && other.first() == Some(name))
                .map(|other| other.iter().skip(1).cloned().collect())
                .collect();
            Output::One { relation: Arc::clone(relation), selection: selection_of(model, target, &inner)? }
        };
        outputs.push(Entry { key: name.clone(), value });
    }
    Ok(Selection { object: Arc::clone(object), outputs })
}
