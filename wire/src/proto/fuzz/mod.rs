//! Any bytes into the protocol parsers. A script says which side sends what, in which order, and what the capture lacks.

mod rows;
pub(in crate::proto) mod script;
mod stream;

pub use stream::stream;

use super::arp::Arp;
use super::dcerpc::DceRpc;
use super::dhcp::Dhcp;
use super::dhcpv6::Dhcpv6;
use super::dialogue::{Dialogue, Meta};
use super::dns::Dns;
use super::escape::MAX_TEXT;
use super::ftp::Ftp;
use super::http::Http;
use super::icmp::Icmp;
use super::iec104::Iec104;
use super::imap::Imap;
use super::kerberos::Kerberos;
use super::ldap::Ldap;
use super::modbus::Modbus;
use super::mysql::Mysql;
use super::ntlm::Ntlm;
use super::ntp::Ntp;
use super::packets::{Packets, Passing};
use super::pop3::Pop3;
use super::postgresql::Postgresql;
use super::quic::Quic;
use super::rdp::Rdp;
use super::redis::Redis;
use super::session::{Session, Talk};
use super::smb::Smb;
use super::smtp::Smtp;
use super::snmp::Snmp;
use super::socks::Socks;
use super::ssh::Ssh;
use super::tds::Tds;
use super::telnet::Telnet;
use super::tls::{Dtls, Tls};
use super::vnc::Vnc;
use super::{App, Records, iec104 as iec104_proto, modbus as modbus_proto};
use rows::Budget;
use script::{Packet, Script};

/// Remote procedure calls.
pub fn dcerpc(input: &[u8]) {
    dialogue::<DceRpc>(input, 135);
}

/// DNS messages: in a stream, and each packet as a datagram at the port of each protocol of this format.
pub fn dns(input: &[u8]) {
    dialogue::<Dns>(input, 53);
    for port in [53, 137, 5353, 5355] {
        datagrams::<Dns>(input, port);
    }
}

/// DTLS, in datagrams only.
pub fn dtls(input: &[u8]) {
    datagrams::<Dtls>(input, 5684);
}

/// FTP control connections.
pub fn ftp(input: &[u8]) {
    dialogue::<Ftp>(input, 21);
}

/// HTTP/1.
pub fn http(input: &[u8]) {
    dialogue::<Http>(input, 80);
}

/// IEC 60870-5-104.
pub fn iec104(input: &[u8]) {
    dialogue::<Iec104>(input, iec104_proto::PORT);
}

/// Kerberos, in a stream and in datagrams.
pub fn kerberos(input: &[u8]) {
    dialogue::<Kerberos>(input, 88);
    datagrams::<Kerberos>(input, 88);
}

/// LDAP, in a stream and in datagrams.
pub fn ldap(input: &[u8]) {
    dialogue::<Ldap>(input, 389);
    datagrams::<Ldap>(input, 389);
}

/// Modbus/TCP.
pub fn modbus(input: &[u8]) {
    dialogue::<Modbus>(input, modbus_proto::PORT);
}

/// RDP.
pub fn rdp(input: &[u8]) {
    dialogue::<Rdp>(input, 3389);
}

/// QUIC, in datagrams only.
pub fn quic(input: &[u8]) {
    datagrams::<Quic>(input, 443);
}

/// SMTP.
pub fn smtp(input: &[u8]) {
    dialogue::<Smtp>(input, 25);
}

/// SNMP, in a stream and in datagrams.
pub fn snmp(input: &[u8]) {
    dialogue::<Snmp>(input, 161);
    datagrams::<Snmp>(input, 161);
}

/// POP3.
pub fn pop3(input: &[u8]) {
    dialogue::<Pop3>(input, 110);
}

/// IMAP.
pub fn imap(input: &[u8]) {
    dialogue::<Imap>(input, 143);
}

/// Telnet logins.
pub fn telnet(input: &[u8]) {
    dialogue::<Telnet>(input, 23);
}

/// A message of an NTLM login, wrapped in anything: names stay short and escaped.
pub fn ntlm(input: &[u8]) {
    let mut login = Ntlm::default();
    login.read(input, &Meta::default());
    assert!(login.bytes() < 16 << 10, "{} bytes held", login.bytes());
    let name = login.user().unwrap_or_default();
    assert!(name.len() <= MAX_TEXT && !name.chars().any(char::is_control));
}

/// SMB of all versions.
pub fn smb(input: &[u8]) {
    dialogue::<Smb>(input, 445);
}

/// SSH; sizes of segments mean something there, so that other cuts may give other rows.
pub fn ssh(input: &[u8]) {
    bounded::<Ssh>(input, 22);
}

/// MySQL logins.
pub fn mysql(input: &[u8]) {
    dialogue::<Mysql>(input, 3306);
}

/// PostgreSQL logins.
pub fn postgresql(input: &[u8]) {
    dialogue::<Postgresql>(input, 5432);
}

/// Redis logins.
pub fn redis(input: &[u8]) {
    dialogue::<Redis>(input, 6379);
}

/// SOCKS logins.
pub fn socks(input: &[u8]) {
    dialogue::<Socks>(input, 1080);
}

/// SQL Server logins.
pub fn tds(input: &[u8]) {
    dialogue::<Tds>(input, 1433);
}

/// VNC logins.
pub fn vnc(input: &[u8]) {
    dialogue::<Vnc>(input, 5900);
}

/// TLS and TLCP.
pub fn tls(input: &[u8]) {
    dialogue::<Tls>(input, 443);
}

/// A DHCP message.
pub fn dhcp(input: &[u8]) {
    alone::<Dhcp>(input, 17, (68, 67));
}

/// A DHCPv6 message.
pub fn dhcpv6(input: &[u8]) {
    alone::<Dhcpv6>(input, 17, (546, 547));
}

