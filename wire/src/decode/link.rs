//! HOT: the header of the capture's link type, then tags and ethertypes.

use super::reason;
use super::walk::{Step, Walk, be16};
use super::{layer2, ppp};
use crate::packet::{LinkType, Packet, Undecoded};

/// Source: IEEE 802 Numbers, IANA registry of ethertypes.
pub(super) const ETHERTYPE_IPV4: u16 = 0x0800;
/// IPv6.
pub(super) const ETHERTYPE_IPV6: u16 = 0x86dd;
/// 802.1Q, 802.1ad and the older stacked tag.
const ETHERTYPE_TAGS: [u16; 3] = [0x8100, 0x88a8, 0x9100];
/// MPLS, downstream- and upstream-assigned.
const ETHERTYPE_MPLS: [u16; 2] = [0x8847, 0x8848];
/// `PPPoE` session stage.
pub(super) const ETHERTYPE_PPPOE: u16 = 0x8864;
/// Values up to here are an 802.3 length. Source: IEEE 802.3 section 3.2.6.
const MAX_LENGTH_FIELD: u16 = 1500;

/// `ARPHRD_NETLINK`: the protocol field of the cooked header is a netlink family. Source: Linux `if_arp.h`.
const ARPHRD_NETLINK: u16 = 824;

