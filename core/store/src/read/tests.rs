//! Tests of statements on real databases.

mod bounded;
mod custom;
mod own_type;
