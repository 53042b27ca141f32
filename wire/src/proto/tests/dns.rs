//! DNS: questions with their responses, names within their limits, answers as text, and the relatives.

use super::talk::{Row, Talk, bytes, hex, ip, rows};
use crate::proto::Hint;

/// `www.Example.com` as question with type and class 1.
const QUESTION: &str = "03 777777 07 4578616d706c65 03 636f6d 00 0001 0001";

/// A message: identifier and flags, counts, the rest.
fn message(start: &str, counts: [u16; 4], rest: &str) -> Vec<u8> {
    let counts = counts.map(u16::to_be_bytes).concat();
    [bytes(start), counts, bytes(rest)].concat()
}

fn query(id: &str) -> Vec<u8> {
    message(&format!("{id} 0100"), [1, 0, 0, 0], QUESTION)
}

fn response(id: &str, answers: &[&str]) -> Vec<u8> {
    let count = u16::try_from(answers.len()).unwrap();
    let rest = format!("{QUESTION} {}", answers.concat());
    message(&format!("{id} 8580"), [1, count, 0, 0], &rest)
}

/// A message with its length, as in a stream.
pub fn in_stream(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    [&length[..], message].concat()
}

/// A conversation for the tests that damage messages.
pub fn samples() -> impl Iterator<Item = (bool, Vec<u8>)> {
    let edns = "00 0029 04d0 00008000 0000";
    [
        (true, query("1111")),
        (
            false,
            response("1111", &["c00c 0005 0001 00000e10 0004 01 61 c010", A]),
        ),
        (
            true,
            message("2222 0120", [1, 0, 0, 1], &format!("{QUESTION} {edns}")),
        ),
        (
            false,
            message("2222 8583", [1, 0, 0, 1], &format!("{QUESTION} {edns}")),
        ),
        (false, response("3333", &[TXT])),
    ]
    .into_iter()
}

const A: &str = "c00c 0001 0001 0000003c 0004 0a000009";
const TXT: &str = "c00c 0010 0001 00000001 0007 02 6869 03 1b5b41";

fn dns(talk: &mut Talk) -> Vec<Row> {
    talk.end();
    rows(&talk.out.dns.finish().unwrap())
}

fn cells(row: &Row, columns: &[&str]) -> String {
    let cells: Vec<_> = columns.iter().map(|name| row[*name].as_str()).collect();
    cells.join("|")
}

/// A question and its response are one row with the time between them; the client is who asked.
#[test]
fn dns_exchange() {
    let mut talk = Talk::udp(40_000, 53);
    assert_eq!(talk.ask(&query("1234")), Hint::SenderIsClient);
    let cname = "c00c 0005 0001 00000e10 0004 01 61 c010";
    assert_eq!(
        talk.answer(&response("1234", &[cname, A])),
        Hint::ReceiverIsClient
    );
    let all = dns(&mut talk);
    assert_eq!(all.len(), 1);
    let names = [
        "service",
        "trans_id",
        "rtt_ns",
        "query",
        "qclass",
        "qtype",
        "qtype_name",
    ];
    assert_eq!(
        cells(&all[0], &names),
        "dns|4660|1000000|www.example.com|1|1|A"
    );
    let flags = [
        "rcode",
        "is_aa",
        "is_tc",
        "is_rd",
        "is_ra",
        "z",
        "is_rejected",
        "opcode",
    ];
    assert_eq!(cells(&all[0], &flags), "0|true|false|true|true|0|false|0");
    let answers = ["answers", "ttls", "answer_count", "receiver_port"];
    assert_eq!(
        cells(&all[0], &answers),
        "a.example.com,10.0.0.9|3600,60|2|53"
    );
    assert!(talk.weird().is_empty());
}

/// Without a response, without a query, refused, and answered twice.
#[test]
fn dns_halves() {
    let mut talk = Talk::udp(40_000, 53);
    talk.ask(&query("0001"));
    talk.ask(&query("0001"));
    talk.answer(&message("0001 8105", [1, 0, 0, 0], QUESTION));
    talk.answer(&response("0009", &[A]));
    let got: Vec<_> = dns(&mut talk)
        .iter()
        .map(|row| {
            cells(
                row,
                &[
                    "ts",
                    "has_query",
                    "has_response",
                    "rcode",
                    "is_rejected",
                    "rtt_ns",
                    "query",
                ],
            )
        })
        .collect();
    assert_eq!(
        got,
        [
            "1000|true|true|5|true|2000000|www.example.com",
            "4000|false|true|0|false|-|www.example.com",
            "2000|true|false|-|false|-|www.example.com",
        ]
    );
}

