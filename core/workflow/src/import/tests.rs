//! Imports of small files, good and bad, and of Northwind.

mod accounting;
mod fates;
mod formats;
mod hierarchy;
mod lists;
mod looked_up;
mod northwind;
mod refused;
mod resume;
mod schema;
mod small;
pub(crate) mod stored;
