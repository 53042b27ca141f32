//! TLS: hand-made hellos, certificates and what follows them.

use super::talk::{Talk, bytes, pick};
use sha2::{Digest, Sha256};

/// A vector with its length in front.
pub fn vector(width: usize, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_be_bytes();
    [&length[4 - width..], data].concat()
}

pub fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, data)].concat()
}

pub fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &vector(3, body)].concat()
}

/// A record of a version.
pub fn record(kind: u8, version: u16, data: &[u8]) -> Vec<u8> {
    [&[kind][..], &version.to_be_bytes(), &vector(2, data)].concat()
}

/// A `ClientHello` for `name` with a GREASE suite, group and extension.
pub fn client_hello(version: u16, session: &[u8], ciphers: &str, name: &[u8]) -> Vec<u8> {
    let server_name = vector(2, &[&[0][..], &vector(2, name)].concat());
    let alpn = vector(2, &[vector(1, b"h2"), vector(1, b"http/1.1")].concat());
    let extensions = [
        extension(0x1a1a, &[]),
        extension(0, &server_name),
        extension(16, &alpn),
        extension(10, &vector(2, &bytes("2a2a 001d 0017"))),
        extension(11, &vector(1, &[0])),
        extension(13, &vector(2, &bytes("0403 0804"))),
    ];
    let body = [
        &version.to_be_bytes()[..],
        &[0x11; 32],
        &vector(1, session),
        &vector(2, &bytes(ciphers)),
        &[1, 0],
        &vector(2, &extensions.concat()),
    ];
    handshake(1, &body.concat())
}

/// A `ServerHello` with the extensions given.
pub fn server_hello(version: u16, session: &[u8], cipher: u16, extensions: &[u8]) -> Vec<u8> {
    let body = [
        &version.to_be_bytes()[..],
        &[0x22; 32],
        &vector(1, session),
        &cipher.to_be_bytes(),
        &[0],
        &vector(2, extensions),
    ];
    handshake(2, &body.concat())
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..=127 => vec![short as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag][..], &length, &content].concat()
}

/// A certificate signed with SM2 by who it is for.
pub fn certificate() -> Vec<u8> {
    let name = |text: &[u8]| {
        let part = |id: &str, value: &[u8]| {
            let pair = der(0x30, &[&der(6, &[&bytes(id)]), &der(0x0c, &[value])]);
            der(0x31, &[&pair])
        };
        der(0x30, &[&part("550406", b"CN"), &part("550403", text)])
    };
    let algorithm = der(0x30, &[&der(6, &[&bytes("2a811ccf55018375")])]);
    let key_kind = [
        der(6, &[&bytes("2a8648ce3d0201")]),
        der(6, &[&bytes("2a811ccf5501822d")]),
    ];
    let point = [&[0, 4][..], &[0x33; 64]].concat();
    let key = der(
        0x30,
        &[&der(0x30, &[&key_kind.concat()]), &der(3, &[&point])],
    );
    let names = der(0x30, &[&der(0x82, &[b"a.cn"]), &der(0x82, &[b"b,\x07.cn"])]);
    let san = der(0x30, &[&der(6, &[&bytes("551d11")]), &der(4, &[&names])]);
    let times = [
        der(0x17, &[b"240101000000Z"]),
        der(0x18, &[b"99991231235959Z"]),
    ];
    let signed = der(
        0x30,
        &[
            &der(0xa0, &[&der(2, &[&[2]])]),
            &der(2, &[&[7]]),
            &algorithm,
            &name(b"a, \"b\""),
            &der(0x30, &[&times.concat()]),
            &name(b"a, \"b\""),
            &key,
            &der(0xa3, &[&der(0x30, &[&san])]),
        ],
    );
    der(0x30, &[&signed, &algorithm, &der(3, &[&[0, 1, 2]])])
}

/// A `Certificate` message.
pub fn certificates(list: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = list.iter().flat_map(|one| vector(3, one)).collect();
    handshake(11, &vector(3, &list))
}

/// A whole handshake of TLCP: from the client?, bytes.
pub fn tlcp() -> Vec<(bool, Vec<u8>)> {
    let certificate = certificate();
    let server = [
        server_hello(0x0101, &[5; 4], 0xe013, &[]),
        certificates(&[&certificate, &certificate]),
        handshake(12, &[0; 8]),
        handshake(14, &[]),
    ];
    let finished = [record(20, 0x0101, &[1]), record(22, 0x0101, &[0x77; 40])];
    let hello = client_hello(0x0101, &[], "0a0a e013 e011", b"a.cn");
    vec![
        (true, record(22, 0x0101, &hello)),
        (false, record(22, 0x0101, &server.concat())),
        (true, record(22, 0x0101, &handshake(16, &[0; 8]))),
        (true, finished.concat()),
        (false, finished.concat()),
    ]
}

