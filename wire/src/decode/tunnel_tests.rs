//! Decoding tunnels: identity, ids, lengths, and what stays the outer packet.

use super::Decoder;
use super::craft::{
    A4, A6, B4, B6, abuse, cat, decode, ether, frame, icmp, ipv4, ipv4_fragment, ipv6, mapped,
    path, tag, tcp, udp, with_total,
};
use crate::packet::{LinkType, Packet, quality};

fn inner4() -> Vec<u8> {
    ipv4(17, &udp(false, 7, 8, b"inner"))
}

fn inner6() -> Vec<u8> {
    ipv6(17, &udp(true, 7, 8, b"inner"))
}

fn over_udp(port: u16, content: &[u8]) -> Vec<u8> {
    ether(0x0800, &ipv4(17, &udp(false, 40_000, port, content)))
}

fn over_gre(header: &[u8], content: &[u8]) -> Vec<u8> {
    ether(0x0800, &ipv4(47, &cat(&[header, content])))
}

/// (frame, path, id) of every tunnel that leads to the inner UDP 7 -> 8.
#[expect(
    clippy::too_many_lines,
    reason = "one table, one line of header per tunnel"
)]
fn tunnels() -> Vec<(Vec<u8>, &'static str, Option<u64>)> {
    let (four, six, eth) = (inner4(), inner6(), ether(0x0800, &inner4()));
    let vxlan = [8, 0, 0, 0, 0x12, 0x34, 0x56, 0];
    let geneve = [1, 0, 0x65, 0x58, 0, 0, 9, 0, 1, 2, 3, 0];
    let size = u16::try_from(four.len()).unwrap().to_be_bytes();
    let longer = u16::try_from(four.len() + 8).unwrap().to_be_bytes();
    let gtp = cat(&[&[0x30, 255], &size, &[0, 0, 0, 7]]);
    let gtp_ext = cat(&[
        &[0x34, 255],
        &longer,
        &[0, 0, 0, 7, 0, 0, 0, 0x85, 1, 0, 0, 0],
    ]);
    let origin = [0, 0, 1, 2, 3, 4, 5, 6];
    let auth = [0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0];
    let l2tp = [0x42, 0x02, 0, 48, 0, 2, 0, 3, 0, 1, 0, 0xff, 3, 0, 0x21];
    vec![
        (ether(0x0800, &ipv4(4, &four)), "ipip", None),
        (ether(0x86dd, &ipv6(4, &four)), "ipip", None),
        (ether(0x86dd, &ipv6(41, &six)), "ipip", None),
        (ether(0x0800, &ipv4(41, &six)), "6in4", None),
        (over_gre(&[0, 0, 8, 0], &four), "gre", None),
        (over_gre(&[0, 0, 0x86, 0xdd], &six), "gre", None),
        (
            over_gre(&[0x20, 0, 0x65, 0x58, 0, 1, 2, 3], &eth),
            "gre",
            Some(0x1_0203),
        ),
        (
            over_gre(&[0xb0, 0, 8, 0, 1, 1, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1], &four),
            "gre",
            Some(5),
        ),
        (
            over_gre(
                &[
                    0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0,
                ],
                &four,
            ),
            "gre",
            None,
        ),
        (
            over_gre(
                &[
                    0x30, 0x81, 0x88, 0x0b, 0, 35, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 3, 0, 0x21,
                ],
                &four,
            ),
            "gre",
            None,
        ),
        (
            over_gre(&[0, 0, 0x88, 0x47, 0, 0, 0x11, 64], &four),
            "gre",
            None,
        ),
        (over_gre(&[0, 0, 0x88, 0xbe], &eth), "erspan", None),
        (
            over_gre(
                &[
                    0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0x08, 0x64, 0, 0, 0, 0,
                ],
                &eth,
            ),
            "erspan",
            Some(100),
        ),
        (
            over_gre(
                &cat(&[
                    &[
                        0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 0x65, 0, 0, 0, 0, 0, 0, 0, 1,
                    ],
                    &[0; 8],
                ]),
                &eth,
            ),
            "erspan",
            Some(101),
        ),
        (
            over_udp(4789, &cat(&[&vxlan, &eth])),
            "vxlan",
            Some(0x12_3456),
        ),
        (
            over_udp(8472, &cat(&[&vxlan, &eth])),
            "vxlan",
            Some(0x12_3456),
        ),
        (over_udp(6081, &cat(&[&geneve, &eth])), "geneve", Some(9)),
        (over_udp(2152, &cat(&[&gtp, &four])), "gtpu", Some(7)),
        (over_udp(2152, &cat(&[&gtp_ext, &four])), "gtpu", Some(7)),
        (over_udp(3544, &six), "teredo", None),
        (
            over_udp(3544, &cat(&[&auth, &origin, &six])),
            "teredo",
            None,
        ),
        (
            over_udp(1701, &cat(&[&l2tp, &four])),
            "l2tp",
            Some(2 << 16 | 3),
        ),
        (
            over_udp(5247, &cat(&[&[0, 0x10, 2, 0, 0, 0, 0, 0], &eth])),
            "capwap",
            None,
        ),
    ]
}

