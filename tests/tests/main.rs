//! The house as its users meet it: the real program, on SQLite and on PostgreSQL, with real guests.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod aggregates;
mod answers;
mod bad_input;
mod budgets;
mod clients;
mod decisions;
mod demo;
mod differential;
mod documents;
mod doors;
mod export;
mod export_round_trip;
mod filters;
mod floods;
mod guides;
mod hostile;
mod house;
mod import_job;
mod import_runs;
mod import_sets;
mod ledger;
mod lifecycle;
mod lists;
mod long_lists;
mod metrics;
mod northwind;
mod pages;
mod permissions;
mod plans;
mod probing;
mod rates;
mod roles;
mod rows;
mod sandbox;
mod scale_out;
mod settings;
mod shutdown;
mod small;
mod statements;
mod subscriptions;
mod tidy;
mod writes;
