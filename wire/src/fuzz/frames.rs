//! Frames into the decoder.

use crate::decode::{Decoder, REASONS};
use crate::flow::syn_signature::SynSignature;
use crate::packet::{Frame, LinkType, Packet, Undecoded};

const LINKS: [LinkType; 8] = [
    LinkType::Ethernet,
    LinkType::RawIp,
    LinkType::LinuxSll,
    LinkType::LinuxSll2,
    LinkType::Null,
    LinkType::Ppp,
    LinkType::CiscoHdlc,
    LinkType::Other(127),
];

/// Any bytes under any link type decode or have a reason; what is decoded stays inside the frame.
///
/// Input: link type, octets cut off by the snap length, then frames of (length u16, bytes) in network order.
pub fn decode(input: &[u8]) {
    let [link, cut, rest @ ..] = input else {
        return;
    };
    let mut decoder = Decoder::new();
    let mut packet = Packet::default();
    let mut rest = rest;
    let mut ordinal = 0;
    while let Some((length, more)) = rest.split_first_chunk::<2>() {
        let size = usize::from(u16::from_be_bytes(*length)).min(more.len());
        let (data, after) = more.split_at(size);
        rest = after;
        let frame = Frame {
            ts_ns: i64::from(*cut) << 56,
            offset: 0,
            ordinal,
            wire_len: u32::try_from(size).unwrap_or(0) + u32::from(*cut),
            interface: 0,
            link: LINKS
                .get(usize::from(*link) % LINKS.len())
                .copied()
                .unwrap_or(LinkType::Ethernet),
            vlan: (link & 0x80 != 0).then_some((0x8100, 7)),
            data,
        };
        ordinal += 1;
        match decoder.decode(&frame, &mut packet) {
            Ok(()) => {
                assert_eq!(packet.payload(data).len(), packet.payload_captured as usize);
                assert!(packet.payload_captured <= packet.payload_len);
                assert!(packet.payload_len <= packet.wire_len && packet.ip_len <= packet.wire_len);
                assert!(packet.inner_index <= 4);
                if let Some(syn) = SynSignature::read(&packet, data) {
                    // 24 options and 17 quirks at most.
                    assert!(syn.text(packet.ttl.into()).len() < 256);
                }
            }
            Err(Undecoded::Error(name)) => assert!(REASONS.iter().any(|(known, _)| *known == name)),
            Err(Undecoded::NonFlow(_)) => {}
        }
    }
}
