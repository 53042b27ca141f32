//! See `_wire::fuzz::dns`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::dns(input));
