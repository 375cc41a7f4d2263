//! Where the parts of a strategy stand in its document.

use std::collections::BTreeMap;

/// Line and column, both from 1, by path: `segments[0]`. Two strategies that say the same are equal wherever it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(pub(crate) BTreeMap<String, (usize, usize)>);

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Places {
    /// Of the path, or of the innermost thing around it that has a place.
    pub(crate) fn of(&self, path: &str) -> (usize, usize) {
        let mut path = path;
        loop {
            if let Some(place) = self.0.get(path) {
                return *place;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = path.get(..end).unwrap_or_default(),
                None => return (1, 1),
            }
        }
    }
}