/// A response to other words than those asked does not count as the answer.
#[test]
fn dns_other_question() {
    let mut talk = Talk::udp(40_000, 53);
    talk.ask(&query("0001"));
    talk.answer(&message(
        "0001 8180",
        [1, 0, 0, 0],
        "03 777777 00 0001 0001",
    ));
    talk.answer(&message(
        "0001 8180",
        [1, 0, 0, 0],
        &QUESTION.replace("4578", "6558"),
    ));
    let all = dns(&mut talk);
    let got: Vec<_> = all
        .iter()
        .map(|row| cells(row, &["query", "has_query"]))
        .collect();
    assert_eq!(got, ["www|false", "www.example.com|true"]);
}

/// Waiting questions are bounded in number and in time.
#[test]
fn dns_pending_is_bounded() {
    let mut talk = Talk::udp(40_000, 53);
    for id in 0..100_u16 {
        talk.ask(&query(&format!("{id:04x}")));
    }
    assert_eq!(talk.out.dns.len(), 36);
    talk.frame += 61_000;
    talk.ask(&query("ffff"));
    assert_eq!(talk.out.dns.len(), 100);
    assert_eq!(dns(&mut talk).len(), 101);
}

/// What EDNS says, and the response code it extends.
#[test]
fn dns_edns() {
    let mut talk = Talk::udp(40_000, 53);
    let edns = |ttl: &str| format!("{QUESTION} 00 0029 04d0 {ttl} 0000");
    talk.ask(&message("0001 0110", [1, 0, 0, 1], &edns("00008000")));
    talk.answer(&message("0001 8180", [1, 0, 0, 1], &edns("01000000")));
    let columns = [
        "edns_version",
        "edns_payload",
        "edns_do",
        "rcode",
        "z",
        "is_rejected",
    ];
    assert_eq!(
        cells(&dns(&mut talk)[0], &columns),
        "0|1232|true|16|1|false"
    );
}

/// Every kind of answer that has a text of its own.
#[test]
fn dns_answers() {
    let name = "01 61 c010";
    let node = "01 504320202020202020202020202020 20 0400";
    for (kind, data, text) in [
        (1, "0a0000ff", "10.0.0.255"),
        (28, "20010db8000000000000000000000001", "2001:db8::1"),
        (2, name, "a.example.com"),
        (12, name, "a.example.com"),
        (15, &format!("000a {name}"), "a.example.com"),
        (6, &format!("{name} 00"), "a.example.com"),
        (33, &format!("0001 0002 0050 {name}"), "a.example.com"),
        (16, "02 6869 03 1b5b41", "TXT 2 hi TXT 3 \\x1b[A"),
        (99, "01 61", "SPF 1 a"),
        (64, "0001 00", "SVCB 1 ."),
        (65, "0000 01 62 00", "HTTPS 0 b"),
        (29, "00 12 15 13 00000000", "LOC:  18 21 19"),
        (43, "0001 05 02 00", "DS 5 2"),
        (
            46,
            "0005 0000 00000000 00000000 00000000 0000 00",
            "RRSIG 5 <Root>",
        ),
        (47, "01 62 00", "NSEC www.example.com b"),
        (48, "0101 03 08", "DNSKEY 8"),
        (50, "", "NSEC3"),
        (51, "", "NSEC3PARAM"),
        (10, "00", "<unknown type=10>"),
        (0x8021, node, "<unknown type=32801>"),
    ] {
        let length = bytes(data).len();
        let record = format!("c00c {kind:04x} 0001 00000000 {length:04x} {data}");
        let mut talk = Talk::udp(40_000, 53);
        talk.answer(&response("0001", &[&record]));
        assert_eq!(dns(&mut talk)[0]["answers"], text, "type {kind}");
        assert!(talk.weird().is_empty(), "type {kind}");
    }
}

