//! Where things are: the repository, the test data, the packages of guests.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the repository begins.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A file or folder of `tests/data`.
pub fn data(path: &str) -> PathBuf {
    root().join("tests/data").join(path)
}

/// The package of the plugin in a folder of the repository, built on demand.
pub fn built(folder: &str) -> PathBuf {
    match guildhall_plugin_host::build::built(&root().join(folder)) {
        Ok(path) => path,
        Err(error) => panic!("`{folder}` cannot be built: {error}"),
    }
}

/// The folder with the Northwind files, or nothing, after saying what is left out, where they are not to be had.
pub fn northwind_or_say_so() -> Option<PathBuf> {
    real_or_say_so("northwind", "Orders.csv")
}

/// The folder of a set of real data, which has this file, or nothing, after saying what is left out, where it is not to be
/// had: in `GUILDHALL_TEST_DATA`, or in `shared/data` beside the repository or further up.
pub fn real_or_say_so(set: &str, file: &str) -> Option<PathBuf> {
    let given = std::env::var_os("GUILDHALL_TEST_DATA").map(|folder| PathBuf::from(folder).join(set));
    let root = root();
    let beside = root.ancestors().map(|folder| folder.join("shared/data").join(set));
    let found = given.into_iter().chain(beside).find(|folder| folder.join(file).is_file());
    if found.is_none() {
        // Written directly, because a test harness keeps what passing tests print.
        let told = format!("left out: the {set} files are not here; name their parent folder in GUILDHALL_TEST_DATA");
        let _ = writeln!(std::io::stderr(), "{told}");
    }
    found
}
