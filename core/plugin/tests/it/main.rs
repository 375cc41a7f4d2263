//! Real guests in a real host.

mod cache;
mod credit_rules;
mod fixture;
mod foreign;
mod hostile;
