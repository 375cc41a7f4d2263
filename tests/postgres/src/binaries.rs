//! Where this machine has PostgreSQL.

use std::path::{Path, PathBuf};

/// Folders below which packages put versions of PostgreSQL, with what the versions' folders begin with.
const PLACES: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// The folder with `initdb` and `postgres`: the one on the search path, or the newest installed one.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter_map(|folder| {
        // Links lead to the real folder: `initdb` looks for `postgres` beside itself.
        folder.join("initdb").canonicalize().ok()?.parent().map(Path::to_owned)
    });
    let installed = PLACES.iter().flat_map(|(place, prefix)| {
        let mut versions: Vec<_> = std::fs::read_dir(place)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
            .collect();
        versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
        versions.into_iter().map(|path| path.join("bin"))
    });
    on_path.chain(installed).find(|folder| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file()))
}

/// The major version in a folder's name; 0 if there is none.
fn number(path: &Path) -> u32 {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let digits: String = name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}
