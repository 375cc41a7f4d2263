//! One business act per file. Transactions begin and end here.
//!
//! [`House`] is what every act works with; [`Deployment`] is what decides now. An act that changes something takes the
//! [`Actor`] who wants it, or the [`Permit`] that shows that he may.

mod actor;
mod assign_segments;
mod authenticate;
mod business_data;
mod deployment;
mod error;
mod happenings;
mod house;
mod imports;
mod keepable;
mod once;
mod reads;
mod uploads;

pub mod activate_strategy;
pub mod cancel_import;
pub mod create_token;
pub mod decide;
pub mod export;
pub mod import;
pub mod install_plugin;
pub mod load_demo_company;
pub mod record_decision;
pub mod refresh_facts;
pub mod rejected_rows;
pub mod remove_plugin;
pub mod resume_import;
pub mod revoke_token;
pub mod rotate_token;
pub mod set_roles;
pub mod start_import;
pub mod store_package;
pub mod write_records;

#[cfg(test)]
mod testing;

pub use actor::{
    ActivateStrategy, Actor, Bearer, ImportRecords, ManagePlugins, ManageRoles, ManageTokens, Permit, RecordDecisions,
    Right, SeeMetrics,
};
pub use authenticate::authenticate;
pub use deployment::{Deployment, PluginMetrics};
pub use error::WorkflowError;
pub use happenings::{Following, Happenings};
pub use house::{ActValue, House, InputQueries, InputQuery, Workshop};
pub use imports::Imports;
pub use uploads::Upload;
