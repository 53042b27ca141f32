//! See `_wire::fuzz::source`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::source(input));
