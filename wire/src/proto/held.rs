//! Segments that came before the bytes in front of them: few, small, and not for long.

use super::dialogue::Meta;
use super::read::signed32;

/// Out-of-order segments held (range 4 .. 64): the first of a full initial window of ten was lost before the tap (RFC 6928 2), and
/// a few more came until it was sent again.
const MAX_SEGMENTS: usize = 16;
/// Out-of-order bytes held (range 4 KiB .. 64 KiB): as many full Ethernet segments of 1460 B.
const MAX_BYTES: usize = 24 << 10;
/// A hole into which nothing fell for this long is not filled any more: TCP's initial retransmission time-out of 1 s, doubled once
/// (RFC 6298 2.1, 5.5), and a second of slack.
const MAX_AGE_NS: i64 = 4_000_000_000;

/// One segment, or the part of it that no other has.
pub(super) struct Segment {
    /// Sequence number of the first byte.
    pub(super) seq: u32,
    /// Captured bytes.
    pub(super) data: Vec<u8>,
    /// Bytes on the wire that were not captured; they lie behind the captured ones.
    pub(super) missing: u32,
    /// Its packet.
    pub(super) meta: Meta,
}

impl Segment {
    /// Sequence numbers it takes.
    pub(super) fn span(&self) -> u32 {
        length(&self.data).saturating_add(self.missing)
    }

    /// Keep the first `at` sequence numbers and return the rest.
    pub(super) fn split_off(&mut self, at: u32) -> Self {
        let captured = (at as usize).min(self.data.len());
        let data = self.data.split_off(captured);
        let missing_before = at.saturating_sub(length(&self.data));
        let rest = Self {
            seq: self.seq.wrapping_add(at),
            missing: self.missing.saturating_sub(missing_before),
            data,
            meta: self.meta,
        };
        self.missing = missing_before;
        rest
    }
}

/// Length as sequence numbers count it.
pub(super) fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}

/// How far `to` lies ahead of `from` in sequence space; negative behind it.
pub(super) fn distance(from: u32, to: u32) -> i32 {
    signed32(to.wrapping_sub(from))
}

/// Segments without overlap, in sequence order.
#[derive(Default)]
pub(super) struct Held {
    segments: Vec<Segment>,
}

impl Held {
    /// Keep the parts of `segment` that no held segment has.
    pub(super) fn insert(&mut self, mut segment: Segment) {
        let mut at = 0;
        while let Some(other) = self.segments.get(at) {
            let to_other = distance(segment.seq, other.seq);
            let past_other = to_other.saturating_add_unsigned(other.span());
            if to_other > 0 {
                let room = to_other.unsigned_abs();
                if segment.span() <= room {
                    break;
                }
                let rest = segment.split_off(room);
                self.segments.insert(at, segment);
                segment = rest;
                at += 1;
            } else if past_other > 0 {
                if segment.span() <= past_other.unsigned_abs() {
                    return;
                }
                segment = segment.split_off(past_other.unsigned_abs());
                at += 1;
            } else {
                at += 1;
            }
        }
        self.segments.insert(at.min(self.segments.len()), segment);
    }

    /// More is held than is allowed, or for longer; `now_ns` is the time of the newest packet, `moved_ns` of the latest one that
    /// made the hole smaller.
    pub(super) fn is_full(&self, now_ns: i64, moved_ns: i64) -> bool {
        let bytes: usize = self.segments.iter().map(|segment| segment.data.len()).sum();
        let oldest = self.segments.iter().map(|segment| segment.meta.ts_ns).min();
        self.segments.len() > MAX_SEGMENTS
            || bytes > MAX_BYTES
            || oldest.is_some_and(|ts| now_ns.saturating_sub(ts.max(moved_ns)) > MAX_AGE_NS)
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        let data = |segment: &Segment| segment.data.capacity() + size_of::<Segment>();
        self.segments.iter().map(data).sum()
    }

    /// Nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Sequence number of the first segment.
    pub(super) fn first_seq(&self) -> Option<u32> {
        self.segments.first().map(|segment| segment.seq)
    }

    /// Take the first segment out.
    pub(super) fn take_first(&mut self) -> Option<Segment> {
        (!self.segments.is_empty()).then(|| self.segments.remove(0))
    }

    /// Drop all.
    pub(super) fn clear(&mut self) {
        self.segments.clear();
    }
}
