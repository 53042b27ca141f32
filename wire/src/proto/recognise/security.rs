//! Signatures of protected channels: TLS, DTLS and SSH.

use super::{Found, Look};
use crate::proto::Hint;
use crate::proto::read::{be16, octet};
use crate::proto::service::Service;
use crate::proto::tls::{TLCP, dtls_record};

/// Largest TLS record: 2^14 plus 2048 for protection (RFC 5246 6.2.3).
const MAX_RECORD: u16 = 16384 + 2048;

/// TLS: ClientHello and ServerHello (RFC 8446 4), else records that follow one another exactly.
pub(super) fn tls(look: &Look<'_>) -> Option<Found> {
    let record = record(look.data, 0)?;
    if record.kind == 22
        && let Some(hint) = hello(look.data, record.length)
    {
        return Some(Found::with(Service::Tls, hint));
    }
    let mut at = record.end;
    let mut count = 1;
    while at < look.data.len() {
        if look.data.len() - at < 5 {
            break;
        }
        at = self::record(look.data, at)?.end;
        count += 1;
    }
    // One record alone is told apart only when it fills the segment and has room for a protected message.
    let exact = at == look.data.len() && record.length >= 16;
    let alert = record.kind == 21
        && record.length == 2
        && at == look.data.len()
        && octet(look.data, 5)? <= 2;
    if count > 1 || (exact && look.is_whole) || alert {
        return Some(Found::sure(Service::Tls));
    }
    // In the middle of a connection: protected data of TLS 1.2 or 1.3 that go on in the next segment.
    let goes_on =
        record.kind == 23 && be16(look.data, 1)? == 0x0303 && record.end > look.data.len();
    goes_on.then_some(Found::weak(Service::Tls))
}

struct Record {
    kind: u8,
    length: u16,
    end: usize,
}

/// Record header: change-cipher-spec, alert, handshake or application data of SSL 3.0 to TLS 1.3.
fn record(data: &[u8], at: usize) -> Option<Record> {
    let kind = octet(data, at)?;
    let version = be16(data, at + 1)?;
    let length = be16(data, at + 3)?;
    let sound =
        (20..=23).contains(&kind) && is_version(version) && (1..=MAX_RECORD).contains(&length);
    sound.then_some(Record {
        kind,
        length,
        end: at + 5 + usize::from(length),
    })
}

/// SSL 3.0 to TLS 1.3, or TLCP (GB/T 38636-2020).
const fn is_version(version: u16) -> bool {
    matches!(version, 0x0300..=0x0304 | TLCP)
}

/// Handshake type, 24-bit length and version of a hello.
fn hello(data: &[u8], record_length: u16) -> Option<Hint> {
    let length = u32::from(octet(data, 6)?) << 16 | u32::from(be16(data, 7)?);
    let version = be16(data, 9)?;
    // Version, random, session id length, and at least one suite: 38 octets.
    let sound = (38..=0xffff).contains(&length) && is_version(version) && record_length >= 4;
    match octet(data, 5)? {
        1 if sound => Some(Hint::SenderIsClient),
        2 if sound => Some(Hint::ReceiverIsClient),
        _ => None,
    }
}

/// Octets of a record header of DTLS.
const DTLS_HEADER: usize = 13;

/// DTLS: records that fill the datagram exactly (RFC 6347 4.1); hellos tell who is the client.
pub(super) fn dtls(look: &Look<'_>) -> Option<Found> {
    let mut at = 0;
    let mut hint = None;
    while at < look.data.len() {
        let kind = octet(look.data, at)?;
        let version = be16(look.data, at + 1)?;
        let epoch = be16(look.data, at + 3)?;
        let length = be16(look.data, at + 11)?;
        let sound = (20..=26).contains(&kind)
            && dtls_record::is_version(version)
            // The epoch counts changes of keys, the two highest octets of the number run for years.
            && epoch <= 0xff
            && be16(look.data, at + 5)? == 0
            && (1..=MAX_RECORD).contains(&length);
        if !sound {
            return None;
        }
        if kind == 22 && epoch == 0 {
            hint = hint.or(dtls_hint(octet(look.data, at + DTLS_HEADER)?));
        }
        at += DTLS_HEADER + usize::from(length);
    }
    let is_exact = at == look.data.len() || !look.is_whole;
    let hint = hint.unwrap_or(Hint::None);
    is_exact.then_some(Found::with(Service::Dtls, hint))
}

/// Who sends a message of that type.
const fn dtls_hint(message: u8) -> Option<Hint> {
    match message {
        1 => Some(Hint::SenderIsClient),
        2 | 3 => Some(Hint::ReceiverIsClient),
        _ => None,
    }
}

/// SSH identification (RFC 4253 4.2); both sides send one, so only the known port tells who is who.
pub(super) fn ssh(look: &Look<'_>) -> Option<Found> {
    let known = ["SSH-2.0-", "SSH-1.99-", "SSH-1.5-"]
        .iter()
        .any(|word| look.data.starts_with(word.as_bytes()));
    let hint = match (look.from_port == 22, look.to_port == 22) {
        (true, false) => Hint::ReceiverIsClient,
        (false, true) => Hint::SenderIsClient,
        _ => Hint::None,
    };
    known.then_some(Found::with(Service::Ssh, hint))
}
