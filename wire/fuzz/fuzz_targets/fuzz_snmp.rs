//! See `_wire::fuzz::snmp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _wire::fuzz::snmp(input));
