//! Plugins come, change and go.

use guildhall_model::Ability;
use guildhall_workflow::disable_plugin::disable_plugin;
use guildhall_workflow::enable_plugin::enable_plugin;
use guildhall_workflow::install_plugin::{Approval, Order, install_plugin};
use guildhall_workflow::rollback_plugin::rollback_plugin;
use guildhall_workflow::set_plugin_settings::set_plugin_settings;
use guildhall_workflow::uninstall_plugin::uninstall_plugin;
use guildhall_workflow::upgrade_plugin::upgrade_plugin;
use guildhall_workflow::{ActValue, WorkflowError};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Act, Call, KEY, Part, Stopped, Values, by, id_of, values};

const DIGEST: Part = ("digest", "String", true, "SHA-256 of the package, in hex; `/packages` answers it.");
const APPROVE: Part = (
    "approve",
    "[String!]",
    true,
    "Every field the plugin reads, as `Type.field`; it must be all of them and no other. `/packages` tells them.",
);
const PLUGIN: Part = ("plugin", "ID", true, "The plugin.");

pub(super) static ACTS: [Act; 7] = [
    Act {
        name: "installPlugin",
        doc: "Installs a package that was sent to `/packages`, under a name that no installed plugin has.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[
            DIGEST,
            APPROVE,
            ("settings", "JSON", false, "Its settings, an object; what it does not name has its default."),
            KEY,
        ],
        done: "PluginInstalled",
        payload: &[("plugin", "Plugin", true, "The plugin, now installed.")],
        perform: by!(install),
    },
    Act {
        name: "upgradePlugin",
        doc: "Puts a higher version of an installed plugin in its place. What it reads is approved anew: a grant belongs to the digest.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[
            DIGEST,
            APPROVE,
            (
                "settings",
                "JSON",
                false,
                "Its settings, an object; if not said those of the version before, under the names they have now.",
            ),
            KEY,
        ],
        done: "PluginUpgraded",
        payload: &[("plugin", "Plugin", true, "The new version, which has an id of its own.")],
        perform: by!(upgrade),
    },
    Act {
        name: "rollbackPlugin",
        doc: "Goes back to the version that the installed one replaced, with the settings and the approval it had then.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[PLUGIN, KEY],
        done: "PluginRolledBack",
        payload: &[("plugin", "Plugin", true, "The earlier version, installed anew under an id of its own.")],
        perform: by!(rollback),
    },
    Act {
        name: "disablePlugin",
        doc: "Takes a plugin out of all decisions and keeps it, with its settings and its approval.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[PLUGIN, KEY],
        done: "PluginDisabled",
        payload: &[("plugin", "Plugin", true, "The plugin, now disabled.")],
        perform: by!(disable),
    },
    Act {
        name: "enablePlugin",
        doc: "Takes a disabled plugin back into decisions.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[PLUGIN, KEY],
        done: "PluginEnabled",
        payload: &[("plugin", "Plugin", true, "The plugin, which decides again.")],
        perform: by!(enable),
    },
    Act {
        name: "uninstallPlugin",
        doc: "Takes a plugin away that no other needs. Its package and the decisions it took part in stay.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[PLUGIN, KEY],
        done: "PluginUninstalled",
        payload: &[("plugin", "Plugin", true, "The plugin, now removed.")],
        perform: by!(uninstall),
    },
    Act {
        name: "setPluginSettings",
        doc: "Gives a plugin other settings, all of them at once.",
        ability: Ability::ManagePlugins,
        changes_what_decides: true,
        input: &[PLUGIN, ("settings", "JSON", true, "An object; what it does not name has its default."), KEY],
        done: "PluginSettingsSet",
        payload: &[("plugin", "Plugin", true, "The plugin, as it is set now.")],
        perform: by!(set),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Coming {
    digest: String,
    approve: Vec<String>,
    #[serde(default)]
    settings: Value,
    idempotency_key: String,
}

impl Coming {
    fn order<'a>(&self, bytes: &'a [u8]) -> Result<Order<'a>, Stopped> {
        let settings = if self.settings.is_null() { None } else { Some(object(&self.settings)?) };
        Ok(Order { bytes, approval: Approval::Exactly(self.approve.clone()), settings })
    }
}

/// Settings, which the schema knows as any JSON.
fn object(settings: &Value) -> Result<Map<String, Value>, Stopped> {
    let object = settings.as_object().cloned();
    Ok(object.ok_or_else(|| WorkflowError::invalid("settings", "the settings must be an object"))?)
}

async fn install(call: &Call<'_>, input: Coming) -> Result<Values, Stopped> {
    let by = call.actor.permit()?;
    let bytes = call.house.package(&input.digest).await.map_err(|error| error.of("digest"))?;
    let (order, key) = (input.order(&bytes)?, Some(input.idempotency_key.as_str()));
    let installed = install_plugin(call.house, by, &order, key, call.now).await;
    plugin(installed.map_err(|error| error.of("digest"))?.plugin)
}

async fn upgrade(call: &Call<'_>, input: Coming) -> Result<Values, Stopped> {
    let by = call.actor.permit()?;
    let bytes = call.house.package(&input.digest).await.map_err(|error| error.of("digest"))?;
    let (order, key) = (input.order(&bytes)?, Some(input.idempotency_key.as_str()));
    let upgraded = upgrade_plugin(call.house, by, &order, key, call.now).await;
    plugin(upgraded.map_err(|error| error.of("digest"))?.plugin)
}

fn plugin(id: Uuid) -> Result<Values, Stopped> {
    values([("plugin", ActValue::Record(id))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    plugin: String,
    idempotency_key: String,
}

async fn rollback(call: &Call<'_>, input: Named) -> Result<Values, Stopped> {
    let id = id_of(call.house, "Plugin", "plugin", &input.plugin)?;
    let key = Some(input.idempotency_key.as_str());
    plugin(rollback_plugin(call.house, call.actor.permit()?, id, key, call.now).await?.plugin)
}

async fn disable(call: &Call<'_>, input: Named) -> Result<Values, Stopped> {
    let id = id_of(call.house, "Plugin", "plugin", &input.plugin)?;
    plugin(disable_plugin(call.house, call.actor.permit()?, id, Some(&input.idempotency_key), call.now).await?)
}

async fn enable(call: &Call<'_>, input: Named) -> Result<Values, Stopped> {
    let id = id_of(call.house, "Plugin", "plugin", &input.plugin)?;
    plugin(enable_plugin(call.house, call.actor.permit()?, id, Some(&input.idempotency_key), call.now).await?)
}

async fn uninstall(call: &Call<'_>, input: Named) -> Result<Values, Stopped> {
    let id = id_of(call.house, "Plugin", "plugin", &input.plugin)?;
    plugin(uninstall_plugin(call.house, call.actor.permit()?, id, Some(&input.idempotency_key), call.now).await?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Set {
    plugin: String,
    settings: Value,
    idempotency_key: String,
}

async fn set(call: &Call<'_>, input: Set) -> Result<Values, Stopped> {
    let id = id_of(call.house, "Plugin", "plugin", &input.plugin)?;
    let (given, key) = (object(&input.settings)?, Some(input.idempotency_key.as_str()));
    plugin(set_plugin_settings(call.house, call.actor.permit()?, id, given, key, call.now).await?)
}
