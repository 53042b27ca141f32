//! What must hold of rows, whatever made them.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::super::Records;
use super::super::escape::{MAX_TEXT, MAX_URI};
use super::script::Packet;

/// Rows that are made without a byte of their own: codes of oddities, once each.
const ODDITIES: usize = 12;

/// How many rows the bytes so far may make.
#[derive(Default)]
pub(super) struct Budget {
    bytes: usize,
}

impl Budget {
    /// Count a packet.
    pub(super) fn add(&mut self, packet: &Packet<'_>) {
        self.bytes += packet.data.len();
    }

    /// Columns agree, rows are few, and texts are short and escaped.
    pub(super) fn check(&self, mut out: Records) {
        assert!(out.weird.len() <= ODDITIES);
        let batches = batches(&mut out);
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let bytes = self.bytes;
        assert!(rows <= ODDITIES + bytes, "{rows} rows from {bytes} bytes");
        batches.iter().for_each(check_texts);
    }
}

/// The waiting rows of the tables that have any; finishing an empty one costs more than parsing.
pub(super) fn batches(out: &mut Records) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    macro_rules! take {
        ($($rows:ident),*) => {$(
            if !out.$rows.is_empty() {
                batches.push(out.$rows.finish().expect("columns agree"));
            }
        )*};
    }
    take!(
        arp,
        dce_rpc,
        dhcp,
        dhcpv6,
        dns,
        ftp,
        http,
        icmp,
        ics,
        iec104,
        imap,
        kerberos,
        ldap,
        modbus,
        ndp,
        ntlm,
        ntp,
        pop3,
        quic,
        rdp,
        remote_login,
        smb,
        smtp,
        snmp,
        ssh,
        telnet,
        tls,
        weird
    );
    batches
}

fn check_texts(batch: &RecordBatch) {
    let schema = batch.schema();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if *column.data_type() != DataType::Utf8 {
            continue;
        }
        let limit = if matches!(field.name().as_str(), "filter" | "uri") {
            MAX_URI
        } else {
            MAX_TEXT
        };
        for text in column.as_string::<i32>().iter().flatten() {
            assert!(text.len() <= limit, "{} bytes of text", text.len());
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}
