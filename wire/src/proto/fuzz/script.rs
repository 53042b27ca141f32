//! Packets read from fuzz input: (flags, parameter, length, bytes), one after the other.

use super::super::Context;

/// The lower end sends.
pub(in crate::proto) const FROM_LO: u8 = 1;
/// The snap length cut off as many bytes as the parameter says.
pub(in crate::proto) const CUT: u8 = 2;
/// The sequence number is moved by the parameter.
pub(in crate::proto) const MOVED: u8 = 4;
/// The sequence number is moved by 1024 times the parameter.
pub(in crate::proto) const FAR: u8 = 8;
/// The next packet of this side has the same sequence number.
pub(in crate::proto) const AGAIN: u8 = 16;
/// Five seconds pass before it: more than a hole is waited for.
pub(in crate::proto) const LATE: u8 = 32;
/// The flow segment ends before it.
pub(in crate::proto) const ENDS: u8 = 64;
/// The length counts 16 bytes.
pub(in crate::proto) const LONG: u8 = 128;

/// One packet of a script.
#[derive(Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) from_lo: bool,
    pub(super) seq: u32,
    pub(super) ts_ns: i64,
    pub(super) frame_no: u64,
    pub(super) ends_before: bool,
    /// In order, whole, at once.
    pub(super) is_plain: bool,
    pub(super) data: &'a [u8],
    pub(super) wire_len: u32,
    parameter: u8,
}

impl<'a> Packet<'a> {
    /// The only packet of its flow, with `missing` bytes cut off.
    pub(super) fn alone(data: &'a [u8], missing: u32) -> Self {
        Self {
            from_lo: true,
            seq: 0,
            ts_ns: 1,
            frame_no: 0,
            ends_before: false,
            is_plain: missing == 0,
            data,
            wire_len: length(data).saturating_add(missing),
            parameter: 0,
        }
    }

    /// What a parser sees of it; the lower end is 10.0.0.1 and has the first port.
    pub(super) fn context(&self, proto: u8, ports: (u16, u16)) -> Context<'a> {
        let ends = [(1, ports.0), (2, ports.1)].map(|(last, port)| {
            let ip = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last];
            (ip, port, [last; 6])
        });
        let [lo, hi] = ends;
        let (sender, receiver) = if self.from_lo { (lo, hi) } else { (hi, lo) };
        Context {
            flow_uid: [7; 16],
            ts_ns: self.ts_ns,
            frame_no: self.frame_no,
            proto,
            ethertype: if proto == 0 {
                super::super::arp::ETHERTYPE
            } else {
                0
            },
            from_lo: self.from_lo,
            sender_ip: sender.0,
            receiver_ip: receiver.0,
            sender_port: sender.1,
            receiver_port: receiver.1,
            sender_mac: Some(sender.2),
            seq: (proto == 6).then_some(self.seq),
            begin: None,
            peer_begin: None,
            payload: self.data,
            payload_len: self.wire_len,
            icmp: None,
        }
    }

    /// The packet without its time, whole or in two where the parameter says.
    pub(super) fn parts(&self, cut: bool) -> [Self; 2] {
        let at = usize::from(self.parameter).min(self.data.len());
        let (head, tail) = self.data.split_at(if cut { at } else { 0 });
        [
            (head, self.seq),
            (tail, self.seq.wrapping_add(length(head))),
        ]
        .map(|(data, seq)| Self {
            seq,
            ts_ns: 1,
            frame_no: 1,
            data,
            wire_len: length(data),
            ..*self
        })
    }
}

/// Reads packets until the input ends.
pub(super) struct Script<'a> {
    rest: &'a [u8],
    next: [u32; 2],
    ts_ns: i64,
    frame_no: u64,
}

impl<'a> Script<'a> {
    /// A script; one side's sequence numbers wrap soon.
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self {
            rest: input,
            next: [1000, u32::MAX - 5],
            ts_ns: 0,
            frame_no: 0,
        }
    }
}

impl<'a> Iterator for Script<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let ([flags, parameter, size], rest) = self.rest.split_first_chunk::<3>()?;
        let unit = if flags & LONG == 0 { 1 } else { 16 };
        let size = (usize::from(*size) * unit).min(rest.len());
        let (data, rest) = rest.split_at(size);
        self.rest = rest;
        let has = |flag: u8| flags & flag != 0;
        self.ts_ns += if has(LATE) { 5_000_000_000 } else { 1_000_000 };
        self.frame_no += 1;
        let [lo, hi] = &mut self.next;
        let next = if has(FROM_LO) { lo } else { hi };
        let step = i32::from(i8::from_ne_bytes([*parameter]));
        let step = if has(MOVED) { step } else { 0 } + if has(FAR) { step * 1024 } else { 0 };
        let seq = next.wrapping_add_signed(step);
        let missing = if has(CUT) { u32::from(*parameter) } else { 0 };
        let wire_len = length(data) + missing;
        if !has(AGAIN) {
            *next = next.wrapping_add(wire_len);
        }
        Some(Packet {
            from_lo: has(FROM_LO),
            seq,
            ts_ns: self.ts_ns,
            frame_no: self.frame_no,
            ends_before: has(ENDS),
            is_plain: flags & (CUT | MOVED | FAR | AGAIN | ENDS) == 0,
            data,
            wire_len,
            parameter: *parameter,
        })
    }
}

fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}
