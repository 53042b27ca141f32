//! See `_wire::fuzz::kerberos`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::kerberos(input));
