//! Protocol recognition and records: one file per protocol.
//!
//! The flow table calls [`App::on_payload`] for every payload-bearing packet of a flow until the flow is known to be
//! uninteresting. Sides are named by key order (`from_lo`), because originator and responder may still be exchanged.

#![expect(
    clippy::doc_markdown,
    reason = "names of protocols and vendors are words here, not code"
)]

mod app;
mod arp;
mod attempt;
mod base64;
mod ber;
mod dcerpc;
mod dhcp;
mod dhcpv6;
mod dialogue;
mod dns;
mod dotted;
mod escape;
mod ftp;
#[cfg(any(test, feature = "fuzzing"))]
#[expect(
    clippy::missing_panics_doc,
    reason = "a panic is how a target tells a broken promise"
)]
pub(crate) mod fuzz;
mod held;
mod http;
mod icmp;
mod iec104;
mod imap;
mod kerberos;
mod ldap;
mod line;
mod mail;
mod memory;
mod modbus;
mod mysql;
mod ndp;
mod nt_status;
mod ntlm;
mod ntp;
mod packets;
mod pieces;
mod pop3;
mod ports;
mod postgresql;
mod probe;
mod quic;
mod rdp;
mod read;
mod recognise;
mod redis;
mod registry;
mod sasl;
mod secrets;
mod service;
mod session;
mod smb;
mod smtp;
mod snmp;
mod socks;
mod ssh;
mod stream;
mod tds;
mod telnet;
mod texts;
mod tls;
mod utf16;
mod vnc;
mod weird;

#[cfg(test)]
mod tests;

pub use app::App;
pub use ports::port_guess;
pub use secrets::Secrets;

use crate::columns::tables::RecordRows;
use memory::Memory;
use std::ops::{Deref, DerefMut};

/// Where parsers leave their rows, and the memory they share.
#[derive(Default)]
pub struct Records {
    rows: RecordRows,
    /// What parsers hold.
    pub memory: Memory,
    /// Hashes the secrets that parsers meet.
    pub secrets: Secrets,
}

impl Deref for Records {
    type Target = RecordRows;

    fn deref(&self) -> &RecordRows {
        &self.rows
    }
}

impl DerefMut for Records {
    fn deref_mut(&mut self) -> &mut RecordRows {
        &mut self.rows
    }
}

/// What a parser may know of the packet that carries a payload.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Identity of the flow segment.
    pub flow_uid: [u8; 16],
    /// Time, ns.
    pub ts_ns: i64,
    /// Ordinal of the frame.
    pub frame_no: u64,
    /// IP protocol (6, 17, …); 0 for layer 2.
    pub proto: u8,
    /// Ethertype of a layer-2 flow.
    pub ethertype: u16,
    /// The packet goes from the lower to the higher key end.
    pub from_lo: bool,
    /// Sender address.
    pub sender_ip: [u8; 16],
    /// Receiver address.
    pub receiver_ip: [u8; 16],
    /// Sender port.
    pub sender_port: u16,
    /// Receiver port.
    pub receiver_port: u16,
    /// Sender link address.
    pub sender_mac: Option<[u8; 6]>,
    /// TCP sequence number of the first payload byte; `None` for other protocols.
    pub seq: Option<u32>,
    /// TCP sequence number of the first byte of the sender's stream, when the flow saw its SYN.
    pub begin: Option<u32>,
    /// The same of the receiver's stream.
    pub peer_begin: Option<u32>,
    /// Payload bytes captured.
    pub payload: &'a [u8],
    /// Payload bytes on the wire (larger than `payload.len()` when the snap length cut them, or other fragments hold the rest).
    pub payload_len: u32,
    /// Header of an ICMP message; `payload` is what follows it.
    pub icmp: Option<IcmpHead>,
}

/// What the header of an ICMP message says.
#[derive(Clone, Copy, Debug)]
pub struct IcmpHead {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// The four octets behind the checksum.
    pub rest: [u8; 4],
}

/// What a payload says about who the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    None,
    /// The sender of this packet is the client.
    SenderIsClient,
    /// The receiver of this packet is the client.
    ReceiverIsClient,
}
