//! Recognition by content: strict signatures, one function per protocol, tried in order.
//!
//! To add a protocol: a variant in `service.rs`, a function in the file of its family, a line in `TCP` or `UDP` below.
//! Noise must not match: a signature fixes at least 24 bits, or 16 bits plus a port.

mod database;
mod desktop;
mod exchange;
mod industrial;
mod mail;
mod media;
mod messaging;
mod naming;
mod network;
mod remote;
mod security;
mod telephony;
mod tunnel;
mod web;
mod windows;

use super::probe::Held;
use super::service::Service;
use super::{Context, Hint, ftp, modbus};

/// A payload with its surroundings.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    /// Payload bytes.
    pub(super) data: &'a [u8],
    /// The payload is complete (not cut by the snap length).
    pub(super) is_whole: bool,
    /// Port of the sender.
    pub(super) from_port: u16,
    /// Port of the receiver.
    pub(super) to_port: u16,
    /// A stream: the payload may hold more than one message, or less.
    pub(super) is_stream: bool,
}

impl<'a> Look<'a> {
    /// Of `data`, sent as in `ctx`.
    pub(super) fn new(ctx: &Context<'_>, data: &'a [u8]) -> Self {
        Self {
            data,
            is_whole: ctx.payload.len() >= ctx.payload_len as usize,
            from_port: ctx.sender_port,
            to_port: ctx.receiver_port,
            is_stream: ctx.proto == 6,
        }
    }

    /// Either side uses this port.
    fn at_port(&self, port: u16) -> bool {
        self.from_port == port || self.to_port == port
    }

    /// A message of `length` bytes may stand here: in a datagram exactly, in a stream at least as begun.
    fn may_hold(&self, length: usize) -> bool {
        if self.is_stream || !self.is_whole {
            length >= self.data.len() || self.is_stream
        } else {
            length == self.data.len()
        }
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// Nothing found.
    None,
    /// Needs a second message that agrees.
    Weak,
    /// Recognised.
    Sure,
}

/// What a payload was recognised as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Protocol.
    pub(super) service: Option<Service>,
    /// Who the client is.
    pub(super) hint: Hint,
    /// Certainty.
    pub(super) strength: Strength,
}

impl Found {
    const NOTHING: Self = Self {
        service: None,
        hint: Hint::None,
        strength: Strength::None,
    };

    /// Recognised, roles unknown.
    pub(super) const fn sure(service: Service) -> Self {
        Self::with(service, Hint::None)
    }

    const fn with(service: Service, hint: Hint) -> Self {
        Self {
            service: Some(service),
            hint,
            strength: Strength::Sure,
        }
    }

    const fn weak(service: Service) -> Self {
        Self {
            service: Some(service),
            hint: Hint::None,
            strength: Strength::Weak,
        }
    }

    /// Recognised, sent by the client when `from_client`, else by the server.
    const fn sent(service: Service, from_client: bool) -> Self {
        let hint = if from_client {
            Hint::SenderIsClient
        } else {
            Hint::ReceiverIsClient
        };
        Self::with(service, hint)
    }
}

