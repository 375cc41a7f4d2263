//! A place: a fresh database with a folder, and the command line on them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use guildhall_postgres_fixture::{TestDatabase, databases, sqlite};
use tempfile::TempDir;

use crate::{Role, program, root};

/// A fresh database and a folder for everything else. Both are removed when this is dropped.
pub struct Place {
    database: TestDatabase,
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// One place on each kind of database this machine has.
pub async fn places() -> Vec<Place> {
    databases().await.into_iter().map(Place::on).collect()
}

/// A place on SQLite, for what has nothing to do with the database.
pub fn sqlite_place() -> Place {
    Place::on(sqlite())
}

impl Place {
    fn on(database: TestDatabase) -> Self {
        match tempfile::Builder::new().prefix("guildhall-place-").tempdir() {
            Ok(folder) => Place { database, folder },
            Err(error) => panic!("cannot make a folder: {error}"),
        }
    }

    /// What `--database` takes.
    pub fn url(&self) -> &str {
        self.database.url()
    }

    pub fn is_postgres(&self) -> bool {
        self.database.is_postgres()
    }

    /// The working folder of all commands.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        let parent = path.parent().unwrap_or(&path);
        if let Err(error) = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, content)) {
            panic!("cannot write `{name}`: {error}");
        }
        path
    }

    /// The program, with no configuration but this place's.
    pub fn program(&self) -> Command {
        let mut command = Command::new(program());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GUILDHALL_")) {
            command.env_remove(name);
        }
        // Compiled code is shared by all tests; it is found by what it was compiled from.
        let cache = root().join("target/plugins/test-code");
        command.env("GUILDHALL_DATABASE", self.url()).env("GUILDHALL_CACHE", cache).env("GUILDHALL_LOG_LEVEL", "warn");
        // Tests of one actor ask more in a minute than any client; those of the rate say what it is.
        command.env("GUILDHALL_RATE", "0");
        // Guests are built by the tests, and few of them are signed.
        command.env("GUILDHALL_PLUGINS_UNSIGNED", "allow");
        command.env("GUILDHALL_UPLOADS", self.folder.path().join("uploads"));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        match self.program().args(arguments).output() {
            Ok(output) => Ran {
                code: output.status.code(),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            },
            Err(error) => panic!("guildhall cannot be run: {error}"),
        }
    }

    /// Runs a command that has to succeed, and gives what it printed.
    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "guildhall {arguments:?}: {}", ran.stderr);
        ran.stdout
    }

    #[track_caller]
    pub fn import(&self, mapping: &Path, folder: &Path) -> String {
        self.done(&["import", &mapping.to_string_lossy(), &folder.to_string_lossy(), "--json"])
    }

    /// Activates a strategy as `ada`.
    #[track_caller]
    pub fn activate(&self, strategy: &Path) -> String {
        self.done(&["strategy", "activate", &strategy.to_string_lossy(), "--as", "ada"])
    }

    /// Installs a package and approves whatever it reads.
    #[track_caller]
    pub fn install(&self, package: &Path) -> String {
        self.done(&["plugin", "install", &package.to_string_lossy(), "--yes"])
    }

    /// Makes a token and gives its secret.
    #[track_caller]
    pub fn token(&self, actor: &str, role: Role) -> String {
        self.done(&["token", "create", actor, "--role", role.name()]).trim().to_owned()
    }
}
