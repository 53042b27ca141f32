//! SNMP rows: pairing, repeats, users and their refusals, notifications, what an agent says of itself.

use super::kerberos::{list, tlv};
use super::talk::{Talk, pick, rows};
use crate::proto::Secrets;

const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;
const BULK: u8 = 0xa5;
const INFORM: u8 = 0xa6;
const TRAP: u8 = 0xa7;
const REPORT: u8 = 0xa8;
const DESCR: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 1, 0];
const UP_TIME: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 3, 0];
const SYS_NAME: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 5, 0];
const IF_STATUS: &[u8] = &[0x2b, 6, 1, 2, 1, 2, 2, 1, 8, 1];
const TRAP_OID: &[u8] = &[0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0];
const LINK_DOWN: &[u8] = &[0x2b, 6, 1, 6, 3, 1, 1, 5, 3];
const ENTERPRISE: &[u8] = &[0x2b, 6, 1, 4, 1, 0x8d, 0x76];
const NULL: &[u8] = &[5, 0];

fn int(value: i32) -> Vec<u8> {
    tlv(2, &value.to_be_bytes())
}

fn variable(name: &[u8], value: &[u8]) -> Vec<u8> {
    list(0x30, &[tlv(6, name), value.to_vec()])
}

fn variables(names: &[&[u8]]) -> Vec<u8> {
    let all: Vec<_> = names.iter().map(|name| variable(name, NULL)).collect();
    list(0x30, &all)
}

/// A PDU: tag, number, error and index, variables.
fn pdu(tag: u8, id: i32, numbers: (i32, i32), variables: &[u8]) -> Vec<u8> {
    let fields = [int(id), int(numbers.0), int(numbers.1), variables.to_vec()];
    list(tag, &fields)
}

fn plain(version: u8, community: &[u8], pdu: &[u8]) -> Vec<u8> {
    list(0x30, &[tlv(2, &[version]), tlv(4, community), pdu.to_vec()])
}

/// A message of version 3; `data` is a scoped PDU, or encrypted.
fn secured(id: i32, flags: u8, user: &str, data: &[u8]) -> Vec<u8> {
    let engine: &[u8] = if user.is_empty() {
        b""
    } else {
        b"\x80\0\x1f\x88\x04ag"
    };
    let header = [int(id), int(65_507), tlv(4, &[flags]), tlv(2, &[3])];
    let parameters = [
        tlv(4, engine),
        int(1),
        int(2),
        tlv(4, user.as_bytes()),
        tlv(4, &[0; 12]),
        tlv(4, &[0; 8]),
    ];
    let parameters = list(0x30, &parameters);
    let fields = [
        tlv(2, &[3]),
        list(0x30, &header),
        tlv(4, &parameters),
        data.to_vec(),
    ];
    list(0x30, &fields)
}

fn scoped(context: &str, pdu: &[u8]) -> Vec<u8> {
    list(
        0x30,
        &[tlv(4, b"e"), tlv(4, context.as_bytes()), pdu.to_vec()],
    )
}

/// A report of the user-based model: its counter, by number.
fn report(id: i32, counter: u8) -> Vec<u8> {
    let name = [0x2b, 6, 1, 6, 3, 15, 1, 1, counter, 0];
    let variables = list(0x30, &[variable(&name, &tlv(0x41, &[1]))]);
    secured(
        id,
        0,
        "agent",
        &scoped("", &pdu(REPORT, 0, (0, 0), &variables)),
    )
}

fn trap_v1(generic: u8, specific: u8) -> Vec<u8> {
    let fields = [
        tlv(6, ENTERPRISE),
        tlv(0x40, &[10, 0, 0, 9]),
        tlv(2, &[generic]),
        tlv(2, &[specific]),
        tlv(0x43, &[100]),
        variables(&[IF_STATUS]),
    ];
    plain(0, b"public", &list(0xa4, &fields))
}

fn system(id: i32) -> Vec<u8> {
    let told = [
        variable(DESCR, &tlv(4, b"Router\x1b 7")),
        variable(UP_TIME, &tlv(0x43, &[0x01, 0x00])),
        variable(SYS_NAME, &tlv(4, b"r1")),
    ];
    plain(1, b"public", &pdu(RESPONSE, id, (0, 0), &list(0x30, &told)))
}

