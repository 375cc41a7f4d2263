//! Package: a plugin as one self-describing file.
//!
//! The file is a component. Custom sections at its top level hold what is to be known about it:
//!
//! | section | holds |
//! |---|---|
//! | `guildhall:manifest` | the text of `plugin.toml` |
//! | `guildhall:query:<point>` | the input query of each decision point it serves |
//! | `guildhall:schema` | the decision points it adds, as SDL |
//! | `guildhall:settings` | the JSON Schema of its settings |
//! | `guildhall:cases` | its golden cases, one JSON array |
//! | `guildhall:signature` | who published it; the last section, over all bytes before it |
//!
//! Manifest and queries are in every package, the others where the plugin has them. The SHA-256 over the whole file is the
//! plugin's identity.

mod describe;
mod sections;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::cases::Case;
use crate::contract::{self, ContractError};
use crate::manifest::{Manifest, ManifestError};
use crate::settings::{self, SettingsError, SettingsProblem, SettingsSchema};
use crate::signature::{Signature, SignatureError};
pub(crate) use describe::signed;
pub use describe::{Description, describe};

/// How large the component may be.
pub const COMPONENT_LIMIT: usize = 1 << 20;
/// How large one of our sections may be; golden cases have a limit of their own.
pub const SECTION_LIMIT: usize = 32 << 10;
/// How large all golden cases together may be.
pub const CASES_LIMIT: usize = 256 << 10;
/// How many golden cases a package may carry.
pub const CASES: usize = 500;

const MANIFEST: &str = "guildhall:manifest";
const QUERY: &str = "guildhall:query:";
const SCHEMA: &str = "guildhall:schema";
const SETTINGS: &str = "guildhall:settings";
const CASES_SECTION: &str = "guildhall:cases";
const SIGNATURE: &str = "guildhall:signature";

/// What describes a package: manifest, schema, settings, signature, one query for each of 16 points, and the cases.
const DESCRIPTION_LIMIT: usize = 20 * SECTION_LIMIT + CASES_LIMIT;
/// How large a package may be at all.
pub(crate) const FILE_LIMIT: usize = COMPONENT_LIMIT + DESCRIPTION_LIMIT;

/// A plugin as one file, read and checked. Cloning is cheap.
#[derive(Clone)]
pub struct Package(Arc<Read>);

struct Read {
    bytes: Vec<u8>,
    digest: String,
    manifest: Manifest,
    queries: BTreeMap<String, String>,
    schema: Option<String>,
    settings: Option<SettingsSchema>,
    cases: Vec<Case>,
    signature: Option<Signature>,
    /// Where the signature begins, or the end of the file.
    unsigned: usize,
    sections: Vec<(String, usize)>,
}

/// Why a file is no package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("the package has {size} bytes; a component may have {COMPONENT_LIMIT}, and what describes it is small")]
    TooLarge { size: usize },
    #[error("this is not a plugin package: {0}; build one with `guildhall plugin build`")]
    NotAComponent(String),
    #[error("the section `{0}` is missing; build the package with `guildhall plugin build`")]
    Missing(String),
    #[error("the section `{0}` occurs twice; build the package with `guildhall plugin build`")]
    Twice(String),
    #[error("the section `{0}` is not known; remove it or use a newer Guildhall")]
    Unknown(String),
    #[error("the section `{0}` is there, but the manifest has no `{1}`; add it or build the package without it")]
    NotDeclared(&'static str, &'static str),
    #[error("the section `{name}` has {size} bytes; at most {limit} are read")]
    SectionTooLarge { name: String, size: usize, limit: usize },
    #[error("the section `{0}` is not text")]
    NotText(String),
    #[error("the package has an input query for `{0}`, which the manifest does not serve")]
    NotServed(String),
    #[error("the manifest cannot be used: {0}")]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("`renamed` in the manifest leads to `{0}`, which is no setting")]
    RenamedToNothing(String),
    #[error("the golden cases cannot be used: {0}")]
    Cases(String),
    #[error("the signature cannot be used: {0}")]
    Signature(#[from] SignatureError),
}

