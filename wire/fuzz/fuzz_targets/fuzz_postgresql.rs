//! See `_wire::fuzz::postgresql`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::postgresql(input));