/// A question with its answer, a refusal of a user, a notification of either version: small enough for a fuzzing seed.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let ask = pdu(GET, 7, (0, 0), &variables(&[DESCR, UP_TIME, SYS_NAME]));
    let get = scoped("ctx", &pdu(GET, 8, (0, 0), &variables(&[IF_STATUS])));
    let down = list(0x30, &[variable(TRAP_OID, &tlv(6, LINK_DOWN))]);
    vec![
        (true, plain(1, b"public", &ask)),
        (false, system(7)),
        (true, secured(9, 5, "bob", &get)),
        (false, report(9, 5)),
        (true, secured(10, 7, "bob", &tlv(4, b"hidden"))),
        (false, secured(10, 3, "bob", &tlv(4, b"hidden too"))),
        (false, trap_v1(2, 0)),
        (false, plain(1, b"public", &pdu(TRAP, 11, (0, 0), &down))),
    ]
}

fn played(messages: &[(bool, Vec<u8>)]) -> Talk {
    let mut talk = Talk::udp(40_000, 161).played(messages);
    talk.end();
    talk
}

fn picked(messages: &[(bool, Vec<u8>)], columns: &[&str]) -> Vec<String> {
    pick(&played(messages).out.snmp.finish().unwrap(), columns)
}

/// Every kind of exchange is one row with what it shows.
#[test]
fn exchanges() {
    let mut talk = played(&sample());
    let batch = talk.out.snmp.finish().unwrap();
    let columns = [
        "snmp_version",
        "pdu_type",
        "request_id",
        "message_id",
        "user",
        "security_level",
        "error_name",
        "report_name",
        "trap_oid",
        "login_method",
        "outcome",
    ];
    assert_eq!(
        pick(&batch, &columns),
        [
            "2c|get_request|7|-|-|-|noError|-|-|community|ok",
            "3|get_request|8|9|bob|authNoPriv|-|usmStatsWrongDigests|-|usm|negative",
            "3|-|-|10|bob|authPriv|-|-|-|usm|ok",
            "1|trap_v1|-|-|-|-|-|-|1.3.6.1.6.3.1.1.5.3|-|request",
            "2c|trap_v2|11|-|-|-|-|-|1.3.6.1.6.3.1.1.5.3|-|request",
        ]
    );
    let all = rows(&batch);
    let first = &all[0];
    assert_eq!(
        first["oids"],
        "1.3.6.1.2.1.1.1.0,1.3.6.1.2.1.1.3.0,1.3.6.1.2.1.1.5.0"
    );
    assert_eq!(
        (
            first["varbind_count"].as_str(),
            first["answer_count"].as_str()
        ),
        ("3", "3")
    );
    assert_eq!(first["display_string"], "Router\\x1b 7");
    assert_eq!(first["sys_name"], "r1");
    // 2.56 s before the answer, which came in the second millisecond.
    assert_eq!(first["up_since"], "-2558000");
    assert_eq!(first["rtt_ns"], "1000000");
    assert_eq!(all[1]["context_name"], "ctx");
    assert_eq!(all[1]["engine_id"], "80001f88046167");
    let trap = [
        "enterprise",
        "agent_ip",
        "generic_trap",
        "specific_trap",
        "up_since",
        "sender_ip",
    ];
    let trap = trap.map(|name| all[3][name].as_str());
    let (agent, server) = (
        "00000000000000000000ffff0a000009",
        "00000000000000000000ffff0a000002",
    );
    assert_eq!(
        trap,
        ["1.3.6.1.4.1.1782", agent, "2", "0", "-993000", server]
    );
    assert_eq!(talk.weird(), [""; 0]);
}

