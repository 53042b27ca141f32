//! See `_wire::fuzz::decode`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::decode(input));
