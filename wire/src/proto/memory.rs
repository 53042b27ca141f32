//! Memory that all parsers of a meter take together: bounded, whatever a capture holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that parsers may hold together, 256 MiB (range 16 MiB .. 4 GiB): a tenth of what a full flow table takes, and 1 KiB for each
/// of 250 k conversations at once.
const LIMIT: usize = 256 << 20;

/// What is taken, shared by all who take.
#[derive(Clone)]
pub struct Memory {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(LIMIT)
    }
}

impl Memory {
    /// Memory of that many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// A new conversation may be read.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.used() < self.limit
    }

    /// Bytes taken.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Begin an account of nothing.
    pub(super) fn account(&self) -> Account {
        Account {
            memory: self.clone(),
            bytes: 0,
        }
    }
}

/// What one conversation takes; given back when it is dropped.
pub(super) struct Account {
    memory: Memory,
    bytes: usize,
}

impl Account {
    /// Take as much as `bytes` in all; false when that is more than there is, and then nothing changes.
    pub(super) fn set(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        if more > 0 && self.memory.used().saturating_add(more) > self.memory.limit {
            return false;
        }
        // One thread meters a capture: between look and change nobody else takes any.
        self.memory.used.fetch_add(bytes, Ordering::Relaxed);
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
        true
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    /// Accounts add up, are refused beyond the limit, and give back what they took.
    #[test]
    fn accounts() {
        let memory = Memory::new(100);
        let (mut one, mut other) = (memory.account(), memory.account());
        assert!(one.set(90) && other.set(10) && !memory.has_room());
        assert!(!other.set(11) && other.set(5) && one.set(7));
        assert_eq!(memory.used(), 12);
        drop(one);
        assert_eq!(memory.used(), 5);
        drop(other);
        assert_eq!(memory.used(), 0);
    }
}
