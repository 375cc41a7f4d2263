//! Keeps a package that may be installed later.

use chrono::{DateTime, Utc};
use guildhall_model::Role;
use guildhall_plugin_host::Package;
use guildhall_store::package;

use crate::{Actor, House, WorkflowError};

/// Checks a package and keeps it under its digest, which is returned. Storing grants nothing. Only an admin does.
pub async fn store_package(
    house: &House,
    by: &Actor,
    bytes: &[u8],
    now: DateTime<Utc>,
) -> Result<String, WorkflowError> {
    if by.role < Role::Admin {
        return Err(WorkflowError::refused("only an admin sends packages"));
    }
    let read = Package::read(bytes).map_err(|error| WorkflowError::BadInput(error.to_string()))?;
    let transaction = house.database.begin().await?;
    package::put(&transaction, read.digest(), bytes.to_vec(), now).await?;
    transaction.commit().await?;
    Ok(read.digest().to_owned())
}
