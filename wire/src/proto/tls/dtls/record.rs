//! Records of DTLS: each in one datagram, several in one.
//!
//! Source: RFC 6347 4.1 (1.0 and 1.2), RFC 9147 4 (1.3), RFC 7983 7 (first octets that share a port).

use crate::proto::tls::cursor::Cursor;

/// Largest record: 2^14 plus 2048 for protection (RFC 6347 4.1.1.1).
const MAX_RECORD: usize = 16_384 + 2048;

/// One record.
pub(super) enum Record<'a> {
    /// With the header of version 1.2: type, epoch and content.
    Plain {
        kind: u8,
        epoch: u16,
        content: &'a [u8],
    },
    /// Protected, with the header of version 1.3; it is the last one looked at.
    Unified,
    /// No record.
    Other,
    /// A record that does not end in its datagram.
    Cut,
}

/// A datagram that is DTLS if STUN, TURN, RTP and DTLS share a port.
pub(super) const fn is_own(first: u8) -> bool {
    matches!(first, 20..=63)
}

/// 1.0, 1.2, and the one from before the standard that is still in use (OpenSSL `DTLS1_BAD_VER`); 1.3 says 1.2 here.
pub(in crate::proto) const fn is_version(version: u16) -> bool {
    matches!(version, 0xfeff | 0xfefd | 0x0100)
}

/// The next record.
pub(super) fn next<'a>(rest: &mut Cursor<'a>) -> Record<'a> {
    match rest.0.first() {
        Some(32..=63) => return Record::Unified,
        Some(20..=26) => {}
        _ => return Record::Other,
    }
    let read = |rest: &mut Cursor<'a>| Some((rest.u8()?, rest.u16()?, rest.u16()?, rest.take(6)?));
    let Some((kind, version, epoch, _)) = read(rest) else {
        return Record::Cut;
    };
    if !is_version(version) {
        return Record::Other;
    }
    match rest.vector(2) {
        Some(content) if content.len() <= MAX_RECORD => Record::Plain {
            kind,
            epoch,
            content,
        },
        Some(_) => Record::Other,
        None => Record::Cut,
    }
}
