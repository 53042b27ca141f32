//! HOT: the one buffer that captures are read into; descriptors of a batch point into it.

use std::io::{self, Read};

use super::limits::{MAX_BLOCK, READ_SIZE};

/// A sliding view of the decompressed stream.
pub(super) struct Window {
    buf: Vec<u8>,
    /// First byte not yet consumed.
    head: usize,
    /// End of the bytes read.
    tail: usize,
    /// Offset of `buf[0]` in the decompressed stream.
    base: u64,
    /// Bytes still to be dropped (the rest of a block that is not looked at).
    skip: u64,
    /// The stream has ended, or failed.
    ended: bool,
}

impl Window {
    /// An empty window; its size is fixed, because no record longer than [`MAX_BLOCK`] is looked at.
    pub(super) fn new() -> Self {
        Self {
            buf: vec![0; READ_SIZE + MAX_BLOCK as usize],
            head: 0,
            tail: 0,
            base: 0,
            skip: 0,
            ended: false,
        }
    }

    /// All bytes held; descriptors index into this.
    pub(super) fn buffer(&self) -> &[u8] {
        &self.buf
    }

    /// Bytes read and not consumed.
    pub(super) fn unread(&self) -> &[u8] {
        self.buf.get(self.head..self.tail).unwrap_or(&[])
    }

    /// Index of the first unread byte.
    pub(super) fn head(&self) -> usize {
        self.head
    }

    /// Offset of the first unread byte in the decompressed stream.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.head as u64
    }

    /// Mark bytes as consumed; those not yet read are dropped when they arrive.
    pub(super) fn consume(&mut self, count: u64) {
        self.skip = self.skip.saturating_add(count);
        self.drop_skipped();
    }

    /// Bytes that are to be dropped and were not read yet.
    pub(super) fn owed(&self) -> u64 {
        self.skip
    }

    fn drop_skipped(&mut self) {
        let held = self.tail - self.head;
        let drop = usize::try_from(self.skip).unwrap_or(usize::MAX).min(held);
        self.head += drop;
        self.skip -= drop as u64;
    }

    /// Read until `need` unread bytes are held; moves the unread bytes to the front first.
    ///
    /// Args: `need` at most [`MAX_BLOCK`]. Returns whether they are there; false means the stream has ended.
    pub(super) fn fill(&mut self, input: &mut impl Read, need: usize) -> io::Result<bool> {
        loop {
            self.drop_skipped();
            if self.skip == 0 && self.tail - self.head >= need {
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            self.compact();
            self.read_chunk(input)?;
        }
    }

    fn compact(&mut self) {
        self.buf.copy_within(self.head..self.tail, 0);
        self.base += self.head as u64;
        self.tail -= self.head;
        self.head = 0;
    }

    /// Append up to [`READ_SIZE`] bytes. Decoders hand out small pieces, so ask until the chunk is full: a batch
    /// should be worth its call.
    fn read_chunk(&mut self, input: &mut impl Read) -> io::Result<()> {
        let goal = (self.tail + READ_SIZE).min(self.buf.len());
        while self.tail < goal {
            let Some(space) = self.buf.get_mut(self.tail..goal) else {
                break;
            };
            match input.read(space) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => self.tail += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use std::io::{self, Read};

    /// Hands out at most `step` bytes per call.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buf.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    /// Offsets and bytes stay right over compaction and skips larger than what was read.
    #[test]
    fn slides_and_skips() {
        let data: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
        let mut input = Trickle(&data, 1000);
        let mut window = Window::new();
        assert!(window.fill(&mut input, 10).unwrap());
        window.consume(2_500_000);
        assert!(window.owed() > 0);
        assert!(window.fill(&mut input, 10).unwrap());
        assert_eq!(window.offset(), 2_500_000);
        assert_eq!(window.unread()[0], (2_500_000u32 % 251) as u8);
        window.consume(499_999);
        assert!(window.fill(&mut input, 1).unwrap());
        assert!(!window.fill(&mut input, 2).unwrap());
        assert_eq!(window.unread().len(), 1);
    }
}
