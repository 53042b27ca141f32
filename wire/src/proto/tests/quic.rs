//! QUIC: sealed Initial packets, Google's hellos, and what goes wrong.

use super::talk::{Talk, bytes, pick};
use super::tls::{client_hello, extension, server_hello, vector};
use crate::proto::quic::seal;

const V1: u32 = 1;
const V2: u32 = 0x6b33_43cf;
const DCID: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const SERVER: [u8; 8] = [9; 8];

/// A long header up to the length.
fn header(version: u32, bits: u8, dcid: &[u8], scid: &[u8], has_token: bool) -> Vec<u8> {
    let bits = if version == V2 { (bits + 1) & 3 } else { bits };
    [
        &[0xc3 | bits << 4][..],
        &version.to_be_bytes(),
        &vector(1, dcid),
        &vector(1, scid),
        if has_token { &[0] } else { &[] },
    ]
    .concat()
}

fn crypto(offset: usize, data: &[u8]) -> Vec<u8> {
    let number = |value: usize| (0x4000 | value as u16).to_be_bytes();
    [&[6][..], &number(offset), &number(data.len()), data].concat()
}

/// A client's Initial packet with keys that follow from `key`.
fn ask(version: u32, key: &[u8], dcid: &[u8], frames: &[u8]) -> Vec<u8> {
    seal(
        version,
        key,
        true,
        &header(version, 0, dcid, &[7; 4], true),
        frames,
    )
}

fn answer(version: u32, key: &[u8], frames: &[u8]) -> Vec<u8> {
    seal(
        version,
        key,
        false,
        &header(version, 0, &[7; 4], &SERVER, true),
        frames,
    )
}

fn hello() -> Vec<u8> {
    client_hello(0x0303, &[], "1301 1302", b"q.example")
}

fn chosen(cipher: u16) -> Vec<u8> {
    let share = [&bytes("001d")[..], &vector(2, &[1; 4])].concat();
    let extensions = [extension(43, &[3, 4]), extension(51, &share)].concat();
    server_hello(0x0303, &[], cipher, &extensions)
}

/// A handshake in packets of less than 256 octets: the hello in two packets, the later part first.
pub fn short() -> Vec<(bool, Vec<u8>)> {
    let hello = hello();
    let (head, tail) = hello.split_at(60);
    vec![
        (true, ask(V1, &DCID, &DCID, &crypto(60, tail))),
        (
            true,
            ask(V1, &DCID, &DCID, &[crypto(0, head), vec![0; 9]].concat()),
        ),
        (
            false,
            answer(
                V1,
                &DCID,
                &[bytes("02 00 00 00 00"), crypto(0, &chosen(0x1302))].concat(),
            ),
        ),
    ]
}

fn play(messages: &[(bool, Vec<u8>)]) -> Talk {
    Talk::udp(40000, 443).played(messages)
}

fn row(talk: &mut Talk, columns: &[&str]) -> Vec<String> {
    pick(&talk.end().out.quic.finish().unwrap(), columns)
}

/// The packet of RFC 9001 appendix A.2, octet by octet where the standard shows it, and what is read out of it.
#[test]
fn the_packet_of_the_standard() {
    let frame = bytes(
        "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c
         00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006
         001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa4
         7fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305
         0306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ff
         ff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff",
    );
    let text = [frame, vec![0; 917]].concat();
    let dcid = bytes("8394c8f03e515708");
    let packet = seal(
        1,
        &dcid,
        true,
        &bytes("c3 00000001 08 8394c8f03e515708 00 00"),
        &text,
    );
    assert_eq!(
        packet[..32],
        bytes("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11")
    );
    assert_eq!(
        packet[packet.len() - 16..],
        bytes("e221af44860018ab0856972e194cd934")
    );
    let mut talk = play(&[(true, packet)]);
    assert_eq!(
        row(
            &mut talk,
            &["version", "dcid", "server_name", "alpn_offered"]
        ),
        ["1|8394c8f03e515708|example.com|alpn"]
    );
}

