//! See `_wire::fuzz::ssh`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::ssh(input));
