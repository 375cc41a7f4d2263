//! The customer model, declared once.
//!
//! Every object type, field, relation, scale and permission of Guildhall stands here, one domain noun per module. From this
//! declaration follow the GraphQL schema (`core/graph`), the tables and the SQL (`core/store`) and what a plugin may
//! read. The crate is pure: no I/O, no clock, no database.
//!
//! [`plan`] holds the read plan: what one operation reads, filtered, ordered and paged, as a value.

mod access;
mod catalog;
mod conversion;
mod custom;
mod id;
mod money;
pub mod plan;
mod value;

mod address;
mod campaign;
mod campaign_member;
mod channel;
mod contact;
mod credit_account;
mod credit_note;
mod credit_note_line;
mod customer;
mod decision;
mod import_run;
mod interaction;
mod invoice;
mod membership;
mod order;
mod order_line;
mod payment;
mod plugin;
mod product;
mod segment;
mod shipment;
mod strategy;
mod territory;
mod territory_assignment;
mod user;

pub use access::{Reach, Role};
pub use catalog::{CUSTOM_COLUMN, Cardinality, EnumType, Field, Kind, Model, ObjectType, Place, Relation, RelationKey};
pub use conversion::{ConversionError, has_nul, parse_text};
pub use custom::{CustomField, CustomFieldError};
pub use id::{GlobalId, GlobalIdError};
pub use money::{MONEY_SCALE, canonical_decimal, canonical_money, scaled, unscaled};
pub use value::Value;
