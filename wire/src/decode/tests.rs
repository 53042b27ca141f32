//! Decoding without tunnels: lengths, flags, tags, fragments, layer 2, and every cut.

use super::craft::{
    A4, A6, B4, B6, MAC_A, MAC_B, abuse, cat, decode, decode_link, ether, frame, icmp, ipv4,
    ipv4_fragment, ipv6, mapped, path, tag, tcp, udp, with_total,
};
use super::{Decoder, reason};
use crate::packet::{Layer, LinkType, Packet, Undecoded, quality};

const OPTIONS: [u8; 8] = [2, 4, 5, 0xb4, 1, 3, 3, 7];

fn error(name: &'static str) -> Result<Packet, Undecoded> {
    Err(Undecoded::Error(name))
}

fn same(got: Result<Packet, Undecoded>, want: Result<Packet, Undecoded>) {
    assert_eq!(got.map(|_| ()), want.map(|_| ()));
}

/// Every field of a plain SYN over Ethernet and IPv4, padding not counted.
#[test]
fn tcp_over_ipv4() {
    let mut data = ether(0x0800, &ipv4(6, &tcp(false, 2, &OPTIONS, b"ab")));
    data.resize(70, 0);
    let p = decode(&data).unwrap();
    assert_eq!((p.ts_ns, p.offset, p.ordinal, p.wire_len), (5, 24, 3, 70));
    assert_eq!((p.layer, p.ip_version, p.proto), (Layer::Ip, 4, 6));
    assert_eq!((p.src, p.dst), (mapped(A4), mapped(B4)));
    assert_eq!((p.sport, p.dport, p.has_ports), (1000, 80, true));
    assert_eq!((p.src_mac, p.dst_mac, p.has_mac), (MAC_A, MAC_B, true));
    assert_eq!((p.vlan_outer, p.vlan_inner, p.mpls_label), (-1, -1, -1));
    assert_eq!((p.dscp, p.ttl, p.ip_len), (46, 61, 50));
    assert_eq!((p.payload_len, p.payload_start), (2, 62));
    assert_eq!(p.payload(&data), b"ab");
    assert!(p.has_tcp && !p.is_fragment && !p.has_icmp);
    assert_eq!((p.tcp.flags, p.tcp.window), (2, 0x2000));
    assert_eq!((p.tcp.seq, p.tcp.ack), (0x0102_0304, 0x0506_0708));
    assert_eq!((p.tcp.mss, p.tcp.wscale), (1460, 7));
    assert_eq!(p.quality, 0);
}

