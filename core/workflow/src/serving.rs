//! Which plugin serves which decision point.

use guildhall_decision::Serving;
use guildhall_store::plugin::Plugin;

use crate::succession::served;

/// What the installed plugins serve. What they read of the parameters they do not say.
pub(crate) fn serving(installed: &[Plugin]) -> Vec<Serving> {
    let all = installed.iter().flat_map(|plugin| {
        served(plugin).map(|point| Serving {
            plugin: plugin.name.clone(),
            department: plugin.department.clone(),
            point: point.to_owned(),
            parameters: None,
        })
    });
    all.collect()
}
