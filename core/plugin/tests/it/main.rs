//! Real guests in a real host.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy sees the tests here, but not their helpers"
)]

mod cache;
mod compile;
mod credit_rules;
mod determinism;
mod evil;
mod fixture;
mod foreign;
mod hostile;
mod released;
