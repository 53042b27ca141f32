//! Modbus/TCP rows, roles and recognition.

use super::talk::{Talk, bytes, hex, ip, pick};
use crate::proto::Hint;

/// A frame.
pub fn frame(tid: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut frame = Vec::from(tid.to_be_bytes());
    frame.extend_from_slice(&[0, 0]);
    frame.extend_from_slice(&(pdu.len() as u16 + 1).to_be_bytes());
    frame.push(unit);
    frame.extend_from_slice(pdu);
    frame
}

const EXCHANGE: [&str; 9] = [
    "tid",
    "unit",
    "func",
    "address",
    "quantity",
    "request_values",
    "response_values",
    "is_matched",
    "exception",
];
const MESSAGE: [&str; 10] = [
    "from_master",
    "func",
    "subfunc",
    "func_name",
    "object_address",
    "object_count",
    "value",
    "value_text",
    "is_command",
    "outcome",
];

/// Reads, writes and an exception at port 502: exchanges are matched, bits bounded by the quantity asked.
#[test]
fn exchanges() {
    let mut talk = Talk::tcp(502);
    assert_eq!(
        talk.ask(&frame(1, 4, &bytes("01 0001 0003"))),
        Hint::SenderIsClient
    );
    assert_eq!(
        talk.answer(&frame(1, 4, &bytes("01 01 05"))),
        Hint::ReceiverIsClient
    );
    talk.ask(&frame(2, 4, &bytes("10 0010 0002 04 000a 0102")));
    talk.answer(&frame(2, 4, &bytes("10 0010 0002")));
    talk.ask(&frame(3, 4, &bytes("05 0007 ff00")));
    talk.answer(&frame(3, 4, &bytes("85 02")));
    talk.ask(&frame(4, 4, &bytes("03 0000 0001")));
    talk.end();
    let got = pick(&talk.out.modbus.finish().unwrap(), &EXCHANGE);
    let want = [
        "1|4|1|1|3||1,0,1|true|-",
        "2|4|16|16|2|10,258||true|-",
        "3|4|5|7|1|1||true|2",
        "4|4|3|0|1|||false|-",
    ];
    assert_eq!(got, want);
    let got = pick(&talk.out.ics.finish().unwrap(), &MESSAGE);
    let want = [
        "true|1|-|READ_COILS|1|3|-|-|false|request",
        "false|1|-|READ_COILS|1|3|1|1,0,1|false|ok",
        "true|16|-|WRITE_MULTIPLE_REGISTERS|16|2|10|10,258|true|request",
        "false|16|-|WRITE_MULTIPLE_REGISTERS|16|2|-|-|false|ok",
        "true|5|-|WRITE_SINGLE_COIL|7|1|1|1|true|request",
        "false|5|-|WRITE_SINGLE_COIL|7|1|-|-|false|exception",
        "true|3|-|READ_HOLDING_REGISTERS|0|1|-|-|false|request",
    ];
    assert_eq!(got, want);
    assert_eq!(
        (talk.app.name(), talk.app.basis(), talk.app.long_lived()),
        (Some("modbus"), "parsed", true)
    );
    assert!(talk.weird().is_empty());
}

/// Every function of the standard gives fields and values.
#[test]
fn functions() {
    let cases = [
        ("07", "07 a5", "7|-|-||165"),
        ("08 0001 0000", "08 0001 0000", "8|-|-||0"),
        ("0b", "0b 0000 0108", "11|-|-||0,264"),
        (
            "0f 0013 000a 02 cd01",
            "0f 0013 000a",
            "15|19|10|1,0,1,1,0,0,1,1,1,0|",
        ),
        ("11", "11 02 0aff", "17|-|-||"),
        (
            "14 07 06 0004 0001 0002",
            "14 06 05 06 0dfe 0020",
            "20|1|2||",
        ),
        (
            "15 09 06 0004 0007 0001 06af",
            "15 09 06 0004 0007 0001 06af",
            "21|7|1|1711|",
        ),
        ("16 0004 00f2 0025", "16 0004 00f2 0025", "22|4|-|242,37|"),
        (
            "17 0003 0001 000e 0002 04 00ff 0001",
            "17 02 00fe",
            "23|3|1|255,1|254",
        ),
        ("18 04de", "18 0006 0002 01b8 1284", "24|1246|-||440,4740"),
        ("2b 0e 01 00", "2b 0e 01 01 00 00 01 00 01 41", "43|-|-||"),
    ];
    for (request, response, want) in cases {
        let mut talk = Talk::tcp(502);
        talk.ask(&frame(9, 1, &bytes(request)));
        talk.answer(&frame(9, 1, &bytes(response)));
        let batch = talk.out.modbus.finish().unwrap();
        let got = pick(
            &batch,
            &[
                "func",
                "address",
                "quantity",
                "request_values",
                "response_values",
            ],
        );
        assert_eq!(got, [want], "{request}");
        assert_eq!(pick(&batch, &["is_matched"]), ["true"], "{request}");
        assert!(talk.weird().is_empty(), "{request}");
    }
}

