//! See `_wire::fuzz::redis`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::redis(input));
