//! One ASDU: data unit identifier and information objects.
//!
//! Source: IEC 60870-5-101:2003 7.2.1 to 7.2.6, with the address sizes fixed by IEC 60870-5-104:2006 chapter 7: cause 2
//! octets, common address 2, object address 3.

use super::types::{self, Element, Layout, Qualifier};
use crate::proto::escape::join;
use crate::proto::read;

/// Octets before the first object: type, structure qualifier, cause, originator, common address.
const HEAD: usize = 6;
const ADDRESS: usize = 3;

/// Data unit identifier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asdu<'a> {
    /// Type.
    pub(super) type_id: u8,
    /// Objects have consecutive addresses, only the first is sent.
    pub(super) is_sequence: bool,
    /// Number of objects.
    pub(super) count: u8,
    /// Cause of transmission.
    pub(super) cause: u8,
    /// P/N bit.
    pub(super) is_negative: bool,
    /// Test bit.
    pub(super) is_test: bool,
    /// Originator address.
    pub(super) originator: u8,
    /// Common address.
    pub(super) common_address: u16,
    objects: &'a [u8],
}

/// One information object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// Information object address.
    pub(super) address: u32,
    /// Value, where the type has one.
    pub(super) value: Option<f64>,
    /// Value as text: differs from `value` for times.
    pub(super) text: String,
    /// Qualifier; 128 is the select bit of commands.
    pub(super) qualifier: Option<u8>,
}

/// Objects of an ASDU and whether they filled it exactly.
pub(super) struct Objects {
    /// Those that could be read, in order.
    pub(super) list: Vec<Object>,
    /// Lengths agreed.
    pub(super) is_sound: bool,
}

impl<'a> Asdu<'a> {
    /// Read the identifier.
    pub(super) fn parse(data: &'a [u8]) -> Option<Self> {
        let structure = read::octet(data, 1)?;
        let cause = read::octet(data, 2)?;
        Some(Self {
            type_id: read::octet(data, 0)?,
            is_sequence: structure & 0x80 != 0,
            count: structure & 0x7f,
            cause: cause & 0x3f,
            is_negative: cause & 0x40 != 0,
            is_test: cause & 0x80 != 0,
            originator: read::octet(data, 3)?,
            common_address: read::le16(data, 4)?,
            objects: data.get(HEAD..)?,
        })
    }

    /// The lengths fit the type: a strict test for recognition.
    pub(super) fn is_plausible(&self) -> bool {
        types::of(self.type_id).is_some_and(|layout| self.fits(&layout))
            && (1..=47).contains(&self.cause)
    }

    fn fits(&self, layout: &Layout) -> bool {
        let count = usize::from(self.count);
        if self.type_id == 125 {
            return count == 1 && self.objects.len() > ADDRESS + 4;
        }
        let needed = if self.is_sequence {
            ADDRESS + count * layout.length
        } else {
            count * (ADDRESS + layout.length)
        };
        count > 0 && self.objects.len() == needed
    }

    /// Read the objects; those of an unknown type have an address only, and only the first is known.
    pub(super) fn objects(&self) -> Objects {
        let Some(layout) = types::of(self.type_id) else {
            let first = read::le24(self.objects, 0).map(|address| Object {
                address,
                value: None,
                text: String::new(),
                qualifier: None,
            });
            return Objects {
                list: first.into_iter().collect(),
                is_sound: false,
            };
        };
        let mut list = Vec::with_capacity(usize::from(self.count));
        for index in 0..usize::from(self.count) {
            let Some(object) = self.object(&layout, index) else {
                break;
            };
            list.push(object);
        }
        Objects {
            is_sound: self.fits(&layout),
            list,
        }
    }

    fn object(&self, layout: &Layout, index: usize) -> Option<Object> {
        let (at, address) = if self.is_sequence {
            // Only the first has its address in the message: one that has no octet either is not there at all.
            let is_there =
                layout.length > 0 && self.objects.len() > ADDRESS + index * layout.length;
            if index > 0 && !is_there {
                return None;
            }
            let first = read::le24(self.objects, 0)?;
            let step = u32::try_from(index).ok()?;
            (
                ADDRESS + index * layout.length,
                first.wrapping_add(step) & 0x00ff_ffff,
            )
        } else {
            let at = index * (ADDRESS + layout.length);
            (at + ADDRESS, read::le24(self.objects, at)?)
        };
        let element = if layout.length == 0 {
            self.objects.get(at..).unwrap_or(&[])
        } else {
            self.objects.get(at..at + layout.length).unwrap_or(&[])
        };
        let value = value(layout.element, element);
        let text = if layout.element == Element::Time {
            time_text(element).unwrap_or_default()
        } else {
            join(value.iter())
        };
        Some(Object {
            address,
            value,
            text,
            qualifier: qualifier(layout.qualifier, element),
        })
    }
}

fn value(element: Element, data: &[u8]) -> Option<f64> {
    let first = read::octet(data, 0)?;
    let word = || read::le16(data, 0);
    let long = || read::le32(data, 0);
    Some(match element {
        Element::Single => f64::from(first & 1),
        Element::Double => f64::from(first & 3),
        // Seven bits, two's complement; bit 7 says that the equipment is moving.
        Element::Step => f64::from(i8::from_ne_bytes([first << 1]) >> 1),
        Element::Bits => f64::from(long()?),
        Element::Normalised => f64::from(read::signed16(word()?)) / 32768.0,
        Element::Scaled => f64::from(read::signed16(word()?)),
        Element::Float => f64::from(f32::from_bits(long()?)),
        Element::Counter => f64::from(read::signed32(long()?)),
        Element::Status | Element::Word => f64::from(word()?),
        Element::Octet => f64::from(first),
        Element::Time | Element::Nothing => return None,
    })
}

fn qualifier(place: Qualifier, data: &[u8]) -> Option<u8> {
    match place {
        Qualifier::Absent => None,
        Qualifier::Command => read::octet(data, 0).map(|octet| octet & 0x80 | octet >> 2 & 0x1f),
        Qualifier::At(at) => read::octet(data, at),
    }
}

/// CP56Time2a as ISO 8601 without zone: the standard leaves the zone to the site.
fn time_text(data: &[u8]) -> Option<String> {
    let millis = read::le16(data, 0)?;
    let (minute, hour) = (read::octet(data, 2)? & 0x3f, read::octet(data, 3)? & 0x1f);
    let (day, month) = (read::octet(data, 4)? & 0x1f, read::octet(data, 5)? & 0x0f);
    let year = 2000 + u16::from(read::octet(data, 6)? & 0x7f);
    let (second, millis) = (millis / 1000, millis % 1000);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}"
    ))
}
