//! Segments of one numbered byte stream, in any order: what comes out is in order, once, and honest about what is missing.

use super::super::dialogue::Meta;
use super::super::stream::{Step, Stream};

/// Where the stream begins; it wraps soon.
const BEGIN: u32 = u32::MAX - 300;
/// Offsets stay below it: further ahead or back a segment would begin the stream anew.
const REACH: u16 = 0x3fff;
/// Values a byte of the stream takes in turn; a prime, so that no power of two fits into it.
const CYCLE: u32 = 251;

fn byte_at(offset: u32) -> u8 {
    u8::try_from(offset % CYCLE).unwrap_or(0)
}

/// Segments of (offset u16, captured u8, missing u8, what follows u8) in network order.
///
/// The last octet: bit 0 lets 5 s pass, bit 1 closes, the upper four say how many of 16 parts of the bytes a reader takes.
pub fn stream(input: &[u8]) {
    let mut stream = Stream::default();
    stream.begin(BEGIN);
    let mut model = Model::default();
    let mut ts_ns = 0;
    let (segments, _) = input.as_chunks::<5>();
    for (at, [high, low, captured, missing, then]) in segments.iter().enumerate() {
        let offset = u32::from(u16::from_be_bytes([*high, *low]) & REACH);
        let data: Vec<u8> = (0..u32::from(*captured))
            .map(|i| byte_at(offset + i))
            .collect();
        ts_ns += if then & 1 == 0 { 1 } else { 5_000_000_000 };
        let meta = Meta {
            ts_ns,
            frame_no: at as u64,
            ..Meta::default()
        };
        model.captured += data.len();
        let wire_len = u32::from(*captured) + u32::from(*missing);
        stream.push(meta, BEGIN.wrapping_add(offset), &data, wire_len);
        if then & 2 != 0 {
            stream.close();
        }
        model.drain(&mut stream, then >> 4);
    }
    stream.close();
    model.drain(&mut stream, 15);
    assert!(stream.step().is_none());
}

/// What a reader has seen.
#[derive(Default)]
struct Model {
    /// Bytes handed in, repeated ones too.
    captured: usize,
    /// Bytes read.
    taken: usize,
    /// Value of the next byte; `None` after a gap.
    next: Option<u8>,
}

impl Model {
    /// Read all that is ready, leaving a part of each piece for later.
    fn drain(&mut self, stream: &mut Stream, parts: u8) {
        let mut steps = 0;
        while let Some(step) = stream.step() {
            steps += 1;
            assert!(steps < 64, "a push makes few steps");
            match step {
                Step::Gap => self.next = None,
                Step::Data => self.take(stream, parts),
            }
        }
    }

    fn take(&mut self, stream: &mut Stream, parts: u8) {
        let data = stream.data();
        let mut expected = self.next;
        for byte in data {
            assert!(expected.is_none_or(|value| value == *byte), "out of order");
            expected = Some(following(*byte));
        }
        let count = data.len() * (usize::from(parts) + 1) / 16;
        if let Some(first_left) = data.get(count) {
            self.next = Some(*first_left);
        } else {
            self.next = expected;
        }
        self.taken += count;
        assert!(self.taken <= self.captured, "more comes out than went in");
        stream.consume(count);
    }
}

fn following(byte: u8) -> u8 {
    byte_at(u32::from(byte) + 1)
}
