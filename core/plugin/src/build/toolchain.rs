//! Toolchain: the Rust that compiles plugins.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::BuildError;

pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Where Debian puts cargo and rustc.
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// How long rustup may take to fetch the target.
const PATIENCE: Duration = Duration::from_secs(120);

/// The Rust that compiles plugins.
#[derive(Clone, Debug, PartialEq)]
pub struct Toolchain {
    pub(super) cargo: PathBuf,
    pub(super) rustc: PathBuf,
    /// Where the compiler's own files are.
    pub(super) sysroot: PathBuf,
    /// The linker, where the standard library has to be compiled too because there is none for the target.
    pub(super) from_source: Option<PathBuf>,
}

impl Toolchain {
    /// Looks for a Rust with the target; then for one that can compile the standard library for it; then asks rustup for the
    /// target.
    ///
    /// # Errors
    ///
    /// Says what to install.
    pub fn find() -> Result<Self, BuildError> {
        let candidates = [("cargo", "rustc"), (DEBIAN_CARGO, DEBIAN_RUSTC)];
        let known: Vec<_> = candidates.into_iter().filter_map(|(cargo, rustc)| Self::at(cargo, rustc)).collect();
        if let Some(found) = known.iter().find(|candidate| candidate.has_target()) {
            return Ok(found.clone());
        }
        // The standard library's source alone is not enough: what follows needs a compiler that lets itself be told to use it,
        // and it is Debian's that is made for this.
        let debian = known.iter().find(|candidate| candidate.cargo == Path::new(DEBIAN_CARGO));
        if let Some((debian, linker)) = debian.filter(|debian| debian.has_source()).zip(linker()) {
            return Ok(Toolchain { from_source: Some(linker), ..debian.clone() });
        }
        match known.into_iter().find(|candidate| candidate.cargo == Path::new("cargo")) {
            Some(rustup) if add_target() && rustup.has_target() => Ok(rustup),
            _ => Err(BuildError::NoToolchain),
        }
    }

    fn at(cargo: &str, rustc: &str) -> Option<Self> {
        let output = command(Path::new(rustc)).args(["--print", "sysroot"]).stderr(Stdio::null()).output().ok()?;
        let sysroot = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| Toolchain {
            cargo: cargo.into(),
            rustc: rustc.into(),
            sysroot: sysroot.trim_end().into(),
            from_source: None,
        })
    }

    fn has_target(&self) -> bool {
        let libraries = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        std::fs::read_dir(libraries).is_ok_and(|mut entries| entries.next().is_some())
    }

    fn has_source(&self) -> bool {
        self.source().join("library/std/Cargo.toml").exists()
    }

    /// The source of the standard library.
    pub(super) fn source(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust")
    }

    /// Cargo, with nothing of the cargo that may be running us.
    pub(super) fn cargo(&self) -> Command {
        let mut cargo = command(&self.cargo);
        if let Some(linker) = &self.from_source {
            cargo
                .env("RUSTC", &self.rustc)
                // Compiling the standard library is a nightly feature; Debian has no nightly.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        cargo
    }

    /// What `cargo build` is told beside the target.
    pub(super) fn arguments(&self) -> &'static [&'static str] {
        if self.from_source.is_some() { &["-Zbuild-std=std,panic_abort"] } else { &[] }
    }
}

impl std::fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.sysroot.display())?;
        match &self.from_source {
            Some(linker) => write!(formatter, " with the standard library from source and {}", linker.display()),
            None => Ok(()),
        }
    }
}

/// LLVM's linker for WebAssembly, the newest there is.
fn linker() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names: Vec<_> =
        std::iter::once("wasm-ld".to_owned()).chain((14..40).rev().map(|n| format!("wasm-ld-{n}"))).collect();
    std::env::split_paths(&folders)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)).collect::<Vec<_>>())
        .find(|path| path.is_file())
}

/// Asks rustup for the target. Whether that worked is all that matters: without a network it does not.
fn add_target() -> bool {
    let child = command(Path::new("rustup"))
        .args(["target", "add", TARGET])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(_) => break,
        }
    }
    // It is our own child; whether it was still there does not matter.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// A program, with nothing of the cargo that may be running us: that cargo's choice of compiler, flags and libraries is for
/// its own work.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let kept = ["CARGO_HOME", "CARGO_TERM_COLOR", "CARGO_TERM_PROGRESS_WHEN", "CARGO_BUILD_JOBS"];
    let kept_groups = ["CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_SOURCE_"];
    let inner = [
        "RUSTC",
        "RUSTDOC",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_BOOTSTRAP",
    ];
    let under_cargo = std::env::var_os("CARGO").is_some();
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let is_cargo = text == "CARGO" || text.starts_with("CARGO_");
        let is_kept = kept.contains(&text) || kept_groups.iter().any(|group| text.starts_with(group));
        // Cargo lends its children the path of its own compiler's libraries.
        let is_lent = under_cargo && (text == "LD_LIBRARY_PATH" || text == "DYLD_FALLBACK_LIBRARY_PATH");
        if (is_cargo && !is_kept) || inner.contains(&text) || is_lent {
            command.env_remove(name);
        }
    }
    command
}
