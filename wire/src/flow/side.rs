//! One direction of a flow: counters, lengths, intervals, TCP endpoint.
//!
//! HOT: plain numbers only; exact integer sums, Welford for intervals.

use super::sequence::UNKNOWN_SCALE;

/// Zeek's endpoint states (`TCPSessionAdapter`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Not heard yet.
    #[default]
    Inactive,
    /// Sent a SYN.
    SynSent,
    /// Originator that sent SYN+ACK.
    SynAckSent,
    /// Heard midstream.
    Partial,
    /// Handshake seen.
    Established,
    /// Sent FIN.
    Closed,
    /// Sent RST.
    Reset,
}

/// Running statistics of inter-arrival times, ns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Intervals {
    /// Mean, ns.
    pub mean: f64,
    /// Sum of squared deviations.
    pub m2: f64,
    /// Smallest, ns.
    pub min: i64,
    /// Largest, ns.
    pub max: i64,
    /// Time of the previous packet.
    pub last: i64,
}

impl Intervals {
    /// Start with the first packet.
    #[inline]
    pub fn start(&mut self, ts: i64) {
        *self = Self {
            last: ts,
            ..Self::default()
        };
    }

    /// Add the next packet, the `n`-th gap; a step back counts as 0.
    #[inline]
    #[expect(
        clippy::cast_precision_loss,
        reason = "gaps below 2^53 ns = 104 days are exact"
    )]
    pub fn add(&mut self, ts: i64, n: u32) {
        let gap = ts.saturating_sub(self.last).max(0);
        self.last = ts;
        if n <= 1 {
            (self.min, self.max) = (gap, gap);
        } else {
            self.min = self.min.min(gap);
            self.max = self.max.max(gap);
        }
        let value = gap as f64;
        let delta = value - self.mean;
        self.mean += delta / f64::from(n.max(1));
        self.m2 += delta * (value - self.mean);
    }

    /// Sample standard deviation of `n` gaps, ns; needs two.
    #[must_use]
    pub fn std(&self, n: u32) -> Option<f64> {
        (n >= 2).then(|| (self.m2 / f64::from(n - 1)).max(0.0).sqrt())
    }
}

/// A hole in sequence space: relative start and end.
pub type Hole = (u64, u64);

/// What few directions need, kept out of the row.
#[derive(Clone, Debug, Default)]
pub struct Rare {
    /// Holes in sequence space that were not filled yet.
    pub holes: Vec<Hole>,
    /// Payload and gap bytes of earlier segments, for the clamp of `bytes_seq`.
    pub carried: u64,
    /// `bytes_seq` already reported by earlier segments.
    pub reported_seq: u64,
    /// Occurrences behind the C, T, W, G letters.
    pub scaled: [u32; 4],
    /// Time of this side's first SYN when it was not the flow's first packet.
    pub late_syn_ts: Option<i64>,
    /// Time of this side's first SYN/ACK while the other side was unheard (first side only).
    pub early_synack_ts: Option<i64>,
    /// Tunnel id of the first packet where ids differ by direction (first side only).
    pub tunnel_id: Option<u64>,
    /// Start of segment 0 (first side only).
    pub root_ts: Option<i64>,
    /// Bytes acknowledged but never seen.
    pub gap_bytes: u64,
    /// Retransmissions.
    pub retx: u32,
    /// Reordered segments.
    pub ooo: u32,
    /// Fragments of the flow (first side only).
    pub frag_pkts: u32,
    /// Suppressed duplicates of the flow (first side only).
    pub dup_pkts: u32,
}

