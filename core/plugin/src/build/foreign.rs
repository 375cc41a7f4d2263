//! Guests of other compilers.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::BuildError;

/// The plugin contract.
const WIT: &str = include_str!("../../../../schema/plugin.wit");

/// A component as it is; a core module as a component of the plugin contract.
pub(super) fn component(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    if wasmparser::Parser::is_component(module) {
        return Ok(module.to_vec());
    }
    let mut resolve = Resolve::default();
    let package = resolve.push_str("plugin.wit", WIT).map_err(failed)?;
    let world = resolve.select_world(&[package], Some("plugin")).map_err(failed)?;
    let mut described = module.to_vec();
    embed_component_metadata(&mut described, &resolve, world, StringEncoding::UTF8, false).map_err(failed)?;
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(&described).and_then(|encoder| encoder.encode()).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> BuildError {
    BuildError::Foreign(crate::failure::shown(&format!("{error:#}"), 500))
}
