//! Compile: from a component to native code, in a process of its own.
//!
//! A component may come from anyone, and compiling is where it costs most: a small one can keep a compiler busy for minutes and
//! make it ask for gigabytes. A [`Worker`] is this program again with another command: it gets the component on standard input,
//! bounds its own memory and time by what the system offers, writes the code to standard output and ends. The host watches the clock
//! and kills it at its deadline. What becomes of it is a [`LoadError`] and never the host's end.

mod watch;

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use crate::failure::shown;
use crate::host::{LoadError, compiler, readable};
use crate::package::FILE_LIMIT;

/// Native code that is larger than this is not taken.
pub(crate) const CODE_LIMIT: u64 = 64 << 20;

/// How a program of Rust ends that panicked.
const PANICKED: i32 = 101;
/// How a worker says that the component is wrong; what is wrong stands on standard error.
const INVALID: u8 = 2;

/// Bytes of what a worker says on standard error that are read.
const SAID: u64 = 4 << 10;

/// How components are compiled in a process of their own.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The program and the arguments that make it call [`work`]. `--memory` and `--seconds` follow them.
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// After which time it is killed.
    pub wall: Duration,
    /// Bytes of address space it may have, where the system can bound that.
    pub memory: u64,
}

impl Worker {
    /// This very program with other arguments, bounded to 10 seconds and 512 MiB.
    ///
    /// # Errors
    ///
    /// If the system does not say which program this is.
    pub fn myself(arguments: &[&str]) -> std::io::Result<Self> {
        // The program as it was started, though its file may have been replaced since.
        let running = Path::new("/proc/self/exe");
        let program = if running.exists() { running.to_owned() } else { std::env::current_exe()? };
        Ok(Worker::of(program, arguments))
    }

    /// A program with arguments, bounded to 10 seconds and 512 MiB.
    pub fn of(program: PathBuf, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Worker { program, arguments, wall: Duration::from_secs(10), memory: 512 << 20 }
    }

    /// Has a component compiled. Blocks the thread until the worker has ended.
    pub(crate) fn compile(&self, component: &[u8]) -> Result<Vec<u8>, LoadError> {
        let broken = |error: std::io::Error| LoadError::Worker(format!("could not be started: {error}"));
        let seconds = self.wall.as_secs().saturating_add(1);
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .args(["--memory".to_owned(), self.memory.to_string(), "--seconds".to_owned(), seconds.to_string()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(broken)?;
        let ended = watch::watch(child, component, CODE_LIMIT, SAID, self.wall).map_err(broken)?;
        match ended.status {
            None => Err(LoadError::CompileTime { wall: self.wall }),
            Some(_) if u64::try_from(ended.output.len()).unwrap_or(u64::MAX) > CODE_LIMIT => {
                Err(LoadError::CodeTooLarge)
            }
            Some(status) if status.success() => Ok(ended.output),
            Some(status) => Err(self.failed(status, &ended.said)),
        }
    }

    fn failed(&self, status: ExitStatus, said: &[u8]) -> LoadError {
        let said = String::from_utf8_lossy(said);
        if status.code() == Some(i32::from(INVALID)) {
            return LoadError::Invalid(shown(said.trim(), 300));
        }
        // This is how a program of Rust ends that gets no more memory.
        if said.contains("memory allocation of") {
            return LoadError::CompileMemory { memory: self.memory };
        }
        if ran_out_of_time(status) {
            return LoadError::CompileTime { wall: self.wall };
        }
        tracing::error!(%status, said = shown(said.trim(), 300), "the process that compiles plugins died");
        // A process that was killed was killed by what it compiled, and so did a compiler that panicked fail at it; one that gave up says
        // that it could not work here.
        match status.code() {
            None | Some(PANICKED) => LoadError::Died(status.to_string()),
            Some(_) => LoadError::Worker(format!("gave up: {status}")),
        }
    }
}

#[cfg(unix)]
fn ran_out_of_time(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGXCPU: i32 = 24;
    status.signal() == Some(SIGXCPU)
}

#[cfg(not(unix))]
fn ran_out_of_time(_: ExitStatus) -> bool {
    false
}

/// What the worker process does: compiles the component on standard input to standard output, within bounds it sets itself
/// before it reads.
pub fn work(memory: u64, seconds: u64) -> ExitCode {
    if let Err(error) = bound(memory, seconds) {
        return refuse(ExitCode::FAILURE, &format!("the bounds cannot be set: {error}"));
    }
    let mut component = Vec::new();
    let limit = u64::try_from(FILE_LIMIT).unwrap_or(u64::MAX);
    if let Err(error) = std::io::stdin().lock().take(limit).read_to_end(&mut component) {
        // Reading is told that there is no memory where all else is ended; the host knows the words of that.
        let told = match error.kind() {
            std::io::ErrorKind::OutOfMemory => "memory allocation of the component failed".to_owned(),
            _ => format!("the component cannot be read: {error}"),
        };
        return refuse(ExitCode::FAILURE, &told);
    }
    match compiled(&component) {
        Ok(code) => match std::io::stdout().lock().write_all(&code) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => refuse(ExitCode::FAILURE, &format!("the code cannot be written: {error}")),
        },
        Err(LoadError::Invalid(reason)) => refuse(ExitCode::from(INVALID), &reason),
        Err(error) => refuse(ExitCode::FAILURE, &error.to_string()),
    }
}

/// Compiles in this process.
pub(crate) fn compiled(component: &[u8]) -> Result<Vec<u8>, LoadError> {
    let engine = compiler().map_err(|error| LoadError::Worker(format!("cannot compile: {error}")))?;
    engine.precompile_component(component).map_err(|error| LoadError::Invalid(readable(&error)))
}

fn refuse(code: ExitCode, message: &str) -> ExitCode {
    eprintln!("{message}");
    code
}

/// Bounds this process: its memory, its time on a processor; no file may be written, no core left.
#[cfg(target_os = "linux")]
fn bound(memory: u64, seconds: u64) -> std::io::Result<()> {
    use rlimit::Resource;
    // A second after its time a process ends that would not end at it.
    let bounds = [
        (Resource::AS, memory, memory),
        (Resource::CPU, seconds, seconds.saturating_add(1)),
        (Resource::CORE, 0, 0),
        (Resource::FSIZE, 0, 0),
    ];
    for (resource, soft, hard) in bounds {
        if resource.is_supported() {
            let (_, most) = resource.get()?;
            resource.set(soft.min(most), hard.min(most))?;
        }
    }
    Ok(())
}

/// Elsewhere the deadline has to do.
#[cfg(not(target_os = "linux"))]
fn bound(_: u64, _: u64) -> std::io::Result<()> {
    Ok(())
}
