//! See `_wire::fuzz::ntp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::ntp(input));
