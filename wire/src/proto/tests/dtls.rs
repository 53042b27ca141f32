//! DTLS: hand-made hellos in fragments, and what shares their port.

use super::talk::{Talk, bytes, pick};
use super::tls::{certificate, certificates, client_hello, server_hello, vector};

/// A record of an epoch.
fn record(kind: u8, version: u16, epoch: u16, data: &[u8]) -> Vec<u8> {
    [
        &[kind][..],
        &version.to_be_bytes(),
        &epoch.to_be_bytes(),
        &[0, 0, 0, 0, 0, 1],
        &vector(2, data),
    ]
    .concat()
}

/// Part of a message that starts with the header it has over TLS.
fn fragment(message: &[u8], number: u16, from: usize, to: usize) -> Vec<u8> {
    let (head, body) = message.split_at(4);
    let three = |value: usize| (value as u32).to_be_bytes()[1..].to_vec();
    let part = &body[from..to.min(body.len())];
    [
        head,
        &number.to_be_bytes(),
        &three(from),
        &three(part.len()),
        part,
    ]
    .concat()
}

fn whole(message: &[u8], number: u16) -> Vec<u8> {
    fragment(message, number, 0, usize::MAX)
}

/// A client's hello with a cookie.
fn hello(version: u16, cookie: &[u8]) -> Vec<u8> {
    let plain = client_hello(version, &[], "c02b 009c", b"d.example");
    let body = [&plain[4..39], &vector(1, cookie), &plain[39..]].concat();
    [&[1][..], &vector(3, &body)].concat()
}

/// A whole handshake with a cookie; the certificates come in fragments out of order, one of them twice.
pub fn handshake_of(version: u16) -> Vec<(bool, Vec<u8>)> {
    let verify = [
        &[3, 0, 0, 7][..],
        &version.to_be_bytes(),
        &vector(1, b"cook"),
    ]
    .concat();
    let chain = certificates(&[&certificate()]);
    let part = |from, to| record(22, version, 0, &fragment(&chain, 2, from, to));
    let answer = record(
        22,
        version,
        0,
        &whole(&server_hello(version, &[], 0xc02b, &[]), 1),
    );
    let done = record(22, version, 0, &whole(&[14, 0, 0, 0], 3));
    let finished = [
        record(20, version, 0, &[1]),
        record(22, version, 1, &[0x77; 40]),
    ]
    .concat();
    vec![
        (true, record(22, 0xfeff, 0, &whole(&hello(version, b""), 0))),
        (false, record(22, 0xfeff, 0, &whole(&verify, 0))),
        (
            true,
            record(22, version, 0, &whole(&hello(version, b"cook"), 1)),
        ),
        (false, [answer, part(180, usize::MAX)].concat()),
        (false, part(90, 200)),
        (false, part(90, 200)),
        (false, [part(0, 100), done].concat()),
        (true, finished.clone()),
        (false, finished),
    ]
}

fn play(messages: &[(bool, Vec<u8>)]) -> Talk {
    Talk::udp(40000, 5684).played(messages)
}

fn row(talk: &mut Talk, columns: &[&str]) -> Vec<String> {
    pick(&talk.end().out.tls.finish().unwrap(), columns)
}

#[test]
fn handshakes_are_read_with_cookie_and_certificate() {
    for (version, name, class, ja4) in [
        (0xfefd, "DTLSv12", "modern", "dd2d0205h2_"),
        (0xfeff, "DTLSv10", "obsolete", "dd1d0205h2_"),
    ] {
        let mut talk = play(&handshake_of(version));
        assert!(talk.app.is_done());
        assert_eq!(talk.app.name(), Some("dtls"));
        assert_eq!(talk.app.labels().0, Some("d.example"));
        assert!(talk.app.labels().1.unwrap().starts_with(ja4));
        let digest = super::talk::hex(&<sha2::Sha256 as sha2::Digest>::digest(certificate()));
        assert_eq!(
            row(
                &mut talk,
                &[
                    "version",
                    "client_version",
                    "cipher",
                    "crypto_class",
                    "is_established",
                    "is_resumed",
                    "cert_sha256"
                ]
            ),
            [format!(
                "{name}|{name}|TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256|{class}|true|false|{digest}"
            )]
        );
        assert!(talk.weird().is_empty());
    }
}

