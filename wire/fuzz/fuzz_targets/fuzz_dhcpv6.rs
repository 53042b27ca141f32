//! See `_wire::fuzz::dhcpv6`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::dhcpv6(input));
