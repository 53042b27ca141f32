//! Kerberos rows: pairing, encryption types, outcomes of logins.

use super::talk::{Talk, pick};
use crate::proto::Hint;

/// An element.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

/// An element that holds others.
pub fn list(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(tag, &parts.concat())
}

fn field(number: u8, inner: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, inner)
}

fn int(value: i32) -> Vec<u8> {
    tlv(2, &value.to_be_bytes())
}

fn string(text: &str) -> Vec<u8> {
    tlv(0x1b, text.as_bytes())
}

fn name(parts: &[&str]) -> Vec<u8> {
    let parts: Vec<_> = parts.iter().map(|part| string(part)).collect();
    list(0x30, &[field(0, &int(1)), field(1, &list(0x30, &parts))])
}

fn sealed(etype: i32) -> Vec<u8> {
    list(0x30, &[field(0, &int(etype)), field(2, &tlv(4, b"xx"))])
}

fn ticket(service: &[&str], etype: i32) -> Vec<u8> {
    let fields = [
        field(0, &int(5)),
        field(1, &string("R.ORG")),
        field(2, &name(service)),
        field(3, &sealed(etype)),
    ];
    tlv(0x61, &list(0x30, &fields))
}

/// A request: its tag, user, service, kinds of pre-authentication, nonce.
fn request(tag: u8, user: Option<&str>, service: &[&str], proofs: &[i32], nonce: i32) -> Vec<u8> {
    let proofs: Vec<_> = proofs
        .iter()
        .map(|kind| list(0x30, &[field(1, &int(*kind)), field(2, &tlv(4, b"p"))]))
        .collect();
    let mut body = vec![field(0, &tlv(3, &[0, 0x40, 0x81, 0, 0x10]))];
    body.extend(user.map(|user| field(1, &name(&[user]))));
    body.push(field(2, &string("R.ORG")));
    body.push(field(3, &name(service)));
    body.push(field(5, &tlv(0x18, b"20370913024805Z")));
    body.push(field(7, &int(nonce)));
    body.push(field(8, &list(0x30, &[int(18), int(23), int(-135)])));
    let mut fields = vec![field(1, &tlv(2, &[5])), field(2, &int(10))];
    if !proofs.is_empty() {
        fields.push(field(3, &list(0x30, &proofs)));
    }
    fields.push(field(4, &list(0x30, &body)));
    tlv(tag, &list(0x30, &fields))
}

fn reply(tag: u8, user: &str, service: &[&str], etypes: (i32, i32)) -> Vec<u8> {
    let fields = [
        field(0, &tlv(2, &[5])),
        field(1, &int(11)),
        field(3, &string("R.ORG")),
        field(4, &name(&[user])),
        field(5, &ticket(service, etypes.0)),
        field(6, &sealed(etypes.1)),
    ];
    tlv(tag, &list(0x30, &fields))
}

fn error(code: i32) -> Vec<u8> {
    let fields = [
        field(0, &tlv(2, &[5])),
        field(1, &int(30)),
        field(4, &tlv(0x18, b"20200101000000Z")),
        field(5, &int(1)),
        field(6, &int(code)),
        field(9, &string("R.ORG")),
        field(10, &name(&["krbtgt", "R.ORG"])),
    ];
    tlv(0x7e, &list(0x30, &fields))
}

fn in_stream(data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_be_bytes()[..], data].concat()
}

const TGT: [&str; 2] = ["krbtgt", "R.ORG"];
const COLUMNS: [&str; 12] = [
    "exchange",
    "user",
    "domain",
    "service_name",
    "outcome",
    "is_success",
    "error_name",
    "offered_etypes",
    "ticket_cipher",
    "reply_cipher",
    "has_preauth",
    "padata_types",
];

/// A login that is asked for its proof, and a ticket had with it, small enough for a fuzzing seed.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    vec![
        (
            true,
            in_stream(&request(0x6a, Some("bob"), &TGT, &[128], 1)),
        ),
        (false, in_stream(&error(25))),
        (true, in_stream(&request(0x6a, Some("bob"), &TGT, &[2], 2))),
        (false, in_stream(&reply(0x6b, "bob", &TGT, (18, 23)))),
        (
            true,
            in_stream(&request(0x6c, None, &["cifs", "fs"], &[1], 3)),
        ),
        (
            false,
            in_stream(&reply(0x6d, "bob", &["cifs", "fs"], (23, 18))),
        ),
    ]
}

