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
mod enumeration;
mod field;
mod field_document;
mod id;
mod letter_case;
mod money;
mod object;
pub mod plan;
mod rule;
mod stamp;
mod value;

mod address;
mod campaign;
mod campaign_member;
mod case;
mod channel;
mod consent;
mod contact;
mod contact_point;
mod credit_account;
mod credit_group;
mod credit_note;
mod credit_note_line;
mod customer;
mod customer_day;
mod decision;
mod deleted_record;
mod dispute;
mod event;
mod exposure_entry;
mod hold;
mod import_run;
mod interaction;
mod invoice;
mod membership;
mod milestone;
mod note;
mod offer;
mod opportunity;
mod order;
mod order_line;
mod r#override;
mod payment;
mod payment_allocation;
mod plugin;
mod product;
mod publisher;
mod quote;
mod quote_discount;
mod quote_line;
mod role_document;
mod segment;
mod shipment;
mod strategy;
mod supply;
mod task;
mod team;
mod team_member;
mod territory;
mod territory_assignment;
mod topic;
mod topic_subscription;
mod user;

pub use access::{
    Ability, Access, Reach, Role, RoleDefinition, Roles, RowSet, Rows, Scope, TypeGrant, belongs_to_customer, required,
    towards_customer, writable,
};
pub use catalog::Model;
pub use conversion::{ConversionError, has_nul, parse_exact, parse_text};
pub use custom::{CUSTOM_MARK, CustomField, CustomFieldError};
pub use enumeration::{EnumType, EnumValue};
pub use field::{Field, Kind};
pub use id::{GlobalId, GlobalIdError};
pub use letter_case::{prefix_end, prefix_start, same_letters};
pub use money::{MONEY_SCALE, canonical_decimal, canonical_money, scaled, unscaled};
pub use object::{Cardinality, ObjectType, Reference, Relation, RelationKey};
pub use rule::Rule;
pub use stamp::{Moment, Stamp, Stamped};
pub use value::Value;