/// A community is hashed and never shown; who is answered knows it, who is not may have a wrong one.
#[test]
fn communities() {
    let ask = |community: &[u8], id| {
        (
            true,
            plain(1, community, &pdu(GET, id, (0, 0), &variables(&[DESCR]))),
        )
    };
    let denied = plain(1, b"weak", &pdu(RESPONSE, 1, (16, 1), &variables(&[DESCR])));
    let mut talk = Talk::udp(40_000, 161);
    talk.out.secrets = Secrets::under(&[0x41; 16]).unwrap();
    // Guesses that share a number are told apart by the community that the answer repeats.
    for (client, data) in [
        ask(b"guess", 1),
        ask(b"weak", 1),
        ask(b"public", 1),
        (false, system(1)),
        (false, denied),
    ] {
        talk.send(client, &data);
    }
    talk.end();
    let batch = talk.out.snmp.finish().unwrap();
    assert_eq!(
        pick(&batch, &["outcome", "error_name"]),
        ["ok|noError", "negative|authorizationError", "unknown|-"]
    );
    let key = Secrets::under(&[0x41; 16]).unwrap();
    let hashes = [b"public".as_slice(), b"weak", b"guess"].map(|secret| key.hash(secret).unwrap());
    assert_eq!(pick(&batch, &["secret_hash"]), hashes);
    let shown = format!("{:?}", rows(&batch));
    assert!(
        ["public", "weak", "guess"]
            .iter()
            .all(|secret| !shown.contains(secret))
    );
}

/// What is asked again before its answer is one row; a second answer of it makes none; a new request with the same number does.
#[test]
fn repeats() {
    let ask = (
        true,
        plain(1, b"public", &pdu(GET, 7, (0, 0), &variables(&[DESCR]))),
    );
    let answer = (false, system(7));
    let columns = ["pdu_type", "retransmits", "rtt_ns"];
    let talk = [&ask, &ask, &answer, &answer, &ask, &answer].map(Clone::clone);
    assert_eq!(
        picked(&talk, &columns),
        ["get_request|1|2000000", "get_request|0|1000000"]
    );
    // Other variables under the same number are another request.
    let other = (
        true,
        plain(1, b"public", &pdu(GET, 7, (0, 0), &variables(&[IF_STATUS]))),
    );
    assert_eq!(
        picked(&[ask, other], &columns),
        ["get_request|0|-", "get_request|0|-"]
    );
    // Copies of version 3 have numbers of their own; either may be answered.
    let get = scoped("", &pdu(GET, 8, (0, 0), &variables(&[DESCR])));
    let copies = [1, 2].map(|id| (true, secured(id, 5, "bob", &get)));
    for id in [1, 2] {
        let told = scoped("", &pdu(RESPONSE, 8, (0, 0), &variables(&[DESCR])));
        let talk = [
            copies[0].clone(),
            copies[1].clone(),
            (false, secured(id, 1, "bob", &told)),
        ];
        assert_eq!(picked(&talk, &["retransmits", "outcome"]), ["1|ok"]);
    }
}

/// Reports of the other engine tell what became of a user's login; to learn engine and clock is none.
#[test]
fn users() {
    let get = scoped("", &pdu(GET, 8, (0, 0), &variables(&[DESCR])));
    let cases = [
        (
            "bob",
            5,
            Some(1),
            "usm|negative|usmStatsUnsupportedSecLevels",
        ),
        ("bob", 5, Some(2), "usm|request|usmStatsNotInTimeWindows"),
        ("bob", 5, Some(3), "usm|negative|usmStatsUnknownUserNames"),
        ("", 4, Some(4), "-|request|usmStatsUnknownEngineIDs"),
        ("bob", 5, Some(5), "usm|negative|usmStatsWrongDigests"),
        ("bob", 7, Some(6), "usm|negative|usmStatsDecryptionErrors"),
        ("bob", 5, Some(9), "usm|unknown|other"),
        ("bob", 5, None, "usm|unknown|-"),
        ("bob", 4, Some(3), "none|negative|usmStatsUnknownUserNames"),
        ("bob", 4, None, "none|request|-"),
    ];
    for (user, flags, counter, want) in cases {
        let mut talk = vec![(true, secured(3, flags, user, &get))];
        talk.extend(counter.map(|counter| (false, report(3, counter))));
        assert_eq!(
            picked(&talk, &["login_method", "outcome", "report_name"]),
            [want]
        );
    }
}