/// The legs of a login over TCP, in order: proof wanted, given, ticket for a service under RC4.
#[test]
fn login_and_ticket() {
    let mut talk = Talk::tcp(88);
    let mut hints = Vec::new();
    for (client, data) in sample() {
        hints.push(talk.send(client, &data));
    }
    assert_eq!(hints[0], Hint::SenderIsClient);
    assert_eq!(hints[1], Hint::ReceiverIsClient);
    let want = [
        "AS|bob|R.ORG|krbtgt/R.ORG|request|false|KDC_ERR_PREAUTH_REQUIRED|18,23,-135|-|-|false|128",
        "AS|bob|R.ORG|krbtgt/R.ORG|ok|true|-|18,23,-135|aes256-cts-hmac-sha1-96|rc4-hmac|true|2",
        "TGS|bob|R.ORG|cifs/fs|request|true|-|18,23,-135|rc4-hmac|aes256-cts-hmac-sha1-96|-|1",
    ];
    let batch = talk.out.kerberos.finish().unwrap();
    assert_eq!(pick(&batch, &COLUMNS), want);
    let more = [
        "kdc_options",
        "is_forwardable",
        "is_renewable",
        "valid_from",
        "valid_till",
        "rtt_ns",
        "login_method",
        "ticket_etype",
    ];
    assert_eq!(
        pick(&batch, &more)[1..],
        [
            "1082195984|true|true|-|2136422885000000|1000000|kerberos|18",
            "1082195984|true|true|-|2136422885000000|1000000|-|23"
        ]
    );
    assert!(talk.weird().is_empty());
}

/// Over UDP a request that comes again is the same; refusals and silence are told apart; a lone error of a login is one.
#[test]
fn refusals() {
    let mut talk = Talk::udp(40_000, 88);
    for code in [24, 6, 18, 29, 52] {
        let ask = request(0x6a, Some("eve"), &TGT, &[2], 100 + code);
        talk.ask(&ask);
        talk.ask(&ask);
        talk.answer(&error(code));
    }
    talk.answer(&error(24));
    talk.answer(&error(7));
    talk.ask(&request(0x6a, Some("eve"), &TGT, &[], 9));
    talk.end();
    let got = pick(
        &talk.out.kerberos.finish().unwrap(),
        &["exchange", "user", "error_code", "outcome"],
    );
    let want = [
        "AS|eve|24|negative",
        "AS|eve|6|negative",
        "AS|eve|18|negative",
        "AS|eve|29|unknown",
        "AS|eve|52|request",
        "AS|-|24|negative",
        "-|-|7|request",
        "AS|eve|-|unknown",
    ];
    assert_eq!(got, want);
}

/// The use of a ticket says for which service it is; what is no Kerberos is noted; a datagram cut short is not.
#[test]
fn other_messages() {
    let mut talk = Talk::udp(40_000, 88);
    let fields = [
        field(0, &tlv(2, &[5])),
        field(1, &int(14)),
        field(2, &tlv(3, &[0, 0, 0, 0, 0])),
        field(3, &ticket(&["host", "\x1b[1m"], 17)),
    ];
    talk.ask(&tlv(0x6e, &list(0x30, &fields)));
    let whole = request(0x6a, Some("bob"), &TGT, &[2], 1);
    talk.raw(true, 0, &whole[..60], whole.len() as u32);
    assert!(talk.weird().is_empty());
    talk.ask(b"\x6a\x05hello");
    assert_eq!(talk.weird(), ["kerberos_bad_message"]);
    talk.end();
    let got = pick(
        &talk.out.kerberos.finish().unwrap(),
        &["exchange", "service_name", "ticket_etype", "outcome"],
    );
    assert_eq!(got[0], "AP|host/\\x1b[1m|17|request");
    assert!(got.len() <= 2);
}

/// Lists of giant length and requests without answer stay bounded.
#[test]
fn bounded() {
    let mut talk = Talk::tcp(88);
    for nonce in 0..100 {
        let proofs = vec![2; 200];
        talk.ask(&in_stream(&request(
            0x6a,
            Some(&"u".repeat(900)),
            &["s"; 50],
            &proofs,
            nonce,
        )));
    }
    assert_eq!(talk.out.kerberos.len(), 84);
    talk.end();
    let batch = talk.out.kerberos.finish().unwrap();
    let got = pick(&batch, &["padata_types", "user", "service_name"]);
    assert_eq!(got.len(), 100);
    assert_eq!(
        got[0],
        format!(
            "{}|{}|{}",
            ["2"; 32].join(","),
            "u".repeat(256),
            ["s"; 8].join("/")
        )
    );
}