/// The write part of function 23, the sub-function of diagnostics and of UMAS are what the object row names.
#[test]
fn command_rows() {
    let mut talk = Talk::tcp(502);
    talk.ask(&frame(1, 1, &bytes("17 0003 0001 000e 0002 04 00ff 0001")));
    talk.ask(&frame(2, 1, &bytes("08 0004 0000")));
    talk.ask(&frame(3, 1, &bytes("5a 01 41 ff00")));
    talk.ask(&frame(4, 1, &bytes("2b 0e 01 00")));
    let got = pick(&talk.out.ics.finish().unwrap(), &MESSAGE);
    let want = [
        "true|23|-|READ_WRITE_MULTIPLE_REGISTERS|14|2|255|255,1|true|request",
        "true|8|4|DIAGNOSTICS|-|0|-|-|true|request",
        "true|90|65|UMAS|-|0|-|-|true|request",
        "true|43|14|ENCAP_INTERFACE_TRANSPORT|-|0|-|-|false|request",
    ];
    assert_eq!(got, want);
}

/// Picked up in the middle on a private port, seen from the response side first: two consistent messages are enough and
/// no row is lost; the master is the side whose messages are requests.
#[test]
fn midstream_on_another_port() {
    let mut talk = Talk::tcp(15020);
    talk.answer(&frame(8, 1, &bytes("03 04 0001 0002")));
    assert_eq!(talk.app.name(), None);
    talk.ask(&frame(9, 1, &bytes("06 0001 0017")));
    assert_eq!(talk.app.name(), None);
    talk.answer(&frame(9, 1, &bytes("06 0001 0017")));
    assert_eq!(talk.app.name(), Some("modbus"));
    let got = pick(
        &talk.out.ics.finish().unwrap(),
        &["from_master", "func", "outcome", "station_ip", "sender_mac"],
    );
    let station = hex(&ip(2));
    let want = [
        format!("false|3|ok|{station}|020202020202"),
        format!("true|6|request|{station}|010101010101"),
        format!("false|6|ok|{station}|020202020202"),
    ];
    assert_eq!(got, want);
    assert_eq!(talk.weird(), ["modbus_unasked_response"]);
    let got = pick(
        &talk.out.modbus.finish().unwrap(),
        &["sender_ip", "func", "is_matched"],
    );
    assert_eq!(
        got,
        [
            format!("{}|3|false", hex(&ip(1))),
            format!("{}|6|true", hex(&ip(1)))
        ]
    );
}

/// A lone look-alike on a private port is not Modbus.
#[test]
fn one_message_elsewhere_is_not_enough() {
    let mut talk = Talk::tcp(15020);
    talk.ask(&frame(1, 1, &bytes("03 0000 0001")));
    talk.answer(b"something else entirely");
    assert_eq!(talk.app.name(), None);
}

/// At port 502 malformed messages are Modbus all the same, are noted, and give rows; elsewhere they are nothing.
#[test]
fn malformed_at_its_port() {
    let answers = [
        frame(1, 10, &bytes("81 06 00")),
        frame(1, 10, &bytes("2a 0e 04")),
        frame(1, 10, &bytes("05 01")),
    ];
    let mut talk = Talk::tcp(502);
    for answer in &answers {
        talk.answer(answer);
    }
    let got = pick(
        &talk.out.ics.finish().unwrap(),
        &["from_master", "func", "outcome", "exception"],
    );
    assert_eq!(
        got,
        ["false|1|exception|6", "false|42|ok|-", "false|5|ok|-"]
    );
    assert_eq!(talk.weird(), ["modbus_bad_pdu", "modbus_unasked_response"]);
    let mut talk = Talk::tcp(5020);
    for answer in &answers {
        talk.answer(answer);
    }
    assert_eq!(talk.app.name(), None);
}

/// More outstanding requests than the bound: the oldest is written unmatched, none is lost.
#[test]
fn backlog_is_bounded() {
    let mut talk = Talk::tcp(502);
    for tid in 0..20 {
        talk.ask(&frame(tid, 1, &bytes("03 0000 0001")));
    }
    assert_eq!(talk.out.modbus.len(), 4);
    talk.end();
    assert_eq!(talk.out.modbus.len(), 20);
}

/// A lost segment costs the messages it held and one oddity, the rest is read.
#[test]
fn resynchronises() {
    let mut talk = Talk::tcp(502);
    talk.ask(&frame(1, 1, &bytes("03 0000 0001")));
    talk.seq[0] += 7;
    talk.ask(
        &[
            &bytes("00 01 02 03 04")[..],
            &frame(2, 1, &bytes("06 0001 0002")),
        ]
        .concat(),
    );
    talk.end();
    assert_eq!(talk.out.modbus.len(), 2);
    assert_eq!(talk.weird(), ["stream_gap"]);
    talk.ask(b"garbage");
    talk.ask(&frame(3, 1, &bytes("06 0001 0002")));
    talk.end();
    assert_eq!(
        pick(&talk.out.modbus.finish().unwrap(), &["tid"]),
        ["1", "2", "3"]
    );
    assert_eq!(talk.weird(), ["modbus_bad_frame"]);
}
