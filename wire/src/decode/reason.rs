//! Names of the counters `decode_error.<name>`: every frame that cannot be decoded ends in exactly one of them.

/// The capture's link type has no decoder.
pub const LINK_TYPE_UNKNOWN: &str = "link_type_unknown";
/// Cut inside a link-layer header.
pub const LINK_TRUNCATED: &str = "link_truncated";
/// More headers than are followed.
pub const LAYERS_EXCEEDED: &str = "layers_exceeded";
/// Null/loopback family is not IP.
pub const NULL_FAMILY: &str = "null_family";
/// Raw IP without an IP version.
pub const RAW_IP_VERSION: &str = "raw_ip_version";
/// `PPPoE` header is not version 1, type 1, code 0.
pub const PPPOE_HEADER: &str = "pppoe_header";
/// Cut inside the IPv4 header.
pub const IPV4_TRUNCATED: &str = "ipv4_truncated";
/// IPv4 header contradicts itself.
pub const IPV4_HEADER: &str = "ipv4_header";
/// Cut inside the IPv6 header.
pub const IPV6_TRUNCATED: &str = "ipv6_truncated";
/// IPv6 header contradicts itself.
pub const IPV6_HEADER: &str = "ipv6_header";
/// IPv6 extension header cut or chain too long.
pub const IPV6_EXTENSION: &str = "ipv6_extension";

/// Every reason with its meaning.
pub const REASONS: &[(&str, &str)] = &[
    (
        LINK_TYPE_UNKNOWN,
        "the link type of the capture is not decoded (Wi-Fi, USB, Frame Relay, ...)",
    ),
    (
        LINK_TRUNCATED,
        "the frame ends inside an Ethernet, tag, MPLS, PPP, SLL or similar header",
    ),
    (
        LAYERS_EXCEEDED,
        "more than 16 headers (tags, labels, sessions, IP) lie in the frame",
    ),
    (
        NULL_FAMILY,
        "the null/loopback header names an address family other than IPv4 and IPv6",
    ),
    (
        RAW_IP_VERSION,
        "a raw IP frame starts with neither version 4 nor version 6",
    ),
    (
        PPPOE_HEADER,
        "a PPPoE session header is not version 1, type 1, code 0",
    ),
    (
        IPV4_TRUNCATED,
        "the frame ends inside the IPv4 header or its options",
    ),
    (
        IPV4_HEADER,
        "the IPv4 version, header length or total length is impossible",
    ),
    (IPV6_TRUNCATED, "the frame ends inside the IPv6 header"),
    (
        IPV6_HEADER,
        "the IPv6 version or payload length is impossible",
    ),
    (
        IPV6_EXTENSION,
        "an IPv6 extension header is cut off, or more than 16 follow each other",
    ),
];

#[cfg(test)]
mod tests {
    use super::REASONS;

    /// Names are usable as counter names and occur once.
    #[test]
    fn names() {
        for (i, (name, meaning)) in REASONS.iter().enumerate() {
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            );
            assert!(!meaning.is_empty());
            assert!(REASONS[..i].iter().all(|(other, _)| other != name));
        }
    }
}
