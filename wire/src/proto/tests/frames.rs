//! Sample conversations as small captures: Ethernet, IPv4, TCP with handshake and farewell, checksums right.

use super::dialogues::Dialogue;

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];

/// Internet checksum (RFC 1071).
fn checksum(parts: &[&[u8]]) -> [u8; 2] {
    let data = parts.concat();
    let mut sum: u32 = data
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

/// One segment as an Ethernet frame.
fn frame(
    ports: (u16, u16),
    client: bool,
    flags: u8,
    (seq, ack): (u32, u32),
    data: &[u8],
) -> Vec<u8> {
    let ends = [(CLIENT, ports.0, 0xa), (SERVER, ports.1, 0xb)];
    let (from, to) = if client {
        (ends[0], ends[1])
    } else {
        (ends[1], ends[0])
    };
    let mut tcp = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
    tcp.extend(seq.to_be_bytes());
    tcp.extend(ack.to_be_bytes());
    tcp.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
    tcp.extend(data);
    let length = tcp.len() as u16;
    let sum = checksum(&[&from.0, &to.0, &[0, 6], &length.to_be_bytes(), &tcp]);
    tcp[16..18].copy_from_slice(&sum);
    let mut ip = vec![0x45, 0];
    ip.extend((20 + length).to_be_bytes());
    ip.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
    ip.extend(from.0);
    ip.extend(to.0);
    let sum = checksum(&[&ip]);
    ip[10..12].copy_from_slice(&sum);
    [
        &[2, 0, 0, 0, 0, to.2, 2, 0, 0, 0, 0, from.2, 8, 0][..],
        &ip,
        &tcp,
    ]
    .concat()
}

/// A pcap file of a TCP conversation, a packet per millisecond.
pub fn capture(dialogue: &Dialogue) -> Vec<u8> {
    const SYN: u8 = 2;
    const PUSH: u8 = 0x18;
    const ACK: u8 = 0x10;
    const FIN: u8 = 0x11;
    let ports = (40_000, dialogue.port);
    let mut seq = [1000_u32, u32::MAX - 5];
    let mut frames = vec![
        frame(ports, true, SYN, (seq[0], 0), &[]),
        frame(ports, false, SYN | ACK, (seq[1], seq[0] + 1), &[]),
    ];
    seq = seq.map(|seq| seq.wrapping_add(1));
    frames.push(frame(ports, true, ACK, (seq[0], seq[1]), &[]));
    let mut send = |client: bool, flags: u8, data: &[u8]| {
        let (own, other) = (usize::from(!client), usize::from(client));
        frames.push(frame(ports, client, flags, (seq[own], seq[other]), data));
        seq[own] = seq[own].wrapping_add(data.len() as u32 + u32::from(flags & 1));
    };
    for (client, data) in &dialogue.messages {
        send(*client, PUSH, data);
    }
    send(true, FIN, &[]);
    send(false, FIN, &[]);
    send(true, ACK, &[]);
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(word.to_le_bytes());
    }
    for (at, frame) in frames.iter().enumerate() {
        for word in [
            1_700_000_000,
            at as u32 * 1000,
            frame.len() as u32,
            frame.len() as u32,
        ] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
    }
    file
}
