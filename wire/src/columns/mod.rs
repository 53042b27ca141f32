//! Columns: how rows leave the crate. `tables.rs` is generated from `store/schema.py`.

pub mod builder;
#[rustfmt::skip]
pub mod tables;
