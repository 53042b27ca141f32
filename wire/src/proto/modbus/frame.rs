//! MBAP framing and recognition of Modbus/TCP.
//!
//! Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (MBAP header: transaction, protocol 0, length, unit).

use super::functions::{EXCEPTION, Shape, is_known, shape};
use crate::proto::dialogue::Cut;
use crate::proto::read;

/// Header before the PDU, bytes.
const MBAP: usize = 7;
/// Bounds of the length field: unit and function; unit and the largest PDU (253).
const LENGTHS: std::ops::RangeInclusive<u16> = 2..=254;
/// Registered port (IANA: mbap).
pub(in crate::proto) const PORT: u16 = 502;

/// One frame.
#[derive(Clone, Copy, Debug)]
pub(in crate::proto) struct Frame<'a> {
    /// Transaction.
    pub(super) tid: u16,
    /// Unit.
    pub(super) unit: u8,
    /// PDU, function code first; never empty.
    pub(super) pdu: &'a [u8],
    /// Function code as sent.
    pub(super) func: u8,
}

/// Read the frame that fills `data` from its start.
pub(super) fn frame(data: &[u8]) -> Option<Frame<'_>> {
    let pdu = data.get(MBAP..size(data)?)?;
    Some(Frame {
        tid: read::be16(data, 0)?,
        unit: read::octet(data, 6)?,
        pdu,
        func: read::octet(pdu, 0)?,
    })
}

/// Length of the frame at the start, when header and length field make sense.
fn size(data: &[u8]) -> Option<usize> {
    let length = read::be16(data, 4)?;
    let sound = read::be16(data, 2)? == 0 && LENGTHS.contains(&length);
    sound.then_some(6 + usize::from(length))
}

/// Find the next frame; while `lost`, only a frame whose PDU is sound counts as one.
pub(super) fn cut(data: &[u8], lost: bool) -> Cut {
    if data.len() < 6 {
        let sound = data.iter().skip(2).take(2).all(|byte| *byte == 0);
        return if sound { Cut::Need } else { Cut::Bad(1) };
    }
    let Some(size) = size(data) else {
        return Cut::Bad(1);
    };
    let known = read::octet(data, MBAP).is_none_or(|func| is_known(func & !EXCEPTION));
    if lost && !known {
        return Cut::Bad(1);
    }
    if data.len() < size {
        return Cut::Need;
    }
    if lost && frame(data).is_none_or(|frame| shape(frame.pdu) == Shape::Broken) {
        return Cut::Bad(1);
    }
    Cut::Message(size)
}

/// How sure a payload is Modbus/TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proto) enum Likeness {
    /// It is not.
    No,
    /// One message that fits: enough at port 502.
    One,
    /// Two or more messages that fit one another: enough anywhere.
    Sure,
}

/// Judge a payload that begins with a message. At port 502 a PDU of the wrong length is Modbus all the same: malformed
/// requests are what attackers send there.
pub(in crate::proto) fn likeness(data: &[u8], at_port: bool) -> Likeness {
    let mut rest = data;
    let mut first: Option<Frame<'_>> = None;
    let mut count = 0;
    while !rest.is_empty() {
        let Some(size) = size(rest) else {
            // A header cut off by the end of the segment proves nothing against the frames before it.
            return if count > 0 && rest.len() < 6 {
                grade(count)
            } else {
                Likeness::No
            };
        };
        let Some(frame) = frame(rest.get(..size).unwrap_or(&[])) else {
            return grade(count);
        };
        let sound = is_sound(&frame) || (at_port && is_known(frame.func & !EXCEPTION));
        if !sound || first.is_some_and(|first| first.unit != frame.unit) {
            return Likeness::No;
        }
        first.get_or_insert(frame);
        count += 1;
        rest = rest.get(size..).unwrap_or(&[]);
    }
    grade(count)
}

fn grade(count: usize) -> Likeness {
    match count {
        0 => Likeness::No,
        1 => Likeness::One,
        _ => Likeness::Sure,
    }
}

fn is_sound(frame: &Frame<'_>) -> bool {
    is_known(frame.func & !EXCEPTION) && shape(frame.pdu) != Shape::Broken
}

/// Two payloads of one flow support each other: same unit, and either request and response of one transaction or two
/// messages of one side that may both be requests or both be responses.
pub(in crate::proto) fn agree(one: &[u8], other: &[u8], same_side: bool) -> bool {
    let (Some(a), Some(b)) = (whole(one), whole(other)) else {
        return false;
    };
    if a.unit != b.unit || !is_sound(&a) || !is_sound(&b) {
        return false;
    }
    let (a_asks, b_asks) = (asks(&a), asks(&b));
    if same_side {
        a.tid != b.tid && (a_asks == b_asks || a_asks.is_none() || b_asks.is_none())
    } else {
        let same = a.tid == b.tid && a.func & !EXCEPTION == b.func & !EXCEPTION;
        same && (a_asks != b_asks || a_asks.is_none())
    }
}

fn whole(data: &[u8]) -> Option<Frame<'_>> {
    frame(data.get(..size(data)?)?)
}

fn asks(frame: &Frame<'_>) -> Option<bool> {
    match shape(frame.pdu) {
        Shape::Request => Some(true),
        Shape::Response | Shape::Exception => Some(false),
        Shape::Either | Shape::Broken => None,
    }
}
