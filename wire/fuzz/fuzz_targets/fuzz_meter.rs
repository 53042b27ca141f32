//! See `_wire::fuzz::meter`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::meter(input));
