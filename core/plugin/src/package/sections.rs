//! The sections that describe a package.

use std::collections::BTreeMap;

use wasmparser::{Encoding, Parser, Payload};

use super::{CASES_LIMIT, CASES_SECTION, PackageError, SECTION_LIMIT};
use crate::failure::shown;

const OURS: &str = "guildhall:";
/// Longest name of one of our sections.
const NAME_LENGTH: usize = 128;

/// Our sections at the component's top level. What a module inside it carries under the same name describes nothing.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, String>, PackageError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(PackageError::NotAComponent("it is no WebAssembly".to_owned()));
    }
    let broken = |error: wasmparser::BinaryReaderError| PackageError::NotAComponent(shown(error.message(), 200));
    let mut found = BTreeMap::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(PackageError::NotAComponent("it is a core module and not a component".to_owned()));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name().starts_with(OURS) => {
                let (name, data) = (section.name().to_owned(), section.data());
                // Ours are short and plain; what is not is told in a form that can be shown.
                if name.len() > NAME_LENGTH || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(PackageError::Unknown(shown(&name, NAME_LENGTH)));
                }
                let limit = if name == CASES_SECTION { CASES_LIMIT } else { SECTION_LIMIT };
                if data.len() > limit {
                    return Err(PackageError::SectionTooLarge { name, size: data.len(), limit });
                }
                let text = std::str::from_utf8(data).map_err(|_| PackageError::NotText(name.clone()))?;
                if found.insert(name.clone(), text.to_owned()).is_some() {
                    return Err(PackageError::Twice(name));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
