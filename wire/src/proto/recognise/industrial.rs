//! Signatures of industrial protocols. None but Modbus/TCP says who the client is here: IEC 104 roles come from its parser.

use super::{Found, Look, Strength};
use crate::proto::service::Service;
use crate::proto::{Hint, iec104, modbus, read};

/// Modbus/TCP: one sound message at port 502, two that agree elsewhere.
pub(super) fn modbus(look: &Look<'_>) -> Option<Found> {
    let at_port = look.at_port(modbus::PORT);
    match modbus::likeness(look.data, at_port) {
        modbus::Likeness::No => None,
        modbus::Likeness::One if !at_port => Some(Found::weak(Service::Modbus)),
        modbus::Likeness::One | modbus::Likeness::Sure => Some(Found::sure(Service::Modbus)),
    }
}

/// IEC 60870-5-104: one plausible APDU at port 2404, two elsewhere.
pub(super) fn iec104(look: &Look<'_>) -> Option<Found> {
    let at_port = look.at_port(iec104::PORT);
    match iec104::count(look.data, at_port)? {
        0 => None,
        1 if !at_port => Some(Found::weak(Service::Iec104)),
        _ => Some(Found::sure(Service::Iec104)),
    }
}

/// DNP3 link header with its checksum (IEEE 1815-2012 9.2.4.1: start 0564H, CRC over the first eight octets).
pub(super) fn dnp3(look: &Look<'_>) -> Option<Found> {
    let header = look.data.get(..8)?;
    let sound = header.starts_with(&[0x05, 0x64]) && read::octet(header, 2)? >= 5;
    (sound && dnp3_crc(header) == read::le16(look.data, 8)?).then_some(Found::sure(Service::Dnp3))
}

/// CRC of IEEE 1815-2012 annex E: polynomial 3D65H reflected (A6BCH), start 0, complemented.
fn dnp3_crc(data: &[u8]) -> u16 {
    let crc = data.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            if crc & 1 == 0 {
                crc >> 1
            } else {
                crc >> 1 ^ 0xa6bc
            }
        })
    });
    !crc
}

/// What rides on ISO transport over TCP (RFC 1006 TPKT, ISO 8073 data TPDU): S7comm, S7comm-plus, or MMS over ISO session.
pub(super) fn iso_transport(look: &Look<'_>) -> Option<Found> {
    let length = usize::from(read::be16(look.data, 2)?);
    // Version 3, reserved 0; data TPDU of two octets with end-of-message bit.
    if !look.data.starts_with(&[3, 0]) || length < 8 || look.data.get(4..7)? != [2, 0xf0, 0x80] {
        return None;
    }
    let body = look.data.get(7..)?;
    let service = match body {
        // Protocol 32H; job, acknowledge, acknowledge-data, user data (Wireshark packet-s7comm); reserved 0.
        [0x32, 1 | 2 | 3 | 7, 0, 0, ..] => Service::S7comm,
        // Protocol 72H with version 1 to 3 or the keep-alive FFH.
        [0x72, 1..=3 | 0xff, ..] => Service::S7commPlus,
        _ if is_mms(body) => Service::Mms,
        _ => return None,
    };
    Some(Found::sure(service))
}

/// ISO session CONNECT/ACCEPT that names the MMS context, or data with an MMS presentation unit (ISO 8327-1, ISO 8823-1).
fn is_mms(body: &[u8]) -> bool {
    match body {
        // Object identifier 1.0.9506.2.1 of the MMS abstract syntax (ISO 9506-2).
        [0x0d | 0x0e, _, ..] => read::contains_word(body, &[0x28, 0xca, 0x22, 0x02, 0x01]),
        // Give-tokens and data SPDU, fully encoded user data, presentation context 3 (MMS in practice).
        [1, 0, 1, 0, 0x61, ..] => {
            read::contains_word(body.get(..24).unwrap_or(body), &[0x02, 0x01, 0x03, 0xa0])
        }
        _ => false,
    }
}

/// EtherNet/IP encapsulation header (CIP volume 2, 2-3): known command, exact length, known status, no options.
pub(super) fn enip(look: &Look<'_>) -> Option<Found> {
    let command = read::le16(look.data, 0)?;
    let length = usize::from(read::le16(look.data, 2)?);
    let known = matches!(command, 4 | 0x63..=0x66 | 0x6f | 0x70);
    let status = read::le32(look.data, 8)?;
    let options = read::le32(look.data, 20)?;
    let sound = known && options == 0 && matches!(status, 0..=3 | 0x64 | 0x65 | 0x69);
    (sound && length + 24 == look.data.len()).then_some(Found::sure(Service::Enip))
}

/// BACnet/IP (ASHRAE 135 annex J): BVLC type 81H, known function, exact length, and an NPDU of version 1 where one follows.
pub(super) fn bacnet(look: &Look<'_>) -> Option<Found> {
    let &[0x81, function @ 0..=0x0c, ..] = look.data else {
        return None;
    };
    let exact = usize::from(read::be16(look.data, 2)?) == look.data.len();
    let version_at = match function {
        4 => Some(10),
        9..=11 => Some(4),
        _ => None,
    };
    let sound = version_at.is_none_or(|at| read::octet(look.data, at) == Some(1));
    let certain = version_at.is_some() || look.at_port(47808);
    (exact && sound && certain).then_some(Found {
        service: Some(Service::Bacnet),
        hint: Hint::None,
        strength: Strength::Sure,
    })
}

/// OPC UA over TCP (OPC 10000-6, 7.1.2): hello, reverse hello, acknowledgement, error, or an opened channel, with exact length.
pub(super) fn opcua(look: &Look<'_>) -> Option<Found> {
    let kind = look.data.get(..4)?;
    if read::le32(look.data, 4)? as usize != look.data.len() {
        return None;
    }
    match kind {
        b"HELF" => Some(Found::sent(Service::Opcua, true)),
        b"ACKF" | b"RHEF" => Some(Found::sent(Service::Opcua, false)),
        b"ERRF" | b"OPNF" => Some(Found::sure(Service::Opcua)),
        _ => None,
    }
}
