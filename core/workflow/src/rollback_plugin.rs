//! Goes back to the version of a plugin that the installed one replaced.

use chrono::{DateTime, Utc};
use guildhall_store::plugin::{self, Arrival, Plugin, Status};
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::{Checked, Installed, check_package, stored, uuid_in};
use crate::once::Once;
use crate::standing::granted;
use crate::succession::{Coming, Grant, Present, Successor, objections, settings, succeed};
use crate::turn::{Begun, Turn};
use crate::{House, ManagePlugins, Permit, WorkflowError, Workshop};

/// Rolls a plugin back, with the settings and the grant that the earlier version had. It is checked as any other package is.
/// Rolling back again goes one version further.
pub async fn rollback_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    id: Uuid,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Installed, WorkflowError> {
    let gone = || WorkflowError::NotFound("that plugin is not installed".to_owned());
    let once = Once::under(&by, key, "rollbackPlugin", &[id.as_bytes()])?;
    let current = plugin::find(&house.database, id).await?.ok_or_else(gone)?;
    // What takes long is done before the turn: the package is loaded, and who else is there is asked when nobody can change it.
    let prepared = match current.status {
        Status::Removed => None,
        Status::Installed | Status::Disabled => Some(prepare(house, &current.name).await?),
    };
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => {
            let back = plugin::find(&house.database, uuid_in(&known)?).await?.ok_or_else(lost)?;
            return Ok(Installed { plugin: back.id, name: back.name, digest: back.digest });
        }
        Begun::Now(turn) => turn,
    };
    let (goal, checked) = prepared.ok_or_else(gone)?;
    let present = Present::read(house, &turn.transaction).await?;
    if !present.plugins.iter().any(|plugin| plugin.id == id) {
        return Err(WorkflowError::refused(format!(
            "`{}` was just changed by somebody else; look again",
            current.name
        )));
    }
    let coming = Coming { package: &checked.package, arrival: Arrival::Rollback };
    let objections = objections(house, &present, None, &coming);
    if !objections.is_empty() {
        return Err(WorkflowError::Refused(objections));
    }
    let given = goal.settings.given.as_object().cloned().unwrap_or_default();
    let settings = settings(&checked.package, given, &by, now)?;
    let grant = Grant { by: goal.approved_by.clone(), at: goal.approved_at };
    let successor = Successor { checked: &checked, arrival: Arrival::Rollback, settings, grant };
    let id = succeed(&turn.transaction, &present, successor, &by, now).await?;
    turn.end(json!(id), now).await?;
    Ok(Installed { plugin: id, name: current.name, digest: goal.digest })
}

/// Where a plugin goes back to, ready to run.
async fn prepare(house: &House, name: &str) -> Result<(Plugin, Checked), WorkflowError> {
    let goal = goal(&plugin::history(&house.database, name).await?)?;
    let package = stored(&house.database, &goal).await?.map_err(WorkflowError::refused)?;
    let points = house.points_in_force().await?;
    let checked = check_package(&Workshop { points: &points, ..house.workshop() }, package).await?;
    granted(&goal, &checked.reads()).map_err(WorkflowError::refused)?;
    Ok((goal, checked))
}

fn lost() -> WorkflowError {
    WorkflowError::Internal("a stored answer names no installation".to_owned())
}

/// What the installed version of a history, newest first, goes back to: the one before it was first brought by an upgrade.
fn goal(history: &[Plugin]) -> Result<Plugin, WorkflowError> {
    let current = history.first().ok_or_else(lost)?;
    let brought = history
        .iter()
        .position(|plugin| plugin.digest == current.digest && plugin.arrival != Arrival::Rollback)
        .ok_or_else(lost)?;
    let by_upgrade = history.get(brought).is_some_and(|plugin| plugin.arrival == Arrival::Upgrade);
    let before = brought.checked_add(1).and_then(|place| history.get(place)).filter(|_| by_upgrade);
    before.cloned().ok_or_else(|| {
        let (name, version) = (&current.name, &current.plugin_version);
        WorkflowError::refused(format!(
            "`{name}` {version} replaced no other version, so there is nothing to go back to; `guildhall plugin disable {name}` takes it out of decisions"
        ))
    })
}

#[cfg(test)]
mod tests {
    use guildhall_store::plugin::Arrival::{Install, Rollback, Upgrade};

    use super::*;
    use crate::testing::installed;

    /// Which version the last of these goes back to; they are told in the order in which they came.
    #[track_caller]
    fn check(came: &[(&str, Arrival)], expected: Option<&str>) {
        let history: Vec<_> = came
            .iter()
            .rev()
            .map(|(version, arrival)| Plugin { arrival: *arrival, ..installed("acme", version) })
            .collect();
        assert_eq!(goal(&history).ok().map(|plugin| plugin.plugin_version).as_deref(), expected, "{came:?}");
    }

    #[test]
    fn each_rollback_goes_one_version_back() {
        check(&[("1", Install), ("2", Upgrade)], Some("1"));
        check(&[("1", Install), ("2", Upgrade), ("3", Upgrade)], Some("2"));
        check(&[("1", Install), ("2", Upgrade), ("3", Upgrade), ("2", Rollback)], Some("1"));
        check(&[("1", Install), ("2", Upgrade), ("1", Rollback), ("3", Upgrade)], Some("1"));
    }

    #[test]
    fn what_replaced_nothing_goes_nowhere() {
        check(&[("1", Install)], None);
        check(&[("1", Install), ("2", Upgrade), ("1", Rollback)], None);
        // Uninstalled between the two.
        check(&[("1", Install), ("2", Install)], None);
    }
}
