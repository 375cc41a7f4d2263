//! Package: a plugin as one self-describing file.
//!
//! The file is a component. Custom sections at its top level hold what is to be known about it: `guildhall:manifest` the
//! text of `plugin.toml`, `guildhall:query:<point>` the input query of each decision point. The SHA-256 over the whole file
//! is the plugin's identity.

mod sections;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasm_encoder::Encode;

use crate::manifest::{Manifest, ManifestError};

/// How large the component may be.
pub const COMPONENT_LIMIT: usize = 1 << 20;
/// How large one of our sections may be.
pub const SECTION_LIMIT: usize = 32 << 10;

/// How large a package may be at all: a component with every section it can have.
pub(crate) const FILE_LIMIT: usize = COMPONENT_LIMIT + 18 * SECTION_LIMIT;

const MANIFEST: &str = "guildhall:manifest";
const QUERY: &str = "guildhall:query:";

/// A plugin as one file, read and checked. Cloning is cheap.
#[derive(Clone)]
pub struct Package(Arc<Read>);

struct Read {
    bytes: Vec<u8>,
    digest: String,
    manifest: Manifest,
    queries: BTreeMap<String, String>,
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
    #[error("the section `{name}` has {size} bytes; at most {SECTION_LIMIT} are read")]
    SectionTooLarge { name: String, size: usize },
    #[error("the section `{0}` is not text")]
    NotText(String),
    #[error("the package has an input query for `{0}`, which the manifest does not serve")]
    NotServed(String),
    #[error("the manifest cannot be used: {0}")]
    Manifest(#[from] ManifestError),
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
        let described: usize = found.values().map(String::len).sum();
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
        if let Some(name) = found.into_keys().next() {
            return Err(match name.strip_prefix(QUERY) {
                Some(point) => PackageError::NotServed(point.to_owned()),
                None => PackageError::Unknown(name),
            });
        }
        let digest = hex::encode(Sha256::digest(bytes));
        Ok(Package(Arc::new(Read { bytes: bytes.to_vec(), digest, manifest, queries })))
    }

    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Each decision point it serves, with its input query.
    pub fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.queries.iter().map(|(point, query)| (point.as_str(), query.as_str()))
    }

    /// The input query of a decision point, if the plugin serves it.
    pub fn query(&self, point: &str) -> Option<&str> {
        self.0.queries.get(point).map(String::as_str)
    }

    /// SHA-256 over the whole file, in hex.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Size of the whole file in bytes.
    pub fn size(&self) -> usize {
        self.0.bytes.len()
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl std::fmt::Debug for Package {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Package").field("name", &self.manifest().name).field("digest", &self.0.digest).finish()
    }
}

/// Appends to a component what describes it. The result is what [`Package::read`] reads.
pub(crate) fn describe(component: &[u8], manifest: &str, queries: &[(String, String)]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let mut append = |name: String, text: &str| {
        let section = wasm_encoder::CustomSection { name: Cow::Owned(name), data: Cow::Borrowed(text.as_bytes()) };
        // A custom section is its id, 0, and then what the encoder writes.
        bytes.push(0);
        section.encode(&mut bytes);
    };
    append(MANIFEST.to_owned(), manifest);
    for (point, query) in queries {
        append(format!("{QUERY}{point}"), query);
    }
    bytes
}

#[cfg(test)]
mod tests;