#[test]
fn hellos_span_packets_and_datagrams() {
    for version in [
        V1,
        V2,
        0xff00_001d,
        0xff00_0017,
        0xff00_0022,
        0xface_b002,
        0x5430_3531,
    ] {
        let messages: Vec<_> = short()
            .into_iter()
            .zip([
                crypto(60, &hello()[60..]),
                crypto(0, &hello()[..60]),
                crypto(0, &chosen(0x1302)),
            ])
            .map(|((client, _), frames)| {
                let packet = if client {
                    ask(version, &DCID, &DCID, &frames)
                } else {
                    answer(version, &DCID, &frames)
                };
                (client, packet)
            })
            .collect();
        let mut talk = play(&messages);
        assert!(talk.app.is_done());
        let (name, ja4) = talk.app.labels();
        assert_eq!(name, Some("q.example"));
        assert!(ja4.unwrap().starts_with("q12d0205h2_"));
        assert_eq!(
            row(
                &mut talk,
                &[
                    "cipher",
                    "curve",
                    "crypto_class",
                    "scid",
                    "server_scid",
                    "receiver_port"
                ]
            ),
            ["TLS_AES_256_GCM_SHA384|x25519|modern|07070707|0909090909090909|443"],
            "{version:08x}"
        );
        assert!(talk.weird().is_empty());
    }
}

/// 0-RTT and the hello share a datagram; the server chose a suite of RFC 8998; a new version is agreed on under way.
#[test]
fn coalesced_packets_and_another_version() {
    let early = [
        header(V1, 1, &DCID, &[7; 4], false),
        bytes("4014"),
        vec![0x55; 20],
    ]
    .concat();
    let first = [
        ask(V1, &DCID, &DCID, &crypto(0, &hello())),
        early,
        vec![0; 30],
    ]
    .concat();
    let mut talk = play(&[
        (true, first),
        (false, answer(V2, &DCID, &crypto(0, &chosen(0x00c6)))),
    ]);
    assert_eq!(
        row(
            &mut talk,
            &["version", "is_early", "is_retry", "cipher", "crypto_class"]
        ),
        ["2|true|false|TLS_SM4_GCM_SM3|national"]
    );
    assert!(talk.weird().is_empty() && talk.app.is_done());
}

#[test]
fn a_retry_gives_new_keys() {
    let retry = [header(V1, 3, &[7; 4], &SERVER, false), vec![0x77; 40]].concat();
    let mut talk = play(&[
        (true, ask(V1, &DCID, &DCID, &crypto(0, &hello()[..50]))),
        (false, retry),
        (true, ask(V1, &SERVER, &SERVER, &crypto(0, &hello()))),
        (false, answer(V1, &SERVER, &crypto(0, &chosen(0x1301)))),
    ]);
    assert_eq!(
        row(
            &mut talk,
            &["is_retry", "dcid", "server_name", "cipher", "is_resumed"]
        ),
        ["true|0102030405060708|q.example|TLS_AES_128_GCM_SHA256|false"]
    );
}

#[test]
fn versions_are_negotiated() {
    let first = [header(0x1a2a_3a4a, 0, &DCID, &[7; 4], true), vec![0; 1200]].concat();
    let list = [
        header(0, 0, &[7; 4], &DCID, false),
        bytes("00000001 6b3343cf"),
    ]
    .concat();
    let mut talk = play(&[
        (true, first),
        (false, list.clone()),
        (true, ask(V1, &DCID, &DCID, &crypto(0, &hello()))),
    ]);
    assert_eq!(talk.app.name(), Some("quic"));
    assert_eq!(
        row(&mut talk, &["version", "is_negotiated", "server_name"]),
        ["1|true|q.example"]
    );
    let mut talk = play(&[(false, list)]);
    assert_eq!(
        row(&mut talk, &["version", "sender_ip", "is_negotiated"]),
        ["other|00000000000000000000ffff0a000001|true"]
    );
}

