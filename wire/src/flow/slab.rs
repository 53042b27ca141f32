//! Rows in chunks: a slot never moves, growth copies nothing, freed slots are used again in a fixed order.

use super::row::{Pair, Row};

/// Rows per chunk: 2 MB at a time.
const CHUNK: usize = 4096;

/// Storage of live rows.
#[derive(Default)]
pub struct Slab {
    chunks: Vec<Vec<Row>>,
    free: Vec<u32>,
    len: usize,
    /// Pairs of rows that were freed: the allocator takes longer for whole cache lines than a new pair takes to fill.
    #[expect(clippy::vec_box, reason = "the boxes are what is kept")]
    spare: Vec<Box<Pair>>,
}

/// Pairs kept for use again, 1 MB.
const SPARES: usize = 4096;

impl Slab {
    /// The row in a slot.
    #[inline]
    #[must_use]
    pub fn get(&self, slot: u32) -> Option<&Row> {
        let at = usize::try_from(slot).ok()?;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// The row in a slot, to change it.
    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Row> {
        let at = usize::try_from(slot).ok()?;
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    /// Store a row; returns its slot.
    pub fn insert(&mut self, row: Row) -> u32 {
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.get_mut(slot)
        {
            *place = row;
            return slot;
        }
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(row);
        }
        let slot = u32::try_from(self.len).unwrap_or(u32::MAX);
        self.len += 1;
        slot
    }

    /// Give a slot back.
    pub fn free(&mut self, slot: u32) {
        if let Some(row) = self.get_mut(slot) {
            row.alive = false;
            let pair = row.pair.take();
            row.ext = None;
            row.first.rare = None;
            row.app = crate::proto::App::default();
            self.free.push(slot);
            if self.spare.len() < SPARES {
                self.spare.extend(pair);
            }
        }
    }

    /// The row in a slot, with a pair if it is answered now.
    #[inline]
    pub fn get_paired(&mut self, slot: u32, is_answered: bool) -> Option<&mut Row> {
        let Self { chunks, spare, .. } = self;
        let at = usize::try_from(slot).ok()?;
        let row = chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)?;
        if is_answered && row.pair.is_none() {
            let mut pair = spare.pop().unwrap_or_default();
            *pair = Pair::of(&row.first);
            row.pair = Some(pair);
        }
        Some(row)
    }

    /// Slots ever used.
    #[must_use]
    pub fn slots(&self) -> u32 {
        u32::try_from(self.len).unwrap_or(u32::MAX)
    }

    /// Rows in use.
    #[must_use]
    pub fn live(&self) -> usize {
        self.len - self.free.len()
    }

    /// Bytes held, boxes of answered flows not included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<Row>() + self.free.capacity() * 4
    }
}
