//! LDAP rows: binds, searches with their filters, results, what follows StartTLS and SASL.

use super::kerberos::{list, tlv};
use super::smb_messages::{authenticate, challenge};
use super::talk::{Talk, pick};
use crate::proto::{Hint, Secrets};

fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    list(0x30, &[tlv(2, &[id]), operation.to_vec()])
}

fn text(text: &str) -> Vec<u8> {
    tlv(4, text.as_bytes())
}

fn bind(id: u8, name: &str, proof: &[u8]) -> Vec<u8> {
    let parts = [tlv(2, &[3]), text(name), proof.to_vec()];
    message(id, &list(0x60, &parts))
}

fn result(id: u8, tag: u8, code: u8, diagnostic: &str) -> Vec<u8> {
    let parts = [tlv(10, &[code]), text(""), text(diagnostic)];
    message(id, &list(tag, &parts))
}

fn search(id: u8, base: &str, scope: u8, filter: &[u8], attributes: &[&str]) -> Vec<u8> {
    let attributes: Vec<_> = attributes.iter().map(|name| text(name)).collect();
    let parts = [
        text(base),
        tlv(10, &[scope]),
        tlv(10, &[0]),
        tlv(2, &[0]),
        tlv(2, &[0]),
        tlv(1, &[0]),
        filter.to_vec(),
        list(0x30, &attributes),
    ];
    message(id, &list(0x63, &parts))
}

fn entry(id: u8) -> Vec<u8> {
    message(id, &list(0x64, &[text("cn=a"), tlv(0x30, &[0; 200])]))
}

fn equals(name: &str, value: &[u8]) -> Vec<u8> {
    list(0xa3, &[text(name), tlv(4, value)])
}

/// A login, a search and a farewell, small enough for a fuzzing seed.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let user = equals("objectClass", b"user");
    let filter = list(0xa0, &[user, tlv(0x87, b"servicePrincipalName")]);
    vec![
        (true, bind(1, "cn=bob", &tlv(0x80, b"hunter2"))),
        (false, result(1, 0x61, 49, "data 52e")),
        (true, bind(2, "cn=bob", &tlv(0x80, b"s3cret"))),
        (false, result(2, 0x61, 0, "")),
        (true, search(3, "dc=x", 2, &filter, &["cn", "memberOf"])),
        (
            false,
            message(3, &list(0x64, &[text("cn=a"), tlv(0x30, b"")])),
        ),
        (false, result(3, 0x65, 4, "")),
        (true, message(4, &tlv(0x42, b""))),
    ]
}

const COLUMNS: [&str; 10] = [
    "message_id",
    "operation",
    "bind_kind",
    "user",
    "login_method",
    "outcome",
    "object",
    "filter",
    "result_count",
    "result_name",
];

fn rows(talk: &mut Talk) -> Vec<String> {
    pick(&talk.out.ldap.finish().unwrap(), &COLUMNS)
}

/// Logins with their results, a search with its count; no password anywhere.
#[test]
fn logins_and_search() {
    let mut talk = Talk::tcp(389);
    let hints: Vec<Hint> = sample()
        .iter()
        .map(|(client, data)| talk.send(*client, data))
        .collect();
    assert_eq!(hints[..2], [Hint::SenderIsClient, Hint::ReceiverIsClient]);
    let batch = talk.out.ldap.finish().unwrap();
    let want = [
        "1|bind|simple|cn=bob|password|negative|-|-|-|invalidCredentials",
        "2|bind|simple|cn=bob|password|ok|-|-|-|success",
        "3|search|-|-|-|request|dc=x|(&(objectClass=user)(servicePrincipalName=*))|1|sizeLimitExceeded",
        "4|unbind|-|-|-|request|-|-|-|-",
    ];
    assert_eq!(pick(&batch, &COLUMNS), want);
    let more = [
        "diagnostic",
        "scope",
        "deref_aliases",
        "attributes",
        "rtt_ns",
    ];
    let got = pick(&batch, &more);
    assert_eq!(got[0], "data 52e|-|-||1000000");
    assert_eq!(got[2], "-|sub|never|cn,memberOf|2000000");
    assert!(talk.weird().is_empty());
}