/// Google's client hello: tags with where their values end.
fn chlo() -> Vec<u8> {
    let values = [
        (b"SNI\0", &b"g.example"[..]),
        (b"UAID", b"Chrome/1 \x07"),
        (b"VER\0", b"Q043"),
    ];
    let mut out = [&b"CHLO"[..], &[3, 0, 0, 0]].concat();
    let mut end = 0_u32;
    for (tag, value) in values {
        end += value.len() as u32;
        out.extend_from_slice(tag);
        out.extend_from_slice(&end.to_le_bytes());
    }
    for (_, value) in values {
        out.extend_from_slice(value);
    }
    out
}

#[test]
fn google_s_hellos() {
    let public = [
        &bytes("09 0102030405060708 51303433 01")[..],
        &[0xaa; 12],
        &bytes("a0 01 0000"),
        &chlo(),
    ];
    let long = [
        &bytes("c3 51303436 50 0102030405060708 00000001")[..],
        &[0xaa; 12],
        &chlo(),
    ];
    let sealed = ask(
        0x5130_3530,
        &DCID,
        &DCID,
        &[bytes("08 00 4040"), chlo()].concat(),
    );
    for (packet, version) in [
        (public.concat(), "Q043"),
        (long.concat(), "Q046"),
        (sealed, "Q050"),
    ] {
        let mut talk = play(&[(true, packet)]);
        assert_eq!(talk.app.labels(), (Some("g.example"), None), "{version}");
        assert!(talk.app.is_done());
        assert_eq!(
            row(&mut talk, &["version", "server_name", "user_agent", "dcid"]),
            [format!(
                "{version}|g.example|Chrome/1 \\x07|0102030405060708"
            )]
        );
    }
}

/// What cannot be opened costs a bounded number of tries and gives one row.
#[test]
fn tries_are_bounded() {
    let mut packet = ask(V1, &DCID, &DCID, &crypto(0, &hello()));
    *packet.last_mut().unwrap() ^= 1;
    let mut talk = Talk::udp(40000, 443);
    let mut sent = 0;
    while !talk.app.is_done() {
        talk.ask(&packet);
        sent += 1;
        assert!(sent < 50);
    }
    assert_eq!(row(&mut talk, &["version", "server_name"]), ["1|-"]);
    assert_eq!(talk.weird(), ["quic_not_opened"]);
    let short = [0x40; 40];
    let mut talk = play(&[(true, ask(V1, &DCID, &DCID, &crypto(0, &hello())))]);
    for _ in 0..100 {
        talk.answer(&short);
    }
    assert!(talk.app.is_done());
    assert_eq!(
        row(&mut talk, &["server_name", "cipher_id"]),
        ["q.example|-"]
    );
}

#[test]
fn damage_is_noted() {
    let far = crypto(0x3fff, &[0; 40]);
    let mut long = hello();
    long[38] = 0xff;
    for (frames, code) in [
        (far, "quic_bad_frame"),
        (bytes("1e 00000000000000000000"), "quic_bad_frame"),
        (bytes("02 00 00 7fff 00 00 00 00"), "quic_bad_frame"),
        (crypto(0, &long), "quic_bad_hello"),
    ] {
        let mut talk = play(&[(true, ask(V1, &DCID, &DCID, &frames))]);
        assert_eq!(row(&mut talk, &["server_name"]), ["-"]);
        assert_eq!(talk.weird(), [code]);
    }
    let mut cut = ask(V1, &DCID, &DCID, &crypto(0, &hello()));
    cut.truncate(100);
    let mut talk = play(&[(true, cut)]);
    assert_eq!(row(&mut talk, &["dcid"]), [] as [&str; 0]);
    assert_eq!(talk.weird(), ["quic_bad_packet"]);
}
