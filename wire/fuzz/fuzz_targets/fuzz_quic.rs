//! See `_wire::fuzz::quic`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::quic(input));
