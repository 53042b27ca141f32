//! See `_wire::fuzz::iec104`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::iec104(input));
