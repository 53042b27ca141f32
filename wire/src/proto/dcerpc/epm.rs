//! What an endpoint mapper answers: at which port an interface is called.
//!
//! Source: C706 App. L (towers), App. O (`ept_map`); [MS-RPCE] 2.2.1.2.

use super::interfaces::uuid;
use crate::proto::read::{be16, le16, le32, octet};

/// Number of the operation.
pub(super) const MAP: u16 = 3;
/// Towers and floors read: servers answer with a few towers of five floors.
const MAX_TOWERS: usize = 4;
const MAX_FLOORS: u16 = 8;
const TCP: u8 = 7;

/// An interface and its TCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) uuid: u128,
    pub(super) port: u16,
}

/// The first tower of the stub of an answer that has a TCP port.
pub(super) fn mapped(stub: &[u8]) -> Option<Mapped> {
    // A context handle, the number of towers, then their array: maximum, offset, number, and a reference for each.
    let count = le32(stub, 32)? as usize;
    let mut at = 36 + 4 * count.min(64);
    for _ in 0..count.min(MAX_TOWERS) {
        let length = le32(stub, at + 4)? as usize;
        let tower = stub.get(at + 8..(at + 8).checked_add(length)?)?;
        if let Some(found) = tcp(tower) {
            return Some(found);
        }
        at += 8 + length.next_multiple_of(4);
    }
    None
}

/// Interface of the first floor, port of the TCP one.
fn tcp(tower: &[u8]) -> Option<Mapped> {
    const INTERFACE: u8 = 0x0d;
    if octet(tower, 4)? != INTERFACE {
        return None;
    }
    let uuid = uuid(tower, 5)?;
    let mut rest = tower.get(2..)?;
    for _ in 0..le16(tower, 0)?.min(MAX_FLOORS) {
        let left = usize::from(le16(rest, 0)?);
        let right = usize::from(le16(rest, 2 + left)?);
        if octet(rest, 2) == Some(TCP) && right == 2 {
            let port = be16(rest, 4 + left)?;
            return Some(Mapped { uuid, port });
        }
        rest = rest.get(4 + left + right..)?;
    }
    None
}
