//! Puts a higher version of a plugin in place of the one that is installed.

use chrono::{DateTime, Utc};
use guildhall_store::plugin::Arrival;

use crate::install_plugin::{Installed, Order, put};
use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Upgrades the plugin whose name the package has. What it reads is approved anew, also if that is nothing new: a grant belongs
/// to the digest. Its settings are those of the version before, under the names they have now, unless the order has others.
pub async fn upgrade_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    order: &Order<'_>,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Installed, WorkflowError> {
    put(house, &by, Arrival::Upgrade, order, key, now).await
}
