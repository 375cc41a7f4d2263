//! Which plugin serves which decision point.

use guildhall_decision::Serving;
use guildhall_store::plugin::{Plugin, Status};

use crate::succession::served;

/// What those plugins serve that decide. What they read of the parameters they do not say.
pub(crate) fn serving(present: &[Plugin]) -> Vec<Serving> {
    let deciding = present.iter().filter(|plugin| plugin.status == Status::Installed);
    let all = deciding.flat_map(|plugin| {
        served(plugin).map(|point| Serving {
            plugin: plugin.name.clone(),
            department: plugin.department.clone(),
            point: point.to_owned(),
            parameters: None,
        })
    });
    all.collect()
}
