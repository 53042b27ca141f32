//! Names of application protocols, one octet in a flow.

macro_rules! services {
    ($($variant:ident => $name:literal),* $(,)?) => {
        /// An application protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Service { $(#[doc = $name] $variant),* }

        impl Service {
            /// IANA service name, or the name in use where IANA has none.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

services! {
    Amqp => "amqp",
    Bacnet => "bacnet",
    Bittorrent => "bittorrent",
    Coap => "coap",
    DceRpc => "dcerpc",
    Dhcp => "dhcp",
    Dhcpv6 => "dhcpv6",
    Dnp3 => "dnp3",
    Dns => "dns",
    Dtls => "dtls",
    Enip => "enip",
    Ftp => "ftp",
    Git => "git",
    Http => "http",
    Http2 => "http2",
    Iec104 => "iec104",
    Imap => "imap",
    IpsecNatT => "ipsec-nat-t",
    Irc => "irc",
    Isakmp => "isakmp",
    Kerberos => "kerberos",
    L2tp => "l2tp",
    Ldap => "ldap",
    Llmnr => "llmnr",
    Mdns => "mdns",
    Memcached => "memcache",
    Mms => "mms",
    Modbus => "modbus",
    Mongodb => "mongodb",
    Mqtt => "mqtt",
    Mysql => "mysql",
    Mysqlx => "mysqlx",
    NetbiosDgm => "netbios-dgm",
    NetbiosNs => "netbios-ns",
    Nfs => "nfs",
    Nntp => "nntp",
    Ntp => "ntp",
    Opcua => "opcua-tcp",
    Openvpn => "openvpn",
    Oracle => "oracle",
    Pop3 => "pop3",
    Postgresql => "postgresql",
    Quic => "quic",
    Radius => "radius",
    Radmin => "radmin",
    Rdp => "rdp",
    Redis => "redis",
    Rfb => "rfb",
    Rsync => "rsync",
    Rtcp => "rtcp",
    Rtp => "rtp",
    Rtsp => "rtsp",
    S7comm => "s7comm",
    S7commPlus => "s7comm-plus",
    Sip => "sip",
    Smb => "smb",
    Smtp => "smtp",
    Snmp => "snmp",
    Socks => "socks",
    Ssdp => "ssdp",
    Ssh => "ssh",
    Stratum => "stratum",
    Stun => "stun",
    Sunrpc => "sunrpc",
    Syslog => "syslog",
    Tds => "ms-sql-s",
    Teamviewer => "teamviewer",
    Telnet => "telnet",
    Tftp => "tftp",
    Tls => "tls",
    Whois => "whois",
    Wireguard => "wireguard",
    X11 => "x11",
    Xmpp => "xmpp",
}

impl Service {
    /// Only recognised, and known to go over to TLS in the middle of a connection (RFC 6120, 4642).
    pub(super) const fn may_start_tls(self) -> bool {
        matches!(self, Self::Xmpp | Self::Nntp)
    }

    /// Industrial conversations that are silent for long and go on (flow-semantics.md 3.2, last row).
    pub(super) const fn is_long_lived(self) -> bool {
        matches!(
            self,
            Self::Modbus | Self::Iec104 | Self::S7comm | Self::Dnp3
        )
    }
}
