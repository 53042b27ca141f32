//! NTP: times, changes, and questions about the server.

use super::dialogues::Noise;
use super::talk::{Talk, bytes, pick};
use crate::proto::Hint;

const COLUMNS: [&str; 10] = [
    "ntp_version",
    "mode_name",
    "leap",
    "stratum",
    "ref_id",
    "poll",
    "precision",
    "root_delay_ns",
    "xmit_time",
    "offset_ns",
];

/// Seconds since 1900 of a capture time in milliseconds, as a time stamp.
fn stamp(ms: u64) -> String {
    let fraction = ((ms % 1000) << 32) / 1000;
    format!("{:08x}{fraction:08x}", 2_208_988_800 + ms / 1000)
}

fn message(head: &str, ref_id: &str, origin: &str, receive: &str, transmit: &str) -> Vec<u8> {
    let none = "0000000000000000";
    bytes(&format!(
        "{head} 00008000 00010000 {ref_id} {none} {origin} {receive} {transmit}"
    ))
}

fn request(transmit: &str) -> Vec<u8> {
    let none = "0000000000000000";
    message("23 00 06 20", "00000000", none, none, transmit)
}

fn answer(ref_id: &str, origin: &str, receive: &str, transmit: &str) -> Vec<u8> {
    message("24 02 06 ec", ref_id, origin, receive, transmit)
}

/// One exchange of a client and a server, for the tests that damage messages.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let asked = "a1a2a3a4a5a6a7a8";
    let monlist = [bytes("17 00 03 2a 0000 0000"), vec![0; 40]].concat();
    vec![
        (true, request(asked)),
        (false, answer("0a000009", asked, &stamp(5), &stamp(6))),
        (true, monlist),
        (true, bytes("16 02 0001 0000 0000 0000 0000")),
    ]
}

/// The first message of each side is a row; the offset is between the clocks of server and capture.
#[test]
fn exchange() {
    let mut talk = Talk::udp(40000, 123);
    let asked = "a1a2a3a4a5a6a7a8";
    assert_eq!(talk.ask(&request(asked)), Hint::SenderIsClient);
    // The capture saw 1 ms and 2 ms; the server says 1001 ms and 1002 ms.
    let reply = answer("0a000009", asked, &stamp(1001), &stamp(1002));
    talk.answer(&reply);
    assert!(talk.weird().is_empty());
    let rows = pick(&talk.out.ntp.finish().unwrap(), &COLUMNS);
    assert!(
        rows[0].starts_with("4|client|0|0||6|32|500000000|"),
        "{}",
        rows[0]
    );
    assert!(rows[0].ends_with("|-"));
    let shown = "4|server|0|2|10.0.0.9|6|-20|500000000|1001999|999999999";
    assert_eq!(rows[1], shown);
    assert_eq!((talk.app.name(), talk.app.basis()), (Some("ntp"), "parsed"));
}

/// The same again is no row; a change is; an answer to something else has no offset.
#[test]
fn changes() {
    let mut talk = Talk::udp(40000, 123);
    for asked in ["0000000100000001", "0000000200000001", "0000000300000001"] {
        talk.ask(&request(asked));
        talk.answer(&answer(
            "0a000009",
            "1111111111111111",
            &stamp(5),
            &stamp(6),
        ));
    }
    assert_eq!(talk.out.ntp.len(), 2);
    talk.answer(&answer(
        "0a00000a",
        "1111111111111111",
        &stamp(5),
        &stamp(6),
    ));
    let rows = pick(&talk.out.ntp.finish().unwrap(), &["ref_id", "offset_ns"]);
    assert_eq!(rows, ["|-", "10.0.0.9|-", "10.0.0.10|-"]);
}

/// A refusal shows its letters.
#[test]
fn refusal() {
    let mut talk = Talk::udp(40000, 123);
    let none = "0000000000000000";
    talk.answer(&message("e4 00 06 ec", "52415445", none, none, none));
    let rows = pick(&talk.out.ntp.finish().unwrap(), &COLUMNS);
    assert_eq!(rows, ["4|server|3|0|RATE|6|-20|500000000|-|-"]);
}

/// Questions about the server are rows each, up to a bound; so are the answers that make them an amplifier.
#[test]
fn management() {
    let mut talk = Talk::udp(40000, 123);
    let messages = sample();
    talk.ask(&messages[2].1);
    let reply = [bytes("d7 00 03 2a 0006 0048"), vec![0; 432]].concat();
    talk.answer(&reply);
    talk.ask(&messages[3].1);
    let columns = [
        "mode_name",
        "request_code",
        "request_name",
        "is_response",
        "payload_len",
    ];
    assert_eq!(
        pick(&talk.out.ntp.finish().unwrap(), &columns),
        [
            "private|42|monlist|false|48",
            "private|42|monlist|true|440",
            "control|2|read-variables|false|12",
        ]
    );
    for _ in 0..200 {
        talk.answer(&reply);
    }
    assert_eq!(talk.out.ntp.len(), 61);
}

/// Short messages are an oddity unless the snap length cut them; any octets are survived.
#[test]
fn damage() {
    let whole = request("a1a2a3a4a5a6a7a8");
    let mut talk = Talk::udp(40000, 123);
    talk.ask(&whole);
    talk.raw(true, 0, &whole[..20], whole.len() as u32);
    assert!(talk.weird().is_empty());
    talk.ask(&whole[..20]);
    assert_eq!(talk.weird(), ["ntp_bad_message"]);
    let mut noise = Noise(0x0123);
    for _ in 0..2000 {
        let length = noise.below(64);
        let data = noise.bytes(length);
        talk.send(noise.below(2) == 0, &data);
    }
    assert!(talk.out.ntp.len() <= 64);
}
