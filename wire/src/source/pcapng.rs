//! HOT: blocks of pcapng files.
//!
//! Source: draft-ietf-opsawg-pcapng sections 3 and 4; the obsolete Packet Block is its appendix A.

use super::clock::{Resolution, add_seconds};
use super::limits::{MAX_BLOCK, MAX_INTERFACES, MAX_NAME, MAX_SNAPLEN};
use super::linktype::link_type;
use super::problem;
use super::window::Window;
use super::{FrameRef, Interface, Outcome};
use crate::packet::LinkType;

/// First bytes of every pcapng file, the same in both byte orders.
pub(super) const SECTION_HEADER: &[u8; 4] = &[0x0a, 0x0d, 0x0d, 0x0a];

const BLOCK_SECTION: u32 = 0x0a0d_0d0a;
const BLOCK_INTERFACE: u32 = 1;
const BLOCK_PACKET: u32 = 2;
const BLOCK_SIMPLE: u32 = 3;
const BLOCK_ENHANCED: u32 = 6;

/// Type, length and trailing length of a block.
const FRAMING: u32 = 12;

const OPTION_END: u16 = 0;
const OPTION_NAME: u16 = 2;
const OPTION_TSRESOL: u16 = 9;
const OPTION_TSOFFSET: u16 = 14;

/// What is needed of an interface to describe its frames.
#[derive(Clone, Copy)]
struct Port {
    link: LinkType,
    snaplen: u32,
    resolution: Resolution,
    offset_s: i64,
}

/// State of reading a pcapng file.
#[derive(Default)]
pub(super) struct Pcapng {
    big_endian: bool,
    /// Interfaces of the present section.
    ports: Vec<Port>,
    /// Number of the section's first interface in the file.
    first_port: u32,
    ordinal: u64,
    /// Time of the latest stamped frame: simple packet blocks have none of their own.
    last_ts: i64,
}

/// A block inside the window.
#[derive(Clone, Copy)]
struct Block<'a> {
    kind: u32,
    /// Between the length field and the trailing length.
    body: &'a [u8],
    /// Offset of the block in the stream.
    offset: u64,
    /// Index of the body in the buffer.
    index: usize,
}

/// Where the frame lies in a packet block.
struct Found {
    port: u32,
    ticks: Option<u64>,
    captured: u32,
    original: u32,
    /// Bytes of the body before the frame.
    skip: usize,
}

impl Pcapng {
    /// Number of the next frame.
    pub(super) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// Describe blocks until `limit` descriptors are in `out` or the window holds no whole block.
    pub(super) fn batch(
        &mut self,
        window: &mut Window,
        out: &mut Vec<FrameRef>,
        limit: usize,
        interfaces: &mut Vec<Interface>,
    ) -> Outcome {
        while out.len() < limit {
            let rest = window.unread();
            let offset = window.offset();
            if window.owed() > 0 {
                return Outcome::Starved(1);
            }
            let Some(head) = rest.first_chunk::<12>() else {
                // Every block has at least 12 bytes; with none left the file ends properly.
                return Outcome::Starved(12);
            };
            if head[..4] == *SECTION_HEADER {
                match [head[8], head[9], head[10], head[11]] {
                    [0x1a, 0x2b, 0x3c, 0x4d] => self.big_endian = true,
                    [0x4d, 0x3c, 0x2b, 0x1a] => self.big_endian = false,
                    other => return Outcome::Bad(self.bad_order(offset, other)),
                }
            }
            let kind = self.u32([head[0], head[1], head[2], head[3]]);
            let total = self.u32([head[4], head[5], head[6], head[7]]);
            // Writers that forget the padding exist; the length is rounded up as readers do.
            let padded = u64::from(total).next_multiple_of(4);
            let known = matches!(
                kind,
                BLOCK_SECTION | BLOCK_INTERFACE | BLOCK_PACKET | BLOCK_SIMPLE | BLOCK_ENHANCED
            );
            if total < FRAMING || (known && padded > u64::from(MAX_BLOCK)) {
                return Outcome::Bad(problem::length(
                    offset,
                    self.ordinal,
                    "a block",
                    total,
                    FRAMING,
                    MAX_BLOCK,
                ));
            }
            if padded > u64::from(MAX_BLOCK) {
                window.consume(padded);
                continue;
            }
            let size = usize::try_from(padded).unwrap_or(usize::MAX);
            let (Some(body), Some(trailer)) = (
                rest.get(8..size - 4),
                rest.get(size - 4..).and_then(<[u8]>::first_chunk::<4>),
            ) else {
                return Outcome::Starved(size);
            };
            if self.u32(*trailer) != total {
                return Outcome::Bad(self.bad_trailer(offset, total, self.u32(*trailer)));
            }
            let block = Block {
                kind,
                body,
                offset,
                index: window.head() + 8,
            };
            if let Err(text) = self.block(&block, out, interfaces) {
                return Outcome::Bad(text);
            }
            window.consume(padded);
        }
        Outcome::Full
    }

