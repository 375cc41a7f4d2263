//! Project: a plugin's crate as cargo sees it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;

use super::BuildError;
use super::toolchain::{TARGET, Toolchain};

/// How large a function LLVM may copy to where it is called; its own measure, four times what it is at this level.
const INLINE: &str = "-Cllvm-args=-inline-threshold=1000";

/// A guest's own stack, in bytes: a quarter of what Rust gives by itself. All of its memory is looked through after each call for what
/// has to be cleared.
const STACK: &str = "-Clink-arg=-zstack-size=262144";

/// A plugin's crate.
pub(super) struct Project {
    manifest: PathBuf,
    root: PathBuf,
    /// The target folder it shares with its workspace.
    pub target: PathBuf,
    /// Name of the library that becomes the plugin.
    library: String,
}

/// What we read of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
    workspace_root: PathBuf,
    packages: Vec<CargoPackage>,
}

#[derive(Deserialize)]
struct CargoPackage {
    manifest_path: PathBuf,
    targets: Vec<CargoTarget>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
    crate_types: Vec<String>,
}

impl Project {
    pub(super) fn read(folder: &Path, toolchain: &Toolchain) -> Result<Self, BuildError> {
        let manifest = folder.join("Cargo.toml");
        let manifest = manifest.canonicalize().map_err(|error| BuildError::Read { path: manifest, error })?;
        let refuse = |reason: &str| BuildError::Project { path: folder.to_owned(), reason: reason.to_owned() };
        let mut cargo = toolchain.cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(&manifest);
        let output = cargo.stderr(Stdio::inherit()).output().map_err(|error| not_run(toolchain, error))?;
        if !output.status.success() {
            return Err(refuse("cargo cannot read its Cargo.toml; its message stands above"));
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).map_err(|_| refuse("cargo's description of it cannot be read"))?;
        let package = metadata
            .packages
            .into_iter()
            .find(|package| package.manifest_path == manifest)
            .ok_or_else(|| refuse("its Cargo.toml describes no package"))?;
        let library = package
            .targets
            .into_iter()
            .find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
            .ok_or_else(|| refuse("its Cargo.toml needs `[lib]` with `crate-type = [\"cdylib\", \"rlib\"]`"))?;
        Ok(Project {
            manifest,
            root: metadata.workspace_root,
            target: metadata.target_directory,
            library: library.name.replace('-', "_"),
        })
    }

    /// Compiles it, in a folder of its own below the target folder, so that no other build is disturbed.
    pub(super) fn compile(&self, toolchain: &Toolchain) -> Result<Vec<u8>, BuildError> {
        let target = self.target.join("wasm");
        let status = toolchain
            .cargo()
            .args(["build", "--release", "--lib", "--target", TARGET, "--manifest-path"])
            .arg(&self.manifest)
            .args(toolchain.arguments())
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(toolchain))
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
            .env("CARGO_PROFILE_RELEASE_LTO", "fat")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
            .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
            .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
            .stdin(Stdio::null())
            // Standard output is for what the caller prints; cargo reports its progress on standard error.
            .stdout(Stdio::null())
            .status()
            .map_err(|error| not_run(toolchain, error))?;
        if !status.success() {
            return Err(BuildError::Compile);
        }
        let path = target.join(TARGET).join("release").join(format!("{}.wasm", self.library));
        std::fs::read(&path).map_err(|error| BuildError::Read { path, error })
    }

    /// More is inlined than elsewhere: around every call a guest writes down the fuel it has used and reads it again, and wasmtime's compiler
    /// inlines nothing itself.
    ///
    /// Panic messages name source files. They are named alike on every machine, so that the same source gives the same
    /// package and no package tells where its author's home is.
    fn flags(&self, toolchain: &Toolchain) -> String {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
        let names = [(Some(self.root.clone()), "plugin"), (home, "cargo"), (Some(toolchain.source()), "rust")];
        let flags = names
            .into_iter()
            .filter_map(|(path, name)| Some(format!("--remap-path-prefix={}=/{name}", path?.display())));
        flags.chain([INLINE, STACK].map(str::to_owned)).collect::<Vec<_>>().join("\u{1f}")
    }
}

fn not_run(toolchain: &Toolchain, error: std::io::Error) -> BuildError {
    BuildError::Run { program: toolchain.cargo.display().to_string(), error }
}