/// Data that does not fit its type is left out and noted.
#[test]
fn dns_bad_answers() {
    for (kind, data) in [
        (1, "0a0000"),
        (28, "00"),
        (2, "01 61"),
        (15, "00"),
        (33, "00"),
        (16, "05 61"),
        (46, "00"),
    ] {
        let length = bytes(data).len();
        let record = format!("c00c {kind:04x} 0001 00000000 {length:04x} {data}");
        let mut talk = Talk::udp(40_000, 53);
        talk.answer(&response("0001", &[&record, A]));
        assert_eq!(dns(&mut talk)[0]["answers"], "10.0.0.9", "type {kind}");
        assert_eq!(talk.weird(), ["dns_bad_record"], "type {kind}");
    }
}

/// Names that point ahead, at themselves, round in circles, or are too long end at once.
#[test]
fn dns_bad_names() {
    let too_long = format!("3f {}", "61".repeat(63)).repeat(5) + "00";
    for name in [
        "c00c",
        "01 61 c00c",
        "c0ff",
        "c00e c00c",
        "40 00",
        "80 00",
        "05 61",
        &too_long,
    ] {
        let mut talk = Talk::udp(40_000, 53);
        talk.ask(&query("0001"));
        talk.ask(&message(
            "0002 0100",
            [1, 0, 0, 0],
            &format!("{name} 0001 0001"),
        ));
        assert_eq!(talk.weird(), ["dns_bad_question"], "{name}");
        assert_eq!(dns(&mut talk).len(), 1);
    }
}

/// A name that goes through more pointers than a name has labels is not followed to its end.
#[test]
fn dns_pointer_chain_is_bounded() {
    for (pointers, want) in [(100_u16, "<unknown type=10>,"), (200, "<unknown type=10>")] {
        // The question at 12 is the root; the data of the first record, from 28 on, points backwards in small steps.
        let steps = (0..pointers)
            .map(|at| format!("{:04x}", if at == 0 { 0xc00c } else { 0xc01a + 2 * at }));
        let chain = format!(
            "00 000a 0001 00000000 {:04x} {}",
            2 * pointers,
            steps.collect::<String>()
        );
        let last = format!("00 000c 0001 00000000 0002 {:04x}", 0xc01a + 2 * pointers);
        let rest = format!("00 0001 0001 {chain} {last}");
        let mut talk = Talk::udp(40_000, 53);
        talk.answer(&message("0002 8180", [1, 2, 0, 0], &rest));
        assert_eq!(dns(&mut talk)[0]["answers"], want, "{pointers}");
        assert_eq!(talk.weird().is_empty(), pointers < 127);
    }
}

/// Labels hold any octet: what is not plain text is escaped, and a row stays short.
#[test]
fn dns_binary_names() {
    let mut talk = Talk::udp(40_000, 53);
    let ask = |name: &str| message("0001 0100", [1, 0, 0, 0], &format!("{name} 000a 0001"));
    talk.ask(&ask("04 00 22 ff 41 02 c3a9 00"));
    talk.ask(&ask(&(format!("3f{}", "02".repeat(63)).repeat(3) + "00")));
    talk.ask(&ask("00"));
    let all = dns(&mut talk);
    assert_eq!(all[0]["query"], "\\x00\\x22\\xffa.é");
    // 63 octets of four letters and a dot: a further octet would not fit into 256.
    assert_eq!(all[1]["query"].len(), 253);
    assert_eq!(all[2]["query"], "");
}

/// Over TCP: several messages in a segment, one in several, large ones by their head.
#[test]
fn dns_over_tcp() {
    let mut talk = Talk::tcp(53);
    let two = [in_stream(&query("0001")), in_stream(&query("0002"))].concat();
    talk.ask(&two[..30]);
    talk.ask(&two[30..]);
    let mut large = response("0001", &vec![A; 1500]);
    large.resize(large.len() + 30_000, 0);
    let large = in_stream(&large);
    for part in large.chunks(1400) {
        talk.answer(part);
    }
    talk.answer(&in_stream(&response("0002", &[A])));
    let all = dns(&mut talk);
    let got: Vec<_> = all
        .iter()
        .map(|row| cells(row, &["trans_id", "answer_count", "has_response"]))
        .collect();
    assert_eq!(got, ["1|1500|true", "2|1|true"]);
    assert_eq!(all[0]["ttls"].split(',').count(), 64);
    assert!(talk.weird().is_empty());
}

