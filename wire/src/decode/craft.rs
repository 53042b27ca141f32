//! Test frames, built from the inside out with right lengths and checksums.

use super::Decoder;
use super::checksum::{Sum, compute, pseudo_header};
use crate::packet::{Frame, LinkType, Packet, Undecoded};

pub(super) const MAC_A: [u8; 6] = [2, 0, 0, 0, 0, 0xa];
pub(super) const MAC_B: [u8; 6] = [2, 0, 0, 0, 0, 0xb];
pub(super) const A4: [u8; 4] = [10, 0, 0, 1];
pub(super) const B4: [u8; 4] = [192, 0, 2, 9];
pub(super) const A6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
pub(super) const B6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

pub(super) fn mapped(a: [u8; 4]) -> [u8; 16] {
    let mut out = [0; 16];
    out[10] = 0xff;
    out[11] = 0xff;
    out[12..].copy_from_slice(&a);
    out
}

pub(super) fn cat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

pub(super) fn ether(kind: u16, payload: &[u8]) -> Vec<u8> {
    cat(&[&MAC_B, &MAC_A, &kind.to_be_bytes(), payload])
}

pub(super) fn tag(tci: u16, kind: u16, payload: &[u8]) -> Vec<u8> {
    cat(&[&tci.to_be_bytes(), &kind.to_be_bytes(), payload])
}

/// An IPv4 packet with identification 0x1234 and the given flags and offset word.
pub(super) fn ipv4_fragment(word: u16, proto: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap();
    let mut h = vec![0x45, 0xb8];
    h.extend(length.to_be_bytes());
    h.extend([0x12, 0x34]);
    h.extend(word.to_be_bytes());
    h.extend([61, proto, 0, 0]);
    h.extend(A4);
    h.extend(B4);
    let sum = compute(Sum::default().add(&h));
    h[10..12].copy_from_slice(&sum.to_be_bytes());
    h.extend(payload);
    h
}

pub(super) fn ipv4(proto: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_fragment(0x4000, proto, payload)
}

/// Rewrite the total length of an IPv4 packet and its checksum.
pub(super) fn with_total(mut packet: Vec<u8>, total: u16) -> Vec<u8> {
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet[10..12].fill(0);
    let sum = compute(Sum::default().add(&packet[..20]));
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

pub(super) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut h = vec![0x6b, 0x80, 0, 0];
    h.extend(length.to_be_bytes());
    h.extend([next, 63]);
    h.extend(A6);
    h.extend(B6);
    h.extend(payload);
    h
}

fn seal(mut segment: Vec<u8>, at: usize, six: bool, proto: u8) -> Vec<u8> {
    let length = u32::try_from(segment.len()).unwrap();
    let (src, dst) = if six {
        (A6, B6)
    } else {
        (mapped(A4), mapped(B4))
    };
    let sum = match proto {
        1 => Sum::default(),
        _ => pseudo_header(&src, &dst, proto, length),
    };
    let value = compute(sum.add(&segment));
    segment[at..at + 2].copy_from_slice(&value.to_be_bytes());
    segment
}

/// A TCP segment 1000 -> 80 with options.
pub(super) fn tcp(six: bool, flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let offset = u8::try_from((20 + options.len()) / 4).unwrap() << 4;
    let mut h = vec![
        0x03, 0xe8, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, offset, flags, 0x20, 0, 0, 0, 0, 0,
    ];
    h.extend(options);
    h.extend(payload);
    seal(h, 16, six, 6)
}

pub(super) fn udp(six: bool, sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let mut h = Vec::new();
    for value in [sport, dport, length, 0] {
        h.extend(value.to_be_bytes());
    }
    h.extend(payload);
    seal(h, 6, six, 17)
}

/// An ICMP (or `ICMPv6`) message with identifier 0x0102.
pub(super) fn icmp(six: bool, kind: u8, code: u8, payload: &[u8]) -> Vec<u8> {
    let mut h = vec![kind, code, 0, 0, 1, 2, 0, 7];
    h.extend(payload);
    seal(h, 2, six, if six { 58 } else { 1 })
}

pub(super) fn frame(link: LinkType, data: &[u8]) -> Frame<'_> {
    Frame {
        ts_ns: 5,
        offset: 24,
        ordinal: 3,
        wire_len: u32::try_from(data.len()).unwrap(),
        interface: 0,
        link,
        vlan: None,
        data,
    }
}

pub(super) fn decode_link(link: LinkType, data: &[u8]) -> Result<Packet, Undecoded> {
    let mut packet = Packet::default();
    Decoder::new().decode(&frame(link, data), &mut packet)?;
    Ok(packet)
}

pub(super) fn decode(data: &[u8]) -> Result<Packet, Undecoded> {
    decode_link(LinkType::Ethernet, data)
}

/// Names of the tunnels of a packet, outermost first.
pub(super) fn path(packet: &Packet) -> String {
    (0..8)
        .rev()
        .map(|i| u8::try_from(packet.tunnel.0 >> (4 * i) & 15).unwrap())
        .filter(|&code| code != 0)
        .map(crate::packet::Tunnel::name)
        .collect::<Vec<_>>()
        .join(">")
}

/// Cut a frame at every length and damage it at every byte: nothing panics, and what is decoded stays in bounds.
pub(super) fn abuse(link: LinkType, data: &[u8]) {
    let mut decoder = Decoder::new();
    let mut packet = Packet::default();
    let mut check = |data: &[u8], wire_len: usize| {
        let mut cut = frame(link, data);
        cut.wire_len = u32::try_from(wire_len).unwrap();
        if decoder.decode(&cut, &mut packet).is_ok() {
            assert_eq!(packet.payload(data).len(), packet.payload_captured as usize);
            assert!(packet.payload_captured <= packet.payload_len);
            assert!(packet.payload_len as usize <= wire_len);
        }
    };
    for cut in 0..=data.len() {
        check(&data[..cut], data.len());
        check(&data[..cut], cut);
    }
    for at in 0..data.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff, data[at] ^ 1] {
            let mut damaged = data.to_vec();
            damaged[at] = value;
            check(&damaged, data.len());
        }
    }
}
