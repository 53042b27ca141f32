//! See `_wire::fuzz::mysql`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::mysql(input));
