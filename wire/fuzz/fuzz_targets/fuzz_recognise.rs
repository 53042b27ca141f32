//! See `_wire::fuzz::recognise`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::recognise(input));
