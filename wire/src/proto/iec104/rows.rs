//! Rows of an IEC 104 conversation: one `iec104` row per APDU, `ics` rows per object or report.

use super::asdu::{Asdu, Object};
use super::cause;
use super::types::{self, Kind};
use crate::columns::tables::{IcsRow, Iec104Row};
use crate::proto::Records;
use crate::proto::dialogue::Message;
use crate::proto::escape::join;
use crate::proto::read;

fn blank<'a>(message: &Message<'_>, apci_type: &'static str) -> Iec104Row<'a> {
    Iec104Row {
        flow_uid: message.meta.flow_uid,
        ts: message.meta.ts_ns,
        sender_ip: message.sender.ip,
        receiver_ip: message.receiver.ip,
        apci_type,
        tx_seq: None,
        rx_seq: None,
        u_func: None,
        type_id: None,
        is_sequence: None,
        num_ix: None,
        cot: None,
        is_negative: None,
        is_test: false,
        originator: None,
        common_address: None,
        ioa: &[],
        apdu_len: i32::try_from(message.data.len()).unwrap_or(i32::MAX),
    }
}

/// Write the row of a U frame.
pub(super) fn unnumbered(message: &Message<'_>, function: Option<&'static str>, out: &mut Records) {
    out.iec104.push(&Iec104Row {
        u_func: function,
        ..blank(message, "U")
    });
}

/// Write the row of an S frame.
pub(super) fn supervisory(message: &Message<'_>, rx: u16, out: &mut Records) {
    out.iec104.push(&Iec104Row {
        rx_seq: Some(i32::from(rx)),
        ..blank(message, "S")
    });
}

/// Write the row of an I frame.
pub(super) fn information(
    message: &Message<'_>,
    (tx, rx): (u16, u16),
    asdu: Option<&Asdu<'_>>,
    objects: &[Object],
    out: &mut Records,
) {
    let addresses: Vec<i32> = objects
        .iter()
        .map(|object| read::signed32(object.address))
        .collect();
    out.iec104.push(&Iec104Row {
        tx_seq: Some(i32::from(tx)),
        rx_seq: Some(i32::from(rx)),
        type_id: asdu.map(|asdu| i16::from(asdu.type_id)),
        is_sequence: asdu.map(|asdu| asdu.is_sequence),
        num_ix: asdu.map(|asdu| i16::from(asdu.count)),
        cot: asdu.map(|asdu| i16::from(asdu.cause)),
        is_negative: asdu.map(|asdu| asdu.is_negative),
        is_test: asdu.is_some_and(|asdu| asdu.is_test),
        originator: asdu.map(|asdu| i16::from(asdu.originator)),
        common_address: asdu.map(|asdu| i32::from(asdu.common_address)),
        ioa: &addresses,
        ..blank(message, "I")
    });
}

/// Write the `ics` rows of an ASDU: one per object in control direction, one per report. An ASDU too short for its
/// objects still gives one row: a broken command must not go unseen.
pub(super) fn objects(
    message: &Message<'_>,
    asdu: &Asdu<'_>,
    objects: &[Object],
    from_master: bool,
    out: &mut Records,
) {
    if types::kind(asdu.type_id) == Kind::Monitor || objects.is_empty() {
        let text = join(
            objects
                .iter()
                .map(|object| &object.text)
                .filter(|text| !text.is_empty()),
        );
        push(message, asdu, objects.first(), &text, from_master, out);
        return;
    }
    for object in objects {
        push(message, asdu, Some(object), &object.text, from_master, out);
    }
}

fn push(
    message: &Message<'_>,
    asdu: &Asdu<'_>,
    object: Option<&Object>,
    text: &str,
    from_master: bool,
    out: &mut Records,
) {
    let station = if from_master {
        message.receiver
    } else {
        message.sender
    };
    out.ics.push(&IcsRow {
        flow_uid: message.meta.flow_uid,
        ts: message.meta.ts_ns,
        ics_proto: "iec104",
        sender_ip: message.sender.ip,
        sender_mac: message.sender.mac,
        receiver_ip: message.receiver.ip,
        receiver_port: i32::from(message.receiver.port),
        station_ip: station.ip,
        from_master,
        unit: Some(i32::from(asdu.common_address)),
        func: i32::from(asdu.type_id),
        subfunc: object.and_then(|object| object.qualifier).map(i32::from),
        func_name: types::of(asdu.type_id).map_or("unknown", |layout| layout.name),
        cot: Some(i16::from(asdu.cause)),
        object_address: object.map(|object| i64::from(object.address)),
        object_count: i32::from(asdu.count),
        value: object.and_then(|object| object.value),
        value_text: (!text.is_empty()).then_some(text),
        is_test: asdu.is_test,
        is_command: is_command(asdu, from_master),
        outcome: outcome(asdu, from_master),
        exception: None,
    });
}

/// A command, system command, parameter or file transfer in control direction.
fn is_command(asdu: &Asdu<'_>, from_master: bool) -> bool {
    let acts = matches!(
        asdu.cause,
        cause::ACTIVATION | cause::DEACTIVATION | cause::FILE
    );
    from_master
        && match types::kind(asdu.type_id) {
            Kind::Monitor => false,
            Kind::Control => acts,
            Kind::File => true,
        }
}

/// A mirrored command with P/N or an "unknown …" cause was refused; reports count as ok.
fn outcome(asdu: &Asdu<'_>, from_master: bool) -> &'static str {
    if asdu.is_negative || cause::UNKNOWN.contains(&asdu.cause) {
        "negative"
    } else if from_master {
        "request"
    } else {
        "ok"
    }
}
