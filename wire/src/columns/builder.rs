//! Column builders that wrap their buffers into Arrow arrays without a copy.
//!
//! HOT: a flow row passes about 110 of these; a push is a bounds check and a store.

use arrow_array::types::{ArrowPrimitiveType, Int32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, ListArray,
    PrimitiveArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{
    ArrowNativeType, BooleanBuffer, BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer,
    ScalarBuffer,
};
use arrow_schema::{ArrowError, Field, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// A finished column with its field.
pub type Column = (Field, ArrayRef);

/// Join finished columns into one batch.
///
/// # Errors
/// When their lengths differ.
pub fn batch(columns: Vec<Column>) -> Result<RecordBatch, ArrowError> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// A finished array as a column.
pub(super) fn column(name: &str, nullable: bool, array: ArrayRef) -> Column {
    (Field::new(name, array.data_type().clone(), nullable), array)
}

/// Validity bits, packed eight rows at a time.
#[derive(Default)]
struct Validity {
    bytes: Vec<u8>,
    /// The bits of the last, unfinished octet.
    open: u8,
    len: usize,
    nulls: usize,
}

impl Validity {
    #[inline]
    fn push(&mut self, valid: bool) {
        let at = self.len & 7;
        self.open |= u8::from(valid) << at;
        self.nulls += usize::from(!valid);
        self.len += 1;
        if at == 7 {
            self.bytes.push(self.open);
            self.open = 0;
        }
    }

    /// The bits as Arrow wants them; `None` when nothing was NULL.
    fn take(&mut self) -> Option<NullBuffer> {
        let mut full = std::mem::take(self);
        self.bytes.reserve(full.bytes.len());
        if full.nulls == 0 {
            return None;
        }
        if full.len & 7 != 0 {
            full.bytes.push(full.open);
        }
        let bits = BooleanBuffer::new(Buffer::from_vec(full.bytes), 0, full.len);
        Some(NullBuffer::new(bits))
    }
}

/// Rust numbers with their Arrow type.
pub trait Number: ArrowNativeType {
    /// Arrow type of the number.
    type Arrow: ArrowPrimitiveType<Native = Self>;
}

macro_rules! number {
    ($($native:ty => $arrow:ident),*) => {$(
        impl Number for $native { type Arrow = arrow_array::types::$arrow; }
    )*};
}
number!(i8 => Int8Type, i16 => Int16Type, i32 => Int32Type, i64 => Int64Type, f32 => Float32Type, f64 => Float64Type);

/// A numeric column.
#[derive(Default)]
pub struct Numbers<T> {
    values: Vec<T>,
    valid: Validity,
}

impl<T: Number> Numbers<T> {
    /// Append a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.values.push(value);
    }

    /// Append a value or NULL.
    #[inline]
    pub fn push_opt(&mut self, value: Option<T>) {
        self.valid.push(value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let room = self.values.len();
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(room));
        let array = PrimitiveArray::<T::Arrow>::new(ScalarBuffer::from(values), self.valid.take());
        column(name, nullable, Arc::new(array))
    }
}

/// A timestamp column: nanoseconds in, microseconds (floor) stored.
#[derive(Default)]
pub struct Times {
    values: Vec<i64>,
    valid: Validity,
}

impl Times {
    /// Append a time in nanoseconds.
    #[inline]
    pub fn push(&mut self, ns: i64) {
        self.values.push(ns.div_euclid(1000));
    }

    /// Append a time in nanoseconds or NULL.
    #[inline]
    pub fn push_opt(&mut self, ns: Option<i64>) {
        self.valid.push(ns.is_some());
        self.push(ns.unwrap_or_default());
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let room = self.values.len();
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(room));
        let array = TimestampMicrosecondArray::new(ScalarBuffer::from(values), self.valid.take())
            .with_timezone("UTC");
        column(name, nullable, Arc::new(array))
    }
}

/// A boolean column.
pub struct Flags {
    bits: BooleanBufferBuilder,
    valid: Validity,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            bits: BooleanBufferBuilder::new(0),
            valid: Validity::default(),
        }
    }
}

impl Flags {
    /// Append a value.
    #[inline]
    pub fn push(&mut self, value: bool) {
        self.bits.append(value);
    }

    /// Append a value or NULL.
    #[inline]
    pub fn push_opt(&mut self, value: Option<bool>) {
        self.valid.push(value.is_some());
        self.bits.append(value.unwrap_or_default());
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let bits: BooleanBuffer = self.bits.finish();
        column(
            name,
            nullable,
            Arc::new(BooleanArray::new(bits, self.valid.take())),
        )
    }
}

/// A fixed-size binary column of `N` bytes.
#[derive(Default)]
pub struct Binary<const N: usize> {
    bytes: Vec<u8>,
    valid: Validity,
}

