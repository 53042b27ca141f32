//! See `_wire::fuzz::socks`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::socks(input));
