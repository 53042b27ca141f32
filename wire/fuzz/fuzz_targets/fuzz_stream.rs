//! See `_wire::fuzz::stream`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::stream(input));
