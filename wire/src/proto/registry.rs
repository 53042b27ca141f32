//! Which protocols are read in full. To add one: its module, a line here, its table in `store/schema/records/`.

use super::dialogue::Dialogue;
use super::dns::Dns;
use super::ftp::Ftp;
use super::http::Http;
use super::iec104::Iec104;
use super::kerberos::Kerberos;
use super::ldap::Ldap;
use super::modbus::Modbus;
use super::quic::Quic;
use super::rdp::Rdp;
use super::service::Service;
use super::session::{Session, Talk};
use super::ssh::Ssh;
use super::tls::{Dtls, Tls};

/// A new parser of a protocol; `None` when it is only recognised.
pub(super) fn start(service: Service) -> Option<Box<dyn Talk>> {
    Some(match service {
        Service::Dns | Service::Llmnr | Service::Mdns | Service::NetbiosNs => session::<Dns>(),
        // A call's flow begins with STUN; what it negotiates by DTLS is read as well.
        Service::Dtls | Service::Stun => session::<Dtls>(),
        Service::Ftp => session::<Ftp>(),
        Service::Http => session::<Http>(),
        Service::Iec104 => session::<Iec104>(),
        Service::Kerberos => session::<Kerberos>(),
        Service::Ldap => session::<Ldap>(),
        Service::Modbus => session::<Modbus>(),
        Service::Rdp => session::<Rdp>(),
        Service::Quic => session::<Quic>(),
        Service::Ssh => session::<Ssh>(),
        Service::Tls => session::<Tls>(),
        _ => return None,
    })
}

/// Its messages become records.
pub(super) const fn is_read(service: Service) -> bool {
    matches!(
        service,
        Service::Dhcp
            | Service::Dns
            | Service::Dtls
            | Service::Ftp
            | Service::Http
            | Service::Iec104
            | Service::Kerberos
            | Service::Ldap
            | Service::Llmnr
            | Service::Mdns
            | Service::Modbus
            | Service::NetbiosNs
            | Service::Rdp
            | Service::Quic
            | Service::Ssh
            | Service::Tls
    )
}

fn session<D: Dialogue + 'static>() -> Box<dyn Talk> {
    Box::<Session<D>>::default()
}
