//! Imports of small files, good and bad, and of Northwind.

mod northwind;
mod refused;
mod small;
pub(crate) mod stored;
