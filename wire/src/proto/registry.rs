//! Which protocols are read in full. To add one: its module, a line here, its table in `store/schema/records/`.

use super::arp::{self, Arp};
use super::dcerpc::DceRpc;
use super::dhcp::Dhcp;
use super::dhcpv6::Dhcpv6;
use super::dialogue::Dialogue;
use super::dns::Dns;
use super::ftp::Ftp;
use super::http::Http;
use super::icmp::Icmp;
use super::iec104::Iec104;
use super::imap::Imap;
use super::kerberos::Kerberos;
use super::ldap::Ldap;
use super::modbus::Modbus;
use super::mysql::Mysql;
use super::ntp::Ntp;
use super::packets::{Packets, Passing};
use super::pop3::Pop3;
use super::postgresql::Postgresql;
use super::quic::Quic;
use super::rdp::Rdp;
use super::redis::Redis;
use super::service::Service;
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

/// A new parser of a protocol; `None` when it is only recognised.
pub(super) fn start(service: Service) -> Option<Box<dyn Talk>> {
    Some(match service {
        Service::Dhcp => packets::<Dhcp>(),
        Service::Dhcpv6 => packets::<Dhcpv6>(),
        Service::DceRpc => session::<DceRpc>(),
        Service::Dns | Service::Llmnr | Service::Mdns | Service::NetbiosNs => session::<Dns>(),
        // A call's flow begins with STUN; what it negotiates by DTLS is read as well.
        Service::Dtls | Service::Stun => session::<Dtls>(),
        Service::Ftp => session::<Ftp>(),
        Service::Http => session::<Http>(),
        Service::Iec104 => session::<Iec104>(),
        Service::Imap => session::<Imap>(),
        Service::Kerberos => session::<Kerberos>(),
        Service::Ldap => session::<Ldap>(),
        Service::Modbus => session::<Modbus>(),
        Service::Ntp => packets::<Ntp>(),
        Service::Mysql => session::<Mysql>(),
        Service::Pop3 => session::<Pop3>(),
        Service::Postgresql => session::<Postgresql>(),
        Service::Quic => session::<Quic>(),
        Service::Rdp => session::<Rdp>(),
        Service::Redis => session::<Redis>(),
        Service::Rfb => session::<Vnc>(),
        Service::Smb => session::<Smb>(),
        Service::Smtp => session::<Smtp>(),
        Service::Snmp => session::<Snmp>(),
        Service::Socks => session::<Socks>(),
        Service::Ssh => session::<Ssh>(),
        Service::Tds => session::<Tds>(),
        Service::Telnet => session::<Telnet>(),
        Service::Tls => session::<Tls>(),
        _ => return None,
    })
}

/// Its messages become records.
pub(super) const fn is_read(service: Service) -> bool {
    matches!(
        service,
        Service::DceRpc
            | Service::Dhcp
            | Service::Dhcpv6
            | Service::Dns
            | Service::Dtls
            | Service::Ftp
            | Service::Http
            | Service::Iec104
            | Service::Imap
            | Service::Kerberos
            | Service::Ldap
            | Service::Llmnr
            | Service::Mdns
            | Service::Modbus
            | Service::Mysql
            | Service::NetbiosNs
            | Service::Ntp
            | Service::Pop3
            | Service::Postgresql
            | Service::Quic
            | Service::Rdp
            | Service::Redis
            | Service::Rfb
            | Service::Smb
            | Service::Smtp
            | Service::Snmp
            | Service::Socks
            | Service::Ssh
            | Service::Tds
            | Service::Telnet
            | Service::Tls
    )
}

/// A new parser of a protocol that has no ports to be recognised at and bears no name of its own in the flow.
pub(super) fn start_layer(ip_proto: u8, ethertype: u16) -> Option<Box<dyn Talk>> {
    Some(match (ip_proto, ethertype) {
        (0, arp::ETHERTYPE) => packets::<Arp>(),
        (1 | 58, _) => packets::<Icmp>(),
        _ => return None,
    })
}

fn packets<P: Packets + 'static>() -> Box<dyn Talk> {
    Box::<Passing<P>>::default()
}

fn session<D: Dialogue + 'static>() -> Box<dyn Talk> {
    Box::<Session<D>>::default()
}
