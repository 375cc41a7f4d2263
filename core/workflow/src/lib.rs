//! One business act per file. Transactions begin and end here.
//!
//! [`House`] is what every act works with; [`Deployment`] is what decides now. An act that changes something takes the
//! [`Actor`] who wants it, or the [`Permit`] that shows that he may.

mod actor;
mod assign_segments;
mod authenticate;
mod business_data;
mod credit;
mod deployment;
mod error;
mod facts_of;
mod happenings;
mod held_order;
mod house;
mod imports;
mod keepable;
mod life;
mod offer;
mod once;
mod plugin_set;
mod plugins;
mod reactions;
mod reads;
mod recorded;
mod recording;
mod refusal;
mod serving;
mod sight;
mod signed;
mod standing;
mod succession;
mod turn;
mod uploads;
mod writing;

pub mod activate_strategy;
pub mod approve_strategy;
pub mod cancel_import;
pub mod cancel_order;
pub mod challenge_strategy;
pub mod create_token;
pub mod decide;
pub mod disable_plugin;
pub mod distrust_publisher;
pub mod enable_plugin;
pub mod erase_decisions;
pub mod expire_consents;
pub mod expire_holds;
pub mod export;
pub mod import;
pub mod install_plugin;
pub mod load_demo_company;
pub mod place_order;
pub mod policy_conflicts;
pub mod propose_strategy;
pub mod react_to_events;
pub mod reassign_segments;
pub mod recheck_credit;
pub mod record_decision;
pub mod record_payment;
pub mod refresh_facts;
pub mod rejected_rows;
pub mod release_hold;
pub mod replay;
pub mod resume_import;
pub mod retire_strategy;
pub mod revoke_token;
pub mod rollback_plugin;
pub mod rollback_strategy;
pub mod rotate_token;
pub mod set_fields;
pub mod set_plugin_settings;
pub mod set_roles;
pub mod shadow;
pub mod simulate_strategy;
pub mod start_import;
pub mod store_package;
pub mod trust_publisher;
pub mod uninstall_plugin;
pub mod upgrade_plugin;
pub mod verify_ledger;
pub mod write_records;

#[cfg(test)]
mod testing;

pub use actor::{
    ActivateStrategy, Actor, Bearer, ImportRecords, ManageFields, ManageLedger, ManagePlugins, ManageRoles,
    ManageTokens, Permit, PlaceOrders, RecordDecisions, RecordPayments, ReleaseHolds, Right, SeeMetrics,
};
pub use authenticate::authenticate;
pub use deployment::{Deployment, PluginMetrics, Suspended};
pub use error::WorkflowError;
pub use happenings::{Following, Happenings};
pub use house::{ActValue, House, InputQueries, InputQuery, Unsigned, Workshop};
pub use imports::Imports;
pub use offer::{Difference, Offer, ReadField};
pub use plugin_set::points_of;
pub use plugins::{Broken, Listed, broken_queries, list_plugins};
pub use refusal::{InvalidCode, InvalidValue, Reason, ReasonCode, Refusal};
pub use signed::Signed;
pub use uploads::Upload;
