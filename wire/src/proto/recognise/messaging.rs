//! Signatures of protocols between machines: messages, topics, resources.

use super::{Found, Look};
use crate::proto::read::{be16, octet};
use crate::proto::service::Service;

/// AMQP (AMQP 0-9-1 4.2.2, AMQP 1.0 2.2): protocol header, or the server's Connection.Start.
pub(super) fn amqp(look: &Look<'_>) -> Option<Found> {
    if let Some(version) = look.data.strip_prefix(b"AMQP") {
        let known = matches!(
            version.get(..4)?,
            [0, 0, 9, 1] | [1, 1, 0 | 8 | 9, 9 | 10 | 1] | [0 | 2 | 3, 1, 0, 0]
        );
        return known.then_some(Found::sent(Service::Amqp, true));
    }
    let starts = look.data.starts_with(&[1, 0, 0]) && look.data.get(7..11)? == [0, 10, 0, 10];
    starts.then_some(Found::sent(Service::Amqp, false))
}

/// CoAP (RFC 7252 3): version 1, a code in use, options that follow one another to the end or to a payload; away from its ports
/// a second message must agree.
pub(super) fn coap(look: &Look<'_>) -> Option<Found> {
    let &[first, code, ..] = look.data else {
        return None;
    };
    let token = usize::from(first & 15);
    // Class and detail: empty, methods 1 to 7, success, client and server errors.
    let known =
        matches!(code, 0..=7 | 0x41..=0x45 | 0x5f | 0x80..=0x8f | 0x9d | 0xa0..=0xa5 | 0xe1..=0xe5);
    let empty_fits = code != 0 || look.data.len() == 4;
    if first >> 6 != 1
        || token > 8
        || !known
        || !empty_fits
        || !are_coap_options(look.data.get(4 + token..)?)
    {
        return None;
    }
    let at_port = look.at_port(5683) || look.at_port(5684);
    Some(if at_port {
        Found::sure(Service::Coap)
    } else {
        Found::weak(Service::Coap)
    })
}

/// Options with their deltas and lengths (RFC 7252 3.1); numbers stay below 2100 (RFC 7252 12.2: what is beyond is vendors').
fn are_coap_options(mut data: &[u8]) -> bool {
    let mut number = 0;
    while let Some((&head, rest)) = data.split_first() {
        if head == 0xff {
            return !rest.is_empty();
        }
        let Some((delta, rest)) = coap_number(head >> 4, rest) else {
            return false;
        };
        let Some((length, rest)) = coap_number(head & 15, rest) else {
            return false;
        };
        number += delta;
        match rest.get(length..) {
            Some(next) if number < 2100 => data = next,
            _ => return false,
        }
    }
    true
}

fn coap_number(nibble: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    match nibble {
        13 => Some((13 + usize::from(octet(rest, 0)?), rest.get(1..)?)),
        14 => Some((269 + usize::from(be16(rest, 0)?), rest.get(2..)?)),
        15 => None,
        _ => Some((usize::from(nibble), rest)),
    }
}

/// A CoAP answer carries the token of its request, or acknowledges its message id (RFC 7252 4.2, 5.3.1).
pub(super) fn coap_agrees(earlier: &[u8], later: &[u8], same_side: bool) -> bool {
    let token = |data: &[u8]| {
        let length = usize::from(octet(data, 0)? & 15);
        (length >= 2)
            .then(|| data.get(4..4 + length))
            .flatten()
            .map(<[u8]>::to_vec)
    };
    let same_token = token(earlier).is_some_and(|value| token(later) == Some(value));
    let acknowledges =
        matches!(octet(later, 0), Some(0x60..=0x7f)) && earlier.get(2..4) == later.get(2..4);
    !same_side && (same_token || acknowledges)
}

/// MQTT (MQTT 3.1.1 3): CONNECT with protocol name and level; CONNACK and PUBLISH at port 1883; other packets must agree.
pub(super) fn mqtt(look: &Look<'_>) -> Option<Found> {
    let &[kind, ..] = look.data else {
        return None;
    };
    // The remaining length takes one to four octets, the last without its top bit.
    let mut length = 0;
    let mut field = 0;
    for octet in look.data.iter().skip(1).take(4) {
        length |= usize::from(octet & 0x7f) << (7 * field);
        field += 1;
        if octet & 0x80 == 0 {
            break;
        }
    }
    let body = look.data.get(1 + field..)?;
    if kind == 0x10 {
        let name = [&b"\x00\x04MQTT"[..], b"\x00\x06MQIsdp"]
            .iter()
            .find_map(|name| body.strip_prefix(*name))?;
        return matches!(octet(name, 0)?, 3..=5).then_some(Found::sure(Service::Mqtt));
    }
    if length != body.len() {
        return None;
    }
    let at_port = look.at_port(1883);
    let known = match kind {
        // Acknowledgement of a connection: session flag and a code.
        0x20 => {
            return (look.from_port == 1883 && matches!(body, [0 | 1, 0..=5]))
                .then_some(Found::sure(Service::Mqtt));
        }
        // Publish, quality 0 to 2, a topic that can be read.
        0x30..=0x35 | 0x38..=0x3d => {
            let topic = body.get(2..2 + usize::from(be16(body, 0)?))?;
            let plain = !topic.is_empty() && topic.iter().all(|byte| (0x20..0x7f).contains(byte));
            if plain && at_port {
                return Some(Found::sure(Service::Mqtt));
            }
            plain
        }
        0x40 | 0x50 | 0x62 | 0x70 => length == 2,
        0xc0 | 0xd0 => length == 0,
        _ => false,
    };
    known.then_some(Found::weak(Service::Mqtt))
}

/// Ping and its answer, or a message that is published with its acknowledgement (MQTT 3.1.1 3.3.2.2, 3.4.2, 3.12, 3.13).
pub(super) fn mqtt_agrees(earlier: &[u8], later: &[u8], same_side: bool) -> bool {
    let id = |data: &[u8]| {
        let topic = usize::from(be16(data, 2)?);
        data.get(4 + topic..6 + topic).map(<[u8]>::to_vec)
    };
    let agrees = match (earlier, later) {
        ([0xc0, 0], [0xd0, 0]) => true,
        ([0x32..=0x35, size, ..], [0x40 | 0x50, 2, one, two]) => {
            *size < 0x80 && id(earlier) == Some(vec![*one, *two])
        }
        _ => false,
    };
    agrees && !same_side
}
