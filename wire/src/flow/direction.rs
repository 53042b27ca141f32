//! Who is the originator (flow-semantics.md 4).

use super::key::{IcmpKind, icmp_kind};
use super::row::Basis;
use super::tcp::flag;
use crate::packet::{Layer, Packet};
use crate::proto::Hint;

/// Ports above 1023 that name a service: IANA registrations that are common on government and industrial networks.
/// Sorted; <https://www.iana.org/assignments/service-names-port-numbers>.
pub const SERVICE_PORTS: [u16; 56] = [
    1080, 1194, 1433, 1434, 1494, 1521, 1701, 1719, 1720, 1723, 1812, 1813, 1883, 1900, 2049, 2055,
    2152, 2181, 2404, 3128, 3260, 3268, 3306, 3389, 3478, 3544, 3702, 4500, 4739, 4789, 4840, 5060,
    5061, 5222, 5269, 5353, 5355, 5432, 5500, 5672, 5900, 5938, 5985, 5986, 6379, 6443, 6881, 8000,
    8080, 8443, 8888, 9092, 9200, 20000, 44818, 47808,
];

fn is_service(port: u16) -> bool {
    (1..1024).contains(&port) || SERVICE_PORTS.binary_search(&port).is_ok()
}

/// Decide by ports: `Some(true)` = the sender is the originator.
#[must_use]
pub fn by_port(sport: u16, dport: u16) -> Option<bool> {
    match (is_service(sport), is_service(dport)) {
        (false, true) => Some(true),
        (true, false) => Some(false),
        (true, true) if sport < 1024 && dport >= 1024 => Some(false),
        (true, true) if dport < 1024 && sport >= 1024 => Some(true),
        _ => None,
    }
}

/// An address that can never be an originator: multicast or limited broadcast (zeek#3235).
#[must_use]
pub fn is_group(packet: &Packet, address: &[u8; 16], mac: [u8; 6]) -> bool {
    match packet.ip_version {
        4 => {
            matches!(address, [.., a, b, c, d] if (*a & 0xf0) == 0xe0 || [*a, *b, *c, *d] == [255; 4])
        }
        6 => matches!(address, [0xff, ..]),
        _ => mac.first().is_some_and(|octet| octet & 1 == 1),
    }
}

/// First decision: is the sender the originator, and why.
#[must_use]
pub fn decide(packet: &Packet, hint: Hint) -> (bool, Basis) {
    let (from_src, basis) = rules(packet, hint);
    if packet.layer == Layer::Ip {
        let (src, dst) = if from_src {
            (&packet.src, &packet.dst)
        } else {
            (&packet.dst, &packet.src)
        };
        let mac = [0; 6];
        if is_group(packet, src, mac) && !is_group(packet, dst, mac) {
            return (!from_src, basis);
        }
    }
    (from_src, basis)
}

fn rules(packet: &Packet, hint: Hint) -> (bool, Basis) {
    if packet.has_tcp && packet.tcp.flags & (flag::SYN | flag::ACK) == flag::SYN {
        return (true, Basis::Syn);
    }
    if packet.has_icmp {
        match icmp_kind(packet.proto, packet.icmp_type) {
            IcmpKind::Request => return (true, Basis::Icmp),
            IcmpKind::Reply => return (false, Basis::Icmp),
            IcmpKind::Other => {}
        }
    }
    match hint {
        Hint::SenderIsClient => return (true, Basis::App),
        Hint::ReceiverIsClient => return (false, Basis::App),
        Hint::None => {}
    }
    let ported = packet
        .has_ports
        .then(|| by_port(packet.sport, packet.dport))
        .flatten();
    match ported {
        Some(from_src) => (from_src, Basis::ServicePort),
        None => (true, Basis::FirstPacket),
    }
}

#[cfg(test)]
mod tests {
    use super::{SERVICE_PORTS, by_port};

    /// The binary search needs the order.
    #[test]
    fn ports_are_sorted() {
        assert!(SERVICE_PORTS.is_sorted());
    }

    /// Exactly one service port decides; two registered ones do only when one is below 1024.
    #[test]
    fn ports_decide() {
        assert_eq!(by_port(40_000, 443), Some(true));
        assert_eq!(by_port(443, 40_000), Some(false));
        assert_eq!(by_port(53, 53), None);
        assert_eq!(by_port(80, 8080), Some(false));
        assert_eq!(by_port(40_000, 40_001), None);
    }
}
