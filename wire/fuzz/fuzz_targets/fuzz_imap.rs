//! See `_wire::fuzz::imap`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::imap(input));
