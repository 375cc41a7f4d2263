//! Runs guests: package, manifest, limits, instance. The only crate with wasmtime.
//!
//! A [`Package`] is one self-describing `.wasm` file. A [`Host`] compiles it, or takes compiled code from its cache, and gives
//! a [`Guest`]. [`Guest::decide`] asks it, in a fresh instance per call and within [`Limits`]; whatever the guest does, the
//! answer is a [`Batch`] with one answer or one [`Failure`] per call.
//!
//! [`build`] makes a package from a plugin's source, [`cases`] runs its golden cases.

mod answer;
pub mod build;
mod cache;
pub mod cases;
mod contract;
pub mod dependency;
mod failure;
mod gate;
mod guest;
mod host;
mod instance;
mod limits;
mod manifest;
mod package;
mod settings;
mod signature;

pub use answer::Answer;
pub use contract::{CONTRACT, ContractError};
pub use failure::{Failure, FailureCode};
pub use guest::{Batch, Call, Guest};
pub use host::{Host, HostConfig, HostError, LoadError};
pub use limits::Limits;
pub use manifest::{Manifest, ManifestError, Requires, Serves};
pub use package::{Description, Package, PackageError, describe};
pub use settings::{SettingsError, SettingsProblem, SettingsSchema};
pub use signature::{NotAKey, Signature, SignatureError, SigningKey, is_public_key};
