//! What one statement knows of several customers.

use std::sync::Arc;

use guildhall_decision::DecisionPoint;
use guildhall_model::plan::{Entry, Operand, Output, ReadPlan, Root, Selection};
use guildhall_store::Statement;
use uuid::Uuid;

use crate::{Deployment, House, WorkflowError};

/// What `deployment` needs to know of these customers to decide about them at `point`; nothing of who does not exist.
/// [`Deployment::facts_in`] reads it.
pub(crate) async fn facts_tree(
    house: &House,
    deployment: &Deployment,
    point: &DecisionPoint,
    customers: &[Uuid],
) -> Result<String, WorkflowError> {
    let parts = deployment.facts(&point.name).to_vec();
    let outputs = vec![Entry { key: "facts".to_owned(), value: Output::Facts { slot: 0, parts } }];
    read_each(house, &point.subject, customers, &outputs).await
}

/// One JSON object for each of these records, by `r0`, `r1`, ... in their order; null for who does not exist.
pub(crate) async fn read_each(
    house: &House,
    object: &str,
    records: &[Uuid],
    outputs: &[Entry<Output>],
) -> Result<String, WorkflowError> {
    let object = house.model.object(object);
    let object = object.ok_or_else(|| WorkflowError::Internal("the model lacks the subject".to_owned()))?;
    let root = |(index, id): (usize, &Uuid)| {
        let object = Selection { object: Arc::clone(object), outputs: outputs.to_vec() };
        Entry { key: format!("r{index}"), value: Root::Record { id: Operand::Value((*id).into()), object } }
    };
    let plan = ReadPlan { response: records.iter().enumerate().map(root).collect(), ..ReadPlan::default() };
    let statement = Statement::compile(&plan, &house.model, house.database.dialect())?;
    Ok(statement.run(&house.database, &[]).await?.response)
}
