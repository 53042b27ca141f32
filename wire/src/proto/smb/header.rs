//! Header of SMB2 and SMB3 messages.
//!
//! Source: [MS-SMB2] 2.2.1.

use crate::proto::read::{le16, le32};

/// Octets of the header.
pub(super) const SIZE: usize = 64;
/// A file identifier.
pub(super) type FileId = [u8; 16];
/// In a chain of related requests: the file of the one before ([MS-SMB2] 3.2.4.1.4).
pub(super) const PREVIOUS_FILE: FileId = [0xff; 16];

const RESPONSE: u32 = 1;
const SIGNED: u32 = 8;

/// Commands that are read ([MS-SMB2] 2.2.1).
pub(super) mod command {
    pub(in super::super) const NEGOTIATE: u16 = 0;
    pub(in super::super) const SESSION_SETUP: u16 = 1;
    pub(in super::super) const LOGOFF: u16 = 2;
    pub(in super::super) const TREE_CONNECT: u16 = 3;
    pub(in super::super) const TREE_DISCONNECT: u16 = 4;
    pub(in super::super) const CREATE: u16 = 5;
    pub(in super::super) const CLOSE: u16 = 6;
    pub(in super::super) const READ: u16 = 8;
    pub(in super::super) const WRITE: u16 = 9;
    pub(in super::super) const IOCTL: u16 = 11;
    pub(in super::super) const QUERY_DIRECTORY: u16 = 14;
    pub(in super::super) const SET_INFO: u16 = 17;
    /// Numbers from here on mean nothing.
    pub(in super::super) const END: u16 = 20;
}

/// A header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) status: u32,
    pub(super) command: u16,
    pub(super) is_response: bool,
    pub(super) is_signed: bool,
    /// Octets from this header to the next one of the chain; 0 in the last.
    pub(super) next: u32,
    pub(super) message_id: u64,
    pub(super) tree_id: u32,
    pub(super) session_id: u64,
}

/// Little-endian 64 bits at `at`.
pub(super) fn le64(data: &[u8], at: usize) -> Option<u64> {
    let (low, high) = (le32(data, at)?, le32(data, at + 4)?);
    Some(u64::from(high) << 32 | u64::from(low))
}

impl Header {
    /// Read the header at the start of `data`.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        if !data.starts_with(b"\xfeSMB") || le16(data, 4)? != 64 {
            return None;
        }
        let command = le16(data, 12)?;
        let flags = le32(data, 16)?;
        if command >= command::END {
            return None;
        }
        Some(Self {
            status: le32(data, 8)?,
            command,
            is_response: flags & RESPONSE != 0,
            is_signed: flags & SIGNED != 0,
            next: le32(data, 20)?,
            message_id: le64(data, 24)?,
            tree_id: le32(data, 36)?,
            session_id: le64(data, 40)?,
        })
    }
}

/// A file identifier at `at`.
pub(super) fn file_id(data: &[u8], at: usize) -> Option<FileId> {
    data.get(at..at.checked_add(16)?)?.try_into().ok()
}
