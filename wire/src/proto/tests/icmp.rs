//! ICMP: reports with what they quote, pairs of requests and replies, damage.

use super::dialogues::Noise;
use super::talk::{Talk, bytes, hex, ip, pick};
use crate::proto::IcmpHead;

fn talk(version: u8) -> Talk {
    let mut talk = Talk::udp(0, 0);
    talk.proto = if version == 4 { 1 } else { 58 };
    talk
}

/// Send one message: type, code, four octets, what follows.
fn send(talk: &mut Talk, from_client: bool, (kind, code): (u8, u8), rest: &str, data: &[u8]) {
    let rest = bytes(rest).try_into().unwrap();
    talk.icmp = Some(IcmpHead { kind, code, rest });
    talk.raw(from_client, 0, data, data.len() as u32);
}

const PAIR: [&str; 9] = [
    "icmp_name",
    "icmp_type",
    "requests",
    "replies",
    "echo_id",
    "payload_len",
    "reply_len",
    "payload_differs",
    "rtt_ns",
];

const QUOTE: [&str; 7] = [
    "icmp_name",
    "quoted_proto",
    "quoted_dst_ip",
    "quoted_src_port",
    "quoted_dst_port",
    "gateway_ip",
    "mtu",
];

fn pairs(talk: &mut Talk) -> Vec<String> {
    talk.end();
    pick(&talk.out.icmp.finish().unwrap(), &PAIR)
}

fn reports(talk: &mut Talk) -> Vec<String> {
    pick(&talk.out.icmp.finish().unwrap(), &QUOTE)
}

/// A quoted IPv4 packet from 10.0.0.1 to 10.0.0.2.
fn quoted(proto: u8, fragment: &str, transport: &str) -> Vec<u8> {
    let head = format!("4500 0030 0001 {fragment} 40 {proto:02x} 0000 0a000001 0a000002");
    bytes(&(head + transport))
}

/// A ping that gets back what it sent is one row, without weight and without a name of the flow.
#[test]
fn ping() {
    let mut ping = talk(4);
    for seq in ["0000", "0001", "0002"] {
        send(&mut ping, true, (8, 0), &format!("beef {seq}"), b"abcdefgh");
        if seq != "0002" {
            send(
                &mut ping,
                false,
                (0, 0),
                &format!("beef {seq}"),
                b"abcdefgh",
            );
        }
    }
    assert_eq!(pairs(&mut ping), ["echo|8|3|2|48879|8|8|false|1000000"]);
    assert_eq!((ping.app.name(), ping.app.is_done()), (None, false));
    assert!(ping.weird().is_empty());
    let mut ping = talk(6);
    send(&mut ping, true, (128, 0), "0001 0000", b"");
    assert_eq!(pairs(&mut ping), ["echo|128|1|0|1|0|-|-|-"]);
}

/// A tunnel in echo messages shows: replies that differ in length or content.
#[test]
fn tunnel() {
    let mut other = talk(4);
    send(&mut other, true, (8, 0), "0007 0001", b"GET / HTTP");
    send(&mut other, false, (0, 0), "0007 0001", &[b'x'; 1200]);
    assert_eq!(pairs(&mut other), ["echo|8|1|1|7|10|1200|true|1000000"]);
    let mut same_length = talk(4);
    send(&mut same_length, true, (8, 0), "0007 0001", b"abcd");
    send(&mut same_length, false, (0, 0), "0007 0001", b"abcd");
    send(&mut same_length, true, (8, 0), "0007 0002", b"abcd");
    send(&mut same_length, false, (0, 0), "0007 0002", b"abce");
    assert_eq!(pairs(&mut same_length), ["echo|8|2|2|7|4|4|true|1000000"]);
    // A reply to nothing that waits tells nothing.
    let mut unasked = talk(4);
    send(&mut unasked, false, (0, 0), "0007 0001", b"data");
    assert_eq!(pairs(&mut unasked), ["echo|8|0|1|7|-|4|-|-"]);
}

/// What the snap length cut is compared by length only.
#[test]
fn cut_payloads() {
    let mut cut = talk(4);
    let rest = [0, 7, 0, 1];
    for (client, kind, shown, whole) in [(true, 8, 4, 8), (false, 0, 2, 8)] {
        cut.icmp = Some(IcmpHead {
            kind,
            code: 0,
            rest,
        });
        cut.raw(client, 0, &b"abcdefgh"[..shown], whole);
    }
    assert_eq!(pairs(&mut cut), ["echo|8|1|1|7|8|8|-|1000000"]);
}

