//! Flows: key, table, time-outs, TCP state, direction, statistics and the rows they become.
//!
//! What a row means is in `docs/flow-semantics.md`; `tests/support/naive_meter` says the same in slow Python.

pub mod absorb;
pub mod clock;
pub mod dedup;
pub mod direction;
pub mod emit;
pub mod emit_ext;
pub mod expire;
pub mod ext;
mod follow;
mod handshake;
pub mod history;
pub mod ident;
pub mod index;
pub mod key;
pub mod letters;
pub mod life;
pub mod limits;
mod open;
pub mod row;
pub mod sequence;
pub mod side;
pub mod slab;
pub mod summary;
pub mod syn_signature;
pub mod table;
pub mod tcp;
pub mod wheel;

#[cfg(test)]
mod tests;
