//! HOT: records of classic pcap files.
//!
//! Source: draft-ietf-opsawg-pcap; libpcap `sf-pcap.c` for the modified and the old layouts.

use super::limits::MAX_SNAPLEN;
use super::linktype::{LINK_MASK, link_type};
use super::problem;
use super::window::Window;
use super::{FrameRef, Interface, Outcome};
use crate::packet::LinkType;

/// Bytes of the file header.
pub(super) const FILE_HEADER: usize = 24;

/// State of reading a pcap file.
pub(super) struct Pcap {
    big_endian: bool,
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
        let magic = [header[0], header[1], header[2], header[3]];
        let (big_endian, nano, modified) = match magic {
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, false, false),
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, false, false),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, true, false),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, true, false),
            [0xa1, 0xb2, 0xcd, 0x34] => (true, false, true),
            [0x34, 0xcd, 0xb2, 0xa1] => (false, false, true),
            _ => return None,
        };
        let version = [header[4], header[5], header[6], header[7]];
        let (major, minor) = if big_endian {
            (
                u16::from_be_bytes([version[0], version[1]]),
                u16::from_be_bytes([version[2], version[3]]),
            )
        } else {
            (
                u16::from_le_bytes([version[0], version[1]]),
                u16::from_le_bytes([version[2], version[3]]),
            )
        };
        if major < 2 {
            return Some(Err(problem::text(
                0,
                0,
                &format!("pcap version {major}.{minor}"),
                "versions from 2.0 are read",
                "the file is damaged or older than 1989: convert it with editcap",
            )));
        }
        let link = [header[20], header[21], header[22], header[23]];
        let number = LINK_MASK
            & if big_endian {
                u32::from_be_bytes(link)
            } else {
                u32::from_le_bytes(link)
            };
        let pcap = Self {
            big_endian,
            fraction_ns: if nano { 1 } else { 1_000 },
            header: if modified { 24 } else { 16 },
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
        let first = window.head();
        let origin = window.offset();
        let mut at = 0usize;
        let bytes = window.unread();
        let outcome = loop {
            if out.len() >= limit {
                break Outcome::Full;
            }
            let rest = bytes.get(at..).unwrap_or(&[]);
            let Some(header) = rest.first_chunk::<16>() else {
                break Outcome::Starved(self.header);
            };
            let (ts_ns, captured, original) = self.record(header);
            if captured > MAX_SNAPLEN {
                let offset = origin + at as u64;
                break Outcome::Bad(problem::length(
                    offset,
                    self.ordinal,
                    "a captured length",
                    captured,
                    0,
                    MAX_SNAPLEN,
                ));
            }
            let size = self.header + captured as usize;
            if rest.len() < size {
                break Outcome::Starved(size);
            }
            out.push(FrameRef {
                ts_ns,
                offset: origin + at as u64,
                ordinal: self.ordinal,
                wire_len: original.max(captured),
                interface: 0,
                link: self.link,
                vlan: None,
                start: first + at + self.header,
                len: captured as usize,
            });
            self.ordinal += 1;
            at += size;
        };
        window.consume(at as u64);
        outcome
    }

    /// Time in nanoseconds, captured and original length.
    #[inline]
    fn record(&self, h: &[u8; 16]) -> (i64, u32, u32) {
        let words = [
            [h[0], h[1], h[2], h[3]],
            [h[4], h[5], h[6], h[7]],
            [h[8], h[9], h[10], h[11]],
            [h[12], h[13], h[14], h[15]],
        ];
        let [seconds, fraction, captured, original] = if self.big_endian {
            words.map(u32::from_be_bytes)
        } else {
            words.map(u32::from_le_bytes)
        };
        let ts_ns = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * self.fraction_ns;
        if self.old_lengths && captured > original {
            return (ts_ns, original, captured);
        }
        (ts_ns, captured, original)
    }
}
