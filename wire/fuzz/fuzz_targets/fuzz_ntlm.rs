//! See `_wire::fuzz::ntlm`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::ntlm(input));