/// Answers that nobody asked for, traps, encrypted traps and informs of a community are no logins.
#[test]
fn no_logins() {
    let down = list(0x30, &[variable(TRAP_OID, &tlv(6, LINK_DOWN))]);
    let inform = pdu(INFORM, 5, (0, 0), &down);
    let talk = [
        (false, system(1)),
        (false, secured(4, 3, "bob", &tlv(4, b"trap"))),
        (false, trap_v1(6, 17)),
        (false, plain(1, b"public", &inform)),
        (true, plain(1, b"public", &pdu(RESPONSE, 5, (0, 0), &down))),
    ];
    let columns = [
        "pdu_type",
        "trap_oid",
        "answer_count",
        "display_string",
        "login_method",
        "outcome",
    ];
    assert_eq!(
        picked(&talk, &columns),
        [
            "response|-|3|Router\\x1b 7|-|request",
            "-|-|-|-|-|request",
            "trap_v1|1.3.6.1.4.1.1782.0.17|-|-|-|request",
            "inform_request|1.3.6.1.6.3.1.1.5.3|1|-|-|request",
        ]
    );
}

/// The numbers of GetBulk are no error; the names kept are bounded, their count is not.
#[test]
fn bulk() {
    let names: Vec<&[u8]> = vec![DESCR; 40];
    let ask = plain(1, b"public", &pdu(BULK, 2, (3, 250), &variables(&names)));
    let batch = played(&[(true, ask)]).out.snmp.finish().unwrap();
    let columns = [
        "pdu_type",
        "varbind_count",
        "non_repeaters",
        "max_repetitions",
        "error_status",
    ];
    assert_eq!(pick(&batch, &columns), ["get_bulk_request|40|3|250|-"]);
    assert_eq!(rows(&batch)[0]["oids"].split(',').count(), 32);
}

/// Over TCP messages stand one behind the other, however they are cut; what is none is told once and passed over.
#[test]
fn streams() {
    let all: Vec<u8> = sample().into_iter().flat_map(|(_, data)| data).collect();
    let want = picked(&sample(), &["pdu_type", "outcome"]);
    let mut talk = Talk::tcp(161);
    for (client, data) in sample() {
        for piece in data.chunks(17) {
            talk.send(client, piece);
        }
    }
    talk.end();
    assert_eq!(
        pick(&talk.out.snmp.finish().unwrap(), &["pdu_type", "outcome"]),
        want
    );
    assert_eq!(talk.weird(), [""; 0]);
    let mut talk = Talk::tcp(161);
    talk.ask(&[&all[..], b"noise", &sample()[0].1].concat());
    talk.end();
    assert_eq!(talk.weird(), ["snmp_bad_frame"]);
    assert_eq!(talk.out.snmp.len(), 8);
}

/// A message that is cut by the snap length keeps what is there; one that is none is told.
#[test]
fn damage() {
    let whole = system(1);
    let mut talk = Talk::udp(40_000, 161);
    talk.raw(false, 0, &whole[..whole.len() - 4], whole.len() as u32);
    talk.send(false, b"\x30\x03\x02\x01\x05");
    talk.end();
    let columns = ["pdu_type", "answer_count", "display_string"];
    assert_eq!(
        pick(&talk.out.snmp.finish().unwrap(), &columns),
        ["response|-|Router\\x1b 7"]
    );
    assert_eq!(talk.weird(), ["snmp_bad_message"]);
}

/// Requests that wait are bounded: what is too much or too old is written without an answer.
#[test]
fn bounds() {
    let ask = |id| {
        (
            true,
            plain(1, b"public", &pdu(GET, id, (0, 0), &variables(&[DESCR]))),
        )
    };
    let asks: Vec<_> = (0..100).map(ask).collect();
    let mut talk = Talk::udp(40_000, 161);
    for (client, data) in &asks {
        talk.send(*client, data);
    }
    assert_eq!(talk.out.snmp.len(), 36);
    talk.frame += 61_000;
    talk.ask(&ask(200).1);
    assert_eq!(talk.out.snmp.len(), 100);
}