/// Checks of connectivity come first, media later; the flow keeps its name and gets the labels.
#[test]
fn a_call_begins_with_stun() {
    let stun = bytes("0001 0000 2112a442 000102030405060708090a0b");
    let mut talk = Talk::udp(40000, 50000);
    talk.ask(&stun);
    for (client, data) in handshake_of(0xfefd) {
        assert_eq!(talk.send(!client, &data), crate::proto::Hint::None);
        talk.ask(&stun);
    }
    assert_eq!(
        (talk.app.name(), talk.app.basis()),
        (Some("stun"), "signature")
    );
    assert_eq!(talk.app.labels().0, Some("d.example"));
    assert_eq!(
        row(&mut talk, &["sender_ip", "receiver_port", "is_established"]),
        ["00000000000000000000ffff0a000002|40000|true"]
    );
    let mut talk = Talk::udp(40000, 50000);
    talk.ask(&stun);
    for _ in 0..300 {
        talk.ask(&[0x80; 60]);
    }
    assert!(talk.app.is_done());
    assert!(talk.end().out.tls.is_empty());
}

#[test]
fn alerts_end_the_handshake() {
    let first = record(22, 0xfeff, 0, &whole(&hello(0xfefd, b""), 0));
    let mut talk = play(&[(true, first), (false, record(21, 0xfefd, 0, &[2, 40]))]);
    assert!(talk.app.is_done());
    assert_eq!(row(&mut talk, &["version", "last_alert"]), ["-|40"]);
}

/// Version 1.3 says 1.2 in its headers and counts its versions downwards; what is protected has another header.
#[test]
fn version_1_3_is_recognised() {
    let plain = hello(0xfefd, b"");
    let length = plain.len() - 4;
    let mut body = plain[4..].to_vec();
    let versions = super::tls::extension(43, &vector(1, &bytes("fefc fefd")));
    body.extend_from_slice(&versions);
    let extensions_at = 2 + 32 + 1 + 1 + 2 + 4 + 2;
    let old = u16::from_be_bytes([body[extensions_at], body[extensions_at + 1]]);
    body[extensions_at..extensions_at + 2]
        .copy_from_slice(&(old + versions.len() as u16).to_be_bytes());
    assert_eq!(body.len(), length + versions.len());
    let first = [&[1][..], &vector(3, &body)].concat();
    let chosen = server_hello(
        0xfefd,
        &[],
        0x1301,
        &super::tls::extension(43, &bytes("fefc")),
    );
    let mut talk = play(&[
        (true, record(22, 0xfefd, 0, &whole(&first, 0))),
        (
            false,
            [record(22, 0xfefd, 0, &whole(&chosen, 0)), vec![0x2e; 40]].concat(),
        ),
        (true, vec![0x2e; 60]),
    ]);
    assert!(talk.app.labels().1.unwrap().starts_with("dd3d0206h2_"));
    assert_eq!(
        row(&mut talk, &["version", "is_established"]),
        ["DTLSv13|true"]
    );
}

#[test]
fn damage_is_noted_and_bounded() {
    let mut long = hello(0xfefd, b"");
    long[38] = 0xff;
    let contrary = bytes("01 000010 0000 00000f 000010 00112233445566778899aabbccddeeff");
    let mut talk = play(&[
        (true, record(22, 0xfefd, 0, &whole(&long, 0))),
        (true, record(22, 0xfefd, 0, &contrary)),
        (true, bytes("16 fefd 0000 000000000005 00ff 01")),
    ]);
    assert_eq!(
        talk.weird(),
        ["dtls_bad_hello", "dtls_bad_handshake", "dtls_bad_record"]
    );
    // Beginnings of messages that are never completed are not held without end.
    let mut talk = play(&handshake_of(0xfefd)[..1]);
    for number in 0..150 {
        let huge = [&[11, 0, 255, 255][..], &vec![0; 65_535]].concat();
        talk.answer(&record(
            22,
            0xfefd,
            0,
            &fragment(&huge, number, 40_000, 40_100),
        ));
    }
    assert!(
        talk.out.memory.used() < 1_000_000,
        "{}",
        talk.out.memory.used()
    );
}
