//! What the database says by refusing an order.

use guildhall_model::{Model, ObjectType};
use guildhall_store::StoreError;

use super::{Order, Reason, ReasonCode, Verb, Written};
use crate::{Actor, House, WorkflowError};

/// What the database says by refusing, in words that tell nothing of the database.
pub(super) async fn of_store(
    house: &House,
    by: &Actor,
    order: &Order,
    error: StoreError,
) -> Result<Written, WorkflowError> {
    let object = &order.object;
    let one = name(object);
    let reason = match &error {
        StoreError::Taken(_) if order.verb == Verb::Restore => {
            Reason::new(ReasonCode::Taken, format!("another {one} has a value since then that only one may have"))
        }
        StoreError::Taken(_) => {
            let unique = unique_names(&house.model, object).join(", ");
            Reason::new(
                ReasonCode::Taken,
                format!("there is another {one} with the same value where only one may have it: {unique}"),
            )
        }
        StoreError::Reference(_) if order.verb == Verb::Delete => {
            let who = referring(house, by, order).await?;
            Reason::new(ReasonCode::InUse, format!("other records refer to it: {who}; delete or change them first"))
        }
        StoreError::Reference(_) => {
            Reason::new(ReasonCode::NotFound, "a record it refers to is not there any more; restore that one first")
        }
        StoreError::Refused(_) | StoreError::Value { .. } => {
            return Err(WorkflowError::BadInput(format!("a value of the {one} cannot be kept")));
        }
        _ => return Err(error.into()),
    };
    Ok(Written::Refused(vec![reason]))
}

/// The sets of values that only one record may have, by the API's names.
fn unique_names(model: &Model, object: &ObjectType) -> Vec<String> {
    let mut all = vec!["source and externalId".to_owned()];
    let references = object.references(model);
    all.extend(object.relations.iter().filter_map(|relation| {
        let guildhall_model::RelationKey::Here { column } = &relation.key else { return None };
        references.iter().any(|reference| reference.column == column && reference.unique).then(|| relation.name.clone())
    }));
    all.extend(guildhall_store::unique_fields(object));
    all
}

/// The types whose records refer to those of a refused deletion, as far as the actor may know of them.
async fn referring(house: &House, by: &Actor, order: &Order) -> Result<String, WorkflowError> {
    let ids: Vec<_> = order.changes.iter().filter_map(|change| change.id).collect();
    let found = guildhall_store::referring_types(&house.database, &house.model, &order.object, &ids).await?;
    let (known, hidden): (Vec<_>, Vec<_>) = found.into_iter().partition(|object| by.access.reads_type(&object.name));
    let mut names: Vec<_> = known.iter().map(|object| object.plural.clone()).collect();
    if !hidden.is_empty() || names.is_empty() {
        names.push("records you do not see".to_owned());
    }
    Ok(names.join(", "))
}

/// `OrderLine` -> `order line`.
pub(super) fn name(object: &ObjectType) -> String {
    object.table.replace('_', " ")
}