/// Multicast DNS: many questions, responses without one, no client.
#[test]
fn dns_multicast() {
    let mut talk = Talk::udp(5353, 5353);
    let two = format!("{QUESTION} 05 6c6f63616c 00 000c 8001");
    assert_eq!(
        talk.ask(&message("0000 0000", [2, 0, 0, 0], &two)),
        Hint::None
    );
    let owner = "04 6e616d65 05 6c6f63616c 00 0001 8001 00000078 0004 0a000007";
    talk.ask(&message("0000 8400", [0, 1, 0, 0], owner));
    let all = dns(&mut talk);
    let got: Vec<_> = all
        .iter()
        .map(|row| cells(row, &["service", "query", "qtype", "qclass", "answers"]))
        .collect();
    assert_eq!(
        got,
        [
            "mdns|name.local|-|-|10.0.0.7",
            "mdns|www.example.com|1|1|",
            "mdns|local|12|32769|"
        ]
    );
}

/// The first label of a NetBIOS name: two letters for each octet.
fn netbios(name: &[u8; 16]) -> String {
    let letters = name
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 15])
        .map(|half| format!("{:02x}", b'A' + half));
    format!("20 {}", letters.collect::<String>())
}

/// NetBIOS names are decoded; a name may have several addresses, a node several names.
#[test]
fn dns_netbios() {
    let name = netbios(b"FILESRV         ");
    let mut talk = Talk::udp(137, 137);
    talk.ask(&message(
        "0007 0110",
        [1, 0, 0, 0],
        &format!("{name} 00 0020 0001"),
    ));
    talk.answer(&message(
        "0007 8500",
        [0, 1, 0, 0],
        &format!("{name} 00 0020 0001 00000000 000c 0000 0a000001 0000 0a000002"),
    ));
    talk.ask(&message(
        "0008 0000",
        [1, 0, 0, 0],
        &format!("{name} 00 0021 0001"),
    ));
    let node = "02 504320202020202020202020202020 20 0400 475250202020202020202020202020 1e 8400";
    talk.answer(&message(
        "0008 8400",
        [0, 1, 0, 0],
        &format!("{name} 00 0021 0001 00000000 0025 {node}"),
    ));
    let columns = ["service", "query", "name_suffix", "qtype_name", "answers"];
    let got: Vec<_> = dns(&mut talk)
        .iter()
        .map(|row| cells(row, &columns))
        .collect();
    assert_eq!(
        got,
        [
            "netbios-ns|FILESRV|32|NB|10.0.0.1 10.0.0.2",
            "netbios-ns|FILESRV|32|NBSTAT|PC<20> GRP<1e>"
        ]
    );
}

/// Where the snap length cut a message, what is there is used and nothing is called odd.
#[test]
fn dns_cut_by_snap_length() {
    let whole = response("0001", &[A, A]);
    for cut in 0..whole.len() {
        let mut talk = Talk::udp(40_000, 53);
        talk.ask(&query("0001"));
        talk.raw(false, 0, &whole[..cut], u32::try_from(whole.len()).unwrap());
        assert!(talk.weird().is_empty(), "{cut}");
        let all = dns(&mut talk);
        assert_eq!(all.len(), 1, "{cut}");
        assert_eq!(all[0]["has_response"] == "true", cut >= 12, "{cut}");
    }
}

/// The row names who asked and who was asked, even when only the response was seen.
#[test]
fn dns_ends() {
    let mut talk = Talk::udp(40_000, 53);
    talk.answer(&response("0001", &[A]));
    let all = dns(&mut talk);
    let ends = cells(&all[0], &["sender_ip", "receiver_ip", "receiver_port"]);
    assert_eq!(ends, format!("{}|{}|53", hex(&ip(1)), hex(&ip(2))));
}

/// A message of nothing but questions makes a bounded number of rows.
#[test]
fn dns_many_questions() {
    let mut talk = Talk::udp(5353, 5353);
    let more = " c00c 0001 0001".repeat(299);
    talk.ask(&message("0000 0000", [1, 0, 0, 0], QUESTION));
    talk.ask(&message(
        "0000 0000",
        [300, 0, 0, 0],
        &(QUESTION.to_owned() + &more),
    ));
    assert!(talk.weird().is_empty());
    assert_eq!(dns(&mut talk).len(), 65);
}