/// Kinds of binds, and what counts as their outcome.
#[test]
fn binds() {
    let mut talk = Talk::tcp(389);
    let plain = list(0xa3, &[text("PLAIN"), tlv(4, b"\0amy\0pw")]);
    let spnego = list(0xa3, &[text("GSS-SPNEGO"), tlv(4, b"x")]);
    for (id, name, proof, code) in [
        (1, "", tlv(0x80, b""), 0),
        (2, "cn=bob", tlv(0x80, b""), 53),
        (3, "", plain, 0),
        (4, "", spnego.clone(), 14),
        (5, "", spnego, 51),
        (6, "NTLM", tlv(0x8a, b"NTLMSSP"), 49),
    ] {
        talk.ask(&bind(id, name, &proof));
        talk.answer(&result(id, 0x61, code, ""));
    }
    talk.ask(&bind(7, "x", &tlv(0x80, b"y")));
    talk.end();
    let want = [
        "1|bind|anonymous|-|anonymous|ok|-|-|-|success",
        "2|bind|unauthenticated|cn=bob|anonymous|negative|-|-|-|unwillingToPerform",
        "3|bind|sasl|amy|plain|ok|-|-|-|success",
        "4|bind|sasl|-|gss-spnego|request|-|-|-|saslBindInProgress",
        "5|bind|sasl|-|gss-spnego|unknown|-|-|-|busy",
        "6|bind|sicily|NTLM|sicily|negative|-|-|-|invalidCredentials",
        "7|bind|simple|x|password|unknown|-|-|-|-",
    ];
    assert_eq!(rows(&mut talk), want);
}

/// Passwords of simple binds and of PLAIN become keyed hashes; nothing else of a bind does.
#[test]
fn secrets() {
    let mut talk = Talk::tcp(389);
    talk.out.secrets = Secrets::under(&[0x41; 16]).unwrap();
    let plain = list(0xa3, &[text("PLAIN"), tlv(4, b"\0amy\0p\0w")]);
    let token = list(0xa3, &[text("GSSAPI"), tlv(4, b"token")]);
    let none = tlv(0x80, b"");
    for (id, proof) in [(1, tlv(0x80, b"s3cret")), (2, plain), (3, token), (4, none)] {
        talk.ask(&bind(id, "cn=bob", &proof));
        talk.answer(&result(id, 0x61, 0, ""));
    }
    let key = Secrets::under(&[0x41; 16]).unwrap();
    let [first, second] = [b"s3cret".as_slice(), b"p\0w"].map(|word| key.hash(word).unwrap());
    let got = pick(&talk.out.ldap.finish().unwrap(), &["secret_hash"]);
    assert_eq!(got, [first.as_str(), &second, "-", "-"]);
}

fn answered(id: u8, code: u8, token: &[u8]) -> Vec<u8> {
    let parts = [tlv(10, &[code]), text(""), text(""), tlv(0x87, token)];
    message(id, &list(0x61, &parts))
}

/// NTLM inside of SASL and Sicily binds: one row of `ntlm` per login, whatever its legs; the legs say `ntlm`.
#[test]
fn ntlm_logins() {
    let sasl = |name: &str, token: &[u8]| list(0xa3, &[text(name), tlv(4, token)]);
    let (offer, proof) = (b"NTLMSSP\0\x01\0\0\0".as_slice(), authenticate("bob", 32));
    let mut talk = Talk::tcp(389);
    for (id, code) in [(1, 0), (3, 49)] {
        talk.ask(&bind(id, "", &sasl("GSS-SPNEGO", offer)));
        talk.answer(&answered(id, 14, &challenge()));
        talk.ask(&bind(id + 1, "", &sasl("GSS-SPNEGO", &proof)));
        talk.answer(&answered(id + 1, code, b""));
    }
    // Sicily: the challenge comes with success, where a result has its name.
    talk.ask(&bind(5, "", &tlv(0x89, b"")));
    talk.answer(&result(5, 0x61, 0, ""));
    talk.ask(&bind(6, "NTLM", &tlv(0x8a, offer)));
    talk.answer(&message(
        6,
        &list(0x61, &[tlv(10, &[0]), tlv(4, &challenge()), text("")]),
    ));
    talk.ask(&bind(7, "", &tlv(0x8b, &proof)));
    talk.answer(&result(7, 0x61, 0, ""));
    // Nobody answers the last one.
    talk.ask(&bind(8, "", &sasl("GSS-SPNEGO", &proof)));
    talk.end();
    let columns = [
        "service",
        "user",
        "domain",
        "server_nb_name",
        "ntlm_kind",
        "outcome",
    ];
    let got = pick(&talk.out.ntlm.finish().unwrap(), &columns);
    let want = [
        "SRV|ntlmv2|ok",
        "SRV|ntlmv2|negative",
        "SRV|ntlmv2|ok",
        "-|ntlmv2|unknown",
    ];
    assert_eq!(got, want.map(|end| format!("ldap|bob|DOM|{end}")));
    let methods = pick(&talk.out.ldap.finish().unwrap(), &["login_method"]);
    assert_eq!(
        methods,
        ["ntlm", "ntlm", "ntlm", "ntlm", "-", "ntlm", "ntlm", "ntlm"]
    );
}

