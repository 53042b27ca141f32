//! HOT: blocks of pcapng files.
//!
//! Source: draft-ietf-opsawg-pcapng sections 3 and 4; the obsolete Packet Block is its appendix A.

use super::limits::{MAX_BLOCK, MAX_INTERFACES, MAX_SNAPLEN};
use super::order::Order;
use super::packet_block::{ENHANCED, OBSOLETE, PacketBlock, SIMPLE};
use super::port::Port;
use super::problem;
use super::window::Window;
use super::{FrameRef, Interface, Outcome};

/// First bytes of every pcapng file, the same in both byte orders.
pub(super) const SECTION_HEADER: &[u8; 4] = &[0x0a, 0x0d, 0x0d, 0x0a];

const BLOCK_SECTION: u32 = 0x0a0d_0d0a;
const BLOCK_INTERFACE: u32 = 1;

/// Type, length and trailing length of a block: every block has at least these.
const FRAMING: u32 = 12;

/// State of reading a pcapng file.
#[derive(Default)]
pub(super) struct Pcapng {
    order: Order,
    /// Interfaces of the present section.
    ports: Vec<Port>,
    /// Number of the section's first interface in the file.
    first_port: u32,
    ordinal: u64,
    /// Time of the latest stamped frame: simple packet blocks have none of their own.
    last_ts: i64,
}

/// A block inside the window.
struct Block<'a> {
    kind: u32,
    /// Between the length field and the trailing length.
    body: &'a [u8],
    /// Offset of the block in the stream.
    offset: u64,
    /// Index of the body in the buffer.
    index: usize,
    /// Bytes of the whole block.
    size: u64,
}

/// What lies next in the window.
enum Next<'a> {
    Block(Block<'a>),
    /// A block that is too large to hold and of no interest.
    Skip(u64),
    Stop(Outcome),
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
            let size = match self.next(window) {
                Next::Block(block) => match self.block(&block, out, interfaces) {
                    Ok(()) => block.size,
                    Err(text) => return Outcome::Bad(text),
                },
                Next::Skip(size) => size,
                Next::Stop(outcome) => return outcome,
            };
            window.consume(size);
        }
        Outcome::Full
    }

    /// Frame the next block and check both of its lengths.
    fn next<'a>(&mut self, window: &'a Window) -> Next<'a> {
        let rest = window.unread();
        let offset = window.offset();
        let Some(head) = rest.first_chunk::<12>().filter(|_| window.owed() == 0) else {
            return Next::Stop(Outcome::Starved(FRAMING as usize));
        };
        if head.starts_with(SECTION_HEADER) {
            self.order = match [head[8], head[9], head[10], head[11]] {
                [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
                [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
                other => return Next::Stop(Outcome::Bad(self.bad_order(offset, other))),
            };
        }
        let kind = self.order.u32([head[0], head[1], head[2], head[3]]);
        let total = self.order.u32([head[4], head[5], head[6], head[7]]);
        // Writers that forget the padding in the length exist; it is rounded up as other readers do.
        let size = u64::from(total).next_multiple_of(4);
        if total < FRAMING || (size > u64::from(MAX_BLOCK) && is_read(kind)) {
            let text = problem::length(offset, self.ordinal, "a block", total, FRAMING, MAX_BLOCK);
            return Next::Stop(Outcome::Bad(text));
        }
        let Some(whole) = usize::try_from(size)
            .ok()
            .filter(|_| size <= u64::from(MAX_BLOCK))
        else {
            return Next::Skip(size);
        };
        let (Some(body), Some(trailer)) = (
            rest.get(8..whole - 4),
            rest.get(whole - 4..).and_then(<[u8]>::first_chunk::<4>),
        ) else {
            return Next::Stop(Outcome::Starved(whole));
        };
        let trailer = self.order.u32(*trailer);
        if trailer != total {
            return Next::Stop(Outcome::Bad(self.bad_trailer(offset, total, trailer)));
        }
        Next::Block(Block {
            kind,
            body,
            offset,
            index: window.head() + 8,
            size,
        })
    }

    fn block(
        &mut self,
        block: &Block<'_>,
        out: &mut Vec<FrameRef>,
        interfaces: &mut Vec<Interface>,
    ) -> Result<(), String> {
        match block.kind {
            ENHANCED | OBSOLETE | SIMPLE => {}
            BLOCK_INTERFACE => return self.interface(block, interfaces),
            BLOCK_SECTION => return self.section(block, interfaces.len()),
            _ => return Ok(()),
        }
        let found = PacketBlock::read(self.order, block.kind, block.body)
            .ok_or_else(|| self.too_short(block))?;
        out.push(self.frame(block, &found)?);
        self.ordinal += 1;
        Ok(())
    }

    fn frame(&mut self, block: &Block<'_>, found: &PacketBlock) -> Result<FrameRef, String> {
        let Some(port) = self.ports.get(found.port as usize) else {
            return Err(problem::text(
                block.offset,
                self.ordinal,
                &format!("a packet of interface {}", found.port),
                &format!("the section describes {} interfaces", self.ports.len()),
                problem::DAMAGED,
            ));
        };
        let captured = match found.ticks {
            // A simple packet block stores no captured length: the snap length of interface 0 says it.
            None if port.snaplen > 0 => found.captured.min(port.snaplen),
            _ => found.captured,
        };
        let room = u32::try_from(block.body.len() - found.skip).unwrap_or(u32::MAX);
        let high = room.min(MAX_SNAPLEN);
        if captured > high {
            let what = "a captured length";
            return Err(problem::length(
                block.offset,
                self.ordinal,
                what,
                captured,
                0,
                high,
            ));
        }
        if let Some(ticks) = found.ticks {
            self.last_ts = port.time(ticks);
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

    fn section(&mut self, block: &Block<'_>, described: usize) -> Result<(), String> {
        let Some(head) = block.body.first_chunk::<16>() else {
            return Err(self.too_short(block));
        };
        let major = self.order.u16([head[4], head[5]]);
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
        if interfaces.len() >= MAX_INTERFACES {
            return Err(problem::text(
                block.offset,
                self.ordinal,
                "one interface more",
                &format!("{MAX_INTERFACES} interfaces are allowed in one file"),
                "split the file into its sections",
            ));
        }
        let (port, interface) =
            Port::read(self.order, block.body).ok_or_else(|| self.too_short(block))?;
        self.ports.push(port);
        interfaces.push(interface);
        Ok(())
    }

    fn too_short(&self, block: &Block<'_>) -> String {
        let (kind, size) = (block.kind, block.body.len());
        self.damaged(
            block.offset,
            &format!("a block of type {kind} with {size} bytes of content"),
            "its fixed fields need more",
        )
    }

    fn bad_order(&self, offset: u64, found: [u8; 4]) -> String {
        let mark = u32::from_be_bytes(found);
        self.damaged(
            offset,
            &format!("byte-order mark {mark:08x}"),
            "1a2b3c4d or 4d3c2b1a",
        )
    }

    fn bad_trailer(&self, offset: u64, first: u32, second: u32) -> String {
        self.damaged(
            offset,
            &format!("a block that says {first} bytes at its start and {second} at its end"),
            "both must be equal",
        )
    }

    fn damaged(&self, offset: u64, found: &str, allowed: &str) -> String {
        problem::text(offset, self.ordinal, found, allowed, problem::DAMAGED)
    }
}

/// Whether blocks of this type are looked at; all others are skipped.
fn is_read(kind: u32) -> bool {
    matches!(
        kind,
        BLOCK_SECTION | BLOCK_INTERFACE | OBSOLETE | SIMPLE | ENHANCED
    )
}
