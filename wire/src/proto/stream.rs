//! One direction of a TCP conversation put back into order, with little memory: enough for message protocols, and an
//! open admission of what was lost.
//!
//! The first copy of a byte wins. What cannot be put into order within the bounds is a gap: the waiting bytes are dropped
//! and the reader has to find the next message start.

use super::dialogue::Meta;
use super::held::{Held, Segment, distance, length};

/// Sequence distance beyond which a segment belongs to no window we know: the largest unscaled TCP window.
const MAX_JUMP: u32 = 65_535;
/// Distance within which bytes of a stream may come again, or be lost at once: socket buffers are smaller (Linux allows
/// 6 MiB by itself), and with 1/256 of the sequence space a stray number rarely falls into it.
const MAX_WINDOW: u32 = 1 << 24;
/// Buffers larger than this are given back when empty.
const KEEP_CAPACITY: usize = 1024;

/// What the reader has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes lie in [`Stream::data`].
    Data,
    /// Bytes are missing from here on.
    Gap,
}

/// What follows the waiting bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ending {
    /// The next bytes of the stream.
    #[default]
    Open,
    /// Bytes that the capture lacks.
    Cut,
    /// Nothing: they came out of order before the stream's start.
    Late,
}

/// In-order bytes that may wait for the rest of their message.
struct Limit(usize);

impl Default for Limit {
    /// More than the messages that are recognised from several packets need.
    fn default() -> Self {
        Self(8192)
    }
}

/// In-order buffer of one direction.
#[derive(Default)]
pub(super) struct Stream {
    limit: Limit,
    /// Lowest and next expected sequence number; `None` before the first segment.
    range: Option<(u32, u32)>,
    waiting: Vec<u8>,
    /// Bytes of `waiting` already consumed.
    head: usize,
    held: Held,
    /// Packet of the first waiting byte, and of the bytes from `tail_at` on.
    start: Meta,
    tail: Meta,
    tail_at: usize,
    newest: Meta,
    /// Time of the latest packet that brought the next expected byte.
    moved_ns: i64,
    fresh: bool,
    lost: bool,
    /// Length of the latest gap, where nothing but it lies between two bytes handed out.
    hole: Option<u32>,
    ending: Ending,
    closing: bool,
}

