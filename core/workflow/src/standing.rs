//! What can be said of an installation.

use std::collections::BTreeSet;

use guildhall_store::Reads;
use guildhall_store::plugin::{self, Plugin, Status};
use serde_json::Value;
use uuid::Uuid;

use crate::WorkflowError;

/// The installation with this id, which is there: it decides or is disabled.
pub(crate) async fn installation(on: &impl Reads, id: Uuid) -> Result<Plugin, WorkflowError> {
    let found = plugin::find(on, id).await?.filter(|plugin| plugin.status != Status::Removed);
    found.ok_or_else(|| WorkflowError::NotFound("that plugin is not installed".to_owned()))
}

/// Whether what a plugin reads is covered by what was approved for its digest.
pub(crate) fn granted(plugin: &Plugin, reads: &[String]) -> Result<(), String> {
    let grants = plugin.grants.as_array().into_iter().flatten();
    let granted: BTreeSet<&str> = grants.filter_map(|grant| grant.get("field").and_then(Value::as_str)).collect();
    let beyond: Vec<_> =
        reads.iter().filter(|field| !granted.contains(field.as_str())).map(|field| format!("`{field}`")).collect();
    if beyond.is_empty() {
        return Ok(());
    }
    Err(format!(
        "it reads {}, which nobody approved for this package; uninstall it and install it with that approval",
        beyond.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::installed;

    #[test]
    fn a_grant_covers_the_fields_it_names() {
        let plugin =
            Plugin { grants: json!([{ "field": "Customer.name", "reason": null }]), ..installed("acme", "1.0.0") };
        let reads = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        assert_eq!(granted(&plugin, &reads(&["Customer.name"])), Ok(()));
        assert_eq!(granted(&plugin, &[]), Ok(()));
        let beyond = granted(&plugin, &reads(&["Customer.name", "CreditAccount.limit", "Order.id"])).unwrap_err();
        assert!(beyond.starts_with("it reads `CreditAccount.limit`, `Order.id`, which nobody approved"), "{beyond}");
    }
}
