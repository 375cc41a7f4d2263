//! The harness of the end-to-end tests: the real program on real databases with real guests.
//!
//! [`places`] gives a [`Place`] on each kind of database this machine has: a fresh database and a folder, with the command
//! line at hand. [`Server::start`] serves it; dropping the server ends it the gentle way and makes sure that it ended well.
//! [`Shared`] lends one prepared server to all tests that only read.

#![expect(clippy::panic, reason = "a harness that does not work fails its test, which is what panicking does")]

pub mod floods;
mod memory;
mod node;
mod place;
mod program;
mod repository;
mod server;
mod shared;
mod telling;
mod variant;

pub use memory::{Memory, memory};
pub use node::node_program_or_say_so;
pub use place::{Place, Ran, places, sqlite_place};
pub use program::program;
pub use repository::{built, data, northwind_or_say_so, real_or_say_so, root};
pub use server::{Answer, Role, Server, until};
pub use shared::{Servers, Shared};
pub use telling::{WHY, codes, normalised, refusals};
pub use variant::Variant;
