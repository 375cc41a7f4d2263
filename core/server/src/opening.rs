//! Opens the house: database, plugin host, model.

use std::sync::Arc;

use guildhall_decision::{DecisionPoint, decision_points};
use guildhall_graph::ModelQueries;
use guildhall_model::Model;
use guildhall_plugin_host::{Host, HostConfig, Limits};
use guildhall_store::Database;
use guildhall_workflow::{House, Imports, Workshop};

use crate::failure::Failure;
use crate::settings::Settings;

/// What the house has beside its database.
pub(crate) struct OpenedWorkshop {
    model: Arc<Model>,
    points: Vec<Arc<DecisionPoint>>,
    host: Host,
    queries: Arc<ModelQueries>,
}

impl OpenedWorkshop {
    pub(crate) fn workshop(&self) -> Workshop<'_> {
        Workshop { model: &self.model, points: &self.points, host: &self.host, queries: self.queries.as_ref() }
    }
}

/// Opens the database, brings its tables up to date and starts the plugin host.
pub(crate) async fn open(settings: &Settings) -> Result<Arc<House>, Failure> {
    let database = Database::open(&settings.database).await?;
    database.migrate().await?;
    let OpenedWorkshop { model, points, host, queries } = open_workshop(settings)?;
    let imports = Imports::new(settings.uploads.clone());
    Ok(Arc::new(House { model, points, database, host, queries, imports }))
}

/// Starts the plugin host. No database is touched.
pub(crate) fn open_workshop(settings: &Settings) -> Result<OpenedWorkshop, Failure> {
    let model = Arc::new(Model::core());
    let points = decision_points().map_err(Failure::failed)?.into_iter().map(Arc::new).collect();
    let queries = Arc::new(ModelQueries::new(Arc::clone(&model))?);
    let host = Host::new(HostConfig { cache: Some(settings.cache.clone()), limits: Limits::default() })
        .map_err(Failure::failed)?;
    Ok(OpenedWorkshop { model, points, host, queries })
}
