//! The rows of every table, as sea-orm reads them.
//!
//! Entities are for reading, inside this crate. Nothing is written through them: sea-orm would bind SQLite decimals and
//! times in forms of its own, so all writes go through [`crate::column::adapt`]. They carry no relations either: joins
//! are the read plan's. A test holds them, the tables and the model together.

mod amount;

pub mod address;
pub mod campaign;
pub mod campaign_member;
pub mod contact;
pub mod credit_account;
pub mod credit_note;
pub mod credit_note_line;
pub mod customer;
pub mod decision;
pub mod deployment;
pub mod idempotency;
pub mod import_run;
pub mod interaction;
pub mod invoice;
pub mod membership;
pub mod order;
pub mod order_line;
pub mod package;
pub mod payment;
pub mod plugin;
pub mod product;
pub mod segment;
pub mod shipment;
pub mod strategy;
pub mod territory;
pub mod territory_assignment;
pub mod token;
pub mod user;

pub use amount::Amount;

#[cfg(test)]
mod tests;
