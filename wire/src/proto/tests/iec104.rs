//! IEC 60870-5-104 rows, values and roles.

use super::talk::{Talk, bytes, hex, ip, pick};
use crate::proto::Hint;

/// An I frame around an ASDU.
pub fn info(tx: u16, rx: u16, asdu: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x68, asdu.len() as u8 + 4];
    frame.extend_from_slice(&(tx << 1).to_le_bytes());
    frame.extend_from_slice(&(rx << 1).to_le_bytes());
    frame.extend_from_slice(asdu);
    frame
}

pub const STARTDT_ACT: &str = "68 04 07 00 00 00";
pub const STARTDT_CON: &str = "68 04 0b 00 00 00";
const OBJECT: [&str; 10] = [
    "from_master",
    "func_name",
    "subfunc",
    "cot",
    "object_address",
    "object_count",
    "value",
    "value_text",
    "is_command",
    "outcome",
];

/// Select, execute, refusal: roles from STARTDT, one row per object, outcomes by cause and P/N.
#[test]
fn command_sequence() {
    let mut talk = Talk::tcp(2404);
    assert_eq!(talk.ask(&bytes(STARTDT_ACT)), Hint::SenderIsClient);
    assert_eq!(talk.answer(&bytes(STARTDT_CON)), Hint::ReceiverIsClient);
    let select = info(0, 0, &bytes("2d 01 06 05 0300 100000 81"));
    let confirm = info(0, 1, &bytes("2d 01 07 05 0300 100000 81"));
    let execute = info(1, 1, &bytes("2d 01 06 05 0300 100000 01"));
    let refuse = info(1, 2, &bytes("2d 01 47 05 0300 100000 01"));
    let unknown = info(2, 2, &bytes("2d 01 af 05 0300 100000 01"));
    talk.ask(&select);
    talk.answer(&confirm);
    talk.ask(&execute);
    talk.answer(&[refuse, unknown].concat());
    talk.ask(&bytes("68 04 01 00 06 00"));
    let got = pick(&talk.out.ics.finish().unwrap(), &OBJECT);
    let want = [
        "true|C_SC_NA_1|128|6|16|1|1|1|true|request",
        "false|C_SC_NA_1|128|7|16|1|1|1|false|ok",
        "true|C_SC_NA_1|0|6|16|1|1|1|true|request",
        "false|C_SC_NA_1|0|7|16|1|1|1|false|negative",
        "false|C_SC_NA_1|0|47|16|1|1|1|false|negative",
    ];
    assert_eq!(got, want);
    let columns = [
        "apci_type",
        "tx_seq",
        "rx_seq",
        "u_func",
        "type_id",
        "cot",
        "is_negative",
        "is_test",
        "originator",
        "common_address",
        "ioa",
        "apdu_len",
    ];
    let got = pick(&talk.out.iec104.finish().unwrap(), &columns);
    assert_eq!(got[0], "U|-|-|startdt_act|-|-|-|false|-|-||6");
    assert_eq!(got[2], "I|0|0|-|45|6|false|false|5|3|16|16");
    assert_eq!(got[6], "I|2|2|-|45|47|false|true|5|3|16|16");
    assert_eq!(got[7], "S|-|3|-|-|-|-|false|-|-||6");
    assert!(talk.weird().is_empty());
    assert_eq!(
        (talk.app.name(), talk.app.basis(), talk.app.long_lived()),
        (Some("iec104"), "parsed", true)
    );
}

/// Play one ASDU after STARTDT and return its `ics` rows.
fn one(from_master: bool, asdu: &str) -> (Vec<String>, Vec<String>) {
    let mut talk = Talk::tcp(2404);
    talk.ask(&bytes(STARTDT_ACT));
    talk.send(from_master, &info(0, 0, &bytes(asdu)));
    let columns = [
        "func_name",
        "subfunc",
        "object_address",
        "object_count",
        "value",
        "value_text",
    ];
    (
        pick(&talk.out.ics.finish().unwrap(), &columns),
        talk.weird(),
    )
}

const TIME: &str = "00 00 1e 0c 18 0b 19";

