//! See `_wire::fuzz::smb`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::smb(input));
