//! See `_wire::fuzz::ldap`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::ldap(input));
