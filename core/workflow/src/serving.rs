//! Which plugin serves which decision point.

use guildhall_decision::{Claim, DecisionPoint, Serving, exclusive_claims};
use guildhall_store::{Transaction, plugin};

use crate::{House, WorkflowError};

/// What the installed plugins serve. What they read of the parameters they do not say.
pub(crate) fn serving(installed: &[plugin::Plugin]) -> Vec<Serving> {
    let mut serving = Vec::new();
    for plugin in installed {
        let points = plugin.points.as_array().into_iter().flatten().filter_map(|one| one.get("point")?.as_str());
        serving.extend(points.map(|point| Serving {
            plugin: plugin.name.clone(),
            department: plugin.department.clone(),
            point: point.to_owned(),
            parameters: None,
        }));
    }
    serving
}

/// Refuses a plugin at a point that another serves alone. One of the same name is replaced, so it does not count.
pub(crate) async fn serves_alone(
    house: &House,
    transaction: &Transaction,
    name: &str,
    department: &str,
    points: &[&str],
) -> Result<(), WorkflowError> {
    let known: Vec<DecisionPoint> = house.points.iter().map(|point| DecisionPoint::clone(point)).collect();
    let others = serving(&plugin::installed(transaction).await?);
    let others = others.iter().filter(|other| other.plugin != name);
    let others =
        others.map(|other| Claim { plugin: &other.plugin, department: &other.department, point: &other.point });
    let own = points.iter().map(|point| Claim { plugin: name, department, point });
    exclusive_claims(&known, others.chain(own)).map_err(|error| WorkflowError::refused(error.to_string()))
}
