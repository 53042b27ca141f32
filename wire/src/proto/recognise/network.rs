//! Signatures of network services: time, addresses, management, logging, access.

use super::{Found, Look};
use crate::proto::read::{be16, ber_length, octet};
use crate::proto::service::Service;
use crate::proto::{Hint, dhcp as dhcp_messages, dhcpv6 as dhcpv6_messages};

/// NTP (RFC 5905 7.3; control messages RFC 9327; private mode of ntpd): port 123, version 1 to 4, a mode, and fields that fit it. Only
/// modes 3 and 4 are a client and its server.
pub(super) fn ntp(look: &Look<'_>) -> Option<Found> {
    let &[first, second, third, fourth, ..] = look.data else {
        return None;
    };
    let (version, mode) = (first >> 3 & 7, first & 7);
    if !look.at_port(123) || !(1..=4).contains(&version) {
        return None;
    }
    let length = look.data.len();
    let fits = match mode {
        // Header, then extension fields or a MAC in words of four octets; strata above 16 are reserved; poll exponents run
        // to 17; precision is a negative exponent of two, or 32 from clients that hide theirs.
        1..=5 => {
            let clock =
                matches!(third, 0..=17 | 0xf8..=0xff) && matches!(fourth, 0 | 32 | 0xd0..=0xff);
            length >= 48 && length.is_multiple_of(4) && second <= 16 && clock
        }
        6 => {
            let count = usize::from(be16(look.data, 10)?);
            matches!(second & 0x1f, 1..=10 | 12 | 31)
                && 12 + count <= length
                && length <= 12 + count + 28
        }
        // Implementation number 0 (any), 2 or 3 (ntpd).
        7 => length >= 8 && length.is_multiple_of(4) && matches!(third, 0 | 2 | 3),
        _ => false,
    };
    let hint = match mode {
        3 => Hint::SenderIsClient,
        4 => Hint::ReceiverIsClient,
        _ => Hint::None,
    };
    fits.then_some(Found::with(Service::Ntp, hint))
}

/// DHCPv4 and BOOTP by the magic cookie.
pub(super) fn dhcp(look: &Look<'_>) -> Option<Found> {
    let hint = dhcp_messages::recognise(look.data)?;
    Some(Found::with(Service::Dhcp, hint))
}

/// DHCPv6 at its ports by type and exact options.
pub(super) fn dhcpv6(look: &Look<'_>) -> Option<Found> {
    if !dhcpv6_messages::PORTS.contains(&look.to_port) {
        return None;
    }
    let hint = dhcpv6_messages::recognise(look.data, look.is_whole)?;
    Some(Found::with(Service::Dhcpv6, hint))
}

/// SNMP (RFC 1901, RFC 3416, RFC 3412): sequence, version, community and PDU, or the v3 header.
pub(super) fn snmp(look: &Look<'_>) -> Option<Found> {
    let (field, content) = ber_length(look.data, 1)?;
    let body = look.data.get(1 + field..)?;
    if octet(look.data, 0)? != 0x30
        || !look.may_hold(1 + field + content)
        || body.get(..2)? != [2, 1]
    {
        return None;
    }
    let is_pdu = match octet(body, 2)? {
        0 | 1 => {
            let length = usize::from(octet(body, 4)?);
            let pdu = octet(body, 5 + length)?;
            octet(body, 3)? == 4 && length < 128 && (0xa0..=0xa8).contains(&pdu)
        }
        // Header data: message id, largest size, flags of one octet.
        3 => octet(body, 3)? == 0x30 && octet(body, 5)? == 2,
        _ => false,
    };
    is_pdu.then_some(Found::sure(Service::Snmp))
}

/// RADIUS (RFC 2865 3, RFC 5176): a code in use, exact length, attributes that add up.
pub(super) fn radius(look: &Look<'_>) -> Option<Found> {
    let code = octet(look.data, 0)?;
    let length = usize::from(be16(look.data, 2)?);
    let known_port = [1812, 1813, 1645, 1646, 3799]
        .iter()
        .any(|port| look.at_port(*port));
    if !matches!(code, 1..=5 | 11..=13 | 40..=45) || length != look.data.len() {
        return None;
    }
    let mut rest = look.data.get(20..)?;
    let mut attributes = 0;
    while let &[kind, size, ..] = rest {
        if kind == 0 || size < 2 {
            return None;
        }
        rest = rest.get(usize::from(size)..)?;
        attributes += 1;
    }
    (rest.is_empty() && (known_port || attributes > 1)).then_some(Found::sure(Service::Radius))
}

const MONTHS: [&[u8]; 12] = [
    b"Jan ", b"Feb ", b"Mar ", b"Apr ", b"May ", b"Jun ", b"Jul ", b"Aug ", b"Sep ", b"Oct ",
    b"Nov ", b"Dec ",
];

/// Syslog (RFC 3164, RFC 5424): priority 0 to 191 in angle brackets; away from its ports also a version or a month.
pub(super) fn syslog(look: &Look<'_>) -> Option<Found> {
    let head = look.data.get(..look.data.len().min(6))?;
    let end = head.iter().position(|byte| *byte == b'>')?;
    let digits = look.data.get(1..end)?;
    let is_number =
        octet(look.data, 0)? == b'<' && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let priority = digits
        .iter()
        .fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit & 15));
    let text = look.data.get(end + 1..)?;
    let plain = text.len() >= 4 && text.iter().take(16).all(|byte| (0x20..0x7f).contains(byte));
    if !is_number || priority > 191 || !plain {
        return None;
    }
    let dated = text.starts_with(b"1 ") || MONTHS.iter().any(|month| text.starts_with(month));
    let known_port = look.to_port == 514 || look.to_port == 601;
    (dated || known_port).then_some(Found::with(Service::Syslog, Hint::None))
}
