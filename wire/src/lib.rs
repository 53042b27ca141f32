//! The hot path: captured frames become flow rows and protocol records.
//!
//! Bytes from the network are parsed in this crate and nowhere else. Nothing here panics on input, every table is
//! bounded, and no site policy lives here.

pub mod columns;
pub mod decode;
pub mod flow;
#[cfg(any(test, feature = "fuzzing"))]
#[expect(
    clippy::missing_panics_doc,
    reason = "a panic is how a target tells a broken promise"
)]
pub mod fuzz;
pub mod meter;
pub mod packet;
pub mod proto;
mod python;
pub mod source;
