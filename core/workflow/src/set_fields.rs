//! Puts the deployment's own fields into force.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::read_fields;
use guildhall_model::Model;
use guildhall_store::{Document, Reads, Transaction, fields, generation};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::activate_strategy::unreadable;
use crate::install_plugin::uuid_in;
use crate::keepable::keepable;
use crate::once::Once;
use crate::plugin_set::{PluginSet, settle};
use crate::{House, ManageFields, Permit, WorkflowError, set_roles};

/// The document in force, if there is one.
pub async fn in_force(on: &impl Reads) -> Result<Option<Document>, WorkflowError> {
    Ok(fields::current(on).await?)
}

impl House {
    /// The same house with the fields in force now; itself where it has them.
    pub async fn current(self: &Arc<Self>) -> Result<Arc<House>, WorkflowError> {
        let document = in_force(&self.database).await?;
        if document.as_ref().map(|document| document.id) == self.fields {
            return Ok(Arc::clone(self));
        }
        let (id, text) = document.map_or((None, None), |document| (Some(document.id), Some(document.document)));
        let model = text.map_or_else(|| Ok(Model::core()), |text| read_fields(&text, &Model::core()));
        let model = model.map_err(|error| {
            let advice = "set others with `guildhall field set`";
            WorkflowError::refused(format!("the fields in force do not go with this program: {error}; {advice}"))
        })?;
        Ok(Arc::new(self.over(model, id)?))
    }

    /// The same house over another model, that of the fields document with that id.
    fn over(&self, model: Model, fields: Option<Uuid>) -> Result<House, WorkflowError> {
        let model = Arc::new(model);
        let queries = self.queries.over(&model).map_err(WorkflowError::Internal)?;
        Ok(House { model, fields, queries, ..self.clone() })
    }
}

