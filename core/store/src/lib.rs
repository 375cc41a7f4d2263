//! Persistence: entities, migrations, writes, read plan to SQL. The only crate with sea-orm.
//!
//! A [`Database`] is SQLite in one file or PostgreSQL. [`Database::begin`] starts the one kind of transaction there is;
//! everything that writes takes a [`Transaction`], everything that only reads takes [`Reads`], which both are.
//! Records of the model are written through [`Batch`]; house-keeping (tokens, packages, the ledger, ...) has one module
//! per noun, with plain structs. No type of sea-orm appears in the public API.

mod column;
mod database;
mod document;
#[cfg_attr(not(test), allow(dead_code, reason = "a test holds every entity to its table, also those nobody reads yet"))]
mod entity;
mod error;
mod id_list;
mod link;
mod migration;
mod read;
mod row;
mod table;
mod transaction;
mod watch;
mod write;

pub mod business_day;
pub mod consent;
pub mod credit;
pub mod event;
pub mod facts;
pub mod fields;
pub mod generation;
pub mod idempotency;
pub mod import_run;
pub mod ledger;
pub mod overrides;
pub mod package;
pub mod payment;
pub mod plugin;
pub mod point;
pub mod publisher;
pub mod reaction;
pub mod roles;
pub mod sample;
pub mod segment;
pub mod strategy;
pub mod token;

#[cfg(test)]
mod testing;

pub use database::{Database, Dialect};
pub use document::Document;
pub use error::StoreError;
pub use link::Reads;
pub use migration::Migrated;
pub use read::{Assignment, Moved, RESPONSE_LIMIT, Read, SegmentRule, Statement, assign_segments, assign_segments_of};
pub use table::unique_fields;
pub use transaction::Transaction;
pub use watch::Watch;
pub use write::{
    Ancestor, Batch, Belonging, ExternalKey, FieldsSet, Record, RecordColumn, Upserted, record_columns,
    referring_types, user_by_login,
};
