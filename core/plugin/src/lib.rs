//! Runs guests: package, manifest, limits, instance. The only crate with wasmtime.
//!
//! A [`Package`] is one self-describing `.wasm` file. A [`Host`] compiles it, or takes compiled code from its cache, and gives
//! a [`Guest`]. [`Guest::decide`] asks it, in a fresh instance per call and within [`Limits`]; whatever the guest does, the
//! answer is a [`Batch`] with one answer or one [`Failure`] per call. What all plugins may spend on one request is a
//! [`Budget`]; whether a plugin is asked at all after it failed too often says its [`Breaker`].
//!
//! [`build`] makes a package from a plugin's source, [`cases`] runs its golden cases.

mod answer;
mod breaker;
mod budget;
pub mod build;
mod cache;
pub mod cases;
pub mod compile;
mod contract;
pub mod dependency;
mod experience;
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
mod tally;

pub use answer::Answer;
pub use breaker::{Admission, Breaker, Circuit, Probe, Turn};
pub use budget::Budget;
pub use contract::{CONTRACT, ContractError};
pub use failure::{Failure, FailureCode};
pub use guest::{Batch, Call, Guest};
pub use host::{Host, HostConfig, HostError, LoadError};
pub use limits::Limits;
pub use manifest::{Manifest, ManifestError, Requires, Serves};
pub use package::{Description, Package, PackageError, describe};
pub use settings::{SettingsError, SettingsProblem, SettingsSchema};
pub use signature::{NotAKey, Signature, SignatureError, SigningKey, is_public_key};
pub use tally::Tally;
