//! Signatures of name services: DNS and its relatives.

use super::{Found, Look};
use crate::proto::Hint;
use crate::proto::read::{be16, octet};
use crate::proto::service::Service;

/// Fixed header (RFC 1035 4.1.1).
const HEADER: usize = 12;
/// Records per section beyond which a message is not believed: a 64 KiB message holds no more.
const MAX_RECORDS: u16 = 4096;

/// What a DNS header says.
struct Header {
    is_response: bool,
    opcode: u8,
    questions: u16,
    answers: u16,
    authorities: u16,
    additional: u16,
}

fn header(data: &[u8]) -> Option<Header> {
    let flags = be16(data, 2)?;
    let header = Header {
        is_response: flags & 0x8000 != 0,
        opcode: u8::try_from(flags >> 11 & 15).ok()?,
        questions: be16(data, 4)?,
        answers: be16(data, 6)?,
        authorities: be16(data, 8)?,
        additional: be16(data, 10)?,
    };
    let bounded = [header.answers, header.authorities, header.additional]
        .iter()
        .all(|count| *count <= MAX_RECORDS);
    bounded.then_some(header)
}

/// DNS over UDP, over TCP with its length (RFC 1035 4.2.2), multicast (RFC 6762) and link-local (RFC 4795).
pub(super) fn dns(look: &Look<'_>) -> Option<Found> {
    if look.at_port(137) {
        return None;
    }
    let message = if look.is_stream {
        let length = usize::from(be16(look.data, 0)?);
        let rest = look.data.get(2..)?;
        if length < HEADER + 5 || rest.len() > length && !look.at_port(53) {
            return None;
        }
        rest
    } else {
        look.data
    };
    let header = header(message)?;
    if !is_message(message, &header, look) {
        return None;
    }
    let sent = |service| Found::sent(service, !header.is_response);
    Some(if look.at_port(5353) {
        // Responder and querier are peers here.
        Found::with(Service::Mdns, Hint::None)
    } else if look.at_port(5355) {
        sent(Service::Llmnr)
    } else {
        sent(Service::Dns)
    })
}

fn is_message(data: &[u8], header: &Header, look: &Look<'_>) -> bool {
    let flags = be16(data, 2).unwrap_or(0);
    let known_opcode = matches!(header.opcode, 0..=2 | 4..=6);
    let multicast = look.at_port(5353);
    let z_bit = flags & 0x40 != 0 && !look.at_port(5355);
    let query_shape = header.is_response
        || multicast
        || header.opcode == 5
        || (header.answers <= 1
            && header.authorities <= 1
            && header.additional <= 2
            && flags.trailing_zeros() >= 4);
    if !known_opcode || z_bit || !query_shape {
        return false;
    }
    match header.questions {
        // A response may omit the question; then only the port tells.
        0 => {
            header.is_response
                && (look.at_port(53) || multicast)
                && header.answers + header.additional > 0
        }
        1 => is_question(data, HEADER, look.at_port(53)),
        2..=64 => multicast && is_question(data, HEADER, false),
        _ => false,
    }
}

/// A name, a type in use and a class (RFC 1035 4.1.2; top bit: RFC 6762 5.4). Labels may hold any octet (RFC 2181 11), but
/// control characters are believed at port 53 only.
fn is_question(data: &[u8], start: usize, any_octet: bool) -> bool {
    let mut at = start;
    while let Some(length) = octet(data, at) {
        if length == 0 {
            let kind = be16(data, at + 1);
            let class = be16(data, at + 3).map(|class| class & 0x7fff);
            // Types 1 … 65 and 99 … 110, 249 … 261, and the two DNSSEC look-aside types are assigned (IANA).
            let kind_known = matches!(
                kind,
                Some(1..=65 | 99..=110 | 128 | 249..=261 | 32768 | 32769)
            );
            return kind_known && matches!(class, Some(1 | 3 | 4 | 254 | 255));
        }
        let end = at + 1 + usize::from(length);
        let label = data.get(at + 1..end);
        let plain = label.is_some_and(|label| any_octet || label.iter().all(|byte| *byte >= 0x20));
        // Labels hold at most 63 octets, names 255 (RFC 1035 2.3.4).
        if length > 63 || end - start > 255 || !plain {
            return false;
        }
        at = end;
    }
    false
}

/// NetBIOS name service (RFC 1002 4.2): port 137, an encoded name of 32 letters A to P.
pub(super) fn netbios(look: &Look<'_>) -> Option<Found> {
    if !look.at_port(137) {
        return None;
    }
    let header = header(look.data)?;
    let name = look.data.get(HEADER + 1..HEADER + 33)?;
    let encoded =
        octet(look.data, HEADER)? == 32 && name.iter().all(|byte| (b'A'..=b'P').contains(byte));
    let known_opcode = matches!(header.opcode, 0 | 5..=9 | 15);
    (encoded && known_opcode && header.questions <= 1)
        .then_some(Found::sent(Service::NetbiosNs, !header.is_response))
}

/// NetBIOS datagram service (RFC 1002 4.4): port 138, a message type, the length, and an encoded name behind the header.
pub(super) fn netbios_dgm(look: &Look<'_>) -> Option<Found> {
    let name = look.data.get(15..47)?;
    let length = usize::from(be16(look.data, 10)?);
    let encoded =
        octet(look.data, 14)? == 32 && name.iter().all(|byte| (b'A'..=b'P').contains(byte));
    let known = look.at_port(138) && matches!(octet(look.data, 0)?, 0x10..=0x12);
    (known && encoded && length + 14 == look.data.len()).then_some(Found::sure(Service::NetbiosDgm))
}
