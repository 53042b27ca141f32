//! The first small packets of a flow nobody recognised yet: a message may be split over several segments, and a weak signature
//! needs a second one that agrees.

use super::Context;
use super::dialogue::Meta;
use super::read;
use super::service::Service;
use super::stream::{Step, Stream};

/// Bytes held of one flow; the messages that need holding are at most 260 B long, two of them plus slack.
const MAX_BYTES: usize = 1024;
/// Bytes held of what is never replayed, datagrams and large segments: enough for the headers that are compared.
const MAX_HEAD: usize = 32;

/// One packet held.
pub(super) struct Held {
    meta: Meta,
    /// Direction.
    pub(super) from_lo: bool,
    /// None of a head alone.
    seq: Option<u32>,
    /// Captured payload.
    pub(super) payload: Vec<u8>,
    payload_len: u32,
    sender_mac: Option<[u8; 6]>,
    /// What it was taken for, too weakly to be believed.
    pub(super) weak: Option<Service>,
}

impl Held {
    /// It is a segment that a parser may read again, not a head alone.
    pub(super) fn is_whole(&self) -> bool {
        self.seq.is_some()
    }

    /// It is the packet of `ctx`.
    pub(super) fn is(&self, ctx: &Context<'_>) -> bool {
        self.meta.frame_no == ctx.frame_no && self.from_lo == ctx.from_lo
    }

    /// The context the packet had; `ctx` is a later packet of the same flow.
    pub(super) fn context<'a>(&'a self, ctx: &Context<'a>) -> Context<'a> {
        let same = self.from_lo == ctx.from_lo;
        let swap = |one, other| if same { (one, other) } else { (other, one) };
        let (sender_ip, receiver_ip) = swap(ctx.sender_ip, ctx.receiver_ip);
        let ports = (ctx.sender_port, ctx.receiver_port);
        let (sender_port, receiver_port) = if same { ports } else { (ports.1, ports.0) };
        Context {
            flow_uid: self.meta.flow_uid,
            ts_ns: self.meta.ts_ns,
            frame_no: self.meta.frame_no,
            from_lo: self.from_lo,
            sender_ip,
            receiver_ip,
            sender_port,
            receiver_port,
            sender_mac: self.sender_mac,
            seq: self.seq,
            payload: &self.payload,
            payload_len: self.payload_len,
            ..*ctx
        }
    }
}

/// Packets held of one flow, in order of arrival.
#[derive(Default)]
pub(super) struct Probe {
    held: Vec<Held>,
    bytes: usize,
}

impl Probe {
    /// Hold a packet that was taken for `weak`; false when it does not fit, of which what must agree is kept all the same.
    pub(super) fn hold(&mut self, ctx: &Context<'_>, weak: Option<Service>) -> bool {
        let fits = self.bytes + ctx.payload.len() <= MAX_BYTES;
        let seq = ctx.seq.filter(|_| fits);
        if seq.is_none() && weak.is_none() {
            return false;
        }
        let payload = match seq {
            Some(_) => ctx.payload,
            None => ctx.payload.get(..MAX_HEAD).unwrap_or(ctx.payload),
        };
        self.bytes += payload.len();
        self.held.push(Held {
            meta: Meta::of(ctx),
            from_lo: ctx.from_lo,
            seq,
            payload: payload.to_vec(),
            payload_len: ctx.payload_len,
            sender_mac: ctx.sender_mac,
            weak,
        });
        fits
    }

    /// Packets held.
    pub(super) fn packets(&self) -> &[Held] {
        &self.held
    }

    /// Segments of a direction.
    fn segments(&self, from_lo: bool) -> impl Iterator<Item = (&Held, u32)> {
        let of_side = self.held.iter().filter(move |held| held.from_lo == from_lo);
        of_side.filter_map(|held| held.seq.map(|seq| (held, seq)))
    }

    /// Lowest sequence number of a direction.
    pub(super) fn lowest(&self, from_lo: bool) -> Option<u32> {
        let (_, first) = self.segments(from_lo).next()?;
        self.segments(from_lo)
            .map(|(_, seq)| seq)
            .min_by_key(|seq| read::signed32(seq.wrapping_sub(first)))
    }

    /// The bytes of a direction in order up to the first hole; `None` when it has fewer than two packets.
    pub(super) fn joined(&self, from_lo: bool) -> Option<Vec<u8>> {
        if self.segments(from_lo).count() < 2 {
            return None;
        }
        let mut stream = Stream::default();
        stream.begin(self.lowest(from_lo)?);
        for (held, seq) in self.segments(from_lo) {
            stream.push(held.meta, seq, &held.payload, held.payload_len);
            while let Some(step) = stream.step() {
                if step == Step::Gap {
                    return None;
                }
            }
        }
        Some(stream.data().to_vec())
    }
}
