//! Plugins come and go.

use guildhall_model::Ability;
use guildhall_workflow::ActValue;
use guildhall_workflow::install_plugin::{Approval, install_plugin as install};
use guildhall_workflow::remove_plugin::remove_plugin as remove;
use serde::Deserialize;

use super::{Act, Call, KEY, Stopped, Values, by, id_of, values};

pub(super) static ACTS: [Act; 2] = [
    Act {
        name: "installPlugin",
        doc: "Installs a package that was sent to `/packages`. An installed plugin of the same name is replaced.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[
            ("digest", "String", true, "SHA-256 of the package, in hex; `/packages` answers it."),
            (
                "approve",
                "[String!]",
                true,
                "Every field the plugin reads, as `Type.field`; it must be all of them and no other.",
            ),
            KEY,
        ],
        done: "PluginInstalled",
        payload: &[("plugin", "Plugin", true, "The plugin, now installed.")],
        perform: by!(install_plugin),
    },
    Act {
        name: "removePlugin",
        doc: "Takes a plugin out of all decisions.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[("plugin", "ID", true, "The plugin."), KEY],
        done: "PluginRemoved",
        payload: &[("plugin", "Plugin", true, "The plugin, now removed.")],
        perform: by!(remove_plugin),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstallPlugin {
    digest: String,
    approve: Vec<String>,
    idempotency_key: String,
}

async fn install_plugin(call: &Call<'_>, input: InstallPlugin) -> Result<Values, Stopped> {
    let by = call.actor.permit()?;
    let (approval, key) = (Approval::Exactly(input.approve), Some(input.idempotency_key.as_str()));
    let bytes = call.house.package(&input.digest).await.map_err(|error| error.of("digest"))?;
    let installed = install(call.house, by, &bytes, &approval, key, call.now).await;
    let installed = installed.map_err(|error| error.of("digest"))?;
    values([("plugin", ActValue::Record(installed.plugin))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemovePlugin {
    plugin: String,
    idempotency_key: String,
}

async fn remove_plugin(call: &Call<'_>, input: RemovePlugin) -> Result<Values, Stopped> {
    let plugin = id_of(call.house, "Plugin", "plugin", &input.plugin)?;
    remove(call.house, call.actor.permit()?, plugin, Some(&input.idempotency_key), call.now).await?;
    values([("plugin", ActValue::Record(plugin))])
}
