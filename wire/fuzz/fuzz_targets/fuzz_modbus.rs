//! See `_wire::fuzz::modbus`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::modbus(input));
