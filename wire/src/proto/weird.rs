//! Oddities: the first of a code per flow becomes a row.

use super::Records;
use super::session::Meta;
use crate::columns::tables::WeirdRow;

/// What was odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Weird {
    /// Bytes of a stream are missing and were never seen (loss, snap length, or more out of order than is held).
    StreamGap,
    /// No APCI where one must start.
    Iec104BadFrame,
    /// ASDU type outside the table.
    Iec104UnknownType,
    /// ASDU whose length does not fit its type and object count.
    Iec104BadAsdu,
    /// Not exactly one function bit in a U frame.
    Iec104BadUFormat,
    /// No MBAP header where one must start.
    ModbusBadFrame,
    /// PDU that fits neither request nor response of its function.
    ModbusBadPdu,
    /// Exception or response nobody asked for.
    ModbusUnasked,
    /// Reply line without a three-digit code.
    FtpBadReply,
    /// Line longer than the buffer, or binary data.
    FtpBadLine,
    /// Not Ethernet/IPv4, or cut.
    ArpBad,
    /// Options that do not end where they should.
    DhcpBadOption,
}

impl Weird {
    const fn name(self) -> &'static str {
        match self {
            Self::StreamGap => "stream_gap",
            Self::Iec104BadFrame => "iec104_bad_frame",
            Self::Iec104UnknownType => "iec104_unknown_type",
            Self::Iec104BadAsdu => "iec104_bad_asdu",
            Self::Iec104BadUFormat => "iec104_bad_u_format",
            Self::ModbusBadFrame => "modbus_bad_frame",
            Self::ModbusBadPdu => "modbus_bad_pdu",
            Self::ModbusUnasked => "modbus_unasked_response",
            Self::FtpBadReply => "ftp_bad_reply",
            Self::FtpBadLine => "ftp_bad_line",
            Self::ArpBad => "arp_bad",
            Self::DhcpBadOption => "dhcp_bad_option",
        }
    }
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
        let bit = 1_u16 << code as u8;
        if self.0 & bit != 0 {
            return;
        }
        self.0 |= bit;
        out.weird.push(&WeirdRow {
            flow_uid: Some(meta.flow_uid),
            ts: meta.ts_ns,
            code: code.name(),
            frame_no: i64::try_from(meta.frame_no).unwrap_or(i64::MAX),
            byte_off: byte_off.and_then(|at| i32::try_from(at).ok()),
        });
    }
}
