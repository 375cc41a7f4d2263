//! Build: from a plugin's source to its package.
//!
//! Cargo makes a core module for `wasm32-unknown-unknown`, with whatever Rust is at hand ([`Toolchain`]). What follows happens
//! in this process: the module becomes a component, what describes it is appended, and the result is read back as a host
//! would read it before it is written.

mod foreign;
mod project;
mod toolchain;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::cases::{Case, CaseError};
use crate::manifest::{Manifest, ManifestError};
use crate::package::{self, Description, Package, PackageError};
use project::Project;
pub use toolchain::Toolchain;

/// A package, built.
#[derive(Debug)]
pub struct Built {
    pub package: Package,
    pub path: PathBuf,
    pub toolchain: Toolchain,
}

/// Why a plugin cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("`{}` cannot be read: {error}", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("`{}` cannot be used: {error}", path.display())]
    Manifest { path: PathBuf, error: ManifestError },
    #[error(
        "no Rust on this machine compiles to WebAssembly; run `rustup target add wasm32-unknown-unknown`, or on Debian \
         `apt-get install rustc-web cargo-web rust-web-src lld-19`"
    )]
    NoToolchain,
    #[error("`{}` is not a plugin's crate: {reason}", path.display())]
    Project { path: PathBuf, reason: String },
    #[error("`{program}` cannot be run: {error}")]
    Run { program: String, error: std::io::Error },
    #[error("cargo could not compile the plugin; its messages stand above")]
    Compile,
    #[error("the compiled plugin is no component: {0}; does it call `guildhall_plugin::export!`?")]
    Component(String),
    #[error(
        "the module is no component, and none can be made of it: {0}; it has to export `memory`, `decide` and \
         `cabi_realloc` as `schema/plugin.wit` says, and may import `log` from `$root`"
    )]
    Foreign(String),
    #[error(transparent)]
    Cases(#[from] CaseError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error("`{}` cannot be written: {error}", path.display())]
    Write { path: PathBuf, error: std::io::Error },
}

/// Builds the plugin in `folder` into `output`, or into `plugins/<name>.wasm` in the crate's target folder.
///
/// Shows cargo's progress on standard error. The package is written only if it is good, and only if it changed.
///
/// # Errors
///
/// Says what is missing or wrong, and what to do.
pub fn build(folder: &Path, output: Option<&Path>) -> Result<Built, BuildError> {
    let (text, manifest) = read_manifest(folder)?;
    let description = description(folder, text, &manifest)?;
    let toolchain = Toolchain::find()?;
    let project = Project::read(folder, &toolchain)?;
    let module = project.compile(&toolchain)?;
    let bytes = package::describe(&encode(&module)?, &description);
    let package = Package::read(&bytes)?;
    let path = match output {
        Some(path) => path.to_owned(),
        None => project.target.join("plugins").join(format!("{}.wasm", manifest.name)),
    };
    write(&path, &bytes)?;
    Ok(Built { package, path, toolchain })
}

/// Packs a component that something else compiled, with what describes it in `folder`, into `output`.
///
/// `module` is a component, or a core module that exports `decide` as the component model's canonical ABI lays it out.
///
/// # Errors
///
/// Says what is missing or wrong, and what to do.
pub fn pack(folder: &Path, module: &Path, output: &Path) -> Result<Package, BuildError> {
    let (text, manifest) = read_manifest(folder)?;
    let description = description(folder, text, &manifest)?;
    let module = std::fs::read(module).map_err(|error| BuildError::Read { path: module.to_owned(), error })?;
    let bytes = package::describe(&foreign::component(&module)?, &description);
    let package = Package::read(&bytes)?;
    write(output, &bytes)?;
    Ok(package)
}

/// What describes the package, from the files beside the manifest.
fn description(folder: &Path, manifest: String, read_manifest: &Manifest) -> Result<Description, BuildError> {
    let beside = |file: &Option<String>| file.as_ref().map(|file| read(&folder.join(file))).transpose();
    let queries = read_manifest
        .serves
        .iter()
        .map(|serves| Ok((serves.point.clone(), read(&folder.join(&serves.query))?)))
        .collect::<Result<Vec<_>, BuildError>>()?;
    let (schema, settings) = (beside(&read_manifest.schema)?, beside(&read_manifest.settings)?);
    let cases = folder.join("cases");
    let cases = if cases.is_dir() { Case::texts(&cases)? } else { Vec::new() };
    let cases = (!cases.is_empty()).then(|| format!("[{}]", cases.join(",")));
    Ok(Description { manifest, queries, schema, settings, cases })
}

/// The package of the plugin in `folder`, for tests: built on demand, and once per test run however many ask.
///
/// # Errors
///
/// As [`build`].
pub fn built(folder: &Path) -> Result<PathBuf, BuildError> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (_, manifest) = read_manifest(folder)?;
    let toolchain = Toolchain::find()?;
    let project = Project::read(folder, &toolchain)?;
    let path = project.target.join("plugins").join(format!("{}.wasm", manifest.name));
    let failed = |error| BuildError::Write { path: path.clone(), error };
    let parent = project.target.join("plugins");
    std::fs::create_dir_all(&parent).map_err(failed)?;
    // Tests run in processes of their own; the lock is given back when the file is closed.
    let lock = std::fs::File::create(parent.join(format!("{}.lock", manifest.name))).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| format!("process {}", std::process::id()));
    let stamp = parent.join(format!("{}.run", manifest.name));
    if path.exists() && std::fs::read_to_string(&stamp).is_ok_and(|last| last == run) {
        return Ok(path);
    }
    build(folder, Some(&path))?;
    std::fs::write(&stamp, run).map_err(failed)?;
    Ok(path)
}

fn read(path: &Path) -> Result<String, BuildError> {
    std::fs::read_to_string(path).map_err(|error| BuildError::Read { path: path.to_owned(), error })
}

fn read_manifest(folder: &Path) -> Result<(String, Manifest), BuildError> {
    let path = folder.join("plugin.toml");
    let text = read(&path)?;
    let manifest = Manifest::read(&text).map_err(|error| BuildError::Manifest { path, error })?;
    Ok((text, manifest))
}

/// The core module as a component. The SDK left a description of the interface in it.
fn encode(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut encoder = wit_component::ComponentEncoder::default();
    let encoded = encoder.validate(true).module(module).and_then(|encoder| encoder.encode());
    encoded.map_err(|error| BuildError::Component(format!("{error:#}")))
}

/// Writes a package: whole or not at all. An unchanged one keeps its time stamp.
///
/// # Errors
///
/// Says why it cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    if std::fs::read(path).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| tempfile::Builder::new().prefix(".package").tempfile_in(folder))
        .and_then(|mut file| {
            file.write_all(bytes)?;
            readable_by_all(file.as_file())?;
            file.persist(path).map_err(|error| error.error)
        });
    written.map(|_| ()).map_err(|error| BuildError::Write { path: path.to_owned(), error })
}

/// Temporary files are private; a package is no secret.
#[cfg(unix)]
fn readable_by_all(file: &std::fs::File) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
