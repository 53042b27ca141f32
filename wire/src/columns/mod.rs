//! Columns: how rows leave the crate. `tables.rs` is generated from `store/schema/`.

mod builder;
mod reals;
pub mod text_lists;
#[rustfmt::skip]
#[expect(clippy::doc_markdown, clippy::struct_excessive_bools, clippy::too_many_lines, reason = "generated: texts come from the schema, length from its columns")]
pub mod tables;