impl Walk<'_> {
    /// Decode the frame from its first byte.
    pub(super) fn link(&mut self, link: LinkType, limit: usize, out: &mut Packet) -> Step {
        match link {
            LinkType::Ethernet => self.ethernet(0, limit, out),
            LinkType::RawIp => self.raw_ip(0, limit, out),
            LinkType::LinuxSll => self.cooked(limit, out),
            LinkType::LinuxSll2 => self.cooked2(limit, out),
            LinkType::Null => self.null(limit, out),
            LinkType::Ppp => self.ppp_link(limit, out),
            LinkType::CiscoHdlc => self.cisco_hdlc(0, limit, out),
            LinkType::Other(_) => Err(Undecoded::Error(reason::LINK_TYPE_UNKNOWN)),
        }
    }

    /// Ethernet II or 802.3; only the outermost addresses are kept.
    pub(super) fn ethernet(&mut self, at: usize, limit: usize, out: &mut Packet) -> Step {
        self.layer()?;
        let h = self.link_header::<14>(at)?;
        if !out.has_mac {
            out.has_mac = true;
            out.dst_mac = [h[0], h[1], h[2], h[3], h[4], h[5]];
            out.src_mac = [h[6], h[7], h[8], h[9], h[10], h[11]];
        }
        self.ethertype(be16(h[12], h[13]), at + 14, limit, out)
    }

    /// What an ethertype (or 802.3 length) announces, after any tags.
    pub(super) fn ethertype(
        &mut self,
        kind: u16,
        at: usize,
        limit: usize,
        out: &mut Packet,
    ) -> Step {
        let (mut kind, mut at) = (kind, at);
        loop {
            if kind == ETHERTYPE_IPV4 {
                if self.plain_ipv4(at, limit, out) {
                    return Ok(());
                }
                return self.ipv4(at, limit, out);
            }
            if kind == ETHERTYPE_IPV6 {
                if self.plain_ipv6(at, limit, out) {
                    return Ok(());
                }
                return self.ipv6(at, limit, out);
            }
            if ETHERTYPE_TAGS.contains(&kind) {
                self.layer()?;
                let h = self.link_header::<4>(at)?;
                note_vlan(be16(h[0], h[1]), out);
                kind = be16(h[2], h[3]);
                at += 4;
                continue;
            }
            if kind <= MAX_LENGTH_FIELD {
                return self.llc(at, limit, out);
            }
            if ETHERTYPE_MPLS.contains(&kind) {
                return self.mpls(kind, at, limit, out);
            }
            if kind == ETHERTYPE_PPPOE {
                return self.pppoe(at, limit, out);
            }
            return self.layer2(kind, at, limit, out);
        }
    }

    /// IP without a link header, told apart by its version.
    pub(super) fn raw_ip(&mut self, at: usize, limit: usize, out: &mut Packet) -> Step {
        match self.link_header::<1>(at)?[0] >> 4 {
            4 => self.ipv4(at, limit, out),
            6 => self.ipv6(at, limit, out),
            _ => Err(Undecoded::Error(reason::RAW_IP_VERSION)),
        }
    }

    /// Linux cooked capture, version 1. Source: `LINKTYPE_LINUX_SLL`.
    fn cooked(&mut self, limit: usize, out: &mut Packet) -> Step {
        self.layer()?;
        let h = self.link_header::<16>(0)?;
        let address = [h[6], h[7], h[8], h[9], h[10], h[11]];
        note_sender(be16(h[4], h[5]), address, out);
        self.cooked_protocol(be16(h[2], h[3]), be16(h[14], h[15]), 16, limit, out)
    }

    /// Linux cooked capture, version 2. Source: `LINKTYPE_LINUX_SLL2`.
    fn cooked2(&mut self, limit: usize, out: &mut Packet) -> Step {
        self.layer()?;
        let h = self.link_header::<20>(0)?;
        let address = [h[12], h[13], h[14], h[15], h[16], h[17]];
        note_sender(u16::from(h[11]), address, out);
        self.cooked_protocol(be16(h[8], h[9]), be16(h[0], h[1]), 20, limit, out)
    }

    /// The protocol of a cooked header is an ethertype unless the device says otherwise.
    fn cooked_protocol(
        &mut self,
        hardware: u16,
        kind: u16,
        at: usize,
        limit: usize,
        out: &mut Packet,
    ) -> Step {
        // 1 and 4 are 802.3 without and with LLC (Linux if_ether.h); other small numbers are no ethertypes.
        if hardware == ARPHRD_NETLINK || (kind < 0x0600 && kind != 1 && kind != 4) {
            return Err(Undecoded::NonFlow(kind));
        }
        self.ethertype(kind, at, limit, out)
    }

    /// BSD null and loopback: a family in the byte order of the capturing machine.
    ///
    /// Source: `LINKTYPE_NULL` (families 24, 28 and 30 are IPv6 on the BSDs and macOS; 10 Linux, 23 Windows).
    fn null(&mut self, limit: usize, out: &mut Packet) -> Step {
        self.layer()?;
        let family = self.link_header::<4>(0)?;
        let [one, other] = [u32::from_le_bytes(*family), u32::from_be_bytes(*family)];
        match one.min(other) {
            2 => self.ipv4(4, limit, out),
            10 | 23 | 24 | 28 | 30 => self.ipv6(4, limit, out),
            _ => Err(Undecoded::Error(reason::NULL_FAMILY)),
        }
    }

    /// PPP with or without HDLC framing, `PPPoE` without Ethernet, or Cisco HDLC under the same link type.
    ///
    /// Source: `LINKTYPE_PPP`, `LINKTYPE_PPP_HDLC`, `LINKTYPE_PPP_ETHER`. No PPP protocol starts with 0x11, 0x0f or 0x8f.
    fn ppp_link(&mut self, limit: usize, out: &mut Packet) -> Step {
        match *self.link_header::<2>(0)? {
            [0x11, 0] => self.pppoe(0, limit, out),
            [0x0f | 0x8f, 0] => self.cisco_hdlc(0, limit, out),
            _ => self.ppp(ppp::Carrier::Link, 0, limit, out),
        }
    }

    /// Cisco HDLC: address, control, ethertype. Its 0x8035 is SLARP, not RARP.
    fn cisco_hdlc(&mut self, at: usize, limit: usize, out: &mut Packet) -> Step {
        self.layer()?;
        let h = self.link_header::<4>(at)?;
        match be16(h[2], h[3]) {
            layer2::ETHERTYPE_RARP => Err(Undecoded::NonFlow(layer2::ETHERTYPE_RARP)),
            kind => self.ethertype(kind, at + 4, limit, out),
        }
    }
}

/// Note a VLAN tag outside all IP headers: the first is the outer one, the second the inner one.
pub(super) fn note_vlan(tci: u16, out: &mut Packet) {
    if out.ip_version != 0 {
        return;
    }
    let id = i16::try_from(tci & 0x0fff).unwrap_or(-1);
    if out.vlan_outer < 0 {
        out.vlan_outer = id;
    } else if out.vlan_inner < 0 {
        out.vlan_inner = id;
    }
}

/// A cooked header tells the sender only.
fn note_sender(length: u16, address: [u8; 6], out: &mut Packet) {
    if length == 6 {
        out.has_mac = true;
        out.src_mac = address;
    }
}
