//! Bounds and time-outs of the flow table. Every number has its unit, reason and source beside it.

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;

/// Live flows at most. 2.5 M rows of about 400 B are 1 GB: half of what one small machine (2 GB, mission M18) can give.
pub const MAX_FLOWS: usize = 2_500_000;

/// Share of `max_flows` (per cent) above which emergency time-outs apply (flows.md 12.2).
pub const EMERGENCY_PERCENT: usize = 90;

/// History letters kept (flows.md 11, row 53).
pub const MAX_HISTORY: usize = 64;

/// Holes in sequence space tracked per direction; more merge into the last one (flow-semantics.md 5).
pub const MAX_HOLES: usize = 4;

/// A backward step of the clock larger than this (ns) is a step, smaller ones are reordering (flows.md 12.2: 1 s).
pub const REORDER: i64 = SECOND;

/// Largest possible TCP window: 65535 << 14 (RFC 7323 2.3). A sequence or acknowledgement farther off is forged.
pub const MAX_WINDOW: u32 = 65_535 << 14;

/// Sequence jumps that a SYN or RST may not make (Zeek: `TOO_LARGE_SEQ_DELTA`, 1 MiB).
pub const LARGE_DELTA: i32 = 1_048_576;

/// Silence (ns) after which a SYN with another ISN opens a new flow (flows.md 12.3: 10 s).
pub const REUSE_SILENCE: i64 = 10 * SECOND;

/// Gap (ns) that separates bursts (flows.md 11, row 105: 1 s).
pub const BURST_GAP: i64 = SECOND;

/// Payload-bearing packets described in `splt_*` (flows.md 11, row 110: 20).
pub const SPLT: usize = 20;

/// Payload bytes per direction that `*_entropy` looks at (flows.md 11, row 113: 256).
pub const ENTROPY_BYTES: usize = 256;

/// Payload length (B) above which a TCP segment is an offload frame: 8 x 1460 (flow-semantics.md 1.7).
pub const OFFLOAD_PAYLOAD: u32 = 8 * 1460;

/// Frames remembered for duplicate suppression (flow-semantics.md 7).
pub const DEDUP_FRAMES: usize = 64;

/// Idle time-outs, nanoseconds (flow-semantics.md 3.2; sources in flows.md 12.2).
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// TCP, one side heard, no data.
    pub syn: i64,
    /// TCP, SYN/ACK seen, no third packet.
    pub half_open: i64,
    /// TCP established or partial.
    pub established: i64,
    /// TCP, one FIN.
    pub fin: i64,
    /// TCP, both closed or reset.
    pub closed: i64,
    /// UDP, one side heard.
    pub udp_one: i64,
    /// UDP, answered.
    pub udp_both: i64,
    /// UDP port 53, answered.
    pub dns: i64,
    /// ICMP.
    pub icmp: i64,
    /// Other IP and layer 2.
    pub other: i64,
    /// Established TCP of a recognised industrial protocol.
    pub ics: i64,
    /// Active time-out; 0 = off.
    pub active: i64,
    /// Emergency: TCP not established.
    pub emergency_new: i64,
    /// Emergency: TCP established.
    pub emergency_established: i64,
    /// Emergency: UDP.
    pub emergency_udp: i64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            syn: 10 * SECOND,
            half_open: 30 * SECOND,
            established: 300 * SECOND,
            fin: 60 * SECOND,
            closed: 5 * SECOND,
            udp_one: 30 * SECOND,
            udp_both: 60 * SECOND,
            dns: 5 * SECOND,
            icmp: 30 * SECOND,
            other: 60 * SECOND,
            ics: 3600 * SECOND,
            active: 300 * SECOND,
            emergency_new: 3 * SECOND,
            emergency_established: 60 * SECOND,
            emergency_udp: 10 * SECOND,
        }
    }
}

/// Largest idle time-out a caller may set, seconds: a day, so that the wheel's horizon stays bounded.
pub const MAX_TIMEOUT_S: i64 = 86_400;

/// Largest active time-out, seconds: a year, as good as none.
pub const MAX_ACTIVE_S: i64 = 31_536_000;

/// Payload bytes kept of each direction at most (flows.md 11: up to 512; none is kept unless asked).
pub const MAX_PAYLOAD_HEAD: usize = 512;

/// How a meter behaves.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, packed by the compiler"
)]
pub struct Options {
    /// Idle and active time-outs.
    pub timeouts: Timeouts,
    /// Live flows at most.
    pub max_flows: usize,
    /// VLAN ids are part of the key.
    pub vlan_in_key: bool,
    /// Window of duplicate suppression, ns; 0 = off.
    pub dedup: i64,
    /// Payload bytes kept of each direction, 0 .. [`MAX_PAYLOAD_HEAD`].
    pub payload_head: usize,
    /// Extended columns are kept.
    pub ext: bool,
    /// Protocol parsers run.
    pub parsers: bool,
    /// Rows are built (off only to measure the core alone).
    pub emit: bool,
    /// Float columns leave as computed in float64, not as stored in float32 (for tests of the computation).
    pub wide_floats: bool,
}

impl Options {
    /// Payload bytes that a flow must keep of each direction, for the entropy and for `payload_head`; `None` when none are wanted.
    #[must_use]
    pub fn head_room(&self) -> Option<usize> {
        let own = if self.ext { ENTROPY_BYTES } else { 0 };
        let room = own.max(self.payload_head.min(MAX_PAYLOAD_HEAD));
        (room > 0).then_some(room)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeouts: Timeouts::default(),
            max_flows: MAX_FLOWS,
            vlan_in_key: false,
            dedup: 0,
            payload_head: 0,
            ext: false,
            parsers: true,
            emit: true,
            wide_floats: false,
        }
    }
}