/// IPv6, UDP and both kinds of ICMP with right checksums.
#[test]
fn other_transports() {
    let p = decode(&ether(0x86dd, &ipv6(17, &udp(true, 53, 4000, b"xyz")))).unwrap();
    assert_eq!((p.ip_version, p.src, p.dst), (6, A6, B6));
    assert_eq!(
        (p.sport, p.dport, p.payload_len, p.ip_len),
        (53, 4000, 3, 51)
    );
    assert_eq!((p.dscp, p.ttl, p.quality), (46, 63, 0));
    let p = decode(&ether(0x0800, &ipv4(1, &icmp(false, 8, 0, b"ping")))).unwrap();
    assert_eq!((p.has_icmp, p.icmp_type, p.icmp_id), (true, 8, 0x0102));
    assert_eq!((p.payload_len, p.quality, p.has_ports), (4, 0, false));
    let p = decode(&ether(0x86dd, &ipv6(58, &icmp(true, 135, 0, &[0; 16])))).unwrap();
    assert_eq!((p.icmp_type, p.icmp_id, p.quality), (135, 0, 0));
    let sctp = [0, 7, 0, 8, 1, 1, 1, 1, 2, 2, 2, 2, 9, 9];
    let p = decode(&ether(0x0800, &ipv4(132, &sctp))).unwrap();
    assert_eq!((p.sport, p.dport, p.payload_len), (7, 8, 2));
    let dccp = [0, 7, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    let p = decode(&ether(0x0800, &ipv4(33, &dccp))).unwrap();
    assert_eq!((p.sport, p.payload_len, p.quality), (7, 1, 0));
    let p = decode(&ether(0x0800, &ipv4(50, &[0; 30]))).unwrap();
    assert_eq!((p.proto, p.payload_len, p.has_ports), (50, 30, false));
}

/// A wrong checksum is flagged wherever it can be checked, and only there.
#[test]
fn checksums() {
    for (kind, data) in [
        (0x0800, ipv4(6, &tcp(false, 16, &[], b"x"))),
        (0x0800, ipv4(17, &udp(false, 1, 2, b"x"))),
        (0x0800, ipv4(1, &icmp(false, 0, 0, b"x"))),
        (0x86dd, ipv6(6, &tcp(true, 16, &[], b"x"))),
        (0x86dd, ipv6(58, &icmp(true, 128, 0, b"x"))),
    ] {
        let mut data = ether(kind, &data);
        assert_eq!(decode(&data).unwrap().quality, 0);
        *data.last_mut().unwrap() ^= 0x55;
        assert_eq!(decode(&data).unwrap().quality, quality::BAD_CHECKSUM);
        let mut cut = frame(LinkType::Ethernet, &data[..data.len() - 1]);
        cut.wire_len += 1;
        let mut packet = Packet::default();
        Decoder::new().decode(&cut, &mut packet).unwrap();
        assert_eq!(packet.quality, quality::TRUNCATED);
    }
    let mut data = ether(0x0800, &ipv4(6, &tcp(false, 16, &[], b"x")));
    data[14 + 8] ^= 1;
    assert_eq!(decode(&data).unwrap().quality, quality::BAD_CHECKSUM);
    let mut data = ether(0x0800, &ipv4(17, &udp(false, 1, 2, b"x")));
    data[40..42].fill(0);
    assert_eq!(decode(&data).unwrap().quality, 0);
}

/// IP lengths: 0 (offload), more than the frame, less than the header, and jumbo.
#[test]
fn ip_lengths() {
    let segment = tcp(false, 24, &[], &[1; 100]);
    let p = decode(&ether(0x0800, &with_total(ipv4(6, &segment), 0))).unwrap();
    assert_eq!(
        (p.ip_len, p.payload_len, p.quality),
        (140, 100, quality::OFFLOAD)
    );
    let p = decode(&ether(0x0800, &with_total(ipv4(6, &segment), 500))).unwrap();
    assert_eq!(
        (p.ip_len, p.payload_len, p.quality),
        (140, 100, quality::PARSE_ERROR)
    );
    same(
        decode(&ether(0x0800, &with_total(ipv4(6, &segment), 19))),
        error(reason::IPV4_HEADER),
    );
    let big = tcp(false, 16, &[], &vec![0; 20_000]);
    let p = decode(&ether(0x0800, &ipv4(6, &big))).unwrap();
    assert_eq!((p.payload_len, p.quality), (20_000, quality::OFFLOAD));
    let payload = udp(true, 1, 2, &[7; 32]);
    let jumbo = cat(&[&[17, 0, 0xc2, 4, 0, 0, 0, 48], &payload]);
    let mut data = ether(0x86dd, &ipv6(0, &jumbo));
    data[18..20].fill(0);
    let p = decode(&data).unwrap();
    assert_eq!((p.ip_len, p.payload_len, p.quality), (88, 32, 0));
}

/// A header that the snap length cut leaves the flow without ports; one that is malformed is flagged.
#[test]
fn unreadable_transport() {
    let whole = ether(0x0800, &ipv4(6, &tcp(false, 2, &OPTIONS, b"abcd")));
    let cut_at = |length: usize| {
        let mut cut = frame(LinkType::Ethernet, &whole[..length]);
        cut.wire_len = 66;
        let mut packet = Packet::default();
        Decoder::new().decode(&cut, &mut packet).map(|()| packet)
    };
    let p = cut_at(60).unwrap();
    assert_eq!(
        (p.has_tcp, p.tcp.mss, p.tcp.wscale, p.payload_len),
        (true, 1460, 255, 4)
    );
    assert_eq!((p.payload_captured, p.quality), (0, quality::TRUNCATED));
    let p = cut_at(53).unwrap();
    assert_eq!(
        (p.has_tcp, p.has_ports, p.proto, p.sport),
        (false, false, 6, 0)
    );
    assert_eq!((p.payload_len, p.quality), (12, quality::TRUNCATED));
    same(cut_at(33), error(reason::IPV4_TRUNCATED));
    same(cut_at(13), error(reason::LINK_TRUNCATED));
    for bad in [0x40, 0xf0] {
        let mut data = whole.clone();
        data[46] = bad;
        let p = decode(&data).unwrap();
        assert_eq!((p.has_ports, p.quality), (false, quality::PARSE_ERROR));
    }
    let p = decode(&ether(0x0800, &ipv4(17, &[1, 2, 3]))).unwrap();
    assert_eq!(
        (p.has_ports, p.payload_len, p.quality),
        (false, 3, quality::PARSE_ERROR)
    );
    let mut data = ether(0x0800, &ipv4(17, &udp(false, 1, 2, b"abc")));
    data[38..40].copy_from_slice(&[0, 99]);
    let p = decode(&data).unwrap();
    assert_eq!(
        (p.has_ports, p.payload_len, p.quality),
        (true, 3, quality::PARSE_ERROR)
    );
}

/// Up to two tags are noted, all are followed; the tag from the kernel is the outer one.
#[test]
fn vlan_tags() {
    let ip = ipv4(17, &udp(false, 1, 2, b"x"));
    let one = ether(0x8100, &tag(0xe000 | 5, 0x0800, &ip));
    let p = decode(&one).unwrap();
    assert_eq!((p.vlan_outer, p.vlan_inner), (5, -1));
    let mut moved = frame(LinkType::Ethernet, &one);
    moved.vlan = Some((0x88a8, 0xf007));
    let mut p = Packet::default();
    Decoder::new().decode(&moved, &mut p).unwrap();
    assert_eq!((p.vlan_outer, p.vlan_inner), (7, 5));
    let three = tag(1, 0x8100, &tag(0, 0x9100, &tag(3, 0x0800, &ip)));
    let p = decode(&ether(0x88a8, &three)).unwrap();
    assert_eq!((p.vlan_outer, p.vlan_inner, p.dport), (1, 0, 2));
    let mut deep = ip;
    for _ in 0..20 {
        deep = tag(1, 0x8100, &deep);
    }
    same(
        decode(&ether(0x8100, &deep)),
        error(reason::LAYERS_EXCEEDED),
    );
    abuse(LinkType::Ethernet, &ether(0x8100, &deep));
}

/// MPLS stacks over IPv4, IPv6 and a pseudo-wire.
#[test]
fn mpls() {
    let ip = ipv4(17, &udp(false, 1, 2, b"x"));
    let stack: [u8; 8] = [0, 0x10, 0, 64, 0, 0x20, 1, 64];
    let p = decode(&ether(0x8847, &cat(&[&stack, &ip]))).unwrap();
    assert_eq!((p.mpls_label, p.dport), (256, 2));
    assert_eq!(path(&p), "");
    let wire = cat(&[&stack, &[0; 4], &ether(0x0800, &ip)]);
    let p = decode(&ether(0x8848, &wire)).unwrap();
    assert_eq!((p.dport, p.src_mac), (2, MAC_A));
    let odd = ether(0x8847, &cat(&[&stack, &[0x10; 20]]));
    same(decode(&odd), Err(Undecoded::NonFlow(0x8847)));
}

/// `PPPoE` sessions are tunnels with an id; their control packets are no flows.
#[test]
fn pppoe() {
    let ip = ipv4(17, &udp(false, 1, 2, b"x"));
    let session = |protocol: &[u8], content: &[u8]| {
        let length = u16::try_from(protocol.len() + content.len()).unwrap();
        let header = cat(&[&[0x11, 0, 0x0b, 0xad], &length.to_be_bytes()]);
        ether(0x8864, &cat(&[&header, protocol, content, &[0; 7]]))
    };
    for protocol in [&[0, 0x21][..], &[0x21]] {
        let p = decode(&session(protocol, &ip)).unwrap();
        assert_eq!(
            (path(&p).as_str(), p.tunnel_id, p.inner_index),
            ("pppoe", 0xbad, 0)
        );
        assert_eq!(
            (p.has_tunnel_id, p.tunnel_src, p.quality),
            (true, [0; 16], 0)
        );
    }
    same(
        decode(&session(&[0xc0, 0x21], &[1])),
        Err(Undecoded::NonFlow(0x8864)),
    );
    same(
        decode(&ether(0x8864, &[0x21; 20])),
        error(reason::PPPOE_HEADER),
    );
    same(
        decode(&ether(0x8863, &[0x11; 20])),
        Err(Undecoded::NonFlow(0x8863)),
    );
    abuse(LinkType::Ethernet, &session(&[0, 0x21], &ip));
}

/// Every link type reaches the same packet.
#[test]
fn link_types() {
    let four = ipv4(17, &udp(false, 1, 2, b"x"));
    let six = ipv6(17, &udp(true, 1, 2, b"x"));
    let sll = cat(&[&[0, 0, 0, 1, 0, 6], &MAC_A, &[0, 0, 8, 0], &four]);
    let sll2 = cat(&[
        &[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6],
        &MAC_A,
        &[0, 0],
        &four,
    ]);
    for (link, data) in [
        (LinkType::RawIp, four.clone()),
        (LinkType::RawIp, six.clone()),
        (LinkType::LinuxSll, sll),
        (LinkType::LinuxSll2, sll2),
        (LinkType::Null, cat(&[&[2, 0, 0, 0], &four])),
        (LinkType::Null, cat(&[&[0, 0, 0, 30], &six])),
        (LinkType::Ppp, cat(&[&[0xff, 3, 0, 0x21], &four])),
        (LinkType::Ppp, cat(&[&[0, 0x57], &six])),
        (LinkType::Ppp, cat(&[&[0x21], &four])),
        (LinkType::Ppp, cat(&[&[0x0f, 0, 8, 0], &four])),
        (
            LinkType::Ppp,
            cat(&[&[0x11, 0, 0, 9, 0, 31, 0, 0x21], &four]),
        ),
        (LinkType::CiscoHdlc, cat(&[&[0x8f, 0, 0x86, 0xdd], &six])),
    ] {
        let p = decode_link(link, &data).unwrap();
        assert_eq!(
            (p.sport, p.dport, p.payload_len, p.quality),
            (1, 2, 1, 0),
            "{link:?}"
        );
        assert_eq!(
            p.has_mac,
            matches!(link, LinkType::LinuxSll | LinkType::LinuxSll2)
        );
        abuse(link, &data);
    }
    same(
        decode_link(LinkType::Other(127), &four),
        error(reason::LINK_TYPE_UNKNOWN),
    );
    same(
        decode_link(LinkType::RawIp, &[0x20; 40]),
        error(reason::RAW_IP_VERSION),
    );
    same(
        decode_link(LinkType::RawIp, &[]),
        error(reason::LINK_TRUNCATED),
    );
    same(
        decode_link(LinkType::Null, &[9; 40]),
        error(reason::NULL_FAMILY),
    );
    same(
        decode_link(LinkType::CiscoHdlc, &[15, 0, 0x80, 0x35]),
        Err(Undecoded::NonFlow(0x8035)),
    );
    same(
        decode_link(LinkType::Ppp, &[0xc0, 0x21, 1]),
        Err(Undecoded::NonFlow(0xc021)),
    );
}

/// Layer-2 flows, LLC and SNAP; other ethertypes are no flows.
#[test]
fn layer2() {
    let p = decode(&ether(0x8100, &tag(9, 0x0806, &[0; 46]))).unwrap();
    assert_eq!(
        (p.layer, p.ethertype, p.vlan_outer),
        (Layer::Link, 0x0806, 9)
    );
    assert_eq!((p.ip_version, p.proto, p.ip_len), (0, 0, 0));
    assert_eq!((p.payload_start, p.payload_len), (18, 46));
    let p = decode(&ether(0x88b8, &[0x30, 0x01, 0, 60, 0, 0])).unwrap();
    assert_eq!((p.ethertype, p.appid, p.payload_len), (0x88b8, 0x3001, 6));
    let p = decode(&ether(0x88ba, &[0x40])).unwrap();
    assert_eq!((p.appid, p.quality), (0, quality::PARSE_ERROR));
    let p = decode(&ether(39, &[0x42, 0x42, 3, 0, 0])).unwrap();
    assert_eq!((p.ethertype, p.layer, p.payload_len), (0, Layer::Link, 5));
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let p = decode(&ether(
        60,
        &cat(&[&snap, &ipv4(17, &udp(false, 1, 2, b"x"))]),
    ))
    .unwrap();
    assert_eq!((p.layer, p.dport), (Layer::Ip, 2));
    let p = decode(&ether(60, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1])).unwrap();
    assert_eq!((p.layer, p.ethertype), (Layer::Link, 0));
    same(
        decode(&ether(0x9000, &[0; 46])),
        Err(Undecoded::NonFlow(0x9000)),
    );
    same(
        decode(&ether(0x05ff, &[0; 46])),
        Err(Undecoded::NonFlow(0x05ff)),
    );
}

