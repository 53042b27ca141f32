//! See `_wire::fuzz::arp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::arp(input));
