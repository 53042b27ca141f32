//! Which protocols are read in full. To add one: its module, a line here, its table in `store/schema/records/`.

use super::dialogue::Dialogue;
use super::dns::Dns;
use super::ftp::Ftp;
use super::http::Http;
use super::iec104::Iec104;
use super::modbus::Modbus;
use super::mysql::Mysql;
use super::postgresql::Postgresql;
use super::redis::Redis;
use super::service::Service;
use super::session::{Session, Talk};
use super::socks::Socks;
use super::ssh::Ssh;
use super::tds::Tds;
use super::tls::Tls;
use super::vnc::Vnc;

/// A new parser of a protocol; `None` when it is only recognised.
pub(super) fn start(service: Service) -> Option<Box<dyn Talk>> {
    Some(match service {
        Service::Dns | Service::Llmnr | Service::Mdns | Service::NetbiosNs => session::<Dns>(),
        Service::Ftp => session::<Ftp>(),
        Service::Http => session::<Http>(),
        Service::Iec104 => session::<Iec104>(),
        Service::Modbus => session::<Modbus>(),
        Service::Mysql => session::<Mysql>(),
        Service::Postgresql => session::<Postgresql>(),
        Service::Redis => session::<Redis>(),
        Service::Rfb => session::<Vnc>(),
        Service::Socks => session::<Socks>(),
        Service::Ssh => session::<Ssh>(),
        Service::Tds => session::<Tds>(),
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
            | Service::Ftp
            | Service::Http
            | Service::Iec104
            | Service::Llmnr
            | Service::Mdns
            | Service::Modbus
            | Service::Mysql
            | Service::NetbiosNs
            | Service::Postgresql
            | Service::Redis
            | Service::Rfb
            | Service::Socks
            | Service::Ssh
            | Service::Tds
            | Service::Tls
    )
}

fn session<D: Dialogue + 'static>() -> Box<dyn Talk> {
    Box::<Session<D>>::default()
}