/// Every kind of filter as text; what is special in a value is escaped; depth and length have an end.
#[test]
fn filters() {
    let mut talk = Talk::tcp(389);
    let or = list(
        0xa1,
        &[
            list(0xa2, &[equals("a", b"*(\\)\0\xff")]),
            list(0xa5, &[text("n"), text("5")]),
            list(0xa6, &[text("n"), text("9")]),
            list(0xa8, &[text("sn"), text("smith")]),
            list(
                0xa4,
                &[
                    text("cn"),
                    list(0x30, &[tlv(0x80, b"a"), tlv(0x81, b"b"), tlv(0x82, b"c")]),
                ],
            ),
            list(0xa4, &[text("cn"), list(0x30, &[tlv(0x81, b"b")])]),
            list(
                0xa9,
                &[
                    tlv(0x81, b"1.2.840.113556.1.4.803"),
                    tlv(0x82, b"uac"),
                    tlv(0x83, b"2"),
                    tlv(0x84, &[0xff]),
                ],
            ),
        ],
    );
    talk.ask(&search(1, "", 0, &or, &[]));
    let mut deep = equals("a", b"b");
    for _ in 0..300 {
        deep = tlv(0xa0, &deep);
    }
    talk.ask(&search(2, "", 0, &deep, &[]));
    let wide = list(0xa1, &vec![equals("name", b"value"); 1000]);
    talk.ask(&search(3, "", 0, &wide, &[]));
    talk.end();
    let got = pick(&talk.out.ldap.finish().unwrap(), &["filter"]);
    let want = "(|(!(a=\\2a\\28\\5c\\29\\00\\ff))(n>=5)(n<=9)(sn~=smith)(cn=a*b*c)(cn=*b*)\
                (uac:dn:1.2.840.113556.1.4.803:=2))";
    assert_eq!(got[0], want);
    assert_eq!(got[1], "(&".repeat(64));
    assert!(got[2].len() <= 2048 && got[2].len() > 2000);
}

/// Changes name attributes, never values; large entries are counted without being held.
#[test]
fn changes_and_entries() {
    let mut talk = Talk::tcp(389);
    let one = list(0x30, &[text("unicodePwd"), list(0x31, &[text("secret")])]);
    let change = list(0x30, &[tlv(10, &[2]), one.clone()]);
    talk.ask(&message(
        1,
        &list(0x66, &[text("cn=a"), list(0x30, &[change])]),
    ));
    talk.answer(&result(1, 0x67, 0, ""));
    talk.ask(&message(
        2,
        &list(0x68, &[text("cn=b"), list(0x30, &[one.clone(), one])]),
    ));
    talk.ask(&message(3, &tlv(0x4a, b"cn=c")));
    let rename = [text("cn=d"), text("cn=e"), tlv(1, &[1]), tlv(0x80, b"ou=f")];
    talk.ask(&message(4, &list(0x6c, &rename)));
    let pair = list(0x30, &[text("userPassword"), text("guess")]);
    talk.ask(&message(5, &list(0x6e, &[text("cn=g"), pair])));
    talk.ask(&message(6, &tlv(0x50, &[5])));
    talk.ask(&search(7, "", 1, &tlv(0x87, b"cn"), &[]));
    for _ in 0..50 {
        talk.answer(&entry(7));
    }
    talk.answer(&result(7, 0x65, 0, ""));
    talk.end();
    let columns = ["operation", "object", "argument", "result_count"];
    let got = pick(&talk.out.ldap.finish().unwrap(), &columns);
    let want = [
        "modify|cn=a|replace(unicodePwd)|-",
        "abandon|-|5|-",
        "search|-|-|50",
        "add|cn=b|unicodePwd,unicodePwd|-",
        "delete|cn=c|-|-",
        "modify-dn|cn=d|cn=e,ou=f|-",
        "compare|cn=g|userPassword|-",
    ];
    assert_eq!(got, want);
}

