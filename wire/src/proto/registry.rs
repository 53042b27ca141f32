//! Which protocols are read in full. To add one: its module, a line here, its table in `store/schema/records/`.

use super::arp::{self, Arp};
use super::dhcp::Dhcp;
use super::dhcpv6::Dhcpv6;
use super::dialogue::Dialogue;
use super::dns::Dns;
use super::ftp::Ftp;
use super::http::Http;
use super::icmp::Icmp;
use super::iec104::Iec104;
use super::modbus::Modbus;
use super::ntp::Ntp;
use super::packets::{Packets, Passing};
use super::service::Service;
use super::session::{Session, Talk};
use super::ssh::Ssh;
use super::tls::Tls;

/// A new parser of a protocol; `None` when it is only recognised.
pub(super) fn start(service: Service) -> Option<Box<dyn Talk>> {
    Some(match service {
        Service::Dhcp => packets::<Dhcp>(),
        Service::Dhcpv6 => packets::<Dhcpv6>(),
        Service::Dns | Service::Llmnr | Service::Mdns | Service::NetbiosNs => session::<Dns>(),
        Service::Ftp => session::<Ftp>(),
        Service::Http => session::<Http>(),
        Service::Iec104 => session::<Iec104>(),
        Service::Modbus => session::<Modbus>(),
        Service::Ntp => packets::<Ntp>(),
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
            | Service::Dhcpv6
            | Service::Dns
            | Service::Ftp
            | Service::Http
            | Service::Iec104
            | Service::Llmnr
            | Service::Mdns
            | Service::Modbus
            | Service::NetbiosNs
            | Service::Ntp
            | Service::Ssh
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
