//! See `_wire::fuzz::telnet`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::telnet(input));