impl<const N: usize> Binary<N> {
    /// Append a value.
    #[inline]
    pub fn push(&mut self, value: [u8; N]) {
        self.bytes.extend_from_slice(&value);
    }

    /// Append a value or NULL.
    #[inline]
    pub fn push_opt(&mut self, value: Option<[u8; N]>) {
        self.valid.push(value.is_some());
        self.push(value.unwrap_or([0; N]));
    }

    /// Rows waiting.
    pub fn len(&self) -> usize {
        self.bytes.len() / N
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let room = self.bytes.len();
        let bytes = std::mem::replace(&mut self.bytes, Vec::with_capacity(room));
        let width = i32::try_from(N).unwrap_or(i32::MAX);
        let array = FixedSizeBinaryArray::new(width, Buffer::from_vec(bytes), self.valid.take());
        column(name, nullable, Arc::new(array))
    }
}

/// A text column.
#[derive(Default)]
pub struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    valid: Validity,
}

impl Texts {
    /// Append a value.
    #[inline]
    pub fn push(&mut self, value: &str) {
        self.bytes.extend_from_slice(value.as_bytes());
        self.ends
            .push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    /// Append a value or NULL.
    #[inline]
    pub fn push_opt(&mut self, value: Option<&str>) {
        self.valid.push(value.is_some());
        self.push(value.unwrap_or(""));
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.append(&mut self.ends);
        let array = StringArray::new(
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            Buffer::from_vec(std::mem::take(&mut self.bytes)),
            self.valid.take(),
        );
        column(name, nullable, Arc::new(array))
    }
}

/// A column of octets of any length.
#[derive(Default)]
pub struct Blobs {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Blobs {
    /// Append a value.
    #[inline]
    pub fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends
            .push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.append(&mut self.ends);
        let array = BinaryArray::new(
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            Buffer::from_vec(std::mem::take(&mut self.bytes)),
            None,
        );
        column(name, nullable, Arc::new(array))
    }
}

/// A dictionary-encoded text column of low cardinality.
#[derive(Default)]
pub struct Names {
    keys: Vec<i32>,
    valid: Validity,
    words: Vec<String>,
    index: HashMap<String, i32>,
    /// Codes of the static strings seen lately, found by their address.
    recent: Vec<(usize, usize, i32)>,
}

/// Addresses remembered per column; more would be slower than the hash map.
const RECENT: usize = 16;

impl Names {
    /// Append a value.
    #[inline]
    pub fn push(&mut self, value: &'static str) {
        let address = value.as_ptr().addr();
        let found = self
            .recent
            .iter()
            .find(|(at, len, _)| *at == address && *len == value.len());
        let key = match found {
            Some((_, _, key)) => *key,
            None => self.intern(value),
        };
        self.keys.push(key);
    }

    fn intern(&mut self, value: &'static str) -> i32 {
        let known = self.index.get(value).copied();
        let key = known.unwrap_or_else(|| {
            let key = i32::try_from(self.words.len()).unwrap_or(i32::MAX);
            self.words.push(value.to_owned());
            self.index.insert(value.to_owned(), key);
            key
        });
        if self.recent.len() < RECENT {
            self.recent.push((value.as_ptr().addr(), value.len(), key));
        }
        key
    }

    /// Append a value or NULL.
    #[inline]
    pub fn push_opt(&mut self, value: Option<&'static str>) {
        self.valid.push(value.is_some());
        match value {
            Some(value) => self.push(value),
            None => self.keys.push(0),
        }
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let room = self.keys.len();
        let keys = std::mem::replace(&mut self.keys, Vec::with_capacity(room));
        if self.words.is_empty() {
            self.words.push(String::new());
        }
        let words = StringArray::from_iter_values(self.words.drain(..));
        self.index.clear();
        self.recent.clear();
        let keys = PrimitiveArray::<Int32Type>::new(ScalarBuffer::from(keys), self.valid.take());
        column(
            name,
            nullable,
            Arc::new(DictionaryArray::new(keys, Arc::new(words))),
        )
    }
}

/// A column of lists of numbers.
#[derive(Default)]
pub struct Lists<T> {
    values: Vec<T>,
    ends: Vec<i32>,
}

impl<T: Number> Lists<T> {
    /// Append a list.
    #[inline]
    pub fn push(&mut self, list: &[T]) {
        self.values.extend_from_slice(list);
        self.ends
            .push(i32::try_from(self.values.len()).unwrap_or(i32::MAX));
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.append(&mut self.ends);
        let values = PrimitiveArray::<T::Arrow>::new(
            ScalarBuffer::from(std::mem::take(&mut self.values)),
            None,
        );
        let item = Arc::new(Field::new("item", values.data_type().clone(), true));
        let array = ListArray::new(
            item,
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            Arc::new(values),
            None,
        );
        column(name, nullable, Arc::new(array))
    }
}
