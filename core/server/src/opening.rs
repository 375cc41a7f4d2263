//! Opens the house: database, plugin host, model.

use std::sync::Arc;

use guildhall_decision::decision_points;
use guildhall_graph::ModelQueries;
use guildhall_model::Model;
use guildhall_plugin_host::{Host, HostConfig, Limits};
use guildhall_store::Database;
use guildhall_workflow::House;

use crate::failure::Failure;
use crate::settings::Settings;

/// Opens the database, brings its tables up to date and starts the plugin host.
pub(crate) async fn open(settings: &Settings) -> Result<Arc<House>, Failure> {
    let database = Database::open(&settings.database).await?;
    database.migrate().await?;
    let model = Arc::new(Model::core());
    let points = decision_points().map_err(Failure::failed)?.into_iter().map(Arc::new).collect();
    let queries = Arc::new(ModelQueries::new(Arc::clone(&model))?);
    let host = Host::new(HostConfig { cache: Some(settings.cache.clone()), limits: Limits::default() })
        .map_err(Failure::failed)?;
    Ok(Arc::new(House { model, points, database, host, queries }))
}
