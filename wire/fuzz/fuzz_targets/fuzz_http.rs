//! See `_wire::fuzz::http`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::http(input));
