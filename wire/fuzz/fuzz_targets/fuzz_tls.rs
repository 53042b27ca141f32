//! See `_wire::fuzz::tls`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::tls(input));
