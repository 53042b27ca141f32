//! Rows of a Modbus conversation: one `ics` row per message, one `modbus` row per exchange.

use super::Pending;
use super::fields::{self, Fields};
use super::frame::Frame;
use super::functions::{self, EXCEPTION};
use crate::columns::tables::{IcsRow, ModbusRow};
use crate::proto::Records;
use crate::proto::dialogue::{Message, Side};
use crate::proto::escape::join;
use crate::proto::read;

/// What a response says.
pub(super) struct Answer {
    fields: Fields,
    exception: Option<i16>,
}

impl Answer {
    /// Read a response or exception.
    pub(super) fn new(frame: &Frame<'_>, asked: Option<&Fields>) -> Self {
        if frame.func & EXCEPTION == 0 {
            return Self {
                fields: fields::response(frame.pdu, asked),
                exception: None,
            };
        }
        Self {
            fields: Fields {
                values: Vec::new(),
                ..asked.cloned().unwrap_or_default()
            },
            exception: read::octet(frame.pdu, 1).map(i16::from),
        }
    }
}

/// Write the `ics` row of a request.
pub(super) fn request(
    message: &Message<'_>,
    frame: &Frame<'_>,
    fields: &Fields,
    out: &mut Records,
) {
    push(message, frame, fields, true, ("request", None), out);
}

/// Write the `ics` row of a response or exception.
pub(super) fn response(
    message: &Message<'_>,
    frame: &Frame<'_>,
    answer: &Answer,
    out: &mut Records,
) {
    let outcome = if frame.func & EXCEPTION == 0 {
        "ok"
    } else {
        "exception"
    };
    push(
        message,
        frame,
        &answer.fields,
        false,
        (outcome, answer.exception),
        out,
    );
}

fn push(
    message: &Message<'_>,
    frame: &Frame<'_>,
    fields: &Fields,
    from_master: bool,
    (outcome, exception): (&'static str, Option<i16>),
    out: &mut Records,
) {
    let func = frame.func & !EXCEPTION;
    let text = join(fields.values.iter());
    out.ics.push(&IcsRow {
        flow_uid: message.meta.flow_uid,
        ts: message.meta.ts_ns,
        ics_proto: "modbus",
        sender_ip: message.sender.ip,
        sender_mac: message.sender.mac,
        receiver_ip: message.receiver.ip,
        receiver_port: i32::from(message.receiver.port),
        station_ip: if from_master {
            message.receiver.ip
        } else {
            message.sender.ip
        },
        from_master,
        unit: Some(i32::from(frame.unit)),
        func: i32::from(func),
        subfunc: fields.subfunc.map(i32::from),
        func_name: functions::name(func),
        cot: None,
        object_address: fields.object.map(i64::from),
        object_count: i32::from(fields.count),
        value: fields.values.first().copied().map(f64::from),
        value_text: (!text.is_empty()).then_some(text.as_str()),
        is_test: false,
        is_command: from_master && functions::is_command(func),
        outcome,
        exception,
    });
}

/// Write the `modbus` row of a request with its answer, if it had one.
pub(super) fn exchange(
    asked: &Pending,
    sender: &Side,
    receiver: &Side,
    answer: Option<&Answer>,
    out: &mut Records,
) {
    out.modbus.push(&ModbusRow {
        flow_uid: asked.meta.flow_uid,
        ts: asked.meta.ts_ns,
        sender_ip: sender.ip,
        receiver_ip: receiver.ip,
        tid: i32::from(asked.tid),
        unit: Some(i32::from(asked.unit)),
        func: i32::from(asked.func),
        address: asked.fields.address.map(i32::from),
        quantity: asked.fields.quantity.map(i32::from),
        request_values: &asked.fields.values,
        response_values: answer.map_or(&[], |answer| &answer.fields.values),
        is_matched: answer.is_some(),
        exception: answer.and_then(|answer| answer.exception),
    });
}

/// Write the `modbus` row of a response whose request was not seen; its receiver must have asked.
pub(super) fn unasked(
    message: &Message<'_>,
    frame: &Frame<'_>,
    answer: &Answer,
    out: &mut Records,
) {
    out.modbus.push(&ModbusRow {
        flow_uid: message.meta.flow_uid,
        ts: message.meta.ts_ns,
        sender_ip: message.receiver.ip,
        receiver_ip: message.sender.ip,
        tid: i32::from(frame.tid),
        unit: Some(i32::from(frame.unit)),
        func: i32::from(frame.func & !EXCEPTION),
        address: answer.fields.address.map(i32::from),
        quantity: answer.fields.quantity.map(i32::from),
        request_values: &[],
        response_values: &answer.fields.values,
        is_matched: false,
        exception: answer.exception,
    });
}
