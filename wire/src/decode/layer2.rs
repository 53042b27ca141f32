//! Frames that are flows of their own on layer 2: ARP, GOOSE, LLDP, LLC and others.

use super::link::{ETHERTYPE_IPV4, ETHERTYPE_IPV6};
use super::walk::{Step, Walk, be16, narrow};
use crate::packet::{Layer, Packet, Undecoded, quality};

/// Reverse ARP.
pub(super) const ETHERTYPE_RARP: u16 = 0x8035;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_GOOSE: u16 = 0x88b8;
const ETHERTYPE_SV: u16 = 0x88ba;

/// Ethertypes that are flows. Source: docs/flow-semantics.md 1.9, IANA registry of ethertypes.
const FLOWS: [u16; 10] = [
    ETHERTYPE_ARP,
    ETHERTYPE_RARP,
    ETHERTYPE_GOOSE,
    0x88b9, // GSE management
    ETHERTYPE_SV,
    0x88cc, // LLDP
    0x8892, // PROFINET
    0x88a4, // EtherCAT
    0x888e, // EAPOL
    0x0000, // LLC
];

impl Walk<'_> {
    /// A layer-2 flow, or the ethertype that is none. Inside an IP tunnel the outer packet stays the flow.
    pub(super) fn layer2(&mut self, kind: u16, at: usize, limit: usize, out: &mut Packet) -> Step {
        if out.ip_version != 0 || !FLOWS.contains(&kind) {
            return Err(Undecoded::NonFlow(kind));
        }
        out.layer = Layer::Link;
        out.ethertype = kind;
        out.net_start = narrow(at);
        self.set_payload(at, limit, out);
        if kind == ETHERTYPE_GOOSE || kind == ETHERTYPE_SV {
            match self.header::<2>(at) {
                Some(h) => out.appid = be16(h[0], h[1]),
                None => out.quality |= quality::PARSE_ERROR,
            }
        }
        Ok(())
    }

    /// 802.2 behind a length field. SNAP may carry IP, or a layer-2 flow, under its ethertype.
    ///
    /// Source: IEEE 802 section 9, RFC 1042 (OUI 000000), IEEE 802.1H (OUI 0000F8).
    pub(super) fn llc(&mut self, at: usize, limit: usize, out: &mut Packet) -> Step {
        self.layer()?;
        if let Some([0xaa, 0xaa, 0x03, 0, 0, 0 | 0xf8, high, low]) = self.header::<8>(at) {
            let kind = be16(*high, *low);
            let known = kind == ETHERTYPE_IPV4 || kind == ETHERTYPE_IPV6;
            if known || (kind != 0 && FLOWS.contains(&kind)) {
                return self.ethertype(kind, at + 8, limit, out);
            }
        }
        self.layer2(0, at, limit, out)
    }
}
