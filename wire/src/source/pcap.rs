//! HOT: records of classic pcap files.
//!
//! Source: draft-ietf-opsawg-pcap; libpcap `sf-pcap.c` for the modified and the old layouts.

use super::limits::MAX_SNAPLEN;
use super::linktype::{LINK_MASK, link_type};
use super::order::Order;
use super::problem;
use super::window::Window;
use super::{FrameRef, Interface, Outcome};
use crate::packet::LinkType;

/// Bytes of the file header.
pub(super) const FILE_HEADER: usize = 24;

/// State of reading a pcap file.
pub(super) struct Pcap {
    order: Order,
    /// Nanoseconds per unit of the fraction field.
    fraction_ns: i64,
    /// Bytes of a record header.
    header: usize,
    /// Files before version 2.4 may hold the two lengths in reverse.
    old_lengths: bool,
    link: LinkType,
    ordinal: u64,
}

impl Pcap {
    /// Read the file header; `None` when the magic is not pcap's.
    pub(super) fn new(header: &[u8; FILE_HEADER]) -> Option<Result<(Self, Interface), String>> {
        let (order, fraction_ns, record) = match [header[0], header[1], header[2], header[3]] {
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, 1_000, 16),
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, 1_000, 16),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, 1, 16),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, 1, 16),
            [0xa1, 0xb2, 0xcd, 0x34] => (Order::Big, 1_000, 24),
            [0x34, 0xcd, 0xb2, 0xa1] => (Order::Little, 1_000, 24),
            _ => return None,
        };
        let major = order.u16([header[4], header[5]]);
        let minor = order.u16([header[6], header[7]]);
        if major < 2 {
            return Some(Err(problem::text(
                0,
                0,
                &format!("pcap version {major}.{minor}"),
                "versions from 2.0 are read",
                "the file is damaged or older than 1989: convert it with editcap",
            )));
        }
        let number = order.u32([header[20], header[21], header[22], header[23]]) & LINK_MASK;
        let pcap = Self {
            order,
            fraction_ns,
            header: record,
            old_lengths: minor <= 3 || major == 543,
            link: link_type(number),
            ordinal: 0,
        };
        Some(Ok((pcap, Interface { number, name: None })))
    }

    /// Number of the next frame.
    pub(super) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// Describe records until `limit` descriptors are in `out` or the window holds no whole record.
    pub(super) fn batch(
        &mut self,
        window: &mut Window,
        out: &mut Vec<FrameRef>,
        limit: usize,
    ) -> Outcome {
        let (first, origin) = (window.head(), window.offset());
        let mut rest = window.unread();
        let held = rest.len();
        let outcome = loop {
            if out.len() >= limit {
                break Outcome::Full;
            }
            let at = held - rest.len();
            let Some(header) = rest.first_chunk::<16>() else {
                break Outcome::Starved(self.header);
            };
            let (ts_ns, captured, original) = self.record(header);
            let offset = origin + at as u64;
            if captured > MAX_SNAPLEN {
                let what = "a captured length";
                let text = problem::length(offset, self.ordinal, what, captured, 0, MAX_SNAPLEN);
                break Outcome::Bad(text);
            }
            let size = self.header + captured as usize;
            let Some(after) = rest.get(size..) else {
                break Outcome::Starved(size);
            };
            out.push(FrameRef {
                ts_ns,
                offset,
                ordinal: self.ordinal,
                wire_len: original.max(captured),
                interface: 0,
                link: self.link,
                vlan: None,
                start: first + at + self.header,
                len: captured as usize,
            });
            self.ordinal += 1;
            rest = after;
        };
        let consumed = held - rest.len();
        window.consume(consumed as u64);
        outcome
    }

    /// Time in nanoseconds, captured and original length.
    #[inline]
    fn record(&self, h: &[u8; 16]) -> (i64, u32, u32) {
        let seconds = self.order.u32([h[0], h[1], h[2], h[3]]);
        let fraction = self.order.u32([h[4], h[5], h[6], h[7]]);
        let captured = self.order.u32([h[8], h[9], h[10], h[11]]);
        let original = self.order.u32([h[12], h[13], h[14], h[15]]);
        let ts_ns = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * self.fraction_ns;
        if self.old_lengths && captured > original {
            return (ts_ns, original, captured);
        }
        (ts_ns, captured, original)
    }
}
