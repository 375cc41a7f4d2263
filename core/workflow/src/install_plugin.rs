//! Installs a department's plugin.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use guildhall_plugin_host::{Guest, LoadError, Package};
use guildhall_store::plugin::{self, Plugin};
use guildhall_store::{generation, package};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::once::Once;
use crate::{House, InputQuery, ManagePlugins, Permit, WorkflowError, Workshop};

/// What an administrator agrees to.
#[derive(Clone, Debug)]
pub enum Approval {
    /// The plugin may read exactly these fields, each as `Type.field`.
    Exactly(Vec<String>),
    /// The plugin may read whatever its input queries ask for; the caller has seen them.
    Whatever,
}

/// A package that was read and checked, and is not yet installed.
pub struct Checked {
    pub package: Package,
    /// The package, ready to run.
    pub(crate) guest: Guest,
    /// Each decision point it serves with what it reads for it.
    pub serves: Vec<(String, InputQuery)>,
}

/// A plugin, now installed.
#[derive(Clone, Debug)]
pub struct Installed {
    pub plugin: Uuid,
    pub name: String,
    pub digest: String,
}

/// Reads a package and checks everything that can be checked before anything changes: manifest, contract, the range on the
/// model's schema, the decision points, the input queries, and that it compiles and links. It is compiled on a thread that may
/// block.
pub async fn check_plugin(workshop: &Workshop<'_>, bytes: &[u8]) -> Result<Checked, WorkflowError> {
    let bad = |message: String| WorkflowError::BadInput(message);
    let package = Package::read(bytes).map_err(|error| bad(error.to_string()))?;
    let manifest = package.manifest();
    let (major, minor, patch) = workshop.model.version();
    let model = semver::Version::new(major, minor, patch);
    if !manifest.model.matches(&model) {
        return Err(bad(format!(
            "plugin `{}` {} is made for model {}; this Guildhall has model {model}; use a version of the plugin for it",
            manifest.name, manifest.version, manifest.model
        )));
    }
    let mut serves = Vec::new();
    for (point_name, query) in package.queries() {
        let point = workshop.point(point_name).ok_or_else(|| {
            let known: Vec<_> = workshop.points.iter().map(|point| point.name.as_str()).collect();
            bad(format!(
                "plugin `{}` serves `{point_name}`, which is no decision point; there are {}",
                manifest.name,
                known.join(", ")
            ))
        })?;
        let compiled = workshop.queries.compile(point, query).map_err(|reason| {
            bad(format!("plugin `{}`: the input query of `{point_name}`: {reason}", manifest.name))
        })?;
        serves.push((point_name.to_owned(), compiled));
    }
    let guest = load(workshop, &package).await?;
    let guest = guest.scaled(serves.iter().map(|(point, query)| (point.as_str(), query.entries())));
    Ok(Checked { package, guest, serves })
}

async fn load(workshop: &Workshop<'_>, package: &Package) -> Result<Guest, WorkflowError> {
    let (host, loading) = (workshop.host.clone(), package.clone());
    let loaded = tokio::task::spawn_blocking(move || host.load(&loading)).await;
    let loaded = loaded.map_err(|error| WorkflowError::Internal(format!("a plugin was not loaded: {error}")))?;
    loaded.map_err(|error| {
        let told = format!("plugin `{}`: {error}", package.manifest().name);
        match error {
            LoadError::Busy => WorkflowError::Busy(told),
            LoadError::Worker(_) => WorkflowError::Internal(told),
            _ => WorkflowError::BadInput(told),
        }
    })
}

impl Checked {
    /// The package, ready to be asked within the limits it will have once it is installed.
    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    /// Every field the plugin reads, as `Type.field`, sorted.
    pub fn reads(&self) -> Vec<String> {
        let all: BTreeSet<_> = self.serves.iter().flat_map(|(_, query)| query.reads.iter().cloned()).collect();
        all.into_iter().collect()
    }

    fn points_json(&self) -> Value {
        self.serves.iter().map(|(point, query)| json!({ "point": point, "reads": query.reads })).collect()
    }
}

/// Installs a package. One of the same name that is installed is replaced in the same transaction.
pub async fn install_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    bytes: &[u8],
    approval: &Approval,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Installed, WorkflowError> {
    let checked = check_plugin(&house.workshop(), bytes).await?;
    agreed(&checked, approval)?;
    let manifest = checked.package.manifest();
    let digest = checked.package.digest().to_owned();
    let once = key.map(|key| Once::new(&by, key, "installPlugin", &[digest.as_bytes()])).transpose()?;
    let transaction = house.database.begin().await?;
    generation::lock(&transaction).await?;
    if let Some(once) = &once
        && let Some(known) = once.answered(&transaction).await?
    {
        return Ok(Installed { plugin: uuid_in(&known)?, name: manifest.name.clone(), digest });
    }
    let id = Uuid::now_v7();
    package::put(&transaction, &digest, bytes.to_vec(), now).await?;
    plugin::remove(&transaction, &manifest.name, now).await?;
    let size =
        i32::try_from(bytes.len()).map_err(|_| WorkflowError::BadInput("the package is too large".to_owned()))?;
    let record = Plugin {
        id,
        name: manifest.name.clone(),
        plugin_version: manifest.version.to_string(),
        department: manifest.department.clone(),
        digest: digest.clone(),
        size,
        points: checked.points_json(),
        installed_at: now,
        installed_by: by.name.clone(),
    };
    plugin::insert(&transaction, &record).await?;
    if let Some(once) = &once
        && !once.remember(&transaction, json!(id), now).await?
    {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    transaction.commit().await?;
    Ok(Installed { plugin: id, name: record.name, digest })
}

fn agreed(checked: &Checked, approval: &Approval) -> Result<(), WorkflowError> {
    let Approval::Exactly(approved) = approval else { return Ok(()) };
    let approved: BTreeSet<_> = approved.iter().map(String::as_str).collect();
    let reads = checked.reads();
    let reads: BTreeSet<_> = reads.iter().map(String::as_str).collect();
    let missing: Vec<_> =
        reads.difference(&approved).map(|field| format!("it reads `{field}`, which is not approved")).collect();
    let needless: Vec<_> =
        approved.difference(&reads).map(|field| format!("`{field}` is approved, but it does not read it")).collect();
    let reasons: Vec<_> = missing.into_iter().chain(needless).collect();
    if reasons.is_empty() { Ok(()) } else { Err(WorkflowError::Refused(reasons)) }
}

pub(crate) fn uuid_in(value: &Value) -> Result<Uuid, WorkflowError> {
    let id = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
    id.ok_or_else(|| WorkflowError::Internal("a stored answer cannot be read".to_owned()))
}
