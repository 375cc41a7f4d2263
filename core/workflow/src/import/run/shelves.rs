//! Shelves: where in the scratch file a run remembers what.

use crate::import::mapping::Mapping;
use crate::import::record::{Hierarchy, Pass};
use crate::import::taken::Taken;

/// The rows that are kept as rejected. What is looked up begins at 0.
pub(super) const REJECTED: u32 = 0x4000_0000;
/// By entry, the lines that an earlier part of the run has rejected.
pub(super) const REJECTED_BEFORE: u32 = 0x5000_0000;
/// By the first entry of a type, what only one record may have.
const CLAIMS: u32 = 0x6000_0000;
const ENTRIES: u32 = 0x8000_0000;
/// Shelves of one pass over the file of an entry: the ids, the positions, the hierarchy.
const SHELVES: u32 = 0x1_0000;

pub(super) fn shelf(index: usize, pass: Pass) -> u32 {
    let passes = index as u32 * 2 + u32::from(pass == Pass::OwnType);
    ENTRIES.saturating_add(passes.saturating_mul(SHELVES))
}

pub(super) fn hierarchy(index: usize) -> Hierarchy {
    Hierarchy { shelf: shelf(index, Pass::Records) + SHELVES - 1 }
}

pub(super) fn taken(index: usize) -> Taken {
    Taken { shelf: shelf(index, Pass::Records) }
}

/// The ids that an entry would update where nothing is written.
pub(super) fn updated(index: usize) -> u32 {
    shelf(index, Pass::OwnType) + SHELVES - 1
}

pub(super) fn claims(mapping: &Mapping, index: usize) -> u32 {
    let object = mapping.files.get(index).map(|file| &file.object.name);
    let first = mapping.files.iter().position(|file| Some(&file.object.name) == object).unwrap_or(index);
    CLAIMS.saturating_add((first as u32).saturating_mul(SHELVES))
}

/// The ids that entries before this one have made of its type.
pub(super) fn earlier(mapping: &Mapping, index: usize) -> Vec<Taken> {
    let Some(file) = mapping.files.get(index) else { return Vec::new() };
    let entries = mapping.files.iter().enumerate().take(index);
    let same = entries.filter(|(_, earlier)| earlier.object.name == file.object.name);
    same.map(|(index, _)| taken(index)).collect()
}

/// The types of the entries up to this one, and their ids.
pub(super) fn planned(mapping: &Mapping, index: usize) -> Vec<(String, Taken)> {
    let entries = mapping.files.iter().enumerate().take(index + 1);
    entries.map(|(index, file)| (file.object.name.clone(), taken(index))).collect()
}
