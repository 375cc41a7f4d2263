//! Process: the built binaries, run and stopped.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Fallible;
use crate::company::Company;
use crate::postgraphile::PostGraphile;
use crate::request::Statements;

/// Where the binaries are, and where they may leave files.
pub(crate) struct Folder {
    binaries: PathBuf,
    files: PathBuf,
}

impl Folder {
    pub(crate) fn new(files: &Path) -> Fallible<Self> {
        let here = std::env::current_exe()?;
        let binaries = here.parent().ok_or("this binary lies in no folder")?.to_owned();
        Ok(Folder { binaries, files: files.to_owned() })
    }

    /// The ignored folder in which PostGraphile is installed, beside those of the profiles.
    pub(crate) fn postgraphile(&self) -> PathBuf {
        self.binaries.with_file_name("postgraphile")
    }

    /// The folder of the other engines' build, beside those of the profiles.
    pub(crate) fn engines(&self) -> PathBuf {
        self.binaries.with_file_name("engines")
    }

    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.join(name)
    }

    /// Runs a command of `guildhall` to its end and returns what it printed.
    pub(crate) fn guildhall(&self, database: &str, arguments: &[&str]) -> Fallible<String> {
        let output = self.command(database).args(arguments).output()?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("`guildhall {}`: {told}", arguments.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    pub(crate) fn command(&self, database: &str) -> Command {
        let mut command = Command::new(self.binary("guildhall"));
        command.current_dir(&self.files).args(["--database", database, "--cache", "cache"]);
        command
    }
}

/// A server under way. It ends when this is dropped.
pub(crate) struct Serving {
    process: Child,
    pub address: SocketAddr,
}

impl Serving {
    /// `guildhall serve`; what it logs goes to the file `log`.
    pub(crate) fn guildhall(files: &Folder, company: &Company, options: &[&str]) -> Fallible<Self> {
        Self::on(files, company.url(), options)
    }

    pub(crate) fn on(files: &Folder, database: &str, options: &[&str]) -> Fallible<Self> {
        let mut command = files.command(database);
        // One client asks as fast as it can, which no rate is for.
        command.args(options).args(["serve", "--listen", "127.0.0.1:0", "--rate", "0"]);
        Self::start(command, &files.file("log"))
    }

    pub(crate) fn handwritten(files: &Folder, company: &Company, statements: &Statements) -> Fallible<Self> {
        let mut command = Command::new(files.binaries.join("handwritten"));
        command.args(["--database", company.url(), "--token", &company.token]);
        for (name, text) in [("customer", &statements.customer), ("page", &statements.page)] {
            let file = files.file(&format!("{name}.sql"));
            std::fs::write(&file, text)?;
            command.arg(format!("--{name}")).arg(file);
        }
        Self::start(command, &files.file("handwritten.log"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn postgraphile(files: &Folder, company: &Company, installed: &PostGraphile) -> Fallible<Self> {
        let mut command = Command::new(&installed.node);
        command.arg(&installed.server).env("DATABASE", company.url()).env("TOKEN", &company.token);
        command.env("NODE_ENV", "production").env("GRAPHILE_ENV", "production");
        Self::start(command, &files.file("postgraphile.log"))
    }

    /// All servers print their address when they serve.
    fn start(mut command: Command, log: &Path) -> Fallible<Self> {
        let mut process = command.stdout(Stdio::piped()).stderr(File::create(log)?).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
        match address {
            Some(address) => Ok(Serving { process, address }),
            None => {
                let _ = process.kill();
                process.wait()?;
                Err(format!("{command:?} does not serve:\n{}", std::fs::read_to_string(log)?).into())
            }
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
