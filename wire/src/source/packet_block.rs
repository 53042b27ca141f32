//! HOT: the three kinds of pcapng blocks that hold a packet.

use super::order::Order;

/// Obsolete Packet Block.
pub(super) const OBSOLETE: u32 = 2;
/// Simple Packet Block.
pub(super) const SIMPLE: u32 = 3;
/// Enhanced Packet Block.
pub(super) const ENHANCED: u32 = 6;

/// What a packet block says of its frame.
pub(super) struct PacketBlock {
    /// Interface, numbered in its section.
    pub(super) port: u32,
    /// Time in units of the interface; simple blocks have none.
    pub(super) ticks: Option<u64>,
    /// Captured length; for simple blocks still without the interface's snap length.
    pub(super) captured: u32,
    /// Length on the wire.
    pub(super) original: u32,
    /// Bytes of the body before the frame.
    pub(super) skip: usize,
}

impl PacketBlock {
    /// Read the fixed fields of a block's body; `None` when it is too short.
    ///
    /// Source: draft-ietf-opsawg-pcapng sections 4.3, 4.4 and appendix A (16-bit interface number, 16-bit drop count).
    pub(super) fn read(order: Order, kind: u32, body: &[u8]) -> Option<Self> {
        if kind == SIMPLE {
            let [original] = order.words(body)?;
            let room = u32::try_from(body.len() - 4).unwrap_or(u32::MAX);
            return Some(Self {
                port: 0,
                ticks: None,
                captured: original.min(room),
                original,
                skip: 4,
            });
        }
        let [port, high, low, captured, original] = order.words(body)?;
        let port = if kind == OBSOLETE {
            u32::from(order.u16(*body.first_chunk::<2>()?))
        } else {
            port
        };
        Some(Self {
            port,
            ticks: Some(u64::from(high) << 32 | u64::from(low)),
            captured,
            original,
            skip: 20,
        })
    }
}