    fn block(
        &mut self,
        block: &Block<'_>,
        out: &mut Vec<FrameRef>,
        interfaces: &mut Vec<Interface>,
    ) -> Result<(), String> {
        let found = match block.kind {
            BLOCK_ENHANCED => self.enhanced(block.body),
            BLOCK_SIMPLE => self.simple(block.body),
            BLOCK_PACKET => self.obsolete(block.body),
            BLOCK_INTERFACE => return self.interface(block, interfaces),
            BLOCK_SECTION => return self.section(block, interfaces.len()),
            _ => return Ok(()),
        };
        let Some(found) = found else {
            return Err(self.too_short(block));
        };
        out.push(self.frame(block, &found)?);
        self.ordinal += 1;
        Ok(())
    }

    fn frame(&mut self, block: &Block<'_>, found: &Found) -> Result<FrameRef, String> {
        let Some(port) = self.ports.get(found.port as usize).copied() else {
            return Err(problem::text(
                block.offset,
                self.ordinal,
                &format!("a packet of interface {}", found.port),
                &format!("the section describes {} interfaces", self.ports.len()),
                "the file is damaged from here on: the frames before were read, write it again with editcap",
            ));
        };
        let captured = match found.ticks {
            Some(_) => found.captured,
            // A simple packet block stores no captured length: the snap length of interface 0 says it.
            None if port.snaplen > 0 => found.captured.min(port.snaplen),
            None => found.captured,
        };
        let room = block.body.len() - found.skip;
        if captured > MAX_SNAPLEN || captured as usize > room {
            let high = MAX_SNAPLEN.min(u32::try_from(room).unwrap_or(MAX_SNAPLEN));
            return Err(problem::length(
                block.offset,
                self.ordinal,
                "a captured length",
                captured,
                0,
                high,
            ));
        }
        if let Some(ticks) = found.ticks {
            self.last_ts = add_seconds(port.resolution.nanoseconds(ticks), port.offset_s);
        }
        Ok(FrameRef {
            ts_ns: self.last_ts,
            offset: block.offset,
            ordinal: self.ordinal,
            wire_len: found.original.max(captured),
            interface: self.first_port + found.port,
            link: port.link,
            vlan: None,
            start: block.index + found.skip,
            len: captured as usize,
        })
    }

    fn enhanced(&self, body: &[u8]) -> Option<Found> {
        let h = body.first_chunk::<20>()?;
        Some(Found {
            port: self.u32([h[0], h[1], h[2], h[3]]),
            ticks: Some(self.ticks([h[4], h[5], h[6], h[7]], [h[8], h[9], h[10], h[11]])),
            captured: self.u32([h[12], h[13], h[14], h[15]]),
            original: self.u32([h[16], h[17], h[18], h[19]]),
            skip: 20,
        })
    }

    fn obsolete(&self, body: &[u8]) -> Option<Found> {
        let h = body.first_chunk::<20>()?;
        Some(Found {
            port: u32::from(self.u16([h[0], h[1]])),
            ticks: Some(self.ticks([h[4], h[5], h[6], h[7]], [h[8], h[9], h[10], h[11]])),
            captured: self.u32([h[12], h[13], h[14], h[15]]),
            original: self.u32([h[16], h[17], h[18], h[19]]),
            skip: 20,
        })
    }

    fn simple(&self, body: &[u8]) -> Option<Found> {
        let h = body.first_chunk::<4>()?;
        let original = self.u32(*h);
        let room = u32::try_from(body.len() - 4).unwrap_or(u32::MAX);
        Some(Found {
            port: 0,
            ticks: None,
            captured: original.min(room),
            original,
            skip: 4,
        })
    }

