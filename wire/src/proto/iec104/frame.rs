//! APCI framing and recognition of IEC 60870-5-104.
//!
//! Source: IEC 60870-5-104:2006 5.1 (start 68H, length, four control octets; I, S and U format).

use super::asdu::Asdu;
use crate::proto::dialogue::Cut;
use crate::proto::read;

const START: u8 = 0x68;
/// Length octet: four control octets up to 253 octets in all.
const LENGTHS: std::ops::RangeInclusive<u8> = 4..=253;
/// Registered port (IANA: iec-104).
pub(in crate::proto) const PORT: u16 = 2404;

/// Control field with what follows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Apci<'a> {
    /// Numbered information transfer.
    I { tx: u16, rx: u16, asdu: &'a [u8] },
    /// Supervisory.
    S { rx: u16 },
    /// Unnumbered: the first control octet.
    U { control: u8 },
}

/// Read the control field of a whole APDU.
pub(super) fn apci(apdu: &[u8]) -> Option<Apci<'_>> {
    let control = read::octet(apdu, 2)?;
    let (low, high) = (read::le16(apdu, 2)?, read::le16(apdu, 4)?);
    Some(match control & 3 {
        3 => Apci::U { control },
        1 => Apci::S { rx: high >> 1 },
        _ => Apci::I {
            tx: low >> 1,
            rx: high >> 1,
            asdu: apdu.get(6..)?,
        },
    })
}

/// Name of a U function: exactly one bit besides the format bits.
pub(super) const fn u_function(control: u8) -> Option<&'static str> {
    Some(match control {
        0x07 => "startdt_act",
        0x0b => "startdt_con",
        0x13 => "stopdt_act",
        0x23 => "stopdt_con",
        0x43 => "testfr_act",
        0x83 => "testfr_con",
        _ => return None,
    })
}

fn size(data: &[u8]) -> Option<usize> {
    let length = read::octet(data, 1)?;
    (read::octet(data, 0)? == START && LENGTHS.contains(&length)).then_some(2 + usize::from(length))
}

/// Find the next APDU; while `lost`, only one whose content is plausible counts.
pub(super) fn cut(data: &[u8], lost: bool) -> Cut {
    if read::octet(data, 0) != Some(START) {
        let skip = data.iter().position(|byte| *byte == START);
        return Cut::Bad(skip.unwrap_or(data.len()));
    }
    if data.len() < 2 {
        return Cut::Need;
    }
    let Some(size) = size(data) else {
        return Cut::Bad(1);
    };
    match data.get(..size) {
        None if lost && !may_begin(data) => Cut::Bad(1),
        None => Cut::Need,
        Some(apdu) if lost && !is_plausible(apdu) => Cut::Bad(1),
        Some(_) => Cut::Message(size),
    }
}

/// The control octets present so far do not contradict the length.
fn may_begin(data: &[u8]) -> bool {
    let Some(control) = read::octet(data, 2) else {
        return true;
    };
    let long = read::octet(data, 1).is_some_and(|length| length > 4);
    (control & 1 == 0) == long
}

fn is_plausible(apdu: &[u8]) -> bool {
    // The format bit of the third control octet is 0 in all formats; S and U have no other bits.
    if read::octet(apdu, 4).is_none_or(|octet| octet & 1 != 0) {
        return false;
    }
    match apci(apdu) {
        Some(Apci::I { asdu, .. }) => Asdu::parse(asdu).is_some_and(|asdu| asdu.is_plausible()),
        Some(Apci::S { .. }) => apdu.len() == 6 && apdu.get(2..4) == Some(&[1, 0]),
        Some(Apci::U { control }) => {
            apdu.len() == 6 && u_function(control).is_some() && apdu.get(3..6) == Some(&[0, 0, 0])
        }
        None => false,
    }
}

/// Count plausible APDUs at the start of a payload: `None` when something else stands between or after them. At port 2404
/// an I frame of any content is plausible: unknown types and wrong lengths are what attackers send there.
pub(in crate::proto) fn count(data: &[u8], at_port: bool) -> Option<usize> {
    let mut rest = data;
    let mut count = 0;
    while !rest.is_empty() {
        let Some(apdu) = size(rest).and_then(|size| rest.get(..size)) else {
            // An APDU cut off by the end of the segment.
            let begins = read::octet(rest, 0) == Some(START) && count > 0;
            return begins.then_some(count);
        };
        let is_information = matches!(apci(apdu), Some(Apci::I { asdu, .. }) if asdu.len() >= 6);
        let counts = is_plausible(apdu) || (at_port && is_information);
        if !counts {
            return None;
        }
        count += 1;
        rest = rest.get(apdu.len()..).unwrap_or(&[]);
    }
    Some(count)
}