/// Each tunnel leads to the inner packet; the outer addresses, the id and the path are kept.
#[test]
fn every_tunnel() {
    for (data, name, id) in tunnels() {
        let p = decode(&data).unwrap();
        assert_eq!(path(&p), name);
        assert_eq!(
            (p.sport, p.dport, p.payload(&data)),
            (7, 8, &b"inner"[..]),
            "{name}"
        );
        assert_eq!(p.has_tunnel_id.then_some(p.tunnel_id), id, "{name}");
        assert_eq!((p.inner_index, p.quality), (1, 0), "{name}");
        let six_outside = data[12] == 0x86;
        let outer = if six_outside {
            (A6, B6)
        } else {
            (mapped(A4), mapped(B4))
        };
        assert_eq!((p.tunnel_src, p.tunnel_dst), outer, "{name}");
        assert_eq!(p.ip_len as usize, if p.ip_version == 4 { 33 } else { 53 });
        assert_eq!(p.wire_len as usize, data.len());
    }
}

/// Every cut and every damaged byte of every tunnel is survived.
#[test]
fn abused_tunnels() {
    for (data, _, _) in tunnels() {
        abuse(LinkType::Ethernet, &data);
    }
}

/// A UDP port alone proves nothing: what does not parse inside stays the outer flow, without a flag.
#[test]
fn no_tunnel() {
    let vxlan = [8, 0, 0, 0, 0, 0, 1, 0];
    let arp = ether(0x0806, &[0; 28]);
    let long = ether(0x0800, &with_total(inner4(), 400));
    for (port, content) in [
        (4789, b"not a tunnel at all".to_vec()),
        (4789, cat(&[&vxlan, &arp])),
        (4789, cat(&[&vxlan, &long])),
        (
            4789,
            cat(&[&[0, 0, 0, 0, 0, 0, 1, 0], &ether(0x0800, &inner4())]),
        ),
        (4789, vxlan.to_vec()),
        (6081, cat(&[&[0x80, 0, 8, 0, 0, 0, 9, 0], &inner4()])),
        (2152, cat(&[&[0x30, 1, 0, 0, 0, 0, 0, 7], &inner4()])),
        (2152, cat(&[&[0x30, 255, 0xff, 0, 0, 0, 0, 7], &inner4()])),
        (3544, inner4()),
        (1701, cat(&[&[0xc8, 2, 0, 12], &[0; 8]])),
        (1701, cat(&[&[0, 2, 0, 1, 0, 1, 0xc0, 0x21], &[0; 8]])),
        (
            5247,
            cat(&[&[1, 0x10, 2, 0, 0, 0, 0, 0], &ether(0x0800, &inner4())]),
        ),
    ] {
        let p = decode(&over_udp(port, &content)).unwrap();
        assert_eq!((p.sport, p.dport, path(&p).as_str()), (40_000, port, ""));
        assert_eq!(p.payload_len as usize, content.len());
        assert_eq!((p.inner_index, p.quality, p.has_tunnel_id), (0, 0, false));
    }
}