/// Time stamps and masks are pairs too; what is neither is counted.
#[test]
fn other_pairs() {
    let mut stamps = talk(4);
    send(&mut stamps, true, (13, 0), "0001 0000", &[0; 12]);
    send(&mut stamps, false, (14, 0), "0001 0000", &[1; 12]);
    assert_eq!(pairs(&mut stamps), ["timestamp|13|1|1|1|12|12|-|1000000"]);
    let mut listeners = talk(6);
    send(&mut listeners, true, (143, 0), "0000 0001", &[0; 20]);
    send(&mut listeners, true, (143, 0), "0000 0001", &[0; 40]);
    let row = "multicast-listener|143|2|-|-|40|-|-|-";
    assert_eq!(pairs(&mut listeners), [row]);
}

/// Reports say about which packet they are, so that a failed probe can be found.
#[test]
fn reports_quote() {
    let mut host = talk(4);
    send(
        &mut host,
        false,
        (3, 3),
        "00000000",
        &quoted(17, "0000", "c000 0035 0010 0000"),
    );
    send(
        &mut host,
        false,
        (3, 4),
        "0000 05b4",
        &quoted(6, "4000", "c000 01bb 00000000"),
    );
    send(
        &mut host,
        false,
        (5, 1),
        "0a0000fe",
        &quoted(1, "0000", "0800 0000 0001 0001"),
    );
    send(
        &mut host,
        false,
        (11, 0),
        "00000000",
        &quoted(17, "2001", "c000 0035 0010 0000"),
    );
    send(
        &mut host,
        false,
        (11, 0),
        "00000000",
        &quoted(17, "0000", "c000"),
    );
    let (to, gateway) = (hex(&ip(2)), hex(&ip(254)));
    assert_eq!(
        reports(&mut host),
        [
            format!("unreachable|17|{to}|49152|53|-|-"),
            format!("unreachable|6|{to}|49152|443|-|1460"),
            format!("redirect|1|{to}|-|-|{gateway}|-"),
            format!("time-exceeded|17|{to}|-|-|-|-"),
            format!("time-exceeded|17|{to}|-|-|-|-"),
        ]
    );
    assert!(host.weird().is_empty());
    send(&mut host, false, (3, 0), "00000000", &bytes("55 00"));
    assert_eq!(host.weird(), ["icmp_bad_quote"]);
}

/// Extension headers are walked, not for ever, and fragments have no ports.
#[test]
fn quotes_of_version_six() {
    let ends = "20010db8000000000000000000000001 20010db8000000000000000000000002";
    let quote = |next: &str, rest: &str| bytes(&format!("60000000 0020 {next} 40 {ends} {rest}"));
    let mut host = talk(6);
    let udp = "c000 0035 0010 0000";
    send(&mut host, false, (1, 4), "00000000", &quote("11", udp));
    let hop = format!("11 00 0104 00000000 {udp}");
    send(&mut host, false, (1, 4), "00000000", &quote("00", &hop));
    let fragment = format!("11 00 0008 00000001 {udp}");
    send(
        &mut host,
        false,
        (2, 0),
        "00000500",
        &quote("2c", &fragment),
    );
    let endless = "00 00 000000000000".repeat(40);
    send(&mut host, false, (3, 0), "00000000", &quote("00", &endless));
    let to = hex(&bytes("20010db8000000000000000000000002"));
    assert_eq!(
        reports(&mut host),
        [
            format!("unreachable|17|{to}|49152|53|-|-"),
            format!("unreachable|17|{to}|49152|53|-|-"),
            format!("packet-too-big|17|{to}|-|-|-|1280"),
            format!("time-exceeded|0|{to}|-|-|-|-"),
        ]
    );
}

/// A flood of reports is some thousand rows and one oddity.
#[test]
fn reports_are_bounded() {
    let mut host = talk(4);
    let quote = quoted(17, "0000", "c000 0035 0010 0000");
    for _ in 0..5000 {
        send(&mut host, false, (3, 3), "00000000", &quote);
    }
    assert_eq!(host.out.icmp.len(), 4096);
    assert_eq!(host.weird(), ["icmp_more_reports"]);
}

/// Every length and any octets: no panic, few rows.
#[test]
fn damage() {
    let mut noise = Noise(0x1c39);
    for version in [4, 6] {
        for round in 0..3000_usize {
            let mut host = talk(version);
            let mut data = quoted(17, "0000", "c000 0035 0010 0000");
            data.truncate(round % (data.len() + 1));
            for _ in 0..round % 3 {
                let at = noise.below(data.len().max(1) as u64);
                if let Some(octet) = data.get_mut(at) {
                    *octet ^= 1 << noise.below(8);
                }
            }
            for _ in 0..4 {
                let head = (noise.below(256) as u8, noise.below(16) as u8);
                send(&mut host, noise.below(2) == 0, head, "00010002", &data);
            }
            host.end();
            assert!(host.out.icmp.len() + host.out.ndp.len() <= 4);
        }
    }
}
