//! See `_wire::fuzz::ftp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::ftp(input));
