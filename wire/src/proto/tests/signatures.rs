//! Signatures of databases, tunnels, media, remote control and messages: what they must name, alone or in agreement.

use super::recognition::Case;
use super::talk::{Talk, bytes};
use crate::proto::Hint;

const NO: Hint = Hint::None;
const ASKS: Hint = Hint::SenderIsClient;
const ANSWERS: Hint = Hint::ReceiverIsClient;

/// The client's first message in a stream to a port.
fn tcp(port: u16, data: Vec<u8>, name: &'static str, hint: Hint) -> Case {
    (6, 40000, port, hint != ANSWERS, data, name, hint)
}

fn udp(port: u16, data: Vec<u8>, name: &'static str, hint: Hint) -> Case {
    (17, 40000, port, hint != ANSWERS, data, name, hint)
}

fn text(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn databases() -> Vec<Case> {
    let greeting = join(&[
        &bytes("28 00 00 00 0a"),
        b"8.0.36\0",
        &bytes("0b000000 0102030405060708 00 fff7 ff 0200 ff81 15 00000000000000000000 00"),
    ]);
    let login = join(&[&bytes("24 000001 05a60f00 00000001 21"), &[0; 23], b"bob\0"]);
    let refusal = join(&[&bytes("1a 00 00 00 ff 6a04"), b"Host 'x' is not allowed"]);
    let startup = join(&[&bytes("00000012 00030000"), b"user\0bob\0\0"]);
    let sasl = join(&[&bytes("52 00000017 0000000a"), b"SCRAM-SHA-256\0\0"]);
    let error = join(&[&bytes("45 00000010"), b"SFATAL\0C28000\0\0"]);
    let prelogin = bytes("12 01 001c 0000 0000 00 000b 0006 01 0011 0001 ff 0f0007d0 0000 02 0000");
    let answer = bytes("04 01 001c 0000 0100 00 000b 0006 01 0011 0001 ff 0f0007d0 0000 02 0000");
    let login7 = join(&[&bytes("10 01 0026 0000 0100 1e000000 04000074"), &[0; 22]]);
    let mongo = join(&[&bytes("15000000 01000000 00000000 dd070000 00000000 00")]);
    let tns = bytes("001e 0000 01 00 0000 013b 012c 0c41 2000 ffff 7f08 0000 0100 0000 0000 0000");
    vec![
        tcp(3307, greeting, "mysql", ANSWERS),
        tcp(3307, login, "mysql", ASKS),
        tcp(3306, refusal, "mysql", ANSWERS),
        tcp(33061, bytes("05000000 0b 08051a00"), "mysqlx", ANSWERS),
        tcp(33060, bytes("01000000 01"), "mysqlx", ASKS),
        tcp(5433, startup, "postgresql", ASKS),
        tcp(5433, bytes("00000008 04d2162f"), "postgresql", ASKS),
        tcp(5433, bytes("00000008 04d21630"), "postgresql", ASKS),
        tcp(
            5433,
            bytes("00000010 04d2162e 00000001 00000002"),
            "postgresql",
            ASKS,
        ),
        tcp(
            5433,
            bytes("52 0000000c 00000005 ad44ff54"),
            "postgresql",
            ANSWERS,
        ),
        tcp(5433, sasl, "postgresql", ANSWERS),
        tcp(5433, error, "postgresql", ANSWERS),
        tcp(1434, prelogin, "ms-sql-s", ASKS),
        tcp(1434, answer, "ms-sql-s", ANSWERS),
        tcp(1434, login7, "ms-sql-s", ASKS),
        tcp(7000, text("*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n"), "redis", ASKS),
        tcp(
            7000,
            text("-NOAUTH Authentication required.\r\n"),
            "redis",
            ANSWERS,
        ),
        tcp(6379, text("-ERR unknown command\r\n"), "redis", ANSWERS),
        tcp(6379, text("PING\r\n"), "redis", ASKS),
        tcp(7000, text("set key 0 900 2\r\nab\r\n"), "memcache", ASKS),
        tcp(
            7000,
            bytes("80 0b 0000 00 00 0000 00000000 00000000 0000000000000000"),
            "memcache",
            ASKS,
        ),
        tcp(27018, mongo, "mongodb", ASKS),
        tcp(1526, tns, "oracle", ASKS),
        tcp(1521, bytes("0008 0000 0b 00 0000"), "oracle", ANSWERS),
        udp(
            40002,
            join(&[&bytes("1234 0000 0001 0000"), b"stats\r\n"]),
            "memcache",
            NO,
        ),
    ]
}

fn tunnels() -> Vec<Case> {
    let handshake = |kind: u8, length: usize| {
        let mut packet = vec![7; length];
        packet[..4].copy_from_slice(&[kind, 0, 0, 0]);
        packet
    };
    let ike2 = bytes("0102030405060708 0000000000000000 21 20 22 08 00000000 0000001c");
    let ike1 = bytes("0102030405060708 0000000000000000 01 10 02 00 00000000 0000001c");
    let l2tp = bytes("c802 0014 0000 0000 0000 0000 8008 0000 0000 0001");
    let hmac = join(&[
        &bytes("38 0102030405060708"),
        &[9; 20],
        &bytes("00000001 65000000 00 00000000"),
    ]);
    let crypt = join(&[&bytes("38 0102030405060708 00000001 65000000"), &[9; 37]]);
    let login = "{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"4x\",\"pass\":\"x\",\"agent\":\"XMRig/6\"}}\n";
    vec![
        tcp(1080, bytes("05 01 00"), "socks", ASKS),
        tcp(9050, bytes("05 01 00 03 03 612e62 0050"), "socks", ASKS),
        tcp(9050, bytes("05 00 00 01 0a000001 0050"), "socks", NO),
        tcp(
            9050,
            bytes("04 01 0050 00000001 00 612e6200"),
            "socks",
            ASKS,
        ),
        tcp(1080, bytes("04 01 0050 0a000001 00"), "socks", ASKS),
        udp(40002, handshake(1, 148), "wireguard", NO),
        udp(40002, handshake(2, 92), "wireguard", NO),
        udp(40002, handshake(3, 64), "wireguard", NO),
        udp(
            40002,
            bytes("38 0102030405060708 00 00000000"),
            "openvpn",
            ASKS,
        ),
        udp(40002, hmac, "openvpn", ASKS),
        udp(40002, crypt, "openvpn", ASKS),
        udp(
            40002,
            bytes("40 0102030405060708 01 00000000 0807060504030201 00000000"),
            "openvpn",
            ANSWERS,
        ),
        tcp(
            40002,
            bytes("000e 38 0102030405060708 00 00000000"),
            "openvpn",
            ASKS,
        ),
        udp(500, ike1, "isakmp", NO),
        udp(500, ike2.clone(), "isakmp", NO),
        udp(4500, join(&[&[0; 4], &ike2]), "isakmp", NO),
        udp(1701, l2tp, "l2tp", NO),
        tcp(
            3333,
            text("{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n"),
            "stratum",
            ASKS,
        ),
        tcp(
            3333,
            text("{\"method\":\"mining.notify\",\"params\":[]}\n"),
            "stratum",
            ANSWERS,
        ),
        tcp(
            3333,
            text("{\"worker\":\"e\",\"method\":\"eth_submitLogin\"}\n"),
            "stratum",
            ASKS,
        ),
        tcp(3333, text(login), "stratum", ASKS),
    ]
}

fn control() -> Vec<Case> {
    let name = join(&[&[32], &[b'A'; 32], &[0]]);
    let dgm = join(&[&bytes("11 02 000c c0a8ef81 008a 0022 0000"), &name, &[0; 0]]);
    let call = bytes(
        "00000001 00000000 00000002 000186a3 00000003 00000000 00000000 00000000 00000000 00000000",
    );
    let mut synchronise = bytes("ffffffff 0040 1801");
    synchronise.resize(1232, 0);
    vec![
        tcp(5901, text("RFB 003.008\n"), "rfb", ANSWERS),
        tcp(7777, text("RFB 003.008\n"), "rfb", ANSWERS),
        tcp(6010, bytes("6c 00 0b00 0000 0000 0000 0000"), "x11", ASKS),
        tcp(6010, bytes("01 00 0b00 0000 4300"), "x11", ANSWERS),
        tcp(5938, bytes("1724 0a 20 00"), "teamviewer", NO),
        udp(
            5938,
            bytes("00 0000000000 0000000000 1724"),
            "teamviewer",
            NO,
        ),
        tcp(4900, bytes("01 00000001 00000008 08"), "radmin", NO),
        udp(3389, synchronise, "rdp", ASKS),
        udp(138, dgm, "netbios-dgm", NO),
        tcp(2049, join(&[&bytes("80000028"), &call]), "nfs", ASKS),
        udp(111, call, "nfs", ASKS),
        udp(
            111,
            join(&[&bytes("00000001 00000001"), &[0; 16]]),
            "sunrpc",
            ANSWERS,
        ),
        tcp(4840, bytes("48454c46 0c000000 00000000"), "opcua-tcp", ASKS),
        tcp(4840, bytes("41434b46 08000000"), "opcua-tcp", ANSWERS),
    ]
}

fn exchange() -> Vec<Case> {
    let xmpp =
        "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'>";
    let ssdp = "HTTP/1.1 200 OK\r\nST: x\r\nUSN: y\r\n\r\n";
    vec![
        tcp(873, text("@RSYNCD: 31.0\n"), "rsync", ASKS),
        tcp(9418, text("001bgit-upload-pack /a.git\0"), "git", ASKS),
        tcp(
            40002,
            text("NICK bob\r\nUSER bob 0 * :Bob\r\n"),
            "irc",
            ASKS,
        ),
        tcp(
            40002,
            text(":irc.x NOTICE * :*** Looking up your host\r\n"),
            "irc",
            ANSWERS,
        ),
        tcp(6667, text(":irc.x 001 bob :Welcome\r\n"), "irc", ANSWERS),
        tcp(5222, text(xmpp), "xmpp", NO),
        tcp(119, text("200 news.x ready\r\n"), "nntp", ANSWERS),
        tcp(40002, text("MODE READER\r\n"), "nntp", ASKS),
        tcp(43, text("example.com\r\n"), "whois", ASKS),
        tcp(5672, join(&[b"AMQP", &[0, 0, 9, 1]]), "amqp", ASKS),
        tcp(
            5672,
            bytes("01 0000 00000010 000a 000a 00 09"),
            "amqp",
            ANSWERS,
        ),
        udp(5683, join(&[&bytes("40 01 0001 b4"), b"temp"]), "coap", NO),
        udp(
            3478,
            bytes("0001 0000 000102030405060708090a0b0c0d0e0f"),
            "stun",
            NO,
        ),
        tcp(
            3478,
            bytes("0014 0001 0000 2112a442 000102030405060708090a0b"),
            "stun",
            NO,
        ),
        udp(
            40002,
            join(&[
                &bytes("81c8 0006 01020304"),
                &[0; 20],
                &bytes("81ca 0001 01020304"),
            ]),
            "rtcp",
            NO,
        ),
        udp(40002, text(ssdp), "ssdp", NO),
        udp(
            40002,
            bytes("c3 51303436 50 0102030405060708 00000001 99"),
            "quic",
            NO,
        ),
        udp(
            40002,
            bytes("cc faceb002 08 0102030405060708 00 00"),
            "quic",
            NO,
        ),
        udp(
            40002,
            bytes("0d 0102030405060708 51303433 01"),
            "quic",
            ASKS,
        ),
        udp(
            443,
            join(&[
                &bytes("08 0102030405060708 25"),
                &[7; 16],
                b"REJ\0",
                &[0; 40],
            ]),
            "quic",
            ANSWERS,
        ),
        udp(
            40002,
            join(&[
                &bytes("0100 5303 10f06876 09f12917 00100000 e7f6 49c6"),
                b"\x13BitTorrent protocol",
            ]),
            "bittorrent",
            NO,
        ),
    ]
}

/// All first messages of this file.
pub fn first() -> Vec<Case> {
    [databases(), tunnels(), control(), exchange()].concat()
}

/// Each protocol is named from its first message, with the roles that it tells.
#[test]
fn further_first_messages() {
    for (proto, client_port, server_port, from_client, data, name, hint) in first() {
        let mut talk = Talk::udp(client_port, server_port);
        talk.proto = proto;
        let got = talk.send(from_client, &data);
        assert_eq!(talk.app.name(), Some(name), "{data:02x?}");
        assert_eq!(got, hint, "{name} {data:02x?}");
    }
}

/// First messages cut short anywhere, or longer than they say, panic nowhere and name nothing else.
#[test]
fn further_first_messages_damaged() {
    for (proto, client_port, server_port, from_client, data, name, _) in first() {
        for cut in 0..data.len() {
            let mut talk = Talk::udp(client_port, server_port);
            talk.proto = proto;
            talk.send(from_client, &data[..cut]);
            let got = talk.app.name();
            let kin = matches!(
                (name, got),
                ("nfs", Some("sunrpc")) | ("sunrpc", Some("nfs"))
            );
            assert!(
                got.is_none() || got == Some(name) || kin,
                "{name} cut at {cut}: {got:?}"
            );
        }
    }
}

/// Two messages: transport, server port, first, second comes from the same side, second, name.
type Pair = (u8, u16, Vec<u8>, bool, Vec<u8>, &'static str);

/// Two messages that are too weak alone.
fn pairs() -> Vec<Pair> {
    let data = |counter: u8| join(&[&bytes("04000000 11223344"), &[counter], &[0; 7], &[5; 16]]);
    let esp = |number: u8| join(&[&bytes("11223344 000000"), &[number], &[5; 24]]);
    let media = |number: u8| {
        join(&[
            &bytes("80 08 00"),
            &[number],
            &bytes("00001000 11223344"),
            &[5; 20],
        ])
    };
    let in_stream = |number: u8| join(&[&bytes("0020"), &media(number)]);
    let control = bytes("80 c9 0001 11223344");
    let record = join(&[&bytes("17 0303 4000"), &[7; 600]]);
    let offer = bytes("41 00 1111 00000000 00000000 00000000 2222 0000");
    let state = bytes("21 00 1111 00000000 00000000 00000000 3333 2222");
    let publish = join(&[&bytes("32 07 0003"), b"a/b", &bytes("0102")]);
    vec![
        (
            6,
            9050,
            bytes("05 02 00 02"),
            false,
            bytes("05 02"),
            "socks",
        ),
        (
            6,
            9050,
            bytes("04 01 0050 0a000001 00"),
            false,
            bytes("00 5a 0000 00000000"),
            "socks",
        ),
        (17, 40002, data(1), true, data(2), "wireguard"),
        (17, 4500, esp(1), true, esp(2), "ipsec-nat-t"),
        (17, 40002, media(1), true, media(2), "rtp"),
        (6, 40002, in_stream(1), true, in_stream(2), "rtp"),
        (17, 40002, control.clone(), true, control, "rtcp"),
        (
            17,
            40002,
            bytes("42 01 0007 abcd"),
            false,
            bytes("62 45 0007 abcd"),
            "coap",
        ),
        (6, 40002, record.clone(), false, record, "tls"),
        (17, 40002, offer, false, state, "bittorrent"),
        (6, 40002, bytes("c000"), false, bytes("d000"), "mqtt"),
        (6, 40002, publish, false, bytes("40 02 0102"), "mqtt"),
    ]
}

/// A weak message alone names nothing; the second decides, and not when it does not fit the first.
#[test]
fn weak_messages_must_agree() {
    for (proto, port, first, same_side, second, name) in pairs() {
        let mut talk = Talk::udp(40000, port);
        talk.proto = proto;
        talk.ask(&first);
        assert_eq!(talk.app.name(), None, "{name}");
        talk.send(same_side, &second);
        assert_eq!(talk.app.name(), Some(name));
        let mut talk = Talk::udp(40000, port);
        talk.proto = proto;
        talk.ask(&first);
        talk.send(!same_side, &second);
        assert_eq!(talk.app.name(), None, "{name} from the wrong side");
    }
}