/// An IP protocol declares its tunnel: a broken inner header is flagged, an unknown payload is not.
#[test]
fn declared_tunnels() {
    for (data, proto, flags) in [
        (
            ether(0x0800, &ipv4(4, &[0x33; 40])),
            4,
            quality::PARSE_ERROR,
        ),
        (
            ether(0x0800, &ipv4(41, &inner4())),
            41,
            quality::PARSE_ERROR,
        ),
        (over_gre(&[0, 0, 8], &[]), 47, quality::PARSE_ERROR),
        (
            over_gre(&[0, 0, 8, 0], &[0x45; 10]),
            47,
            quality::PARSE_ERROR,
        ),
        (over_gre(&[0, 0, 0, 0], &[1; 10]), 47, 0),
        (
            over_gre(&[0, 0, 0x65, 0x58], &ether(0x0806, &[0; 28])),
            47,
            0,
        ),
        (over_gre(&[0, 1, 0x88, 0x0b, 0, 0, 0, 0], &[]), 47, 0),
    ] {
        let p = decode(&data).unwrap();
        assert_eq!((p.proto, p.quality, path(&p).as_str()), (proto, flags, ""));
        assert_eq!((p.has_ports, p.inner_index), (false, 0));
    }
    let p = decode(&ether(0x0800, &ipv4(4, &with_total(inner4(), 400)))).unwrap();
    assert_eq!(
        (path(&p).as_str(), p.payload_len, p.quality),
        ("ipip", 5, quality::PARSE_ERROR)
    );
}

/// Four tunnels are followed, the fifth stays payload and is flagged; paths and the innermost id are kept.
#[test]
fn depth() {
    let mut data = inner4();
    for _ in 0..4 {
        data = ipv4(4, &data);
    }
    let p = decode(&ether(0x0800, &data)).unwrap();
    assert_eq!(
        (path(&p).as_str(), p.inner_index, p.dport),
        ("ipip>ipip>ipip>ipip", 4, 8)
    );
    assert_eq!(p.quality, 0);
    let p = decode(&ether(0x0800, &ipv4(4, &data))).unwrap();
    assert_eq!(
        (p.inner_index, p.proto, p.quality),
        (4, 4, quality::TUNNEL_DEPTH)
    );
    let vxlan = cat(&[
        &[8, 0, 0, 0, 0, 0, 1, 0],
        &ether(0x8100, &tag(3, 0x0800, &inner4())),
    ]);
    let nested = over_gre(
        &[0x20, 0, 8, 0, 0, 0, 0, 5],
        &ipv4(17, &udp(false, 9, 4789, &vxlan)),
    );
    let p = decode(&nested).unwrap();
    assert_eq!(
        (path(&p).as_str(), p.tunnel_id, p.inner_index),
        ("gre>vxlan", 1, 2)
    );
    assert_eq!((p.vlan_outer, p.dport), (-1, 8));
    abuse(LinkType::Ethernet, &nested);
}

/// Fragments inside a tunnel find their first one by tunnel id.
#[test]
fn fragments_inside() {
    let mut decoder = Decoder::new();
    let mut p = Packet::default();
    let whole = icmp(false, 8, 0, &[1; 40]);
    for (word, part, key, known) in [
        (0x2000, &whole[..24], 5, true),
        (3, &whole[24..], 5, true),
        (3, &whole[24..], 6, false),
    ] {
        let data = over_gre(
            &[0x20, 0, 8, 0, 0, 0, 0, key],
            &ipv4_fragment(word, 1, part),
        );
        decoder
            .decode(&frame(LinkType::Ethernet, &data), &mut p)
            .unwrap();
        assert_eq!((p.has_icmp, p.icmp_id == 0x0102), (known, known));
        assert_eq!((p.is_fragment, p.tunnel_id), (true, u64::from(key)));
    }
    // A first fragment of the outer packet shows the inner one, cut short.
    let tcp = ipv4(6, &tcp(false, 16, &[], &[0; 200]));
    let data = ether(0x0800, &ipv4_fragment(0x2000, 4, &tcp[..120]));
    let p = decode(&data).unwrap();
    assert_eq!(
        (path(&p).as_str(), p.dport, p.payload_len),
        ("ipip", 80, 80)
    );
    assert_eq!((p.quality, p.is_fragment), (quality::PARSE_ERROR, false));
}
