//! DHCP unique identifiers.

use crate::proto::read;

/// Hardware type Ethernet (IANA ARP parameters).
const ETHERNET: u16 = 1;

/// The link address in an identifier made of one.
///
/// Source: RFC 8415 sections 11.2 (link address plus time) and 11.4 (link address).
pub(super) fn mac(duid: &[u8]) -> Option<[u8; 6]> {
    let at = match read::be16(duid, 0)? {
        1 => 8,
        3 => 4,
        _ => return None,
    };
    let is_ethernet = read::be16(duid, 2)? == ETHERNET && duid.len() == at + 6;
    read::mac(duid, at).filter(|_| is_ethernet)
}
