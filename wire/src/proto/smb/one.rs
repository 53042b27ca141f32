//! SMB1: its header, and blocks that follow each other in one message.
//!
//! Source: [MS-CIFS] 2.2.3 (messages), 2.2.3.4 (chains), 2.2.2.4 (errors of the old kind); [MS-SMB] 2.2.

mod answers;
mod asks;

use super::header::{FileId, Header};
use super::request::Part;
use super::state::State;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::read::{le16, le32, octet};
use crate::proto::utf16;

/// Octets of the header.
const SIZE: usize = 32;
/// Commands stand above those of SMB2.
const BASE: u16 = 0x100;
/// Negotiate.
pub(super) const NEGOTIATE: u16 = BASE | 0x72;
const CLOSE: u16 = BASE | 0x04;
const DELETE: u16 = BASE | 0x06;
const RENAME: u16 = BASE | 0x07;
const TRANSACTION: u16 = BASE | 0x25;
const READ: u16 = BASE | 0x2e;
const WRITE: u16 = BASE | 0x2f;
const TREE_DISCONNECT: u16 = BASE | 0x71;
const SESSION_SETUP: u16 = BASE | 0x73;
const LOGOFF: u16 = BASE | 0x74;
const TREE_CONNECT: u16 = BASE | 0x75;
const NT_CREATE: u16 = BASE | 0xa2;
/// Commands whose words begin with the next block of the chain.
const CHAINED: [u16; 7] = [
    READ,
    WRITE,
    SESSION_SETUP,
    LOGOFF,
    TREE_CONNECT,
    NT_CREATE,
    BASE | 0x2d,
];
/// Blocks of one message: a login, a share, a file and what is done to it.
const MAX_BLOCKS: usize = 6;
const UNICODE: u16 = 0x8000;
const NT_STATUS: u16 = 0x4000;
const SIGNED: u16 = 4;

/// A block of a message.
#[derive(Clone, Copy)]
struct Block<'a> {
    command: u16,
    /// Parameters.
    words: &'a [u8],
    /// Where the data begins, from the header on, and where it ends.
    bytes: (usize, usize),
    is_unicode: bool,
}

/// Read the header: message, process, user and tree are numbers of 16 bits.
fn header(data: &[u8]) -> Option<(Header, u16)> {
    if !data.starts_with(b"\xffSMB") {
        return None;
    }
    let flags2 = le16(data, 10)?;
    let raw = le32(data, 5)?;
    let is_nt = flags2 & NT_STATUS != 0;
    let (process, message) = (le16(data, 26)?, le16(data, 30)?);
    let header = Header {
        status: if is_nt { raw } else { old_error(raw) },
        command: BASE | u16::from(octet(data, 4)?),
        is_response: octet(data, 9)? & 0x80 != 0,
        is_signed: flags2 & SIGNED != 0,
        next: 0,
        message_id: u64::from(process) << 16 | u64::from(message),
        tree_id: u32::from(le16(data, 24)?),
        session_id: u64::from(le16(data, 28)?),
    };
    Some((header, flags2))
}

/// Class and code of an old error as a status ([MS-CIFS] 2.2.2.4; only those that tell apart what matters).
const fn old_error(raw: u32) -> u32 {
    match (raw & 0xff, raw >> 16) {
        (0, _) => 0,
        (1, 2) => 0xc000_0034,
        (1, 3) => 0xc000_003a,
        (1, 5) | (2, 4) => 0xc000_0022,
        (1, 6) => 0xc000_0008,
        (1, 32) => 0xc000_0043,
        (1, 80) => 0xc000_0035,
        (2, 2) => 0xc000_006d,
        (2, 6) => 0xc000_00cc,
        _ => 0xc000_0001,
    }
}