/// A whole handshake of TLS 1.3, with a request for another hello.
pub fn tls13() -> Vec<(bool, Vec<u8>)> {
    let hello = client_hello(0x0303, &[9; 32], "1301 1302", b"x.example");
    let version = extension(43, &[3, 4]);
    let share = [&bytes("001d")[..], &vector(2, &[1; 32])].concat();
    let mut retry = server_hello(
        0x0303,
        &[9; 32],
        0x1301,
        &[version.clone(), extension(51, &bytes("0017"))].concat(),
    );
    retry[6..38].copy_from_slice(&Sha256::digest(b"HelloRetryRequest"));
    let chosen = [version, extension(51, &share), extension(41, &[0, 0])].concat();
    let answer = server_hello(0x0303, &[9; 32], 0x1302, &chosen);
    let change = record(20, 0x0303, &[1]);
    vec![
        (true, record(22, 0x0301, &hello)),
        (false, [record(22, 0x0303, &retry), change.clone()].concat()),
        (true, [change.clone(), record(22, 0x0303, &hello)].concat()),
        (false, record(22, 0x0303, &answer)),
        (false, record(23, 0x0303, &[0x55; 60])),
        (true, record(23, 0x0303, &[0x66; 53])),
    ]
}

fn play(messages: &[(bool, Vec<u8>)]) -> Talk {
    Talk::tcp(443).played(messages)
}

fn row(talk: &mut Talk, columns: &[&str]) -> Vec<String> {
    pick(&talk.end().out.tls.finish().unwrap(), columns)
}

#[test]
fn tlcp_is_national_and_its_certificate_is_read() {
    let mut talk = play(&tlcp());
    assert!(talk.app.is_done());
    let batch = talk.end().out.tls.finish().unwrap();
    assert_eq!(
        pick(
            &batch,
            &[
                "version",
                "client_version",
                "cipher",
                "cipher_id",
                "is_tlcp",
                "crypto_class",
                "is_established"
            ]
        ),
        ["TLCP 1.1|TLCP 1.1|ECC_SM4_CBC_SM3|57363|true|national|true"]
    );
    assert_eq!(
        pick(
            &batch,
            &[
                "cert_count",
                "cert_subject",
                "cert_key_alg",
                "cert_key_bits",
                "cert_sig_alg",
                "is_self_signed"
            ]
        ),
        ["2|CN=a\\x2c \\x22b\\x22,C=CN|SM2|256|SM2-with-SM3|true"]
    );
    assert_eq!(
        pick(
            &batch,
            &[
                "cert_san",
                "cert_san_count",
                "cert_not_before",
                "is_resumed"
            ]
        ),
        ["a.cn,b\\x2c\\x07.cn|2|1704067200000000|false"]
    );
    let digest = super::talk::hex(&Sha256::digest(certificate()));
    assert_eq!(pick(&batch, &["cert_sha256"]), [digest]);
    assert!(talk.weird().is_empty());
}

#[test]
fn tls13_survives_a_retry() {
    let mut talk = play(&tls13());
    let (name, ja4) = talk.app.labels();
    assert_eq!(name, Some("x.example"));
    assert!(ja4.unwrap().starts_with("t12d0205h2_"));
    assert!(talk.app.is_done());
    assert_eq!(
        row(
            &mut talk,
            &[
                "version",
                "cipher",
                "curve",
                "is_resumed",
                "is_established",
                "crypto_class",
                "alpn_offered"
            ]
        ),
        ["TLS 1.3|TLS_AES_256_GCM_SHA384|x25519|true|true|modern|h2,http/1.1"]
    );
}

/// The texts under the hashes are written out here by hand from the specifications.
#[test]
fn fingerprints_are_those_of_the_specifications() {
    let mut talk = play(&tls13());
    let hash = |text: &str| super::talk::hex(&Sha256::digest(text))[..12].to_owned();
    let ja4 = format!(
        "t12d0205h2_{}_{}",
        hash("1301,1302"),
        hash("000a,000b,000d_0403,0804")
    );
    let ja3 = "771,4865-4866,0-16-10-11-13,29-23,0";
    let ja3 = super::talk::hex(&<md5::Md5 as md5::Digest>::digest(ja3));
    let ja3s = super::talk::hex(&<md5::Md5 as md5::Digest>::digest("771,4866,43-51-41"));
    assert_eq!(
        row(&mut talk, &["ja4", "ja3", "ja3s"]),
        [format!("{ja4}|{ja3}|{ja3s}")]
    );
}