/// After StartTLS the streams are TLS.
#[test]
fn start_tls() {
    let mut talk = Talk::tcp(389);
    talk.ask(&message(
        1,
        &list(0x77, &[tlv(0x80, b"1.3.6.1.4.1.1466.20037")]),
    ));
    talk.answer(&result(1, 0x78, 0, ""));
    for (client, data) in super::tls::tls13() {
        talk.send(client, &data);
    }
    talk.end();
    assert_eq!(
        rows(&mut talk),
        ["1|extended|-|-|-|request|1.3.6.1.4.1.1466.20037|-|-|success"]
    );
    assert_eq!((talk.app.name(), talk.out.tls.len()), (Some("ldap"), 1));
    assert!(talk.weird().is_empty());
}

fn wrapped(flags: u8, inner: &[u8]) -> Vec<u8> {
    let head = [5, 4, flags, 0xff, 0, 4, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1];
    let token = [&head[..], b"csum", inner].concat();
    [&(token.len() as u32).to_be_bytes()[..], &token].concat()
}

/// Signed buffers are read, sealed ones end the reading without complaint.
#[test]
fn security_layers() {
    let mut talk = Talk::tcp(389);
    let spnego = list(0xa3, &[text("GSS-SPNEGO"), tlv(4, b"x")]);
    talk.ask(&bind(1, "", &spnego));
    talk.answer(&result(1, 0x61, 0, ""));
    talk.ask(&wrapped(0, &search(2, "dc=y", 0, &tlv(0x87, b"cn"), &[])));
    let answer = [entry(2), result(2, 0x65, 0, "")].concat();
    talk.answer(&wrapped(1, &answer));
    assert!(!talk.app.is_done());
    talk.ask(&wrapped(2, &[7; 90]));
    assert!(talk.app.is_done());
    talk.end();
    assert_eq!(
        rows(&mut talk)[1],
        "2|search|-|-|-|request|dc=y|(cn=*)|1|success"
    );
    assert!(talk.weird().is_empty());
}

/// Over UDP an answer holds entry and result; the same question again is no new one.
#[test]
fn connectionless() {
    let mut talk = Talk::udp(40_000, 389);
    let ask = search(9, "", 0, &equals("NtVer", &[6, 0, 0, 0]), &["Netlogon"]);
    talk.ask(&ask);
    talk.ask(&ask);
    talk.answer(&[entry(9), result(9, 0x65, 0, "")].concat());
    talk.end();
    assert_eq!(
        rows(&mut talk),
        ["9|search|-|-|-|request|-|(NtVer=\\06\\00\\00\\00)|1|success"]
    );
}

/// What is no message is noted; an operation that cannot be read too; both stay bounded.
#[test]
fn damage() {
    let mut talk = Talk::tcp(389);
    talk.ask(&bind(1, "a", &tlv(0x80, b"b")));
    talk.ask(&[0xff; 100]);
    assert_eq!(talk.weird(), ["ldap_bad_frame"]);
    talk.ask(&message(2, &tlv(0x63, b"nonsense")));
    assert_eq!(talk.weird(), ["ldap_bad_operation"]);
    for id in 3..103 {
        talk.ask(&message(id, &tlv(0x4a, b"cn=c")));
    }
    assert_eq!(talk.out.ldap.len(), 101 - 64);
    talk.end();
    assert_eq!(rows(&mut talk).len(), 101);
}
