//! Interface description blocks of pcapng: link type, snap length, clock, name.
//!
//! Source: draft-ietf-opsawg-pcapng section 4.2.

use super::Interface;
use super::clock::{Resolution, add_seconds};
use super::limits::MAX_NAME;
use super::linktype::link_type;
use super::order::Order;
use crate::packet::LinkType;

const OPTION_END: u16 = 0;
const OPTION_NAME: u16 = 2;
const OPTION_TSRESOL: u16 = 9;
const OPTION_TSOFFSET: u16 = 14;

/// What is needed of an interface to describe its frames.
#[derive(Clone, Copy)]
pub(super) struct Port {
    /// Link type of the frames.
    pub(super) link: LinkType,
    /// Most bytes captured of a frame; 0 = no limit.
    pub(super) snaplen: u32,
    resolution: Resolution,
    offset_s: i64,
}

impl Port {
    /// Read the body of an interface description block; `None` when it is too short.
    pub(super) fn read(order: Order, body: &[u8]) -> Option<(Self, Interface)> {
        let head = body.first_chunk::<8>()?;
        let number = u32::from(order.u16([head[0], head[1]]));
        let mut port = Self {
            link: link_type(number),
            snaplen: order.u32([head[4], head[5], head[6], head[7]]),
            resolution: Resolution::MICRO,
            offset_s: 0,
        };
        let mut interface = Interface { number, name: None };
        let mut rest = body.get(8..)?;
        while let Some(option) = rest.first_chunk::<4>() {
            let code = order.u16([option[0], option[1]]);
            let length = usize::from(order.u16([option[2], option[3]]));
            // An option longer than its block ends the options, as libpcap and Wireshark do.
            let Some(value) = rest.get(4..4 + length).filter(|_| code != OPTION_END) else {
                break;
            };
            match (code, value) {
                (OPTION_NAME, text) => interface.name = Some(readable(text)),
                (OPTION_TSRESOL, [octet, ..]) => port.resolution = Resolution::from_tsresol(*octet),
                (OPTION_TSOFFSET, bytes) => {
                    port.offset_s = bytes.first_chunk().map_or(0, |bytes| order.i64(*bytes));
                }
                _ => {}
            }
            rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or(&[]);
        }
        Some((port, interface))
    }

    /// Time of a packet of this interface, nanoseconds since the epoch.
    pub(super) fn time(&self, ticks: u64) -> i64 {
        add_seconds(self.resolution.nanoseconds(ticks), self.offset_s)
    }
}

/// An interface name, bounded and without trailing zeros.
fn readable(bytes: &[u8]) -> String {
    let cut = bytes.get(..bytes.len().min(MAX_NAME)).unwrap_or(&[]);
    String::from_utf8_lossy(cut)
        .trim_end_matches('\0')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Order, Port};

    /// Options that do not fit, or lack their value, are left at their defaults.
    #[test]
    fn broken_options() {
        let head = [1, 0, 0, 0, 96, 0, 0, 0];
        for options in [
            &[9, 0, 0, 0][..],
            &[9, 0, 200, 0, 3],
            &[14, 0, 4, 0, 1, 2, 3, 4],
            &[0, 0, 0, 0, 9, 0, 1, 0, 3, 0, 0, 0],
            &[9, 0],
        ] {
            let (port, interface) = Port::read(Order::Little, &[&head, options].concat()).unwrap();
            assert_eq!(
                (port.time(7), port.snaplen, interface.number),
                (7_000, 96, 1)
            );
        }
        assert!(Port::read(Order::Little, &head[..7]).is_none());
    }

    /// Names are cut and cleaned, never longer than the bound.
    #[test]
    fn names() {
        let mut body = vec![1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x2c, 1];
        body.extend([0xff; 300]);
        let (_, interface) = Port::read(Order::Little, &body).unwrap();
        assert_eq!(interface.name.unwrap().chars().count(), 128);
    }
}
