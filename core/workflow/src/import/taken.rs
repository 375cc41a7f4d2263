//! Taken: which row of an entry has taken which id, and whether it made the record.

use guildhall_store::ExternalKey;

use super::refusal::Fault;
use super::scratch::Scratch;

/// The ids of one entry of the mapping, remembered on a shelf of the scratch file: by id the line of the row, and a mark
/// where that row was rejected or passed over after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub shelf: u32,
}

const GIVEN_BACK: u8 = 1;

impl Taken {
    /// The line of the row that has made the record with this id.
    pub(crate) fn by(self, scratch: &Scratch, key: &ExternalKey) -> Result<Option<u64>, Fault> {
        let found = scratch.get(self.shelf, &seen(key))?;
        Ok(found.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
    }

    /// Lets the row on `line` take an id, unless an earlier row had it, whose line is told.
    pub(crate) fn take(self, scratch: &Scratch, key: &ExternalKey, line: u64) -> Result<Option<u64>, Fault> {
        let Some(before) = scratch.put(self.shelf, &seen(key), &line.to_be_bytes())? else { return Ok(None) };
        scratch.put(self.shelf, &seen(key), &before)?;
        Ok(before.first_chunk().copied().map(u64::from_be_bytes))
    }

    /// The row on `line` made no record, and no other row may have its id either: one of them is wrong.
    pub(crate) fn give_back(self, scratch: &Scratch, key: &ExternalKey, line: u64) -> Result<(), Fault> {
        let mut bytes = line.to_be_bytes().to_vec();
        bytes.push(GIVEN_BACK);
        scratch.put(self.shelf, &seen(key), &bytes).map(drop)
    }

    /// The row that had the id made no record, and a later one may.
    pub(crate) fn free(self, scratch: &Scratch, key: &ExternalKey) -> Result<(), Fault> {
        scratch.forget(self.shelf, &seen(key))
    }
}

/// A key as the scratch file remembers it.
pub(crate) fn seen(key: &ExternalKey) -> Vec<u8> {
    [key.source.as_bytes(), b"\0", key.id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_given_back_is_not_taken_and_its_line_still_told() {
        let (scratch, taken) = (Scratch::new().unwrap(), Taken { shelf: 3 });
        let key = ExternalKey { source: "s".to_owned(), id: "1".to_owned() };
        assert_eq!(taken.take(&scratch, &key, 2).unwrap(), None);
        assert_eq!(taken.by(&scratch, &key).unwrap(), Some(2));
        taken.give_back(&scratch, &key, 2).unwrap();
        assert_eq!(taken.by(&scratch, &key).unwrap(), None);
        assert_eq!(taken.take(&scratch, &key, 5).unwrap(), Some(2));
        assert_eq!(taken.by(&scratch, &key).unwrap(), None);
        taken.free(&scratch, &key).unwrap();
        assert_eq!(taken.take(&scratch, &key, 5).unwrap(), None);
        assert_eq!(taken.take(&scratch, &key, 6).unwrap(), Some(5));
        assert_eq!(taken.by(&scratch, &key).unwrap(), Some(5));
    }
}
