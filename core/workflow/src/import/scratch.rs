//! Scratch: keys and values an import has to remember, in a file beside it and not in memory, however many there are.

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableTable, TableDefinition, WriteTransaction};

use super::refusal::{Fault, Refusal};

/// What of the file is kept in memory.
const CACHE_BYTES: usize = 24 * 1024 * 1024;

const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("scratch");

/// Remembers bytes by number of a shelf and key. The file has no name and is gone with the process.
pub(crate) struct Scratch {
    /// Never committed: nothing of it outlives the import.
    transaction: WriteTransaction,
    _database: Database,
}

impl Scratch {
    pub(crate) fn new() -> Result<Self, Refusal> {
        let open = || -> Result<Self, redb::Error> {
            let file = tempfile::tempfile()?;
            let database = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(FileBackend::new(file)?)?;
            let transaction = database.begin_write()?;
            Ok(Scratch { transaction, _database: database })
        };
        open().map_err(|error| failed(&error).about("the scratch file"))
    }

    pub(crate) fn get(&self, shelf: u32, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let get = || -> Result<_, redb::Error> {
            let table = self.transaction.open_table(TABLE)?;
            Ok(table.get(on_shelf(shelf, key).as_slice())?.map(|value| value.value().to_vec()))
        };
        get().map_err(|error| failed(&error))
    }

    /// Remembers a value and returns the one before it.
    pub(crate) fn put(&self, shelf: u32, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let put = || -> Result<_, redb::Error> {
            let mut table = self.transaction.open_table(TABLE)?;
            let before = table.insert(on_shelf(shelf, key).as_slice(), value)?;
            Ok(before.map(|value| value.value().to_vec()))
        };
        put().map_err(|error| failed(&error))
    }

    pub(crate) fn forget(&self, shelf: u32, key: &[u8]) -> Result<(), Fault> {
        let forget = || -> Result<_, redb::Error> {
            self.transaction.open_table(TABLE)?.remove(on_shelf(shelf, key).as_slice())?;
            Ok(())
        };
        forget().map_err(|error| failed(&error))
    }
}

fn on_shelf(shelf: u32, key: &[u8]) -> Vec<u8> {
    [shelf.to_be_bytes().as_slice(), key].concat()
}

fn failed(error: &redb::Error) -> Fault {
    Fault::new(
        format!("the import could not remember something on disk: {error}"),
        "see that the folder for temporary files has room",
    )
    .of_this_machine()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shelves_are_apart_and_the_value_before_is_told() {
        let scratch = Scratch::new().unwrap();
        assert_eq!(scratch.put(1, b"a", b"x").unwrap(), None);
        assert_eq!(scratch.put(2, b"a", b"y").unwrap(), None);
        assert_eq!(scratch.put(1, b"a", b"z").unwrap(), Some(b"x".to_vec()));
        assert_eq!(scratch.get(1, b"a").unwrap(), Some(b"z".to_vec()));
        assert_eq!(scratch.get(3, b"a").unwrap(), None);
        scratch.forget(1, b"a").unwrap();
        assert_eq!((scratch.get(1, b"a").unwrap(), scratch.get(2, b"a").unwrap()), (None, Some(b"y".to_vec())));
    }
}