    fn section(&mut self, block: &Block<'_>, described: usize) -> Result<(), String> {
        let Some(head) = block.body.first_chunk::<16>() else {
            return Err(self.too_short(block));
        };
        let major = self.u16([head[4], head[5]]);
        if major != 1 {
            return Err(problem::text(
                block.offset,
                self.ordinal,
                &format!("a section of pcapng version {major}"),
                "version 1 is read",
                "write the file again with editcap -F pcapng",
            ));
        }
        self.ports.clear();
        self.first_port = u32::try_from(described).unwrap_or(u32::MAX);
        Ok(())
    }

    fn interface(
        &mut self,
        block: &Block<'_>,
        interfaces: &mut Vec<Interface>,
    ) -> Result<(), String> {
        let Some(head) = block.body.first_chunk::<8>() else {
            return Err(self.too_short(block));
        };
        if interfaces.len() >= MAX_INTERFACES {
            return Err(problem::text(
                block.offset,
                self.ordinal,
                "one interface more",
                &format!("{MAX_INTERFACES} interfaces are allowed in one file"),
                "split the file into its sections",
            ));
        }
        let number = u32::from(self.u16([head[0], head[1]]));
        let mut port = Port {
            link: link_type(number),
            snaplen: self.u32([head[4], head[5], head[6], head[7]]),
            resolution: Resolution::MICRO,
            offset_s: 0,
        };
        let mut name = None;
        let mut rest = block.body.get(8..).unwrap_or(&[]);
        while let Some(option) = rest.first_chunk::<4>() {
            let code = self.u16([option[0], option[1]]);
            let length = usize::from(self.u16([option[2], option[3]]));
            let Some(value) = rest.get(4..4 + length) else {
                break;
            };
            match (code, value) {
                (OPTION_END, _) => break,
                (OPTION_NAME, text) => name = Some(readable(text)),
                (OPTION_TSRESOL, [octet, ..]) => {
                    port.resolution = Resolution::from_tsresol(*octet);
                }
                (OPTION_TSOFFSET, bytes) => {
                    if let Some(bytes) = bytes.first_chunk::<8>() {
                        port.offset_s = self.i64(*bytes);
                    }
                }
                _ => {}
            }
            rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or(&[]);
        }
        self.ports.push(port);
        interfaces.push(Interface { number, name });
        Ok(())
    }

    fn too_short(&self, block: &Block<'_>) -> String {
        problem::text(
            block.offset,
            self.ordinal,
            &format!(
                "a block of type {} with {} bytes of content",
                block.kind,
                block.body.len()
            ),
            "its fixed fields need more",
            "the file is damaged from here on: the frames before were read, capture or copy it again",
        )
    }

    fn bad_order(&self, offset: u64, found: [u8; 4]) -> String {
        problem::text(
            offset,
            self.ordinal,
            &format!("byte-order mark {:08x}", u32::from_be_bytes(found)),
            "1a2b3c4d or 4d3c2b1a",
            "the file is damaged from here on: the frames before were read, capture or copy it again",
        )
    }

    fn bad_trailer(&self, offset: u64, first: u32, second: u32) -> String {
        problem::text(
            offset,
            self.ordinal,
            &format!("a block that says {first} bytes at its start and {second} at its end"),
            "both must be equal",
            "the file is damaged from here on: the frames before were read, capture or copy it again",
        )
    }

    fn ticks(&self, high: [u8; 4], low: [u8; 4]) -> u64 {
        u64::from(self.u32(high)) << 32 | u64::from(self.u32(low))
    }

    #[inline]
    fn u16(&self, bytes: [u8; 2]) -> u16 {
        if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    #[inline]
    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    fn i64(&self, bytes: [u8; 8]) -> i64 {
        if self.big_endian {
            i64::from_be_bytes(bytes)
        } else {
            i64::from_le_bytes(bytes)
        }
    }
}

/// An interface name, bounded and without trailing zeros.
fn readable(bytes: &[u8]) -> String {
    let cut = bytes.get(..bytes.len().min(MAX_NAME)).unwrap_or(&[]);
    String::from_utf8_lossy(cut)
        .trim_end_matches('\0')
        .to_owned()
}
