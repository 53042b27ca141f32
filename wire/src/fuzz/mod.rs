//! What the fuzz targets run: any bytes into one part of the crate, and what must hold whatever they are.
//!
//! `wire/fuzz` gives each function to libFuzzer; the tests play `wire/fuzz/corpus` into the same functions. Compiled for
//! both only (feature `fuzzing`). A broken promise is a panic here and nowhere else.

mod capture;
mod frames;

pub use crate::proto::fuzz::{
    arp, dcerpc, dhcp, dhcpv6, dns, dtls, ftp, http, icmp, iec104, imap, kerberos, ldap, modbus,
    mysql, ntlm, ntp, pop3, postgresql, quic, rdp, recognise, redis, smb, smtp, snmp, socks, ssh,
    stream, tds, telnet, tls, vnc,
};
pub use capture::{meter, source};
pub use frames::decode;

/// A function that takes any bytes and panics when a promise is broken.
pub type Run = fn(&[u8]);

/// Every target by the name of its corpus and of its file in `wire/fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Run); 36] = [
    ("fuzz_arp", arp),
    ("fuzz_dcerpc", dcerpc),
    ("fuzz_decode", decode),
    ("fuzz_dhcp", dhcp),
    ("fuzz_dhcpv6", dhcpv6),
    ("fuzz_dns", dns),
    ("fuzz_dtls", dtls),
    ("fuzz_ftp", ftp),
    ("fuzz_http", http),
    ("fuzz_icmp", icmp),
    ("fuzz_iec104", iec104),
    ("fuzz_imap", imap),
    ("fuzz_kerberos", kerberos),
    ("fuzz_ldap", ldap),
    ("fuzz_meter", meter),
    ("fuzz_modbus", modbus),
    ("fuzz_mysql", mysql),
    ("fuzz_ntlm", ntlm),
    ("fuzz_ntp", ntp),
    ("fuzz_pop3", pop3),
    ("fuzz_postgresql", postgresql),
    ("fuzz_quic", quic),
    ("fuzz_rdp", rdp),
    ("fuzz_recognise", recognise),
    ("fuzz_redis", redis),
    ("fuzz_smb", smb),
    ("fuzz_smtp", smtp),
    ("fuzz_snmp", snmp),
    ("fuzz_socks", socks),
    ("fuzz_source", source),
    ("fuzz_ssh", ssh),
    ("fuzz_stream", stream),
    ("fuzz_tds", tds),
    ("fuzz_telnet", telnet),
    ("fuzz_tls", tls),
    ("fuzz_vnc", vnc),
];
