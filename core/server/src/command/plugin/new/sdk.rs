//! The SDK that the binary carries, for who has nothing but the binary.

use std::path::Path;

use toml::{Table, Value};

/// A file by its path in the repository.
macro_rules! carried {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $path)))),+]
    };
}

/// What a plugin needs to compile; a test holds the list to the folder.
const FILES: &[(&str, &str)] = carried![
    "plugin-sdk/Cargo.toml",
    "plugin-sdk/macros/Cargo.toml",
    "plugin-sdk/macros/src/generate.rs",
    "plugin-sdk/macros/src/generate/default.rs",
    "plugin-sdk/macros/src/lib.rs",
    "plugin-sdk/macros/src/point.rs",
    "plugin-sdk/macros/src/query.rs",
    "plugin-sdk/macros/src/schema.rs",
    "plugin-sdk/macros/src/settings.rs",
    "plugin-sdk/macros/src/shape.rs",
    "plugin-sdk/macros/src/suggest.rs",
    "plugin-sdk/src/answer.rs",
    "plugin-sdk/src/cases.rs",
    "plugin-sdk/src/date.rs",
    "plugin-sdk/src/dispatch.rs",
    "plugin-sdk/src/guest.rs",
    "plugin-sdk/src/heap.rs",
    "plugin-sdk/src/lib.rs",
    "plugin-sdk/src/log.rs",
    "plugin-sdk/src/money.rs",
    "plugin-sdk/src/question.rs",
    "schema/decisions/collections_next.graphql",
    "schema/decisions/credit_check.graphql",
    "schema/decisions/credit_terms.graphql",
    "schema/decisions/directives.graphql",
    "schema/decisions/followup_propose.graphql",
    "schema/decisions/fulfillment_allocate.graphql",
    "schema/decisions/fulfillment_priority.graphql",
    "schema/decisions/fulfillment_promise.graphql",
    "schema/decisions/marketing_contact.graphql",
    "schema/decisions/marketing_eligibility.graphql",
    "schema/decisions/nba_arbitrate.graphql",
    "schema/decisions/price_discount.graphql",
    "schema/decisions/segment_assign.graphql",
    "schema/decisions/service_level.graphql",
    "schema/model.graphql",
    "schema/plugin.wit",
];

/// The workspace they are taken from.
const WORKSPACE: &str = include_str!("../../../../../../Cargo.toml");

/// Every file of the SDK, with its path below the folder it is put into.
///
/// # Errors
///
/// If the workspace of this build is not as it is read here; a test builds with what comes out.
pub(super) fn files() -> Result<Vec<(String, String)>, toml::de::Error> {
    let mut files: Vec<_> = FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    files.push(("Cargo.toml".to_owned(), workspace()?));
    Ok(files)
}

/// The part of our workspace that the SDK inherits from.
fn workspace() -> Result<String, toml::de::Error> {
    let whole: Table = toml::from_str(WORKSPACE)?;
    let ours = whole.get("workspace").and_then(Value::as_table).cloned().unwrap_or_default();
    let mut needed = Vec::new();
    for (_, text) in FILES.iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        let manifest: Table = toml::from_str(text)?;
        for group in ["dependencies", "dev-dependencies"] {
            needed.extend(manifest.get(group).and_then(Value::as_table).into_iter().flat_map(Table::keys).cloned());
        }
    }
    let mut workspace = Table::new();
    workspace.insert("resolver".to_owned(), Value::from("3"));
    workspace.insert("members".to_owned(), Value::from(vec!["plugin-sdk", "plugin-sdk/macros"]));
    for key in ["package", "lints"] {
        if let Some(value) = ours.get(key) {
            workspace.insert(key.to_owned(), value.clone());
        }
    }
    let dependencies = ours.get("dependencies").and_then(Value::as_table).cloned().unwrap_or_default();
    let dependencies: Table = dependencies.into_iter().filter(|(name, _)| needed.contains(name)).collect();
    workspace.insert("dependencies".to_owned(), Value::Table(dependencies));
    let document = Table::from_iter([("workspace".to_owned(), Value::Table(workspace))]);
    Ok(format!(
        "# The plugin SDK as `guildhall plugin new` put it here. A newer Guildhall brings a newer one.\n{document}"
    ))
}

/// The folder of an SDK, if there is one: the repository's own, or one that was put somewhere.
pub(super) fn is_sdk(folder: &Path) -> bool {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let read: Table = toml::from_str(&manifest).unwrap_or_default();
    let name = read.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
    name == Some("guildhall-plugin")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, found),
                false => found.push(path.to_string_lossy().into_owned()),
            }
        }
    }

    #[test]
    fn the_whole_sdk_is_carried() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let mut found = Vec::new();
        for folder in ["plugin-sdk/src", "plugin-sdk/macros/src", "schema/decisions"] {
            sources(&root.join(folder), &mut found);
        }
        let prefix = format!("{}/", root.display());
        for path in found.iter().map(|path| path.strip_prefix(&prefix).unwrap()) {
            let carried = FILES.iter().any(|(carried, _)| *carried == path);
            assert!(carried || path.ends_with("tests.rs"), "`{path}` is not carried");
        }
        assert!(files().unwrap().iter().any(|(path, text)| path == "Cargo.toml" && text.contains("rust_decimal")));
    }
}
