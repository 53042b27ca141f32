//! See `_wire::fuzz::dtls`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::dtls(input));
