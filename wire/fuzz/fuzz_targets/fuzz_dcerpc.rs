//! See `_wire::fuzz::dcerpc`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::dcerpc(input));
