//! See `_wire::fuzz::smtp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::smtp(input));
