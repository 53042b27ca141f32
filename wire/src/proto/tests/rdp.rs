//! RDP rows: negotiation, settings in clear, what follows.

use super::talk::{Talk, bytes, pick};
use crate::proto::Hint;

fn tpkt(rest: &[u8]) -> Vec<u8> {
    let length = (rest.len() + 4) as u16;
    [&[3, 0][..], &length.to_be_bytes(), rest].concat()
}

/// A connection request or confirm.
fn connection(code: u8, rest: &[u8]) -> Vec<u8> {
    let head = [6 + rest.len() as u8, code, 0, 0, 0, 0, 0];
    tpkt(&[&head[..], rest].concat())
}

fn data(rest: &[u8]) -> Vec<u8> {
    tpkt(&[&[2, 0xf0, 0x80][..], rest].concat())
}

fn block(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 4) as u16;
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
}

fn wide(text: &str, size: usize) -> Vec<u8> {
    let mut raw: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    raw.resize(size, 0);
    raw
}

fn core() -> Vec<u8> {
    [
        bytes("04000800 8007 3804 01ca 03aa 09040000 280a0000"),
        wide("PC-\u{202e}7", 32),
        bytes("04000000 00000000 0c000000"),
        vec![0; 64],
        bytes("01ca 0100 00000000 1000 0700 0100"),
        wide("69712-783", 64),
    ]
    .concat()
}

fn channels() -> Vec<u8> {
    [
        &bytes("02000000")[..],
        b"rdpdr\0\0\0\0\0\0\x80",
        b"cliprdr\0\0\0\xa0\xc0",
    ]
    .concat()
}

fn connect(tag: u8, key: &[u8], blocks: &[Vec<u8>]) -> Vec<u8> {
    let blocks = blocks.concat();
    let length = 0x8000 | blocks.len() as u16;
    let head = [&[0x7f, tag, 0x82, 1, 0, 4, 1, 1][..], key].concat();
    data(&[&head[..], &length.to_be_bytes(), &blocks].concat())
}

/// A connection under RDP's own protection, small enough for a fuzzing seed where it is cut.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let few = core()[..100].to_vec();
    vec![
        (true, connection(0xe0, b"Cookie: mstshash=bob\r\n")),
        (false, connection(0xd0, b"")),
        (
            true,
            connect(
                0x65,
                b"Duca",
                &[block(0xc001, &few), block(0xc003, &channels())],
            ),
        ),
        (
            false,
            connect(0x66, b"McDn", &[block(0x0c02, &bytes("02000000 03000000"))]),
        ),
    ]
}

const COLUMNS: [&str; 7] = [
    "user",
    "routing_token",
    "requested_protocols",
    "security_protocol",
    "failure_name",
    "is_restricted_admin",
    "has_response",
];

fn end(talk: &mut Talk, columns: &[&str]) -> String {
    talk.end();
    let got = pick(&talk.out.rdp.finish().unwrap(), columns);
    assert_eq!(got.len(), 1);
    got[0].clone()
}

/// Both agree on CredSSP: one row, then TLS on the same streams.
#[test]
fn negotiated() {
    let mut talk = Talk::tcp(3389);
    let ask = [
        &b"Cookie: mstshash=CORP\\bob\r\n"[..],
        &bytes("01 01 0800 0b000000"),
    ]
    .concat();
    assert_eq!(talk.ask(&connection(0xe0, &ask)), Hint::SenderIsClient);
    assert_eq!(
        talk.answer(&connection(0xd0, &bytes("02 1f 0800 08000000"))),
        Hint::ReceiverIsClient
    );
    for (client, data) in super::tls::tls13() {
        talk.send(client, &data);
    }
    assert_eq!(
        end(&mut talk, &COLUMNS),
        "CORP\\x5cbob|-|11|hybrid_ex|-|true|true"
    );
    assert_eq!((talk.app.name(), talk.out.tls.len()), (Some("rdp"), 1));
    assert!(talk.weird().is_empty());
}

/// A refusal with its reason, a token instead of a name, a request nobody answers, and TLS whose confirmation was not seen.
#[test]
fn other_answers() {
    let mut talk = Talk::tcp(3389);
    let token = b"Cookie: msts=3640205228.15629.0000\r\n";
    talk.ask(&connection(0xe0, token));
    talk.answer(&connection(0xd0, &bytes("03 00 0800 05000000")));
    assert_eq!(
        end(&mut talk, &COLUMNS),
        "-|3640205228.15629.0000|-|-|HYBRID_REQUIRED_BY_SERVER|-|true"
    );
    let mut talk = Talk::tcp(13_389);
    talk.ask(&connection(0xe0, &bytes("01 00 0800 03000000")));
    assert_eq!(end(&mut talk, &COLUMNS), "-|-|3|-|-|false|false");
    let mut talk = Talk::tcp(3389);
    talk.ask(&connection(0xe0, &bytes("01 00 0800 03000000")));
    talk.ask(&super::tls::tls13()[0].1);
    assert!(talk.app.is_done() && talk.weird().is_empty());
    assert_eq!(end(&mut talk, &COLUMNS), "-|-|3|-|-|false|false");
}

/// Without TLS the settings of both are read, and nothing behind them.
#[test]
fn settings() {
    let mut talk = Talk::tcp(3389);
    talk.ask(&connection(0xe0, b"Cookie: mstshash=bob\r\n"));
    talk.answer(&connection(0xd0, b""));
    let blocks = [block(0xc001, &core()), block(0xc003, &channels())];
    talk.ask(&connect(0x65, b"Duca", &blocks));
    talk.answer(&sample()[3].1);
    assert!(talk.app.is_done());
    let columns = [
        "security_protocol",
        "client_name",
        "client_build",
        "client_product_id",
        "keyboard_layout",
        "desktop_width",
        "desktop_height",
        "color_depth",
        "channels",
        "encryption_method",
        "encryption_level",
    ];
    assert_eq!(
        end(&mut talk, &columns),
        "rdp|PC-\\xe2\\x80\\xae7|2600|69712-783|1033|1920|1080|16|rdpdr,cliprdr|128bit|high"
    );
    assert!(talk.weird().is_empty());
}

/// Settings that are none, and bytes that are no TPKT, are noted; the row is written all the same.
#[test]
fn damage() {
    let mut talk = Talk::tcp(3389);
    talk.ask(&connection(0xe0, b"Cookie: mstshash=bob\r\n"));
    talk.ask(&data(b"\x7f\x65\x82\x01\x00nothing"));
    assert_eq!(talk.weird(), ["rdp_bad_settings"]);
    talk.answer(&[0xee; 40]);
    assert_eq!(talk.weird(), ["rdp_bad_frame"]);
    assert_eq!(end(&mut talk, &["user", "client_name"]), "bob|-");
}
