//! The rows of some tables, as sea-orm reads them: of those this crate reads one by one. All others are only read by plans.
//!
//! Entities are for reading, inside this crate. Nothing is written through them: sea-orm would bind SQLite decimals and
//! times in forms of its own, so all writes go through [`crate::column::adapt`]. They carry no relations either: joins
//! are the read plan's. A test holds them, the tables and the model together.

mod amount;

pub mod credit_account;
pub mod customer;
pub mod decision;
pub mod deployment;
pub mod idempotency;
pub mod import_run;
pub mod package;
pub mod plugin;
pub mod publisher;
pub mod reaction;
pub mod segment;
pub mod strategy;
pub mod token;

pub use amount::Amount;

#[cfg(test)]
mod tests;
