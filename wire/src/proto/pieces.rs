//! A run of bytes put together from pieces that come in any order, twice, or overlapping: CRYPTO frames, DTLS fragments.

/// Separate runs of bytes that may be held at once (range 8 .. 256): browsers send a hello in up to some twenty pieces out of order.
const MAX_RUNS: usize = 64;

/// Bytes at their places; where pieces overlap, the first to come counts.
#[derive(Default)]
pub(super) struct Pieces {
    data: Vec<u8>,
    /// Bytes at hand, `[start, end)`, apart from one another and in order.
    runs: Vec<(usize, usize)>,
}

impl Pieces {
    /// Take in bytes at `offset`; false when they lie beyond `limit` or leave too many runs, and then they are not taken.
    pub(super) fn add(&mut self, offset: usize, piece: &[u8], limit: usize) -> bool {
        let end = offset.saturating_add(piece.len());
        if end > limit {
            return false;
        }
        if piece.is_empty() {
            return true;
        }
        let first = self.runs.partition_point(|run| run.1 < offset);
        let last = self.runs.partition_point(|run| run.0 <= end);
        if first == last && self.runs.len() >= MAX_RUNS {
            return false;
        }
        if self.data.len() < end {
            self.data.resize(end, 0);
        }
        let touched: Vec<(usize, usize)> = self.runs.drain(first..last).collect();
        let mut at = offset;
        for run in touched.iter().chain([&(end, end)]) {
            self.copy(at, run.0.min(end), piece, offset);
            at = at.max(run.1);
        }
        let start = touched.first().map_or(offset, |run| run.0.min(offset));
        let stop = touched.last().map_or(end, |run| run.1.max(end));
        self.runs.insert(first, (start, stop));
        true
    }

    fn copy(&mut self, from: usize, to: usize, piece: &[u8], offset: usize) {
        if from >= to {
            return;
        }
        let source = piece.get(from - offset..to - offset);
        if let (Some(target), Some(source)) = (self.data.get_mut(from..to), source) {
            target.copy_from_slice(source);
        }
    }

    /// The bytes from the very first on, as far as none is missing.
    pub(super) fn head(&self) -> &[u8] {
        match self.runs.first() {
            Some(&(0, end)) => self.data.get(..end).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Memory held.
    pub(super) fn bytes(&self) -> usize {
        self.data.capacity() + self.runs.capacity() * size_of::<(usize, usize)>()
    }
}

#[cfg(test)]
mod tests {
    use super::Pieces;

    /// Pieces in any order give the same bytes; of two that overlap the first counts.
    #[test]
    fn order_and_overlap() {
        let mut pieces = Pieces::default();
        assert!(pieces.add(4, b"efgh", 16) && pieces.head().is_empty());
        assert!(pieces.add(10, b"kl", 16) && pieces.add(2, b"cdXX", 16));
        assert!(pieces.add(0, b"ab", 16));
        assert_eq!(pieces.head(), b"abcdefgh");
        assert!(pieces.add(0, b"YYYYYYYYijZZmn", 16));
        assert_eq!(pieces.head(), b"abcdefghijklmn");
        assert!(pieces.add(3, b"", 16) && pieces.add(3, b"?", 16));
        assert_eq!(pieces.head(), b"abcdefghijklmn");
    }

    /// Nothing beyond the limit is taken, and no more runs than allowed.
    #[test]
    fn bounds() {
        let mut pieces = Pieces::default();
        assert!(!pieces.add(10, b"abcdefg", 16) && !pieces.add(usize::MAX, b"a", 16));
        let taken = (0..1000)
            .filter(|at| pieces.add(at * 2, b"x", 4096))
            .count();
        assert_eq!(taken, super::MAX_RUNS);
        assert!(pieces.add(0, &[b'y'; 4096], 4096) && pieces.head().len() == 4096);
        assert_eq!(pieces.runs.len(), 1);
    }
}
