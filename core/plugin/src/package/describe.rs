//! Writes the sections that describe a package.

use std::borrow::Cow;

use wasm_encoder::Encode;

use super::{CASES_SECTION, MANIFEST, PackageError, QUERY, SCHEMA, SETTINGS, SIGNATURE};
use crate::signature::{Signature, SignatureError};

/// What describes a package, as texts.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The text of `plugin.toml`.
    pub manifest: String,
    /// Decision points with their input queries.
    pub queries: Vec<(String, String)>,
    pub schema: Option<String>,
    pub settings: Option<String>,
    /// A JSON array of golden cases.
    pub cases: Option<String>,
}

/// Appends to a component what describes it. The result is what [`super::Package::read`] reads; nothing is checked here.
pub fn describe(component: &[u8], description: &Description) -> Vec<u8> {
    let mut bytes = component.to_vec();
    bytes.extend(section(MANIFEST, &description.manifest));
    for (point, query) in &description.queries {
        bytes.extend(section(&format!("{QUERY}{point}"), query));
    }
    let optional =
        [(SCHEMA, &description.schema), (SETTINGS, &description.settings), (CASES_SECTION, &description.cases)];
    for (name, text) in optional {
        if let Some(text) = text {
            bytes.extend(section(name, text));
        }
    }
    bytes
}

/// The bytes with a signature behind them.
pub(crate) fn signed(bytes: &[u8], signature: &Signature) -> Result<Vec<u8>, PackageError> {
    let text = serde_json::to_string(signature).map_err(|_| SignatureError::Malformed)?;
    let mut signed = bytes.to_vec();
    signed.extend(section(SIGNATURE, &text));
    Ok(signed)
}

/// A custom section: its id, 0, and then what the encoder writes.
pub(super) fn section(name: &str, text: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    wasm_encoder::CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(text.as_bytes()) }.encode(&mut bytes);
    bytes
}
