//! Oddities: the first of a code per flow becomes a row.

use super::Records;
use super::dialogue::Meta;
use crate::columns::tables::WeirdRow;

/// What was odd: its name, and a number that no other code of the same protocol has (0 .. 15; 0 is the gap of any stream).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weird {
    number: u8,
    name: &'static str,
}

impl Weird {
    /// A code of a protocol.
    pub(super) const fn new(number: u8, name: &'static str) -> Self {
        assert!(number < 16);
        Self { number, name }
    }

    /// Bytes of a stream are missing and were never seen (loss, snap length, or more out of order than is held).
    pub(super) const STREAM_GAP: Self = Self::new(0, "stream_gap");
    /// Parsers together held too much: what waited here was given up.
    pub(super) const PARSER_MEMORY: Self = Self::new(15, "parser_memory");
    /// No APCI where one must start.
    pub(super) const IEC104_BAD_FRAME: Self = Self::new(1, "iec104_bad_frame");
    /// ASDU type outside the table.
    pub(super) const IEC104_UNKNOWN_TYPE: Self = Self::new(2, "iec104_unknown_type");
    /// ASDU whose length does not fit its type and object count.
    pub(super) const IEC104_BAD_ASDU: Self = Self::new(3, "iec104_bad_asdu");
    /// Not exactly one function bit in a U frame.
    pub(super) const IEC104_BAD_UFORMAT: Self = Self::new(4, "iec104_bad_u_format");
    /// No MBAP header where one must start.
    pub(super) const MODBUS_BAD_FRAME: Self = Self::new(1, "modbus_bad_frame");
    /// PDU that fits neither request nor response of its function.
    pub(super) const MODBUS_BAD_PDU: Self = Self::new(2, "modbus_bad_pdu");
    /// Exception or response nobody asked for.
    pub(super) const MODBUS_UNASKED: Self = Self::new(3, "modbus_unasked_response");
    /// Reply line without a three-digit code.
    pub(super) const FTP_BAD_REPLY: Self = Self::new(1, "ftp_bad_reply");
    /// Line longer than the buffer, or binary data.
    pub(super) const FTP_BAD_LINE: Self = Self::new(2, "ftp_bad_line");
}

/// Codes already noted for a flow.
#[derive(Clone, Copy, Default)]
pub(super) struct Notes(u16);

impl Notes {
    /// Write a row for `code` unless the flow has one.
    pub(super) fn note(
        &mut self,
        code: Weird,
        meta: &Meta,
        byte_off: Option<usize>,
        out: &mut Records,
    ) {
        let bit = 1_u16 << code.number;
        if self.0 & bit != 0 {
            return;
        }
        self.0 |= bit;
        out.weird.push(&WeirdRow {
            flow_uid: Some(meta.flow_uid),
            ts: meta.ts_ns,
            code: code.name,
            frame_no: i64::try_from(meta.frame_no).unwrap_or(i64::MAX),
            byte_off: byte_off.and_then(|at| i32::try_from(at).ok()),
        });
    }
}