impl Package {
    /// Reads a package and checks that it is complete. The component itself is checked when a host loads it.
    ///
    /// # Errors
    ///
    /// Says what is missing or wrong. The file may come from anyone.
    pub fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        // Reading stops here for what is far too large; the exact limit is on the component without our sections.
        if bytes.len() > FILE_LIMIT {
            return Err(PackageError::TooLarge { size: bytes.len() });
        }
        let mut found = sections::read(bytes)?;
        let sections: Vec<_> = found.iter().map(|(name, text)| (name.clone(), text.len())).collect();
        let described: usize = sections.iter().map(|(_, size)| size).sum();
        if bytes.len().saturating_sub(described) > COMPONENT_LIMIT {
            return Err(PackageError::TooLarge { size: bytes.len() });
        }
        let text = found.remove(MANIFEST).ok_or_else(|| PackageError::Missing(MANIFEST.to_owned()))?;
        let manifest = Manifest::read(&text)?;
        let mut queries = BTreeMap::new();
        for serves in &manifest.serves {
            let name = format!("{QUERY}{}", serves.point);
            let query = found.remove(&name).ok_or(PackageError::Missing(name))?;
            queries.insert(serves.point.clone(), query);
        }
        let schema = declared(&mut found, SCHEMA, "schema", manifest.schema.is_some())?;
        let settings = declared(&mut found, SETTINGS, "settings", manifest.settings.is_some())?;
        let settings = settings.map(|text| SettingsSchema::read(&text)).transpose()?;
        if let Some(settings) = &settings
            && let Some(lost) = manifest.renamed.values().find(|new| !settings.has(new))
        {
            return Err(PackageError::RenamedToNothing(lost.clone()));
        }
        let cases = found.remove(CASES_SECTION).map(|text| cases(&text, &manifest)).transpose()?.unwrap_or_default();
        let (signature, unsigned) = signature(bytes, found.remove(SIGNATURE))?;
        if let Some(name) = found.into_keys().next() {
            return Err(match name.strip_prefix(QUERY) {
                Some(point) => PackageError::NotServed(point.to_owned()),
                None => PackageError::Unknown(name),
            });
        }
        let digest = hex::encode(Sha256::digest(bytes));
        let bytes = bytes.to_vec();
        let read = Read { bytes, digest, manifest, queries, schema, settings, cases, signature, unsigned, sections };
        Ok(Package(Arc::new(read)))
    }

    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Whether this program speaks the contract it was built for.
    ///
    /// # Errors
    ///
    /// Says which contract would do.
    pub fn check_contract(&self) -> Result<(), ContractError> {
        contract::check(&self.0.manifest.contract)
    }

    /// Each decision point it serves, with its input query.
    pub fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.queries.iter().map(|(point, query)| (point.as_str(), query.as_str()))
    }

    /// The input query of a decision point, if the plugin serves it.
    pub fn query(&self, point: &str) -> Option<&str> {
        self.0.queries.get(point).map(String::as_str)
    }

    /// The decision points it adds, as SDL. It is not checked here.
    pub fn schema(&self) -> Option<&str> {
        self.0.schema.as_deref()
    }

    /// The JSON Schema of its settings.
    pub fn settings(&self) -> Option<&Value> {
        self.0.settings.as_ref().map(SettingsSchema::document)
    }

    /// The settings it takes, ready to check and complete them.
    pub fn settings_schema(&self) -> Option<&SettingsSchema> {
        self.0.settings.as_ref()
    }

    /// What the plugin is given as settings: those that were made, with the defaults of the others. Without a schema there
    /// are none.
    ///
    /// # Errors
    ///
    /// Says of every setting that cannot be taken what it should be.
    pub fn complete_settings(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<SettingsProblem>> {
        settings::complete(self.settings_schema(), given)
    }

    /// Its golden cases.
    pub fn cases(&self) -> &[Case] {
        &self.0.cases
    }

    /// Who published it. The signature is right; whether the publisher is trusted is another question.
    pub fn signature(&self) -> Option<&Signature> {
        self.0.signature.as_ref()
    }

    /// SHA-256 over the whole file, in hex.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Size of the whole file in bytes.
    pub fn size(&self) -> usize {
        self.0.bytes.len()
    }

    /// The sections that describe it, by name, with their sizes in bytes.
    pub fn sections(&self) -> &[(String, usize)] {
        &self.0.sections
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The file up to its signature.
    pub(crate) fn unsigned(&self) -> &[u8] {
        self.0.bytes.get(..self.0.unsigned).unwrap_or_default()
    }
}

/// A section that is there exactly if the manifest says so.
fn declared(
    found: &mut BTreeMap<String, String>,
    section: &'static str,
    key: &'static str,
    expected: bool,
) -> Result<Option<String>, PackageError> {
    match (found.remove(section), expected) {
        (None, true) => Err(PackageError::Missing(section.to_owned())),
        (Some(_), false) => Err(PackageError::NotDeclared(section, key)),
        (text, _) => Ok(text),
    }
}

fn cases(text: &str, manifest: &Manifest) -> Result<Vec<Case>, PackageError> {
    let cases: Vec<Case> = serde_json::from_str(text).map_err(|error| PackageError::Cases(error.to_string()))?;
    if cases.len() > CASES {
        return Err(PackageError::Cases(format!("there are {}; at most {CASES} are read", cases.len())));
    }
    match cases.iter().find(|case| !manifest.serves.iter().any(|serves| serves.point == case.point)) {
        Some(case) => {
            let problem = format!("`{}` asks at `{}`, which the manifest does not serve", case.name, case.point);
            Err(PackageError::Cases(crate::failure::shown(&problem, 300)))
        }
        None => Ok(cases),
    }
}

/// The signature, verified, and where it begins.
fn signature(bytes: &[u8], text: Option<String>) -> Result<(Option<Signature>, usize), PackageError> {
    let Some(text) = text else { return Ok((None, bytes.len())) };
    // There is one way to write the section, so that where it begins leaves no room for a second reading.
    let unsigned = bytes.strip_suffix(describe::section(SIGNATURE, &text).as_slice()).ok_or(SignatureError::NotLast)?;
    Ok((Some(Signature::verified(&text, unsigned)?), unsigned.len()))
}

impl std::fmt::Debug for Package {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Package").field("name", &self.manifest().name).field("digest", &self.0.digest).finish()
    }
}

#[cfg(test)]
mod tests;
