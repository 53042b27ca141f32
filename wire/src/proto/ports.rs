//! What a port number suggests when the content said nothing.

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Name of the service usual at a port, in the vocabulary of `app_proto`.
///
/// Source: IANA Service Name and Transport Protocol Port Number Registry; Modbus 502, IEC 104 2404, DNP3 20000 and
/// EtherNet/IP 44818 as registered, ISO transport 102 is S7comm or MMS and therefore not guessed.
#[must_use]
pub fn port_guess(ip_proto: u8, port: u16) -> Option<&'static str> {
    match ip_proto {
        TCP => tcp(port).or_else(|| either(port)),
        UDP => udp(port).or_else(|| either(port)),
        _ => None,
    }
}

fn either(port: u16) -> Option<&'static str> {
    Some(match port {
        53 => "dns",
        88 => "kerberos",
        389 | 3268 => "ldap",
        502 => "modbus",
        514 | 601 => "syslog",
        2404 => "iec104",
        3389 => "rdp",
        3478 => "stun",
        5060 => "sip",
        20000 => "dnp3",
        44818 => "enip",
        _ => return None,
    })
}

fn tcp(port: u16) -> Option<&'static str> {
    Some(match port {
        20 => "ftp-data",
        21 => "ftp",
        22 => "ssh",
        23 => "telnet",
        25 | 587 => "smtp",
        80 | 8000 | 8080 => "http",
        110 => "pop3",
        111 => "sunrpc",
        135 => "epmap",
        139 => "netbios-ssn",
        143 => "imap",
        179 => "bgp",
        443 | 465 | 636 | 853 | 989 | 990 | 993 | 995 | 5061 | 8443 | 8883 => "tls",
        445 => "smb",
        514 => "shell",
        554 => "rtsp",
        873 => "rsync",
        1080 => "socks",
        1433 => "ms-sql-s",
        1521 => "oracle",
        1723 => "pptp",
        1883 => "mqtt",
        2049 => "nfs",
        3306 => "mysql",
        5432 => "postgresql",
        5900 => "rfb",
        5985 | 5986 => "wsman",
        6379 => "redis",
        _ => return None,
    })
}

fn udp(port: u16) -> Option<&'static str> {
    Some(match port {
        67 | 68 => "dhcp",
        69 => "tftp",
        123 => "ntp",
        137 => "netbios-ns",
        138 => "netbios-dgm",
        161 | 162 => "snmp",
        443 => "quic",
        500 | 4500 => "isakmp",
        546 | 547 => "dhcpv6",
        1194 => "openvpn",
        1701 => "l2tp",
        1812 | 1813 | 1645 | 1646 => "radius",
        1900 => "ssdp",
        2152 => "gtp-user",
        4789 => "vxlan",
        5353 => "mdns",
        5355 => "llmnr",
        47808 => "bacnet",
        51820 => "wireguard",
        _ => return None,
    })
}
