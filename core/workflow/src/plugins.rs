//! What there is of plugins, and whether it still works.

use guildhall_decision::DecisionPoint;
use guildhall_store::plugin::{self, Plugin, Status};
use uuid::Uuid;

use crate::deployment::check_installed;
use crate::install_plugin::stored;
use crate::{House, WorkflowError};

/// A plugin that is there.
#[derive(Clone, Debug)]
pub struct Listed {
    pub plugin: Plugin,
    /// Why it cannot be asked, if that is so.
    pub suspended: Option<String>,
}

/// Every plugin that decides or is disabled, by name.
pub async fn list_plugins(house: &House) -> Result<Vec<Listed>, WorkflowError> {
    let mut listed = Vec::new();
    for plugin in plugin::present(&house.database).await? {
        let suspended = check_installed(house, &plugin).await?.err();
        listed.push(Listed { plugin, suspended });
    }
    Ok(listed)
}

/// What keeps an installed plugin from working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub id: Uuid,
    pub name: String,
    pub version: String,
    /// It is there and does not decide.
    pub disabled: bool,
    /// The decision point whose input query does not fit; nothing if it is about the whole plugin.
    pub point: Option<String>,
    pub problem: String,
}

/// Checks an input query of a decision point against a schema.
pub type QueryCheck<'a> = dyn Fn(&DecisionPoint, &str) -> Result<(), String> + Sync + 'a;

/// Which plugins would not work: with this program, or with the schema that `query` checks an input query against.
pub async fn broken_queries(
    house: &House,
    query: Option<&QueryCheck<'_>>,
) -> Result<(usize, Vec<Broken>), WorkflowError> {
    let mut broken = Vec::new();
    let present = plugin::present(&house.database).await?;
    for plugin in &present {
        let found = |point: Option<&str>, problem: String| Broken {
            id: plugin.id,
            name: plugin.name.clone(),
            version: plugin.plugin_version.clone(),
            disabled: plugin.status == Status::Disabled,
            point: point.map(str::to_owned),
            problem,
        };
        let Some(query) = query else {
            broken.extend(check_installed(house, plugin).await?.err().map(|problem| found(None, problem)));
            continue;
        };
        let package = match stored(&house.database, plugin).await? {
            Ok(package) => package,
            Err(problem) => {
                broken.push(found(None, problem));
                continue;
            }
        };
        for (name, text) in package.queries() {
            let checked = match house.point(name) {
                Some(point) => query(point, text),
                None => Err("there is no such decision point".to_owned()),
            };
            broken.extend(checked.err().map(|problem| found(Some(name), problem)));
        }
    }
    Ok((present.len(), broken))
}
