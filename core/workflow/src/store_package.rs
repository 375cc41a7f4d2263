//! Keeps a package that may be installed later.

use chrono::{DateTime, Utc};
use guildhall_plugin_host::Package;
use guildhall_store::package;

use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Checks a package and keeps it under its digest, which is returned. Storing grants nothing.
pub async fn store_package(
    house: &House,
    _: Permit<'_, ManagePlugins>,
    bytes: &[u8],
    now: DateTime<Utc>,
) -> Result<String, WorkflowError> {
    let read = Package::read(bytes).map_err(|error| WorkflowError::BadInput(error.to_string()))?;
    let transaction = house.database.begin().await?;
    package::put(&transaction, read.digest(), bytes.to_vec(), now).await?;
    transaction.commit().await?;
    Ok(read.digest().to_owned())
}