/// Sent by the master?, ASDU, row.
#[rustfmt::skip]
const VALUES: &[(bool, &str, &str)] = &[
    (false, "01 01 03 00 0100 010000 01", "M_SP_NA_1|-|1|1|1|1"),
    (false, "03 01 03 00 0100 010000 02", "M_DP_NA_1|-|1|1|2|2"),
    (false, "05 01 03 00 0100 010000 ff00", "M_ST_NA_1|-|1|1|-1|-1"),
    (false, "07 01 03 00 0100 010000 ffffffff 00", "M_BO_NA_1|-|1|1|4294967295|4294967295"),
    (false, "09 01 03 00 0100 010000 0080 00", "M_ME_NA_1|-|1|1|-1|-1"),
    (false, "0b 01 03 00 0100 010000 9cff 00", "M_ME_NB_1|-|1|1|-100|-100"),
    (false, "0d 01 03 00 0100 ffffff 0000484200", "M_ME_NC_1|-|16777215|1|50|50"),
    (false, "0f 01 03 00 0100 010000 ffffffff 00", "M_IT_NA_1|-|1|1|-1|-1"),
    (false, "14 01 03 00 0100 010000 0300ffff 00", "M_PS_NA_1|-|1|1|3|3"),
    (false, "15 01 03 00 0100 010000 0040", "M_ME_ND_1|-|1|1|0.5|0.5"),
    (true, "2e 01 06 00 0100 010000 86", "C_DC_NA_1|129|1|1|2|2"),
    (true, "2f 01 06 00 0100 010000 01", "C_RC_NA_1|0|1|1|1|1"),
    (true, "30 01 06 00 0100 010000 0040 80", "C_SE_NA_1|128|1|1|0.5|0.5"),
    (true, "31 01 06 00 0100 010000 ffff 00", "C_SE_NB_1|0|1|1|-1|-1"),
    (true, "32 01 06 00 0100 010000 00004842 00", "C_SE_NC_1|0|1|1|50|50"),
    (true, "33 01 06 00 0100 010000 01020304", "C_BO_NA_1|-|1|1|67305985|67305985"),
    (true, "64 01 06 00 0100 000000 14", "C_IC_NA_1|20|0|1|-|-"),
    (true, "65 01 06 00 0100 000000 45", "C_CI_NA_1|69|0|1|-|-"),
    (true, "66 01 05 00 0100 010000", "C_RD_NA_1|-|1|1|-|-"),
    (true, "68 01 06 00 0100 000000 aa55", "C_TS_NA_1|-|0|1|21930|21930"),
    (true, "69 01 06 00 ffff 000000 01", "C_RP_NA_1|1|0|1|-|-"),
    (true, "6a 01 06 00 0100 000000 e803", "C_CD_NA_1|-|0|1|1000|1000"),
    (true, "70 01 06 00 0100 010000 00004842 01", "P_ME_NC_1|1|1|1|50|50"),
    (true, "71 01 06 00 0100 010000 03", "P_AC_NA_1|3|1|1|-|-"),
    (true, "7a 01 0d 00 0100 010000 0700 00 01", "F_SC_NA_1|1|1|1|7|7"),
    (false, "7d 01 0d 00 0100 010000 0700 01 02 aabb", "F_SG_NA_1|-|1|1|7|7"),
    (false, "46 01 04 00 0100 000000 01", "M_EI_NA_1|1|0|1|-|-"),
];

/// Values of every type with a value, from both ends of their range.
#[test]
fn values() {
    for (from_master, asdu, want) in VALUES {
        assert_eq!(
            one(*from_master, asdu),
            (vec![(*want).to_owned()], vec![]),
            "{asdu}"
        );
    }
}

/// Types with a long time tag have the same values, and a clock command shows its time.
#[test]
fn timed_values() {
    let cases = [
        (false, "1e 01 03 00 0100 010000 01", "M_SP_TB_1|-|1|1|1|1"),
        (
            false,
            "20 01 03 00 0100 010000 3f00",
            "M_ST_TB_1|-|1|1|63|63",
        ),
        (
            false,
            "24 01 03 00 0100 010000 0000484200",
            "M_ME_TF_1|-|1|1|50|50",
        ),
        (
            false,
            "25 01 03 00 0100 010000 0a000000 00",
            "M_IT_TB_1|-|1|1|10|10",
        ),
        (
            false,
            "26 01 03 00 0100 010000 02 0100",
            "M_EP_TD_1|-|1|1|2|2",
        ),
        (true, "3a 01 06 00 0100 010000 01", "C_SC_TA_1|0|1|1|1|1"),
        (
            true,
            "3f 01 06 00 0100 010000 00004842 80",
            "C_SE_TC_1|128|1|1|50|50",
        ),
        (
            true,
            "40 01 06 00 0100 010000 01000000",
            "C_BO_TA_1|-|1|1|1|1",
        ),
        (
            true,
            "67 01 06 00 0100 000000",
            "C_CS_NA_1|-|0|1|-|2025-11-24T12:30:00.000",
        ),
    ];
    for (from_master, asdu, want) in cases {
        let asdu = format!("{asdu} {TIME}");
        assert_eq!(
            one(from_master, &asdu),
            (vec![want.to_owned()], vec![]),
            "{asdu}"
        );
    }
}

