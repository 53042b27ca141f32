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
    Bacnet => "bacnet",
    Bittorrent => "bittorrent",
    DceRpc => "dcerpc",
    Dhcp => "dhcp",
    Dhcpv6 => "dhcpv6",
    Dnp3 => "dnp3",
    Dns => "dns",
    Dtls => "dtls",
    Enip => "enip",
    Ftp => "ftp",
    Http => "http",
    Http2 => "http2",
    Iec104 => "iec104",
    Imap => "imap",
    Kerberos => "kerberos",
    Ldap => "ldap",
    Llmnr => "llmnr",
    Mdns => "mdns",
    Mms => "mms",
    Modbus => "modbus",
    Mqtt => "mqtt",
    NetbiosNs => "netbios-ns",
    Ntp => "ntp",
    Pop3 => "pop3",
    Quic => "quic",
    Radius => "radius",
    Rdp => "rdp",
    Rtsp => "rtsp",
    S7comm => "s7comm",
    S7commPlus => "s7comm-plus",
    Sip => "sip",
    Smb => "smb",
    Smtp => "smtp",
    Snmp => "snmp",
    Ssdp => "ssdp",
    Ssh => "ssh",
    Stun => "stun",
    Syslog => "syslog",
    Telnet => "telnet",
    Tftp => "tftp",
    Tls => "tls",
}

impl Service {
    /// Industrial conversations that are silent for long and go on (flow-semantics.md 3.2, last row).
    pub(super) const fn is_long_lived(self) -> bool {
        matches!(
            self,
            Self::Modbus | Self::Iec104 | Self::S7comm | Self::Dnp3
        )
    }
}
