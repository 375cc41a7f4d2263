//! Subscriptions: which changes are told, and what is read of each.

use std::collections::HashSet;
use std::sync::Arc;

use guildhall_model::{GlobalId, ObjectType};
use guildhall_store::Dialect;
use guildhall_workflow::Deployment;
use serde_json::Value;

use super::{Context, Plan, Planner};
use crate::problem::{Code, Problem};
use crate::schema::followed;

/// Most records followed by id.
const IDS_LIMIT: usize = 250;

/// A subscription, compiled.
pub(crate) struct SubscriptionPlan {
    /// The response key.
    pub key: String,
    pub object: Arc<ObjectType>,
    /// The records followed, if not all.
    pub ids: Option<HashSet<String>>,
    /// What is told, if not everything.
    pub kinds: Option<HashSet<String>>,
    /// The fields of the type that the role may read.
    pub fields: HashSet<String>,
    pub payload: Plan,
}

/// Plans a subscription with the request's variables: it is planned once and told many times.
pub(crate) fn plan_subscription(
    context: &Context<'_>,
    deployment: &Deployment,
    dialect: Dialect,
) -> Result<SubscriptionPlan, Problem> {
    let mut planner = Planner::new(context);
    let collected = planner.collect(&[&context.operation.selection_set], "Subscription")?;
    let [collected] = collected.as_slice() else {
        return Err(Problem::new(Code::ValidationFailed, "a subscription follows one field; send another for another"));
    };
    let field = collected.first()?;
    let Some(object) = followed(context.model, field.name.as_str()) else { return Err(planner.unplanned(field)) };
    let texts = |name: &str| {
        let value = planner.deferred(field, name).and_then(|argument| argument.resolve(context.variables));
        let items = value.as_ref().and_then(Value::as_array)?;
        Some(items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect::<HashSet<_>>())
    };
    let (ids, kinds) = (texts("ids"), texts("kinds"));
    if ids.as_ref().is_some_and(|ids| ids.len() > IDS_LIMIT) {
        return Err(
            planner.located(Problem::limit("ids", format!("at most {IDS_LIMIT} records are followed by id")), field)
        );
    }
    for id in ids.iter().flatten() {
        GlobalId::parse_as(id, object).map_err(|error| planner.bad_argument(field, "ids", &error))?;
    }
    let served = context.front.schema().get_object(&object.name);
    let fields = served.map(|served| served.fields.keys().map(ToString::to_string).collect()).unwrap_or_default();
    let roots = planner.payload(field, &collected.selections(), &format!("{}Change", object.name))?;
    let payload = planner.finish(roots, deployment, dialect)?;
    Ok(SubscriptionPlan { key: collected.key.to_owned(), object: Arc::clone(object), ids, kinds, fields, payload })
}