/// Sequences count addresses up; reports are one row, commands one per object.
#[test]
fn many_objects() {
    let (rows, weird) = one(false, "0b 83 14 00 0100 100000 0100 00 0200 00 0300 00");
    assert_eq!(
        (rows, weird),
        (vec!["M_ME_NB_1|-|16|3|1|1,2,3".to_owned()], vec![])
    );
    let (rows, _) = one(true, "2d 02 06 00 0100 100000 01 200000 00");
    assert_eq!(rows, ["C_SC_NA_1|0|16|2|1|1", "C_SC_NA_1|0|32|2|0|0"]);
    let mut talk = Talk::tcp(2404);
    talk.answer(&info(
        0,
        0,
        &bytes("0b 83 14 00 0100 100000 0100 00 0200 00 0300 00"),
    ));
    assert_eq!(
        pick(
            &talk.out.iec104.finish().unwrap(),
            &["is_sequence", "num_ix", "ioa"]
        ),
        ["true|3|16,17,18"]
    );
}

/// Unknown types, wrong lengths and wrong U frames are seen and noted; a broken command is still a command.
#[test]
fn damaged_asdus() {
    let (rows, weird) = one(true, "e0 01 06 00 0100 100000 0102");
    assert_eq!(
        (rows[0].as_str(), weird),
        ("unknown|-|16|1|-|-", vec!["iec104_unknown_type".to_owned()])
    );
    let (rows, weird) = one(true, "2d 01 06 00 0100 1000");
    assert_eq!(
        (rows[0].as_str(), weird),
        ("C_SC_NA_1|-|-|1|-|-", vec!["iec104_bad_asdu".to_owned()])
    );
    let (rows, weird) = one(true, "2d 01");
    assert!(rows.is_empty() && weird == ["iec104_bad_asdu"]);
    let mut talk = Talk::tcp(2404);
    talk.ask(&bytes(STARTDT_ACT));
    talk.ask(&bytes("68 04 0f 00 00 00 12 68 03 68 04 43 00 00 00"));
    assert_eq!(talk.weird(), ["iec104_bad_u_format", "iec104_bad_frame"]);
    assert_eq!(
        pick(&talk.out.iec104.finish().unwrap(), &["u_func"]),
        ["startdt_act", "-", "testfr_act"]
    );
}

/// At port 2404 an I frame is recognised whatever it holds, elsewhere only when it fits its type.
#[test]
fn odd_types_at_their_port() {
    let odd = info(0, 0, &bytes("e0 01 06 00 0100 100000 0102"));
    let mut talk = Talk::tcp(2404);
    talk.ask(&odd);
    assert_eq!((talk.app.name(), talk.out.ics.len()), (Some("iec104"), 1));
    assert_eq!(talk.weird(), ["iec104_unknown_type"]);
    let mut talk = Talk::tcp(12404);
    talk.ask(&odd);
    talk.ask(&odd);
    assert_eq!(talk.app.name(), None);
}

/// Without STARTDT the direction of ASDUs tells the roles, on any port, after two plausible APDUs.
#[test]
fn roles_from_content() {
    let mut talk = Talk::tcp(12404);
    talk.answer(&info(5, 0, &bytes("01 01 03 00 0100 010000 01")));
    assert_eq!(talk.app.name(), None);
    assert_eq!(
        talk.ask(&info(0, 6, &bytes("2e 01 06 00 0100 010000 01"))),
        Hint::None
    );
    let got = pick(
        &talk.out.ics.finish().unwrap(),
        &["from_master", "station_ip", "is_command", "receiver_port"],
    );
    let station = hex(&ip(2));
    assert_eq!(
        got,
        [
            format!("false|{station}|false|40000"),
            format!("true|{station}|true|12404")
        ]
    );
}

/// One APDU over many segments, many APDUs in one.
#[test]
fn split_and_merged() {
    let apdu = info(0, 0, &bytes("2d 01 06 05 0300 100000 81"));
    let mut talk = Talk::tcp(2404);
    for byte in bytes(STARTDT_ACT) {
        talk.ask(&[byte]);
    }
    assert_eq!(talk.app.name(), Some("iec104"));
    talk.ask(&apdu.repeat(50));
    assert_eq!((talk.out.iec104.len(), talk.out.ics.len()), (51, 50));
}

/// A sequence that promises 127 objects and holds two gives two; one without any gives the one row of a broken command.
#[test]
fn promised_objects_are_not_made_up() {
    for (asdu, rows) in [
        ("64 ff 06 00 0100 000000 14 14", 2),
        ("64 ff 06 00 0100 000000", 1),
        ("64 ff 06 00 0100", 1),
        ("7d ff 0d 00 0100 010000 0700 01 02 aabb", 1),
    ] {
        let mut talk = Talk::tcp(2404);
        talk.ask(&bytes(STARTDT_ACT));
        talk.answer(&bytes(STARTDT_CON));
        talk.ask(&info(0, 0, &bytes(asdu)));
        assert_eq!(talk.out.ics.len(), rows, "{asdu}");
        assert_eq!(talk.weird(), ["iec104_bad_asdu"], "{asdu}");
    }
}
