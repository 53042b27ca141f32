//! Units of the connection-oriented remote procedure call protocol.
//!
//! Source: C706 (DCE 1.1: Remote Procedure Call) 12.6; [MS-RPCE] 2.2.2 (extensions), 2.2.1.1.7 and 2.2.1.1.8 (authentication).

use crate::proto::dialogue::Cut;
use crate::proto::read::{le16, le32, octet};

/// Octets of the header that all units have.
pub(super) const HEADER: usize = 16;
/// Where the stub begins in a request or response.
pub(super) const STUB: usize = 24;
/// Most octets wanted of a unit: binds with tokens of NTLM are shorter than 2 KiB, those of Kerberos carry nothing to read.
pub(super) const MAX_HEAD: usize = 4096;
const FAULT_HEAD: usize = 28;

/// Kinds of units that are read (C706 12.6.4).
pub(super) mod kind {
    pub(in super::super) const REQUEST: u8 = 0;
    pub(in super::super) const RESPONSE: u8 = 2;
    pub(in super::super) const FAULT: u8 = 3;
    pub(in super::super) const BIND: u8 = 11;
    pub(in super::super) const BIND_ACK: u8 = 12;
    pub(in super::super) const BIND_NAK: u8 = 13;
    pub(in super::super) const ALTER: u8 = 14;
    pub(in super::super) const ALTER_ACK: u8 = 15;
    pub(in super::super) const AUTH3: u8 = 16;
    pub(in super::super) const CANCEL: u8 = 18;
    pub(in super::super) const ORPHANED: u8 = 19;
}

/// Header of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: u8,
    /// First fragment of its call.
    pub(super) is_first: bool,
    /// Octets of the unit.
    pub(super) length: usize,
    /// Octets of the authentication token at its end.
    pub(super) auth_length: usize,
    pub(super) call_id: u32,
}

impl Header {
    /// Read the header at the start of `data`: version 5, little-endian.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let [5, 0 | 1, kind, flags, 0x10, 0, 0, 0, ..] = data else {
            return None;
        };
        let length = usize::from(le16(data, 8)?);
        let auth_length = usize::from(le16(data, 10)?);
        let is_known = matches!(
            *kind,
            kind::REQUEST | kind::RESPONSE | kind::FAULT | kind::BIND..=kind::ORPHANED
        );
        (is_known && length >= HEADER && auth_length < length).then_some(Self {
            kind: *kind,
            is_first: flags & 1 != 0,
            length,
            auth_length,
            call_id: le32(data, 12)?,
        })
    }

    /// The client sends units of this kind.
    pub(super) fn is_from_client(&self) -> bool {
        matches!(
            self.kind,
            kind::REQUEST | kind::BIND | kind::ALTER | kind::AUTH3 | kind::CANCEL | kind::ORPHANED
        )
    }

    /// Authentication at the end of the unit: type, level, token (as much of it as is there).
    pub(super) fn auth<'a>(&self, data: &'a [u8]) -> Option<(u8, u8, &'a [u8])> {
        let at = self
            .length
            .checked_sub(self.auth_length + 8)
            .filter(|at| self.auth_length > 0 && *at >= HEADER)?;
        let rest = data.get(at + 8..)?;
        let token = rest.get(..self.auth_length).unwrap_or(rest);
        Some((octet(data, at)?, octet(data, at + 1)?, token))
    }
}

/// How much of the unit at the start of `data` is wanted: of requests and responses only the header, unless the stub is.
pub(super) fn cut(data: &[u8], wants_stub: bool) -> Cut {
    if data.len() < HEADER {
        let sound = data.iter().zip([5, 1]).all(|(octet, most)| *octet <= most);
        return if sound { Cut::Need } else { Cut::Bad(1) };
    }
    let Some(header) = Header::read(data) else {
        return Cut::Bad(1);
    };
    let wanted = match header.kind {
        kind::RESPONSE if wants_stub => MAX_HEAD,
        kind::REQUEST | kind::RESPONSE => STUB,
        kind::FAULT => FAULT_HEAD,
        kind::BIND..=kind::AUTH3 => MAX_HEAD,
        _ => HEADER,
    };
    Cut::Head {
        head: wanted.min(header.length),
        whole: header.length,
    }
}

/// Octets until the next place where a unit may start; 0: here; `None`: nowhere in `data`.
pub(super) fn seek(data: &[u8]) -> Option<usize> {
    data.windows(8)
        .position(|part| matches!(part, [5, 0 | 1, 0 | 2 | 3 | 11..=19, _, 0x10, 0, 0, 0]))
}
