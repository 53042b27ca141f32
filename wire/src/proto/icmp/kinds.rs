//! Types of ICMP messages.

/// IP protocol of ICMPv6.
pub(super) const V6: u8 = 58;

/// What a message is to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reports on a packet, which it quotes.
    Report,
    /// Asks, and a reply repeats its identifier and sequence number.
    Request,
    /// Replies to such a one.
    Reply,
    /// Neither.
    Other,
}

/// Kind of a type.
///
/// Source: IANA ICMP and ICMPv6 type numbers.
pub(super) const fn kind(ip_proto: u8, icmp_type: u8) -> Kind {
    match (ip_proto, icmp_type) {
        (V6, 1..=4) => Kind::Report,
        (V6, 128) => Kind::Request,
        (V6, 129) => Kind::Reply,
        (V6, _) => Kind::Other,
        (_, 3..=5 | 11 | 12) => Kind::Report,
        (_, 8 | 13 | 15 | 17) => Kind::Request,
        (_, 0 | 14 | 16 | 18) => Kind::Reply,
        _ => Kind::Other,
    }
}

/// Type of the request that a reply answers; any other type as it is.
pub(super) const fn asked(ip_proto: u8, icmp_type: u8) -> u8 {
    match (ip_proto, icmp_type) {
        (V6, 129) => 128,
        (V6, _) => icmp_type,
        (_, 0) => 8,
        (_, 14 | 16 | 18) => icmp_type - 1,
        _ => icmp_type,
    }
}

/// Name of a type; of a reply that of its request.
pub(super) const fn name(ip_proto: u8, icmp_type: u8) -> &'static str {
    if ip_proto == V6 {
        return match icmp_type {
            1 => "unreachable",
            2 => "packet-too-big",
            3 => "time-exceeded",
            4 => "parameter-problem",
            128 | 129 => "echo",
            130..=132 | 143 => "multicast-listener",
            139 | 140 => "node-information",
            _ => "other",
        };
    }
    match icmp_type {
        0 | 8 => "echo",
        3 => "unreachable",
        4 => "source-quench",
        5 => "redirect",
        9 => "router-advertisement",
        10 => "router-solicitation",
        11 => "time-exceeded",
        12 => "parameter-problem",
        13 | 14 => "timestamp",
        15 | 16 => "information",
        17 | 18 => "address-mask",
        _ => "other",
    }
}
