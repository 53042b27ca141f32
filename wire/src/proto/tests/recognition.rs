//! Signatures: what they must name, what they must leave alone.

use super::dialogues::Noise;
use super::talk::{Talk, bytes};
use crate::proto::Hint;

/// First message of a flow: transport, ports, sender, bytes, expected name and hint.
pub type Case = (u8, u16, u16, bool, Vec<u8>, &'static str, Hint);

fn text(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

const NO: Hint = Hint::None;
const ASKS: Hint = Hint::SenderIsClient;
const ANSWERS: Hint = Hint::ReceiverIsClient;

fn client_hello() -> Vec<u8> {
    [
        bytes("16 0301 0031 01 00002d 0303"),
        vec![9; 32],
        bytes("00 0002 1301 0100 0000"),
    ]
    .concat()
}

fn dns(flags: &str) -> Vec<u8> {
    [
        bytes(&format!("1234 {flags} 0001 0000 0000 0000")),
        text("\x03www\x07example\x03com"),
        bytes("00 0001 0001"),
    ]
    .concat()
}

#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "one case after the other")]
pub fn streams() -> Vec<Case> {
    let tcp_dns = [&bytes("0021")[..], &dns("0100")].concat();
    vec![
        (
            6,
            40000,
            8080,
            true,
            text("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
            "http",
            ASKS,
        ),
        (
            6,
            40000,
            80,
            false,
            text("HTTP/1.0 404 Not found\r\n"),
            "http",
            ANSWERS,
        ),
        (
            6,
            40000,
            80,
            true,
            text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            "http2",
            ASKS,
        ),
        (6, 40000, 8443, true, client_hello(), "tls", ASKS),
        (
            6,
            40000,
            22,
            false,
            text("SSH-2.0-OpenSSH_9\r\n"),
            "ssh",
            ANSWERS,
        ),
        (6, 40000, 2222, true, text("SSH-2.0-x\r\n"), "ssh", NO),
        (6, 40000, 53, true, tcp_dns, "dns", ASKS),
        (
            6,
            40000,
            25,
            false,
            text("220 mx ESMTP\r\n"),
            "smtp",
            ANSWERS,
        ),
        (6, 40000, 587, true, text("EHLO me\r\n"), "smtp", NO),
        (6, 40000, 110, false, text("+OK ready\r\n"), "pop3", ANSWERS),
        (6, 40000, 143, false, text("* OK IMAP4rev1\r\n"), "imap", ANSWERS),
        (6, 40000, 23, false, bytes("fffd18 fffd20"), "telnet", NO),
        (
            6,
            40000,
            445,
            true,
            [
                bytes("00000040 fe534d42 4000 0000 00000000 0000 0000 00000000"),
                vec![0; 40],
            ]
            .concat(),
            "smb",
            ASKS,
        ),
        (
            6,
            40000,
            445,
            false,
            bytes("00000023 ff534d42 72 00000000 98 0000"),
            "smb",
            ANSWERS,
        ),
        (
            6,
            40000,
            3389,
            true,
            bytes("0300 0013 0e e0 0000 0000 00 01 00 0800 03000000"),
            "rdp",
            ASKS,
        ),
        (
            6,
            40000,
            102,
            true,
            bytes("0300 0019 02f080 32 01 0000 0001 0008 0000 f0 00 0001 0001 01e0"),
            "s7comm",
            NO,
        ),
        (
            6,
            40000,
            102,
            true,
            bytes("0300 0011 02f080 72 01 0004 31000004 7201 0000"),
            "s7comm-plus",
            NO,
        ),
        (
            6,
            40000,
            102,
            true,
            bytes("0300 0020 02f080 01000100 61 10 300e 020103 a009 a0 07 020101 8200"),
            "mms",
            NO,
        ),
        (
            6,
            40000,
            20000,
            true,
            bytes("0564 05 c9 0300 0400 bd71"),
            "dnp3",
            NO,
        ),
        (
            6,
            40000,
            44818,
            true,
            bytes("6500 0400 00000000 00000000 0000000000000000 00000000 01000000"),
            "enip",
            NO,
        ),
        (
            6,
            40000,
            5060,
            true,
            text("OPTIONS sip:a@b SIP/2.0\r\n"),
            "sip",
            NO,
        ),
        (
            6,
            40000,
            554,
            true,
            text("DESCRIBE rtsp://x RTSP/1.0\r\n"),
            "rtsp",
            NO,
        ),
        (
            6,
            40000,
            6881,
            true,
            text("\x13BitTorrent protocol........"),
            "bittorrent",
            NO,
        ),
        (
            6,
            40000,
            88,
            true,
            bytes("00000010 6a0e 300c a103 020105 a203 02010a 0000"),
            "kerberos",
            NO,
        ),
        (
            6,
            40000,
            389,
            true,
            bytes("300c 020101 6007 020103 0400 8000"),
            "ldap",
            ASKS,
        ),
        (
            6,
            40000,
            1883,
            true,
            bytes("100c 0004 4d515454 04 02 003c 0000"),
            "mqtt",
            NO,
        ),
        (
            6,
            40000,
            601,
            true,
            text("<34>1 2003-10-11T22:14:15Z host"),
            "syslog",
            NO,
        ),
    ]
}

#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "one case after the other")]
pub fn datagrams() -> Vec<Case> {
    let ntp = [vec![0x23, 0, 6, 0xe9], vec![0; 44]].concat();
    let nbns = [
        bytes("0001 0110 0001 0000 0000 0000 20"),
        vec![b'A'; 32],
        bytes("00 0020 0001"),
    ]
    .concat();
    let radius = [
        bytes("01 05 0020"),
        vec![3; 16],
        bytes("01 06 61626364 04 06 0a000001"),
    ]
    .concat();
    vec![
        (17, 40000, 53, true, dns("0100"), "dns", ASKS),
        (17, 40000, 53, false, dns("8180"), "dns", ANSWERS),
        (17, 5353, 5353, true, dns("0000"), "mdns", NO),
        (17, 40000, 5355, true, dns("0000"), "llmnr", ASKS),
        (17, 137, 137, true, nbns, "netbios-ns", ASKS),
        (17, 40000, 123, true, ntp, "ntp", ASKS),
        (
            17,
            40000,
            161,
            true,
            bytes("3018 020101 0406 7075626c6963 a00b 020101 020100 020100 3000"),
            "snmp",
            NO,
        ),
        (
            17,
            40000,
            69,
            true,
            text("\0\x01boot.bin\0octet\0"),
            "tftp",
            NO,
        ),
        (
            17,
            40000,
            3478,
            true,
            bytes("0001 0000 2112a442 000102030405060708090a0b"),
            "stun",
            NO,
        ),
        (
            17,
            40000,
            443,
            true,
            bytes("c3 00000001 08 0001020304050607 00 00 449e"),
            "quic",
            NO,
        ),
        (17, 40000, 1812, true, radius, "radius", NO),
        (
            17,
            40000,
            514,
            true,
            text("<34>Oct 11 22:14:15 host su: x"),
            "syslog",
            NO,
        ),
        (
            17,
            47808,
            47808,
            true,
            bytes("81 0b 000c 0120ffff00ff1008"),
            "bacnet",
            NO,
        ),
        (
            17,
            40000,
            1900,
            true,
            text("M-SEARCH * HTTP/1.1\r\n"),
            "ssdp",
            NO,
        ),
        (
            17,
            40000,
            6881,
            true,
            text("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"),
            "bittorrent",
            NO,
        ),
        (17, 40000, 80, true, bytes("0d 0102030405060708 51303335 01"), "quic", ASKS),
        (17, 40000, 443, false, bytes("80 00000000 00 00 6b3343cf 00000001"), "quic", ANSWERS),
        (17, 40000, 443, false, [&bytes("08 0102030405060708 01 a0 01 02")[..], b"REJ\0"].concat(), "quic", ANSWERS),
        (
            17,
            40000,
            4433,
            false,
            bytes("16 feff 0000 000000000000 0010 03 000004 0000 000000 000004 feff 0100"),
            "dtls",
            ANSWERS,
        ),
        (17, 40000, 4433, true, bytes("17 fefd 0001 000000000007 0003 010203"), "dtls", NO),
    ]
}

/// Each protocol is named from its first message, with the roles that the flow semantics take from it.
#[test]
fn first_messages() {
    for (proto, client_port, server_port, from_client, data, name, hint) in
        streams().into_iter().chain(datagrams())
    {
        let mut talk = Talk::udp(client_port, server_port);
        talk.proto = proto;
        assert_eq!(talk.send(from_client, &data), hint, "{name}");
        assert_eq!(talk.app.name(), Some(name));
        // A call's flow goes on to be looked at for DTLS, some others for TLS.
        let goes_on = matches!(name, "stun" | "nntp" | "xmpp");
        let is_read = talk.app.basis() == "parsed" || goes_on;
        assert!(
            is_read || talk.app.basis() == "signature" && talk.app.is_done(),
            "{name}"
        );
    }
}

/// Eight payloads without a match and the flow is left alone.
#[test]
fn tries_are_bounded() {
    let mut talk = Talk::tcp(9999);
    for _ in 0..8 {
        assert!(!talk.app.is_done());
        talk.ask(b"nothing known");
    }
    assert!(talk.app.is_done());
    assert_eq!((talk.app.name(), talk.app.basis()), (None, "none"));
}

/// Noise is not recognised: no payload of 1 MB at ports without a service, and at most one in a thousand where a known
/// port lends its weight to a short signature.
#[test]
fn noise_is_not_recognised() {
    let known = [
        (6, 21),
        (6, 23),
        (6, 102),
        (6, 502),
        (6, 2404),
        (6, 389),
        (17, 53),
        (17, 123),
        (17, 137),
        (17, 161),
        (17, 1812),
        (17, 443),
        (6, 1080),
        (6, 1521),
        (6, 3306),
        (6, 6379),
        (17, 138),
        (17, 3478),
        (17, 4500),
        (17, 5683),
        (17, 51820),
    ];
    let mut noise = Noise(0x1234_5678);
    for (proto, port) in [(6, 40001), (17, 40001)].into_iter().chain(known) {
        let (mut total, mut count, mut named) = (0, 0, 0);
        while total < 1_000_000 {
            let length = 4 + noise.below(300);
            let data = noise.bytes(length);
            let mut talk = Talk::udp(40000, port);
            talk.proto = proto;
            talk.send(noise.below(2) == 0, &data);
            named += u32::from(talk.app.name().is_some());
            total += data.len();
            count += 1;
        }
        let allowed = if port == 40001 { 0 } else { count / 1000 };
        assert!(named <= allowed, "{proto}/{port}: {named} of {count}");
    }
}

/// Noise does not agree with noise: flows of eight random payloads, both ways, without a known port.
#[test]
fn noise_does_not_agree() {
    let mut noise = Noise(0x8765_4321);
    for proto in [6, 17] {
        for _ in 0..1500 {
            let mut talk = Talk::udp(40000, 40001);
            talk.proto = proto;
            for _ in 0..8 {
                let length = 1 + noise.below(200);
                let data = noise.bytes(length);
                talk.send(noise.below(2) == 0, &data);
            }
            assert_eq!(talk.app.name(), None, "{proto}");
        }
    }
}

/// Printable text, zeros and repeated octets are no protocol either.
#[test]
fn plain_payloads_are_not_recognised() {
    for proto in [6, 17] {
        for byte in 0..=255_u8 {
            let mut talk = Talk::udp(40000, 40001);
            talk.proto = proto;
            talk.ask(&[byte; 64]);
            assert_eq!(talk.app.name(), None, "{proto} {byte:02x}");
        }
    }
}
