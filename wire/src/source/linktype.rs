//! Link-type numbers of capture files and the decoders they lead to.

use crate::packet::LinkType;

/// Bits of the pcap header's network field that hold the link type; the others tell the length of the FCS.
///
/// Source: libpcap `LT_LINKTYPE` (`0x03FFFFFF`), draft-ietf-opsawg-pcap section 4.
pub(super) const LINK_MASK: u32 = 0x03ff_ffff;

/// The decoder for a link-type number.
///
/// Source: <https://www.tcpdump.org/linktypes.html>; 12 and 14 are what some systems wrote for raw IP.
#[must_use]
pub fn link_type(number: u32) -> LinkType {
    match number {
        0 | 108 => LinkType::Null,
        1 => LinkType::Ethernet,
        9 | 50 | 51 => LinkType::Ppp,
        12 | 14 | 101 | 228 | 229 => LinkType::RawIp,
        104 => LinkType::CiscoHdlc,
        113 => LinkType::LinuxSll,
        276 => LinkType::LinuxSll2,
        other => LinkType::Other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::link_type;
    use crate::packet::LinkType;

    /// Every number in the list leads to its decoder, all others are kept as they are.
    #[test]
    fn numbers() {
        for number in [12, 14, 101, 228, 229] {
            assert_eq!(link_type(number), LinkType::RawIp);
        }
        assert_eq!(link_type(1), LinkType::Ethernet);
        assert_eq!(link_type(127), LinkType::Other(127));
    }
}
