//! See `_wire::fuzz::tds`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::tds(input));