/// The block at `at`.
fn block(data: &[u8], at: usize, command: u16, is_unicode: bool) -> Option<Block<'_>> {
    let count = 2 * usize::from(octet(data, at)?);
    let words = data.get(at + 1..at + 1 + count)?;
    let begin = at + 3 + count;
    let length = usize::from(le16(data, at + 1 + count)?);
    Some(Block {
        command,
        words,
        bytes: (begin, (begin + length).min(data.len())),
        is_unicode,
    })
}

/// File number as the identifier of a file.
fn file_id(number: u16) -> FileId {
    let mut id = [0; 16];
    let [low, high] = number.to_le_bytes();
    (id[0], id[1], id[2]) = (1, low, high);
    id
}

impl<'a> Block<'a> {
    /// Data of the block.
    fn data(&self, data: &'a [u8]) -> &'a [u8] {
        data.get(self.bytes.0..self.bytes.1).unwrap_or(&[])
    }

    /// Text at `at`, which ends with a zero, as a path; and where the next one begins.
    fn path(&self, data: &[u8], at: usize) -> (String, usize) {
        let (raw, next) = self.raw(data, at);
        let text = if self.is_unicode {
            utf16::path(raw)
        } else {
            utf16::narrow_path(raw)
        };
        (text, next)
    }

    fn raw<'b>(&self, data: &'b [u8], at: usize) -> (&'b [u8], usize) {
        let width = if self.is_unicode { 2 } else { 1 };
        // Text of two octets a letter is aligned to the header.
        let at = if self.is_unicode {
            at.next_multiple_of(2)
        } else {
            at
        };
        let rest = data.get(at..self.bytes.1).unwrap_or(&[]);
        let letters = rest.chunks_exact(width);
        let count = letters
            .clone()
            .position(|letter| letter.iter().all(|octet| *octet == 0));
        let length = width * count.unwrap_or(letters.len());
        (rest.get(..length).unwrap_or(&[]), at + length + width)
    }
}

/// Octets wanted of a message: of what is written to and read from files only the numbers.
pub(super) fn wants_all(data: &[u8], state: &State) -> bool {
    let Some((header, _)) = header(data) else {
        return false;
    };
    let is_pipe = |file: &FileId, tree| state.is_pipe(file) || state.is_pipe_share(tree);
    match (header.command, header.is_response) {
        (WRITE, false) => le16(data, SIZE + 5)
            .is_some_and(|number| is_pipe(&file_id(number), (header.session_id, header.tree_id))),
        (READ, true) => {
            let asked = state.asked(&header);
            asked.is_some_and(|waiting| is_pipe(&waiting.file, waiting.tree))
        }
        (
            NEGOTIATE | SESSION_SETUP | TREE_CONNECT | NT_CREATE | TRANSACTION | DELETE | RENAME,
            _,
        ) => true,
        _ => false,
    }
}

/// The message is an answer; `None`: it is no message of this version.
pub(super) fn is_response(data: &[u8]) -> Option<bool> {
    Some(header(data)?.0.is_response)
}

impl State {
    /// Take in a message, block by block.
    pub(super) fn one(
        &mut self,
        data: &[u8],
        meta: &Meta,
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        let Some((mut header, flags2)) = header(data) else {
            return;
        };
        let mut at = SIZE;
        for _ in 0..MAX_BLOCKS {
            let part = Part {
                data,
                header,
                meta,
                ends,
            };
            let block = block(data, at, header.command, flags2 & UNICODE != 0);
            match (&block, header.is_response) {
                (Some(block), false) => self.asks(&part, block, sink),
                (_, true) => self.answers(&part, block.as_ref(), sink),
                (None, false) => {}
            }
            let Some(block) = block.filter(|block| CHAINED.contains(&block.command)) else {
                return;
            };
            let (Some(next), Some(offset)) = (octet(block.words, 0), le16(block.words, 2)) else {
                return;
            };
            // A chain goes forward; its end is command FFH.
            if next == 0xff || usize::from(offset) <= at {
                return;
            }
            header.command = BASE | u16::from(next);
            at = usize::from(offset);
        }
    }
}
