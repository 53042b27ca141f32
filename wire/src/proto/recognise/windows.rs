//! Signatures of Windows networks: SMB, remote calls, RDP, LDAP, Kerberos.

use super::{Found, Look};
use crate::proto::ber::{Extent, extent};
use crate::proto::dcerpc;
use crate::proto::read::{be16, be32, ber_length, contains_word, octet};
use crate::proto::service::Service;

/// SMB over NetBIOS session or direct TCP ([MS-SMB] 2.2.3.1, [MS-SMB2] 2.2.1): the header says request or response.
pub(super) fn smb(look: &Look<'_>) -> Option<Found> {
    if octet(look.data, 0)? != 0 {
        return session_request(look.data);
    }
    let header = look.data.get(4..)?;
    let is_response = match header.get(..4)? {
        b"\xffSMB" => octet(header, 9)? & 0x80 != 0,
        b"\xfeSMB" if header.get(4..6)? == [64, 0] => octet(header, 16)? & 1 != 0,
        // Encrypted and compressed messages hide their direction.
        b"\xfdSMB" | b"\xfcSMB" => return Some(Found::sure(Service::Smb)),
        _ => return None,
    };
    Some(Found::sent(Service::Smb, !is_response))
}

/// NetBIOS session request (RFC 1002 4.3.2): two names of 32 letters, without a scope.
fn session_request(data: &[u8]) -> Option<Found> {
    let is_name = |at: usize| {
        let letters = data.get(at + 1..at + 33)?;
        let framed = octet(data, at)? == 32 && octet(data, at + 33)? == 0;
        (framed && letters.iter().all(|letter| (b'A'..=b'P').contains(letter))).then_some(())
    };
    let head = data.starts_with(&[0x81, 0, 0, 68]);
    (head && is_name(4).is_some() && is_name(38).is_some())
        .then_some(Found::sent(Service::Smb, true))
}

/// Remote procedure call over TCP (C706 12.6): version 5, a kind of unit, little-endian numbers, a length that holds the header.
pub(super) fn dcerpc(look: &Look<'_>) -> Option<Found> {
    let from_client = dcerpc::likeness(look.data)?;
    Some(Found::sent(Service::DceRpc, from_client))
}

/// RDP connection request or confirm ([MS-RDPBCGR] 2.2.1.1, 2.2.1.2): TPKT and X.224 with a cookie, a negotiation, or port 3389.
pub(super) fn rdp(look: &Look<'_>) -> Option<Found> {
    let length = usize::from(be16(look.data, 2)?);
    if !look.data.starts_with(&[3, 0]) || length < 11 || length != look.data.len() {
        return None;
    }
    let indicator = usize::from(octet(look.data, 4)?);
    let code = octet(look.data, 5)?;
    // Connection request E0H or confirm D0H that fills the packet; class 0.
    if indicator + 5 != length || !matches!(code, 0xe0 | 0xd0) || octet(look.data, 10)? != 0 {
        return None;
    }
    let rest = look.data.get(11..)?;
    let cookie = contains_word(rest, b"Cookie: mst");
    let negotiation = matches!(
        rest.get(rest.len().saturating_sub(8)..)?,
        [1..=3, _, 8, 0, ..]
    );
    (cookie || negotiation || look.at_port(3389)).then_some(Found::sure(Service::Rdp))
}

/// LDAP message (RFC 4511 4.1.1): sequence, message id, operation with a length that fits into the message.
pub(super) fn ldap(look: &Look<'_>) -> Option<Found> {
    if octet(look.data, 0)? != 0x30 {
        return None;
    }
    let (field, content) = ber_length(look.data, 1)?;
    let body = look.data.get(1 + field..)?;
    let id = usize::from(octet(body, 1)?);
    if octet(body, 0)? != 2 || !(1..=4).contains(&id) || !look.may_hold(1 + field + content) {
        return None;
    }
    let operation = octet(body, 2 + id)?;
    let (op_field, op_content) = ber_length(body, 3 + id)?;
    let known = matches!(operation, 0x60 | 0x61 | 0x42 | 0x63..=0x69 | 0x6b..=0x6f | 0x73 | 0x4a | 0x50 | 0x77..=0x79);
    // Controls (context tag 0) may follow the operation.
    let used = 3 + id + op_field + op_content;
    let fits = used == content || (used < content && body.get(used).is_none_or(|tag| *tag == 0xa0));
    // Bind carries version 2 or 3; a long operation is believed from its fields, a short one from the port too.
    let bind = operation != 0x60
        || body
            .get(3 + id + op_field..6 + id + op_field)
            .is_none_or(|v| matches!(v, [2, 1, 2 | 3]));
    let certain = operation == 0x60
        || look.at_port(389)
        || look.at_port(3268)
        || matches!(operation, 0x63 | 0x64);
    (known && fits && bind && certain).then_some(Found::sure(Service::Ldap))
}

/// Kerberos (RFC 4120 5.4 to 5.9; TCP length 7.2.2): application tag, sequence, protocol version 5.
pub(super) fn kerberos(look: &Look<'_>) -> Option<Found> {
    let message = if look.is_stream {
        let length = be32(look.data, 0)?;
        let rest = look.data.get(4..)?;
        // Requests may be pipelined: the length field and that of the message must say the same.
        if length > 0x10_0000 || extent(rest) != Extent::Bytes(length as usize) {
            return None;
        }
        rest
    } else {
        look.data
    };
    let tag = octet(message, 0)?;
    let (field, content) = ber_length(message, 1)?;
    let body = message.get(1 + field..)?;
    let (inner, _) = ber_length(body, 1)?;
    let version = body.get(1 + inner..6 + inner)?;
    let fits = look.is_stream || look.may_hold(1 + field + content);
    let sound = octet(body, 0)? == 0x30
        && match tag {
            // AS-REQ and TGS-REQ number the version as field 1, all others as field 0.
            0x6a | 0x6c => version == [0xa1, 3, 2, 1, 5],
            0x6b | 0x6d..=0x6f | 0x74..=0x76 | 0x7e => version == [0xa0, 3, 2, 1, 5],
            _ => false,
        };
    (sound && fits).then_some(Found::sure(Service::Kerberos))
}

/// RDP over UDP ([MS-RDPEUDP] 2.2.2.1, 3.1.5.1.1): the first packet acknowledges nothing, has SYN set and is padded to 1232
/// octets; the answer is as long and has SYN and ACK set.
pub(super) fn rdp_udp(look: &Look<'_>) -> Option<Found> {
    if look.data.len() != 1232 {
        return None;
    }
    let flags = be16(look.data, 6)?;
    let asks = be32(look.data, 0)? == u32::MAX && flags & 5 == 1;
    let answers = look.from_port == 3389 && flags & 5 == 5;
    if asks || answers {
        return Some(Found::sent(Service::Rdp, asks));
    }
    None
}
