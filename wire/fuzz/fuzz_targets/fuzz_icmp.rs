//! See `_wire::fuzz::icmp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::icmp(input));