/// An ARP packet.
pub fn arp(input: &[u8]) {
    alone::<Arp>(input, 0, (0, 0));
}

/// A flow of any transport and ports: what it is called never changes, and parsers that start late stay bounded.
///
/// Input: transport, ports of both ends, then a script.
pub fn recognise(input: &[u8]) {
    let [transport, a, b, c, d, rest @ ..] = input else {
        return;
    };
    let proto = if transport & 1 == 0 { 6 } else { 17 };
    let ports = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
    let (mut app, mut out, mut budget) = (App::default(), Records::default(), Budget::default());
    let mut known = None;
    for packet in Script::new(rest) {
        if packet.ends_before {
            app.on_end(packet.ts_ns, &mut out);
        }
        let was_done = app.is_done();
        budget.add(&packet);
        app.on_payload(&packet.context(proto, ports), &mut out);
        assert!(app.is_done() || !was_done);
        assert_eq!(app.name().is_none(), app.basis() == "none");
        assert!(known.is_none() || known == app.name());
        known = app.name();
    }
    app.on_end(0, &mut out);
    budget.check(out);
}

/// A flow of ICMP messages.
///
/// Input: version, then a script whose packets begin with type, code and the four octets behind the checksum.
pub fn icmp(input: &[u8]) {
    let Some((version, rest)) = input.split_first() else {
        return;
    };
    let proto = if version & 1 == 0 { 1 } else { 58 };
    let (mut out, mut budget) = (Records::default(), Budget::default());
    let mut passing = Passing::<Icmp>::default();
    for packet in Script::new(rest) {
        if packet.ends_before {
            passing.on_end(&mut out);
        }
        budget.add(&packet);
        let mut ctx = packet.context(proto, (0, 0));
        if let Some((head, payload)) = packet.data.split_first_chunk::<6>() {
            let [kind, code, rest @ ..] = *head;
            ctx.icmp = Some(super::IcmpHead { kind, code, rest });
            ctx.payload = payload;
            ctx.payload_len -= 6;
        }
        passing.on_payload(&ctx, &mut out);
    }
    passing.on_end(&mut out);
    budget.check(out);
}

/// A flow of NTP messages.
pub fn ntp(input: &[u8]) {
    play::<Ntp>(Script::new(input), 17, (40_000, 123));
}

/// A packet that stands for itself.
///
/// Input: octets cut off by the snap length, then the payload.
fn alone<P: Packets>(input: &[u8], proto: u8, ports: (u16, u16)) {
    if let Some((cut, data)) = input.split_first() {
        let packet = Packet::alone(data, u32::from(*cut));
        play::<P>(std::iter::once(packet), proto, ports);
    }
}

/// A flow of packets: bounded rows of escaped text.
fn play<'a, P: Packets>(packets: impl Iterator<Item = Packet<'a>>, proto: u8, ports: (u16, u16)) {
    let (mut out, mut budget) = (Records::default(), Budget::default());
    let mut passing = Passing::<P>::default();
    for packet in packets {
        if packet.ends_before {
            passing.on_end(&mut out);
        }
        budget.add(&packet);
        passing.on_payload(&packet.context(proto, ports), &mut out);
    }
    passing.on_end(&mut out);
    budget.check(out);
}

/// A conversation: bounded rows of escaped text; and where nothing is lost or moved, how it is cut changes nothing.
///
/// Input: whether the server has the registered port, then a script.
fn dialogue<D: Dialogue>(input: &[u8], port: u16) {
    let Some((rest, ports)) = bounded::<D>(input, port) else {
        return;
    };
    if Script::new(rest).all(|packet| packet.is_plain) {
        assert_eq!(
            outcome::<D>(rest, ports, false),
            outcome::<D>(rest, ports, true)
        );
    }
}

/// A conversation: bounded rows of escaped text. Returns its script and ports.
fn bounded<D: Dialogue>(input: &[u8], port: u16) -> Option<(&[u8], (u16, u16))> {
    let (at_port, rest) = input.split_first()?;
    let ports = (40_000, if at_port & 1 == 0 { port } else { 40_001 });
    let (mut out, mut budget) = (Records::default(), Budget::default());
    let mut session = Session::<D>::default();
    for packet in Script::new(rest) {
        if packet.ends_before {
            session.on_end(&mut out);
        }
        budget.add(&packet);
        session.on_payload(&packet.context(6, ports), &mut out);
    }
    session.on_end(&mut out);
    budget.check(out);
    Some((rest, ports))
}

/// A conversation of datagrams: bounded rows of escaped text.
///
/// Input: an octet that streams need, then a script.
fn datagrams<D: Dialogue>(input: &[u8], port: u16) {
    let rest = input.get(1..).unwrap_or(&[]);
    let (mut out, mut budget) = (Records::default(), Budget::default());
    let mut session = Session::<D>::default();
    for packet in Script::new(rest) {
        if packet.ends_before {
            session.on_end(&mut out);
        }
        budget.add(&packet);
        session.on_payload(&packet.context(17, (40_000, port)), &mut out);
    }
    session.on_end(&mut out);
    budget.check(out);
}

/// All rows of a plain script, with one time and frame number; `cut` sends each packet in two.
fn outcome<D: Dialogue>(
    rest: &[u8],
    ports: (u16, u16),
    cut: bool,
) -> Vec<arrow_array::RecordBatch> {
    let mut out = Records::default();
    let mut session = Session::<D>::default();
    for packet in Script::new(rest) {
        let parts = packet.parts(cut);
        for part in parts.iter().filter(|part| !part.data.is_empty()) {
            session.on_payload(&part.context(6, ports), &mut out);
        }
    }
    session.on_end(&mut out);
    rows::batches(&mut out)
}