/// IPv6 extension chains: walked, bounded, cut, and readdressed ones are not checked.
#[test]
fn extension_headers() {
    let segment = tcp(true, 16, &[], b"x");
    let hop = [43, 0, 1, 4, 0, 0, 0, 0];
    let route = [60, 0, 0, 0, 0, 0, 0, 0];
    let dest = [51, 0, 1, 4, 0, 0, 0, 0];
    let ah = [6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    let data = ether(
        0x86dd,
        &ipv6(0, &cat(&[&hop, &route, &dest, &ah, &segment])),
    );
    let p = decode(&data).unwrap();
    assert_eq!((p.proto, p.dport, p.payload_len, p.quality), (6, 80, 1, 0));
    abuse(LinkType::Ethernet, &data);
    let moved = [
        6, 2, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let mut bad = ether(0x86dd, &ipv6(43, &cat(&[&moved, &segment])));
    *bad.last_mut().unwrap() ^= 1;
    assert_eq!(decode(&bad).unwrap().quality, 0);
    same(
        decode(&ether(0x86dd, &ipv6(0, &hop[..6]))),
        error(reason::IPV6_EXTENSION),
    );
    let long = [60, 0, 1, 4, 0, 0, 0, 0].repeat(17);
    same(
        decode(&ether(0x86dd, &ipv6(60, &long))),
        error(reason::IPV6_EXTENSION),
    );
    let p = decode(&ether(0x86dd, &ipv6(59, &[]))).unwrap();
    assert_eq!((p.proto, p.payload_len, p.quality), (59, 0, 0));
    let p = decode(&ether(
        0x0800,
        &ipv4(51, &cat(&[&ah, &tcp(false, 16, &[], b"x")])),
    ))
    .unwrap();
    assert_eq!((p.proto, p.dport, p.payload_len, p.quality), (6, 80, 1, 0));
}

/// Later fragments take ports or ICMP identity of the first; orphans have none; atomic fragments are whole.
#[test]
fn fragments() {
    let mut decoder = Decoder::new();
    let mut p = Packet::default();
    let whole = udp(false, 7, 8, &[5; 64]);
    let later = ether(0x0800, &ipv4_fragment(5, 17, &whole[40..]));
    decoder
        .decode(&frame(LinkType::Ethernet, &later), &mut p)
        .unwrap();
    assert_eq!(
        (p.has_ports, p.later_fragment, p.payload_len),
        (false, true, 32)
    );
    let first = ether(0x0800, &ipv4_fragment(0x2000, 17, &whole[..40]));
    decoder
        .decode(&frame(LinkType::Ethernet, &first), &mut p)
        .unwrap();
    assert_eq!((p.sport, p.is_fragment, p.later_fragment), (7, true, false));
    assert_eq!((p.payload_len, p.quality), (32, 0));
    decoder
        .decode(&frame(LinkType::Ethernet, &later), &mut p)
        .unwrap();
    assert_eq!(
        (p.sport, p.dport, p.has_ports, p.has_tcp),
        (7, 8, true, false)
    );
    assert_eq!(p.payload(&later), &whole[40..]);
    let echo = icmp(false, 8, 0, &[1; 40]);
    for (word, part) in [(0x2000, &echo[..24]), (3, &echo[24..])] {
        let data = ether(0x0800, &ipv4_fragment(word, 1, part));
        decoder
            .decode(&frame(LinkType::Ethernet, &data), &mut p)
            .unwrap();
        assert_eq!((p.has_icmp, p.icmp_type, p.icmp_id), (true, 8, 0x0102));
    }
    // The fragment header names a destination header; only the first fragment shows what follows it.
    let six = cat(&[&[17, 0, 1, 4, 0, 0, 0, 0], &udp(true, 7, 8, &[5; 24])]);
    for (offset, part) in [(1u8, &six[..24]), (24, &six[24..])] {
        let header = [60, 0, 0, offset, 0, 0, 0, 9];
        let data = ether(0x86dd, &ipv6(44, &cat(&[&header, part])));
        decoder
            .decode(&frame(LinkType::Ethernet, &data), &mut p)
            .unwrap();
        assert_eq!((p.proto, p.sport, p.is_fragment), (17, 7, true));
        abuse(LinkType::Ethernet, &data);
    }
    let atomic = cat(&[&[17, 0, 0, 0, 0, 0, 0, 9], &udp(true, 7, 8, b"x")]);
    let p = decode(&ether(0x86dd, &ipv6(44, &atomic))).unwrap();
    assert_eq!((p.is_fragment, p.later_fragment, p.sport), (true, false, 7));
    assert_eq!(decoder.fragments_evicted(), 0);
}

/// All frames of this file's kinds survive every cut and every damaged byte.
#[test]
fn abused_frames() {
    for data in [
        ether(0x0800, &ipv4(6, &tcp(false, 2, &OPTIONS, b"ab"))),
        ether(0x86dd, &ipv6(58, &icmp(true, 128, 0, b"x"))),
        ether(0x8100, &tag(5, 0x0800, &ipv4(17, &udp(false, 1, 2, b"x")))),
        ether(
            60,
            &cat(&[
                &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                &ipv4(1, &icmp(false, 8, 0, b"x")),
            ]),
        ),
        ether(
            0x8847,
            &cat(&[&[0, 0x10, 1, 64], &ipv6(17, &udp(true, 1, 2, b"x"))]),
        ),
        ether(0x88b8, &[0x30, 0x01, 0, 60, 0, 0]),
        ether(0x0800, &ipv4_fragment(0x2000, 33, &[4; 40])),
    ] {
        abuse(LinkType::Ethernet, &data);
    }
}
