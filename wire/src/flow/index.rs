//! Open addressing from key hashes to row slots.
//!
//! HOT: one probe per packet. A cell is `hash32 << 32 | slot + 1`; load stays at most one half; deletion shifts
//! back, so there are no tombstones and no probe grows with age.

/// Hash table of slots; rows live elsewhere and never move.
pub struct Index {
    cells: Vec<u64>,
    mask: usize,
    used: usize,
}

/// Cells at the start; a power of two.
const START: usize = 1 << 12;

impl Default for Index {
    fn default() -> Self {
        Self {
            cells: vec![0; START],
            mask: START - 1,
            used: 0,
        }
    }
}

fn tag(hash: u64) -> u64 {
    hash >> 32 << 32
}

fn slot_of(cell: u64) -> u32 {
    u32::try_from((cell & 0xffff_ffff).wrapping_sub(1)).unwrap_or(u32::MAX)
}

impl Index {
    /// Read the cell where a search for `hash` begins; the value means nothing.
    #[inline]
    pub fn touch(&self, hash: u64) -> u64 {
        self.cell(self.home(hash))
    }

    /// The slot that a search for `hash` would look at first; a guess until the row's key has been compared.
    #[inline]
    pub fn guess(&self, hash: u64) -> u32 {
        let mut at = self.home(hash);
        loop {
            let cell = self.cell(at);
            if cell == 0 {
                return u32::MAX;
            }
            if tag(cell) == tag(hash) {
                return slot_of(cell);
            }
            at = (at + 1) & self.mask;
        }
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        usize::try_from(hash >> 32).unwrap_or(0) & self.mask
    }

    #[inline]
    fn cell(&self, at: usize) -> u64 {
        self.cells.get(at).copied().unwrap_or(0)
    }

    fn put(&mut self, at: usize, cell: u64) {
        if let Some(place) = self.cells.get_mut(at) {
            *place = cell;
        }
    }

    /// Find the slot whose row satisfies `same`.
    #[inline]
    pub fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let cell = self.cell(at);
            if cell == 0 {
                return None;
            }
            if tag(cell) == tag(hash) && same(slot_of(cell)) {
                return Some(slot_of(cell));
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Add a slot that is known to be absent.
    pub fn insert(&mut self, hash: u64, slot: u32) {
        if (self.used + 1) * 2 > self.cells.len() {
            self.grow();
        }
        self.place(tag(hash) | (u64::from(slot) + 1));
        self.used += 1;
    }

    fn place(&mut self, cell: u64) {
        let mut at = self.home(cell);
        while self.cell(at) != 0 {
            at = (at + 1) & self.mask;
        }
        self.put(at, cell);
    }

    fn grow(&mut self) {
        let cells = self.cells.len() * 2;
        let old = std::mem::replace(&mut self.cells, vec![0; cells]);
        self.mask = cells - 1;
        for cell in old.into_iter().filter(|cell| *cell != 0) {
            self.place(cell);
        }
    }

    /// Remove a slot; nothing happens when it is absent.
    pub fn remove(&mut self, hash: u64, slot: u32) {
        let wanted = tag(hash) | (u64::from(slot) + 1);
        let mut at = self.home(hash);
        loop {
            let cell = self.cell(at);
            if cell == 0 {
                return;
            }
            if cell == wanted {
                break;
            }
            at = (at + 1) & self.mask;
        }
        self.used -= 1;
        self.shift_back(at);
    }

    /// Close the hole at `hole` by moving back every following cell that may stand there.
    fn shift_back(&mut self, mut hole: usize) {
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            let cell = self.cell(at);
            if cell == 0 {
                break;
            }
            let from_home = at.wrapping_sub(self.home(cell)) & self.mask;
            let from_hole = at.wrapping_sub(hole) & self.mask;
            if from_home >= from_hole {
                self.put(hole, cell);
                hole = at;
            }
        }
        self.put(hole, 0);
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    /// Slots survive growth and deletion in any order.
    #[test]
    fn holds_what_was_put() {
        let mut index = Index::default();
        let hash =
            |slot: u32| u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15) & !0x00ff_0000_0000;
        for slot in 0..20_000 {
            index.insert(hash(slot), slot);
        }
        for slot in (0..20_000).step_by(3) {
            index.remove(hash(slot), slot);
        }
        for slot in 0..20_000 {
            let found = index.find(hash(slot), |candidate| candidate == slot);
            assert_eq!(found.is_some(), slot % 3 != 0, "slot {slot}");
        }
        assert!(index.bytes() >= 40_000 * 8);
    }
}