/// Checks a document of fields and puts it into force in place of the one before. A field that a role, the strategy in force or a
/// plugin names does not go, and none changes its kind. Returns the document's id.
pub async fn set_fields(
    house: &House,
    by: Permit<'_, ManageFields>,
    document: &str,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let model = read_fields(document, &Model::core()).map_err(unreadable)?;
    keepable("the document", document).map_err(|error| error.of("document"))?;
    let once = Once::under(&by, key, "setFields", &[document.as_bytes()])?;
    let transaction = house.database.begin().await?;
    generation::lock(&transaction).await?;
    if let Some(once) = &once
        && let Some(known) = once.answered(&transaction).await?
    {
        return uuid_in(&known);
    }
    let mut reasons = of_other_kinds(&transaction, &model).await?;
    let next = house.over(model, None)?;
    reasons.extend(taken(&next, &transaction).await?);
    if !reasons.is_empty() {
        return Err(WorkflowError::Refused(reasons));
    }
    set_roles::in_force(&next, &transaction).await.map_err(|error| {
        WorkflowError::refused(format!("the roles in force would not hold any more: {error}; set others first"))
    })?;
    lost(house, &next, &transaction).await?;
    settle(&next, &transaction, now).await?;
    let digest = hex::encode(Sha256::digest(document.as_bytes()));
    let set = fields::set(&transaction, document, &digest, &next.model, &by.name, now).await?;
    if let Some(once) = &once
        && !once.remember(&transaction, json!(set.id), now).await?
    {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    transaction.commit().await?;
    Ok(set.id)
}

/// Fields that are there already and would be of another kind.
async fn of_other_kinds(transaction: &Transaction, model: &Model) -> Result<Vec<String>, WorkflowError> {
    let Some(before) = fields::current(transaction).await? else { return Ok(Vec::new()) };
    // What this program does not read any more is not compared: another document is how that is mended.
    let Ok(before) = read_fields(&before.document, &Model::core()) else { return Ok(Vec::new()) };
    let own = before.objects().iter().flat_map(|object| object.fields.iter().map(move |field| (object, field)));
    let own = own.filter(|(_, field)| field.is_custom());
    let changed = own.filter(|(object, field)| {
        let after = model.object(&object.name).and_then(|object| object.get(&field.name));
        after.is_some_and(|after| after.column != field.column)
    });
    Ok(changed
        .map(|(object, field)| {
            let name = format!("{}.{}", object.name, field.name);
            format!("`{name}` has another kind now, and its values are of that one; give the new field another name")
        })
        .collect())
}

/// Fields with the name of a decision field.
async fn taken(next: &House, transaction: &Transaction) -> Result<Vec<String>, WorkflowError> {
    let points = PluginSet::present(next, transaction).await?.points;
    let taken = points.iter().filter(|point| {
        let object = next.model.object(&point.subject);
        object.is_some_and(|object| object.get(&point.field).is_some())
    });
    Ok(taken
        .map(|point| {
            format!("`{}.{}` is the answer of `{}`; choose another name", point.subject, point.field, point.name)
        })
        .collect())
}

/// Refuses to take away a field that an installed plugin reads: it could not be asked any more.
async fn lost(house: &House, next: &House, transaction: &Transaction) -> Result<(), WorkflowError> {
    let mut reasons = Vec::new();
    for plugin in guildhall_store::plugin::present(transaction).await? {
        let granted = plugin.grants.as_array().into_iter().flatten();
        let fields = granted.filter_map(|grant| grant.get("field")?.as_str()?.split_once('.'));
        let has = |house: &House, object: &str, field: &str| {
            house.model.object(object).is_some_and(|object| object.get(field).is_some())
        };
        for (object, field) in fields.filter(|(object, field)| has(house, object, field) && !has(next, object, field)) {
            let name = &plugin.name;
            reasons
                .push(format!("plugin `{name}` reads `{object}.{field}`; uninstall it or install one that does not"));
        }
    }
    if reasons.is_empty() { Ok(()) } else { Err(WorkflowError::Refused(reasons)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activate_strategy::activate_strategy;
    use crate::create_token::Origin;
    use crate::testing::{admin, document, houses, now};

    const TIER: &str = "[fields.Customer.tier]\nkind = \"text\"\ndoc = \"d\"\n";
    const NONE: &str = "[fields]\n";

    async fn set(house: &House, text: &str) -> Result<Uuid, String> {
        let ada = admin("ada");
        let done = set_fields(house, ada.permit().unwrap(), text, None, now()).await;
        done.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_house_takes_up_the_fields_in_force() {
        for (house, _fixture) in houses().await {
            assert!(Arc::ptr_eq(&house.current().await.unwrap(), &house));
            let id = set(&house, TIER).await.unwrap();
            let current = house.current().await.unwrap();
            assert_eq!(current.fields, Some(id));
            assert!(current.model.object("Customer").unwrap().get("tier").is_some());
            assert!(Arc::ptr_eq(&current.current().await.unwrap(), &current));
            set(&current, NONE).await.unwrap();
            assert!(current.current().await.unwrap().model.object("Customer").unwrap().get("tier").is_none());
        }
    }

    #[tokio::test]
    async fn a_field_keeps_its_kind() {
        for (house, _fixture) in houses().await {
            set(&house, TIER).await.unwrap();
            let other = set(&house, &TIER.replace("text", "int")).await.unwrap_err();
            assert!(other.starts_with("`Customer.tier` has another kind now"), "{other}");
            set(&house, NONE).await.unwrap();
            set(&house, &TIER.replace("text", "int")).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_field_has_no_name_that_an_answer_has() {
        for (house, _fixture) in houses().await {
            let refused = set(&house, &TIER.replace("tier", "creditTerms")).await.unwrap_err();
            assert_eq!(refused, "`Customer.creditTerms` is the answer of `credit.terms`; choose another name");
        }
    }

    #[tokio::test]
    async fn a_field_that_a_role_or_the_strategy_names_does_not_go() {
        for (house, _fixture) in houses().await {
            set(&house, TIER).await.unwrap();
            let (house, ada) = (house.current().await.unwrap(), admin("ada"));
            let roles =
                "[roles.sales]\ndoc = \"d\"\nrows = [\"all\"]\n[roles.sales.types.Customer]\nread = [\"tier\"]\n";
            let give = async |roles: &str| {
                set_roles::set_roles(&house, ada.permit().unwrap(), Origin::Console, roles, None, now()).await.unwrap()
            };
            give(roles).await;
            let refused = set(&house, NONE).await.unwrap_err();
            assert!(refused.starts_with("the roles in force would not hold any more"), "{refused}");
            give("[roles]\n").await;
            let segment =
                "[[segments]]\nkey = \"gold\"\nname = \"Gold\"\nneed = \"n\"\nwhen = \"customer.tier == 'gold'\"\n";
            let text = format!("{}{segment}", document("first", "ada"));
            activate_strategy(&house, ada.permit().unwrap(), &text, None, now()).await.unwrap();
            let refused = set(&house, NONE).await.unwrap_err();
            assert!(refused.starts_with("the strategy in force would not hold any more"), "{refused}");
            activate_strategy(&house, ada.permit().unwrap(), &document("second", "ada"), None, now()).await.unwrap();
            set(&house, NONE).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_field_that_a_plugin_reads_does_not_go() {
        for (house, _fixture) in houses().await {
            set(&house, TIER).await.unwrap();
            let house = house.current().await.unwrap();
            let mut plugin = crate::testing::installed("acme", "1.0.0");
            plugin.grants = json!([{ "field": "Customer.tier", "reason": null }]);
            let transaction = house.database.begin().await.unwrap();
            guildhall_store::plugin::insert(&transaction, &plugin).await.unwrap();
            transaction.commit().await.unwrap();
            let refused = set(&house, NONE).await.unwrap_err();
            assert_eq!(refused, "plugin `acme` reads `Customer.tier`; uninstall it or install one that does not");
            set(&house, TIER).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_same_request_is_done_once() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            let again = async || set_fields(&house, ada.permit().unwrap(), TIER, Some("k"), now()).await.unwrap();
            assert_eq!(again().await, again().await);
        }
    }
}
