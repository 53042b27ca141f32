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

/// Octets of the numbers of an array and of references in the two encodings ([MS-RPCE] 2.2.4, 2.2.5).
const WIDTHS: [usize; 2] = [4, 8];
/// Where the array of towers begins, after a context handle and their number.
const ARRAY: usize = 24;

/// The first tower of the stub of an answer that has a TCP port. Which encoding it has is told by which one fits.
pub(super) fn mapped(stub: &[u8]) -> Option<Mapped> {
    WIDTHS.into_iter().find_map(|width| towers(stub, width))
}

fn towers(stub: &[u8], width: usize) -> Option<Mapped> {
    // Maximum, offset, number, and a reference for each; then the towers.
    let count = le32(stub, ARRAY + 2 * width)? as usize;
    let mut at = ARRAY + 3 * width + width * count.min(64);
    for _ in 0..count.min(MAX_TOWERS) {
        let begin = at + width + 4;
        let length = le32(stub, at + width)? as usize;
        let tower = stub.get(begin..begin.checked_add(length)?)?;
        if let Some(found) = tcp(tower) {
            return Some(found);
        }
        at = (begin + length).next_multiple_of(width);
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
