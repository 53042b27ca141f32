//! Tests of the protocol layer: hand-made messages, noise, damage, and real captures where they are at hand.

mod captures;
mod dialogues;
mod ftp;
mod iec104;
mod modbus;
mod recognition;
mod robust;
mod small;
mod stream;
mod talk;