#[test]
fn an_alert_ends_the_handshake() {
    let hello = record(22, 0x0301, &client_hello(0x0302, &[], "0005", b"old"));
    let mut talk = play(&[(true, hello), (false, record(21, 0x0302, &[2, 70]))]);
    assert!(talk.app.is_done());
    assert_eq!(
        row(
            &mut talk,
            &[
                "version",
                "client_version",
                "last_alert",
                "is_established",
                "crypto_class"
            ]
        ),
        ["-|TLS 1.1|70|false|-"]
    );
}

#[test]
fn sessions_are_resumed_by_id_or_ticket() {
    for session in [&[7; 32][..], &[]] {
        let finished = [record(20, 0x0303, &[1]), record(22, 0x0303, &[1; 40])].concat();
        let mut talk = play(&[
            (
                true,
                record(22, 0x0301, &client_hello(0x0303, session, "c02f", b"r")),
            ),
            (
                false,
                [
                    record(22, 0x0303, &server_hello(0x0303, session, 0xc02f, &[])),
                    finished.clone(),
                ]
                .concat(),
            ),
            (true, finished),
        ]);
        assert_eq!(
            row(&mut talk, &["is_resumed", "is_established", "cert_count"]),
            ["true|true|-"]
        );
    }
}

#[test]
fn messages_span_records_and_segments() {
    let mut talk = Talk::tcp(443);
    for (client, data) in tlcp() {
        for octet in data.chunks(7) {
            talk.send(client, octet);
        }
    }
    let whole = row(
        &mut play(&tlcp()),
        &["cert_sha256", "ja4", "is_established"],
    );
    assert_eq!(
        row(&mut talk, &["cert_sha256", "ja4", "is_established"]),
        whole
    );
    let hello = client_hello(0x0101, &[], "0a0a e013 e011", b"a.cn");
    let (head, tail) = hello.split_at(50);
    let mut talk = play(&[(
        true,
        [record(22, 0x0101, head), record(22, 0x0101, tail)].concat(),
    )]);
    assert_eq!(row(&mut talk, &["server_name"]), ["a.cn"]);
}

#[test]
fn suites_tell_the_class() {
    for (version, cipher, class) in [
        (0x0303, 0x003b, "none"),
        (0x0303, 0x0005, "obsolete"),
        (0x0303, 0x000a, "obsolete"),
        (0x0301, 0xc014, "obsolete"),
        (0x0303, 0xc02f, "modern"),
        (0x0303, 0x00c6, "national"),
        (0x0303, 0xfafa, "modern"),
    ] {
        let hello = server_hello(version, &[], cipher, &[]);
        let mut talk = play(&[(false, record(22, version, &hello))]);
        assert_eq!(row(&mut talk, &["crypto_class"]), [class], "{cipher:04x}");
    }
}

#[test]
fn damage_is_noted_and_bounded() {
    // The first octets after the random are changed to lengths beyond the message.
    let mut long = client_hello(0x0303, &[], "1301", b"x");
    long[38] = 0xff;
    let mut talk = play(&[(true, record(22, 0x0301, &long))]);
    assert_eq!(row(&mut talk, &["ja4"]), [] as [&str; 0]);
    assert_eq!(talk.weird(), ["tls_bad_hello"]);
    // A certificate that is none, a message too large to be read, and what follows it.
    let hello = record(22, 0x0301, &client_hello(0x0303, &[], "1301", b"x"));
    let bad = [
        server_hello(0x0303, &[], 0xc02f, &[]),
        certificates(&[b"no"]),
    ]
    .concat();
    let large = record(22, 0x0303, &bytes("0b 7fffff 00"));
    let mut talk = play(&[
        (true, hello),
        (false, record(22, 0x0303, &bad)),
        (false, large),
        (false, record(22, 0x0303, &[0xee; 900])),
        (false, b"no record at all".to_vec()),
    ]);
    assert_eq!(row(&mut talk, &["cert_count", "cert_subject"]), ["1|-"]);
    assert_eq!(
        talk.weird(),
        ["tls_bad_certificate", "tls_bad_handshake", "tls_bad_record"]
    );
}
