//! Opens the house: database, plugin host, model.

use std::sync::Arc;

use guildhall_decision::{DecisionPoint, decision_points};
use guildhall_graph::ModelQueries;
use guildhall_model::Model;
use guildhall_plugin_host::compile::Worker;
use guildhall_plugin_host::{Host, HostConfig};
use guildhall_store::Database;
use guildhall_workflow::{Happenings, House, Imports, Workshop};
use tempfile::TempDir;

use crate::command::COMPILE_PLUGIN;
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
    Ok(house(settings, database)?.current().await?)
}

/// Opens the database as it is: one that an older program serves is not touched.
pub(crate) async fn open_untouched(settings: &Settings) -> Result<Arc<House>, Failure> {
    if !Database::is_there(&settings.database)? {
        return Err(Failure::BadInput(format!("there is no database at `{}`", settings.database)));
    }
    let house = house(settings, Database::open(&settings.database).await?)?;
    // An older program's database may have no fields of its own.
    match house.current().await {
        Ok(current) => Ok(current),
        Err(_) => Ok(house),
    }
}

fn house(settings: &Settings, database: Database) -> Result<Arc<House>, Failure> {
    let OpenedWorkshop { model, points, host, queries } = open_workshop(settings)?;
    let imports = Arc::new(Imports::new(settings.uploads.clone()));
    let happenings = Arc::<Happenings>::default();
    let unsigned = settings.plugins_unsigned;
    Ok(Arc::new(House { model, fields: None, points, database, host, queries, imports, happenings, unsigned }))
}

/// As [`open`], for who only looks: a database that is not there is not made. An empty one in the folder that comes with it
/// stands for it.
pub(crate) async fn open_to_look(settings: &Settings) -> Result<(Arc<House>, Option<TempDir>), Failure> {
    if Database::is_there(&settings.database)? {
        return Ok((open(settings).await?, None));
    }
    let folder = TempDir::new().map_err(Failure::failed)?;
    let database = format!("sqlite:{}", folder.path().join("empty.db").display());
    Ok((open(&Settings { database, ..settings.clone() }).await?, Some(folder)))
}

/// Starts the plugin host. No database is touched.
pub(crate) fn open_workshop(settings: &Settings) -> Result<OpenedWorkshop, Failure> {
    let model = Arc::new(Model::core());
    let points = decision_points().map_err(Failure::failed)?.into_iter().map(Arc::new).collect();
    let queries = Arc::new(ModelQueries::new(Arc::clone(&model))?);
    let worker = Some(Worker::myself(&[COMPILE_PLUGIN]).map_err(Failure::failed)?);
    let config = HostConfig { cache: Some(settings.cache.clone()), worker, ..HostConfig::default() };
    let host = Host::new(config).map_err(Failure::failed)?;
    Ok(OpenedWorkshop { model, points, host, queries })
}
