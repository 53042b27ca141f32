//! What the fuzz targets run: any bytes into one part of the crate, and what must hold whatever they are.
//!
//! `wire/fuzz` gives each function to libFuzzer; the tests play `wire/fuzz/corpus` into the same functions. Compiled for
//! both only (feature `fuzzing`). A broken promise is a panic here and nowhere else.

mod capture;
mod frames;

pub use crate::proto::fuzz::{
    arp, dhcp, dhcpv6, dns, ftp, http, icmp, iec104, modbus, ntp, recognise, ssh, stream, tls,
};
pub use capture::{meter, source};
pub use frames::decode;

/// A function that takes any bytes and panics when a promise is broken.
pub type Run = fn(&[u8]);

/// Every target by the name of its corpus and of its file in `wire/fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Run); 17] = [
    ("fuzz_arp", arp),
    ("fuzz_decode", decode),
    ("fuzz_dhcp", dhcp),
    ("fuzz_dhcpv6", dhcpv6),
    ("fuzz_dns", dns),
    ("fuzz_ftp", ftp),
    ("fuzz_http", http),
    ("fuzz_icmp", icmp),
    ("fuzz_iec104", iec104),
    ("fuzz_meter", meter),
    ("fuzz_modbus", modbus),
    ("fuzz_ntp", ntp),
    ("fuzz_recognise", recognise),
    ("fuzz_source", source),
    ("fuzz_ssh", ssh),
    ("fuzz_stream", stream),
    ("fuzz_tls", tls),
];
