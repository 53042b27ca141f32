//! See `_wire::fuzz::vnc`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::vnc(input));
