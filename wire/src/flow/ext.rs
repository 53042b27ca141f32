//! Extended columns of a flow; allocated only when they are asked for.

use super::limits::{BURST_GAP, ENTROPY_BYTES, SPLT};
use super::syn_signature::SynSignature;
use crate::packet::Packet;

/// State behind the `flow_ext` row.
#[derive(Clone, Debug, Default)]
pub struct Ext {
    /// Top MPLS label, -1 = none.
    pub mpls_label: i32,
    /// Outermost tunnel address on the first side, on the second side.
    pub tunnel: Option<[[u8; 16]; 2]>,
    /// DSCP of the first packet of (first side, second side); -1 = none.
    pub dscp: [i16; 2],
    /// Lengths, directions (first side = true) and gaps of the first payload-bearing packets.
    pub splt: Vec<(i16, bool, i32)>,
    /// Time of the previous payload-bearing packet.
    splt_last: i64,
    /// Start of the present burst and time of the previous packet.
    burst: Option<(i64, i64)>,
    /// Finished bursts: count, sum and longest, ns.
    pub active: (u32, i64, i64),
    /// Gaps between bursts: count, sum and longest, ns.
    pub idle: (u32, i64, i64),
    /// Payload bytes kept per side at most.
    head_room: usize,
    /// First payload bytes per side.
    pub heads: [Vec<u8>; 2],
    /// First SYN per side that could be read.
    pub syns: [Option<SynSignature>; 2],
}

impl Ext {
    /// Start with the first packet of a segment.
    #[must_use]
    ///
    /// `from_first` tells whether the flow's first side sent it; `head_room` how many payload bytes are kept per side.
    pub fn new(packet: &Packet, from_first: bool, head_room: usize) -> Self {
        let tunnelled = packet.inner_index > 0;
        Self {
            mpls_label: packet.mpls_label,
            tunnel: tunnelled.then_some(if from_first {
                [packet.tunnel_src, packet.tunnel_dst]
            } else {
                [packet.tunnel_dst, packet.tunnel_src]
            }),
            dscp: [-1, -1],
            head_room,
            ..Self::default()
        }
    }

    /// Start anew with the first packet of the next segment; what opened the connection is kept.
    pub fn next_segment(&mut self, packet: &Packet, from_first: bool) {
        *self = Self {
            syns: self.syns,
            ..Self::new(packet, from_first, self.head_room)
        };
    }

    /// Account for one packet of the first (0) or second (1) side.
    pub fn add(&mut self, packet: &Packet, frame: &[u8], side: usize) {
        if let Some(dscp) = self.dscp.get_mut(side)
            && *dscp < 0
            && packet.ip_version != 0
        {
            *dscp = i16::from(packet.dscp);
        }
        self.add_burst(packet.ts_ns);
        if packet.payload_len > 0 && self.splt.len() < SPLT {
            let gap = if self.splt.is_empty() {
                0
            } else {
                packet.ts_ns.saturating_sub(self.splt_last).max(0)
            };
            let length = i16::try_from(packet.payload_len).unwrap_or(i16::MAX);
            self.splt.push((
                length,
                side == 0,
                i32::try_from(gap / 1000).unwrap_or(i32::MAX),
            ));
            self.splt_last = packet.ts_ns;
        }
        if packet.tcp.syn_header != 0
            && let Some(syn) = self.syns.get_mut(side).filter(|syn| syn.is_none())
        {
            *syn = SynSignature::read(packet, frame);
        }
        let payload = packet.payload(frame);
        if let Some(head) = self.heads.get_mut(side) {
            let room = self.head_room.saturating_sub(head.len());
            head.extend_from_slice(payload.get(..room.min(payload.len())).unwrap_or_default());
        }
    }

    fn add_burst(&mut self, ts: i64) {
        let Some((start, last)) = self.burst else {
            self.burst = Some((ts, ts));
            return;
        };
        let gap = ts.saturating_sub(last);
        if gap > BURST_GAP {
            close(&mut self.active, last.saturating_sub(start));
            close(&mut self.idle, gap);
            self.burst = Some((ts, ts));
        } else {
            self.burst = Some((start, last.max(ts)));
        }
    }

    /// Close the last burst.
    pub fn finish(&mut self) {
        if let Some((start, last)) = self.burst.take() {
            close(&mut self.active, last.saturating_sub(start));
        }
    }

    /// Shannon entropy of a side's first payload bytes, bits per byte.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 256 bytes are counted")]
    pub fn entropy(&self, side: usize) -> Option<f64> {
        let head = self.heads.get(side).filter(|head| !head.is_empty())?;
        let head = head.get(..ENTROPY_BYTES).unwrap_or(head);
        let mut counts = [0_u32; 256];
        for byte in head {
            if let Some(count) = counts.get_mut(usize::from(*byte)) {
                *count += 1;
            }
        }
        let total = head.len() as f64;
        let sum: f64 = counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| {
                let share = f64::from(*count) / total;
                -share * share.log2()
            })
            .sum();
        Some(sum.max(0.0))
    }
}

fn close(sums: &mut (u32, i64, i64), value: i64) {
    sums.0 += 1;
    sums.1 = sums.1.saturating_add(value);
    sums.2 = sums.2.max(value);
}

/// Mean and maximum of a (count, sum, longest) triple in microseconds.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 ns are 104 days; beyond them 1 ns in 10^16 is lost"
)]
pub fn mean_max(sums: (u32, i64, i64)) -> (Option<f64>, Option<f64>) {
    if sums.0 == 0 {
        return (None, None);
    }
    let mean = sums.1 as f64 / f64::from(sums.0) / 1000.0;
    (Some(mean), Some(sums.2 as f64 / 1000.0))
}