type Signature = fn(&Look<'_>) -> Option<Found>;

/// Signatures of streams of octets; the frequent ones first.
const TCP: &[Signature] = &[
    security::tls,
    windows::smb,
    windows::dcerpc,
    naming::dns,
    windows::rdp,
    industrial::iso_transport,
    industrial::modbus,
    industrial::iec104,
    industrial::dnp3,
    industrial::enip,
    windows::ldap,
    windows::kerberos,
    network::snmp,
    remote::telnet,
    messaging::mqtt,
    web::bittorrent,
    database::mysql,
    database::postgresql,
    database::tds,
    database::mongodb,
    database::oracle,
    database::memcached,
    database::mysqlx,
    exchange::sunrpc,
    messaging::amqp,
    telephony::stun,
    desktop::x11,
    desktop::radmin,
    desktop::teamviewer,
    tunnel::openvpn,
    tunnel::socks,
    media::rtp,
];

/// Signatures of streams of lines.
const TCP_TEXT: &[Signature] = &[
    web::http,
    web::http2,
    security::ssh,
    mail::smtp,
    remote::ftp,
    mail::pop3,
    mail::imap,
    telephony::sip,
    telephony::rtsp,
    database::redis,
    desktop::vnc,
    tunnel::stratum,
    database::memcached,
    exchange::rsync,
    exchange::git,
    exchange::irc,
    exchange::xmpp,
    exchange::nntp,
    messaging::amqp,
    industrial::opcua,
    exchange::whois,
    network::syslog,
    remote::telnet_prompt,
];

/// Signatures of datagrams of octets.
const UDP: &[Signature] = &[
    naming::dns,
    naming::netbios,
    naming::netbios_dgm,
    web::quic,
    security::dtls,
    network::ntp,
    network::dhcp,
    network::dhcpv6,
    network::snmp,
    telephony::stun,
    industrial::bacnet,
    industrial::dnp3,
    windows::kerberos,
    windows::ldap,
    network::radius,
    remote::tftp,
    windows::rdp_udp,
    web::bittorrent_dht,
    tunnel::isakmp,
    tunnel::wireguard,
    tunnel::openvpn,
    tunnel::l2tp,
    exchange::sunrpc,
    database::memcached,
    desktop::teamviewer,
    tunnel::esp,
    media::rtcp,
    messaging::coap,
    media::rtp,
    web::bittorrent_utp,
];

/// Signatures of datagrams of lines.
const UDP_TEXT: &[Signature] = &[web::ssdp, telephony::sip, network::syslog];

/// Recognise a payload.
pub(super) fn look(look: &Look<'_>) -> Found {
    if look.data.is_empty() {
        return Found::NOTHING;
    }
    let (octets, lines) = if look.is_stream {
        (TCP, TCP_TEXT)
    } else {
        (UDP, UDP_TEXT)
    };
    let text = if begins_as_text(look.data) {
        strongest(lines, look)
    } else {
        Found::NOTHING
    };
    if text.strength == Strength::None {
        strongest(octets, look)
    } else {
        text
    }
}

/// The first sure finding, else the first weak one.
fn strongest(signatures: &[Signature], look: &Look<'_>) -> Found {
    let mut weak = Found::NOTHING;
    for found in signatures.iter().filter_map(|signature| signature(look)) {
        if found.strength == Strength::Sure {
            return found;
        }
        if weak.strength == Strength::None {
            weak = found;
        }
    }
    weak
}

/// The first octets are printable ASCII or end a line, as in every protocol of lines; one in fifty random payloads is.
fn begins_as_text(data: &[u8]) -> bool {
    data.iter()
        .take(4)
        .all(|octet| matches!(octet, 0x20..=0x7e | b'\r' | b'\n' | b'\t'))
}

/// An earlier and a later packet of one flow, each too weak alone, support the same protocol.
pub(super) fn agree(later: Option<Service>, held: &Held, ctx: &Context<'_>) -> Option<Service> {
    let service = later?;
    let same_side = held.from_lo == ctx.from_lo;
    let (one, two) = (&*held.payload, ctx.payload);
    let agrees = match service {
        Service::Modbus => modbus::agree(one, two, same_side),
        Service::Ftp => {
            let kind =
                |ctx: &Context<'_>| ftp::likeness(ctx.payload, ctx.sender_port, ctx.receiver_port);
            let pair = (kind(&held.context(ctx)), kind(ctx));
            pair == (ftp::Likeness::Greeting, ftp::Likeness::Command) && !same_side
        }
        _ if held.weak != Some(service) => false,
        Service::Iec104 => true,
        Service::Bittorrent => web::bittorrent_agrees(one, two, same_side),
        Service::Mqtt => messaging::mqtt_agrees(one, two, same_side),
        Service::Rtp if ctx.proto == 6 => {
            media::rtp_agrees(behind_length(one), behind_length(two), same_side)
        }
        Service::Tls => !same_side,
        Service::Socks => !same_side && tunnel::socks_agrees(one, two),
        Service::Wireguard => tunnel::wireguard_agrees(one, two, same_side),
        Service::IpsecNatT => tunnel::esp_agrees(one, two, same_side),
        Service::Coap => messaging::coap_agrees(one, two, same_side),
        Service::Rtp => media::rtp_agrees(one, two, same_side),
        Service::Rtcp => media::rtcp_agrees(one, two, same_side),
        _ => false,
    };
    agrees.then_some(service)
}

/// A packet in a stream without the length in front of it.
fn behind_length(data: &[u8]) -> &[u8] {
    data.get(2..).unwrap_or_default()
}
