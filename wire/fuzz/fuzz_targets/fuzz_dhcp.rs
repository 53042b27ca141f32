//! See `_wire::fuzz::dhcp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::dhcp(input));