impl Stream {
    /// A stream in which at most `limit` in-order bytes wait for the rest of their message.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: Limit(limit),
            ..Self::default()
        }
    }

    /// Expect the stream to begin at `seq`, when that is known before the first [`Stream::push`].
    pub(super) fn begin(&mut self, seq: u32) {
        self.range.get_or_insert((seq, seq));
    }

    /// Take in one segment; `wire_len` is its length on the wire, larger than `data` when it was cut.
    pub(super) fn push(&mut self, meta: Meta, seq: u32, data: &[u8], wire_len: u32) {
        self.newest = meta;
        let missing = wire_len.saturating_sub(length(data));
        let (first, next) = *self.range.get_or_insert((seq, seq));
        let ahead = distance(next, seq);
        let is_old = ahead < 0 && distance(first, seq) >= 0 && ahead.unsigned_abs() < MAX_WINDOW;
        if is_old && ahead.unsigned_abs() >= length(data).saturating_add(missing) {
            // A retransmission of what was given up or read, however long ago.
            return;
        }
        if ahead.unsigned_abs() > MAX_JUMP {
            self.restart(seq, ahead);
            self.accept(meta, data, missing);
        } else if ahead <= 0 {
            let known = ahead.unsigned_abs();
            if known < length(data).saturating_add(missing) {
                self.take_in(meta, known, data, missing);
            } else if missing == 0
                && self.data().is_empty()
                && seq.wrapping_add(length(data)) == first
            {
                self.accept_late(meta, seq, data);
            }
        } else {
            self.held.insert(Segment {
                seq,
                data: data.to_vec(),
                missing,
                meta,
            });
        }
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.waiting.capacity() + self.held.bytes()
    }

    /// Give up what is held: bytes are lost here.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        self.drop_waiting();
        self.waiting = Vec::new();
        self.lost = true;
    }

    fn restart(&mut self, seq: u32, ahead: i32) {
        self.held.clear();
        self.hole = u32::try_from(ahead).ok().filter(|hole| *hole < MAX_WINDOW);
        self.drop_waiting();
        self.lost = true;
        self.range = Some((seq, seq));
    }

    fn drop_waiting(&mut self) {
        if !self.data().is_empty() {
            self.hole = None;
        }
        self.waiting.clear();
        self.head = 0;
        self.fresh = false;
        self.ending = Ending::Open;
    }

    /// Take in the unknown part of a segment that reaches the next expected byte. With later segments held it has to go
    /// through them: where both have a byte, theirs came first.
    fn take_in(&mut self, meta: Meta, known: u32, data: &[u8], missing: u32) {
        if self.held.is_empty() {
            self.accept_from(meta, known, data, missing);
            return;
        }
        let mut whole = Segment {
            seq: self.range.map_or(0, |(_, next)| next.wrapping_sub(known)),
            data: data.to_vec(),
            missing,
            meta,
        };
        let rest = whole.split_off(known);
        self.held.insert(rest);
    }

    fn accept_from(&mut self, meta: Meta, known: u32, data: &[u8], missing: u32) {
        match data.get(known as usize..) {
            Some(rest) => self.accept(meta, rest, missing),
            // The new part was not captured at all.
            None => self.accept(meta, &[], missing.saturating_sub(known - length(data))),
        }
    }

    fn accept(&mut self, meta: Meta, data: &[u8], missing: u32) {
        self.append(meta, data);
        if let Some((_, next)) = &mut self.range {
            *next = next.wrapping_add(length(data)).wrapping_add(missing);
        }
        if missing > 0 {
            self.ending = Ending::Cut;
            self.hole = Some(missing);
        }
    }

    /// The bytes just before the first ones seen: the start of the conversation was captured out of order.
    fn accept_late(&mut self, meta: Meta, seq: u32, data: &[u8]) {
        self.append(meta, data);
        if let Some((first, _)) = &mut self.range {
            *first = seq;
        }
        self.ending = Ending::Late;
    }

    fn append(&mut self, meta: Meta, data: &[u8]) {
        self.moved_ns = self.newest.ts_ns;
        self.waiting.drain(..self.head.min(self.waiting.len()));
        self.head = 0;
        if self.waiting.is_empty() {
            self.start = meta;
        }
        self.tail_at = self.waiting.len();
        self.tail = meta;
        self.waiting.extend_from_slice(data);
        self.fresh = true;
    }

    /// No more segments come: hand out what is held.
    pub(super) fn close(&mut self) {
        self.closing = true;
    }

    /// Make the next part available; `None` when the stream has to wait.
    pub(super) fn step(&mut self) -> Option<Step> {
        loop {
            if std::mem::take(&mut self.lost) {
                return Some(Step::Gap);
            }
            if std::mem::take(&mut self.fresh) {
                return Some(Step::Data);
            }
            if self.settle() {
                return Some(Step::Gap);
            }
            let next = self.range.map_or(0, |(_, next)| next);
            let Some(front) = self.held.first_seq() else {
                self.closing = false;
                return None;
            };
            let ahead = distance(next, front);
            if ahead > 0 {
                if !self.gives_up() {
                    return None;
                }
                self.skip_to(front);
                return Some(Step::Gap);
            }
            let known = ahead.unsigned_abs();
            if let Some(front) = self.held.take_first().filter(|front| known < front.span()) {
                self.accept_from(front.meta, known, &front.data, front.missing);
            }
        }
    }

    /// Drop what cannot be completed; true when bytes were lost.
    fn settle(&mut self) -> bool {
        let ending = std::mem::take(&mut self.ending);
        let left = self.data().len();
        let lost =
            ending == Ending::Cut || left > self.limit.0 || (ending == Ending::Late && left > 0);
        if lost {
            self.drop_waiting();
        }
        if left == 0 {
            self.head = 0;
            self.waiting.clear();
            if self.waiting.capacity() > KEEP_CAPACITY {
                self.waiting = Vec::new();
            }
        }
        lost
    }

    fn gives_up(&self) -> bool {
        self.closing || self.held.is_full(self.newest.ts_ns, self.moved_ns)
    }

    fn skip_to(&mut self, seq: u32) {
        self.hole = self.range.map(|(_, next)| seq.wrapping_sub(next));
        self.drop_waiting();
        if let Some((_, next)) = &mut self.range {
            *next = seq;
        }
    }

    /// Bytes that the gap just met has, when that is known and nothing before it was dropped with it.
    pub(super) fn take_hole(&mut self) -> Option<u32> {
        self.hole.take()
    }

    /// Packet taken in last.
    pub(super) fn latest(&self) -> Meta {
        self.newest
    }

    /// Bytes in order that were not consumed.
    pub(super) fn data(&self) -> &[u8] {
        self.waiting.get(self.head..).unwrap_or(&[])
    }

    /// Packet in which the first of [`Stream::data`] came.
    pub(super) fn meta(&self) -> Meta {
        self.start
    }

    /// Sequence number of the next byte that is expected.
    pub(super) fn next_seq(&self) -> Option<u32> {
        self.range.map(|(_, next)| next)
    }

    /// Drop the first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        self.head = (self.head + count).min(self.waiting.len());
        if self.head >= self.tail_at {
            self.start = self.tail;
        }
    }
}
