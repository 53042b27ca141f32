//! See `_wire::fuzz::rdp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::rdp(input));
