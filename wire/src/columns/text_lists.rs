//! A column of lists of texts, filled without a vector of strings in between.

use super::builder::{Column, column};
use arrow_array::{Array, ListArray, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::Field;
use std::sync::Arc;

/// Texts one behind the other, and where each of them ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextList<'a> {
    /// All texts.
    pub text: &'a str,
    /// Ends of the texts in `text`, rising; each on a border of characters.
    pub ends: &'a [i32],
}

/// The builder of such a column.
#[derive(Default)]
pub struct TextLists {
    bytes: Vec<u8>,
    text_ends: Vec<i32>,
    list_ends: Vec<i32>,
}

impl TextLists {
    /// Append a list.
    #[inline]
    pub fn push(&mut self, list: TextList<'_>) {
        let before = offset(self.bytes.len());
        self.bytes.extend_from_slice(list.text.as_bytes());
        let ends = list.ends.iter().map(|end| before.saturating_add(*end));
        self.text_ends.extend(ends);
        self.list_ends.push(offset(self.text_ends.len()));
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let texts = StringArray::new(
            offsets(&mut self.text_ends),
            Buffer::from_vec(std::mem::take(&mut self.bytes)),
            None,
        );
        let item = Arc::new(Field::new("item", texts.data_type().clone(), true));
        let lists = offsets(&mut self.list_ends);
        let array = ListArray::new(item, lists, Arc::new(texts), None);
        column(name, nullable, Arc::new(array))
    }
}

fn offset(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// The ends as Arrow wants them: with a zero before.
fn offsets(ends: &mut Vec<i32>) -> OffsetBuffer<i32> {
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    offsets.append(ends);
    OffsetBuffer::new(ScalarBuffer::from(offsets))
}