/// One direction of a segment plus the TCP endpoint of the flow.
///
/// Three cache lines, in this order: the endpoint, which the other direction reads too; statistics; what changes seldom.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct Side {
    /// Highest sequence end, relative to `start_seq`.
    pub end_rel: u64,
    /// Sequence space up to here is accounted for as seen or acknowledged; never below `end_rel`.
    pub gap_rel: u64,
    /// What few flows need.
    pub rare: Option<Box<Rare>>,
    /// Frame bytes.
    pub bytes_l2: u64,
    /// First sequence number (of the SYN, or one below the first seen).
    pub start_seq: u32,
    /// Latest window this side advertised, scaled; all ones = unknown scale.
    pub window: u32,
    /// Latest acknowledgement number this side sent.
    pub acked: u32,
    /// Packets.
    pub pkts: u32,
    /// Letters given, one bit each.
    pub letters: u16,
    /// Maximum segment size option; 0 = none.
    pub mss: u16,
    /// Window scale of the SYN; 255 = not offered, 254 = SYN not seen.
    pub wscale: u8,
    /// Endpoint state.
    pub state: State,
    /// State before.
    pub before: State,
    /// OR of TCP flags.
    pub flags: u8,
    /// A TCP header was seen in the segment.
    pub has_tcp: bool,
    /// The initial sequence number is that of a SYN.
    pub has_isn: bool,
    /// A link address was seen.
    pub has_mac: bool,
    /// FIN was seen (takes one number of sequence space).
    pub fin_seen: bool,
    /// Sequence numbers are set up.
    pub has_seq: bool,
    /// An acknowledgement was sent.
    pub has_ack: bool,
    /// Extremes of the TTL.
    pub ttl_min: u8,
    /// Largest TTL.
    pub ttl_max: u8,

    /// Inter-arrival times.
    pub gaps: Intervals,
    /// Packets with payload.
    pub data_pkts: u32,
    /// Smallest payload.
    pub len_min: u32,
    /// Largest payload.
    pub len_max: u32,
    /// Packets with PSH.
    pub psh: u32,
    /// TCP flags of the segment's first packet.
    pub flags_first: u8,

    /// IP bytes.
    pub bytes_ip: u64,
    /// Payload bytes.
    pub bytes_payload: u64,
    /// Sum of squared payload lengths.
    pub len_squares: u64,
    /// First packet of the segment.
    pub first_ts: i64,
    /// Packets with SYN.
    pub syn: u32,
    /// Packets with FIN.
    pub fin: u32,
    /// Packets with RST.
    pub rst: u32,
    /// Sequence numbers of the last S, F and R letters.
    pub marks: [u32; 3],
    /// Window of the segment's first TCP header.
    pub win_init: u16,
    /// Link address of the first packet.
    pub mac: [u8; 6],
}

impl Side {
    /// A side that was not heard yet.
    pub fn new() -> Self {
        Self {
            wscale: UNKNOWN_SCALE,
            ..Self::default()
        }
    }

    /// What few flows need, made on first use.
    pub fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_with(Box::default)
    }

    /// A count of what few flows need; 0 without it.
    #[must_use]
    pub fn seldom<T: Default>(&self, count: impl FnOnce(&Rare) -> T) -> T {
        self.rare.as_deref().map(count).unwrap_or_default()
    }

    /// Bytes acknowledged but never seen.
    #[must_use]
    pub fn gap_bytes(&self) -> u64 {
        self.seldom(|rare| rare.gap_bytes)
    }

    /// Read a word of every cache line; the value means nothing.
    #[inline]
    pub fn touch(&self) -> u64 {
        self.bytes_l2 ^ self.gaps.last.unsigned_abs() ^ self.bytes_ip
    }

    /// Raw sequence number of the highest end.
    #[inline]
    #[must_use]
    pub fn end_seq(&self) -> u32 {
        let [_, _, _, _, a, b, c, d] = self.end_rel.to_be_bytes();
        self.start_seq
            .wrapping_add(u32::from_be_bytes([a, b, c, d]))
    }

    /// Enter a state, remembering the one before.
    pub fn enter(&mut self, state: State) {
        if self.state != state {
            self.before = self.state;
            self.state = state;
        }
    }

    /// Not heard, or only midstream.
    #[must_use]
    pub fn is_vague(&self) -> bool {
        matches!(self.state, State::Inactive | State::Partial)
    }

    /// Start a new segment: counters and statistics anew, endpoint kept.
    pub fn next_segment(&mut self) {
        let counted = self.bytes_payload + self.gap_bytes();
        let reported = self.stream_bytes();
        let kept = std::mem::take(self);
        let mut rare = kept.rare.unwrap_or_default();
        rare.carried += counted;
        rare.reported_seq += reported;
        rare.gap_bytes = 0;
        (rare.retx, rare.ooo) = (0, 0);
        (rare.frag_pkts, rare.dup_pkts) = (0, 0);
        *self = Self {
            rare: Some(rare),
            end_rel: kept.end_rel,
            gap_rel: kept.gap_rel,
            start_seq: kept.start_seq,
            window: kept.window,
            acked: kept.acked,
            marks: kept.marks,
            letters: kept.letters,
            mss: kept.mss,
            wscale: kept.wscale,
            state: kept.state,
            before: kept.before,
            has_isn: kept.has_isn,
            fin_seen: kept.fin_seen,
            has_seq: kept.has_seq,
            has_ack: kept.has_ack,
            ..Self::default()
        };
    }

    /// Unique stream bytes of this segment (flow-semantics.md 5, `src_bytes_seq`).
    #[must_use]
    pub fn stream_bytes(&self) -> u64 {
        if !self.has_seq {
            return 0;
        }
        let mut size = self.end_rel.max(self.gap_rel).saturating_sub(1);
        if self.fin_seen {
            size = size.saturating_sub(1);
        }
        let (carried, reported) = self.seldom(|rare| (rare.carried, rare.reported_seq));
        size.min(carried + self.bytes_payload + self.gap_bytes())
            .saturating_sub(reported)
    }
}
