//! The flow table: finds the row of a packet and writes rows. What a packet does to its row: `open.rs` and `follow.rs`; how
//! rows leave: `expire.rs`.
//!
//! HOT: blocks of 32 packets are keyed and hashed first (their cells and rows come into the cache meanwhile), then counted.

use super::clock::Clock;
use super::emit::{self, Paths};
use super::emit_ext;
use super::ident::Uids;
use super::index::Index;
use super::key::Key;
use super::limits::{EMERGENCY_PERCENT, Options};
use super::row::End;
use super::slab::Slab;
use super::wheel::Wheel;
use crate::columns::tables::{FlowExtRows, FlowRows};
use crate::packet::{Packet, quality};
use crate::proto::Records;
use std::collections::HashSet;

/// Packets per block: enough to hide memory latency, few enough to stay in the first-level cache.
pub const BLOCK: usize = 32;

/// Rows and records waiting to be handed over.
#[derive(Default)]
pub struct Output {
    /// Flow segments.
    pub flow: FlowRows,
    /// Their extended columns.
    pub flow_ext: FlowExtRows,
    /// Protocol records.
    pub records: Records,
}

/// Monotonic counters of the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Packets counted into flows.
    pub packets: u64,
    /// Duplicates suppressed.
    pub duplicates: u64,
    /// Flows opened.
    pub created: u64,
    /// Rows written.
    pub rows: u64,
    /// Flows evicted from a full table.
    pub evicted: u64,
    /// Latest write after a deadline, ns.
    pub max_lateness: i64,
}

/// A packet with its key.
#[derive(Clone, Copy, Default)]
pub struct Keyed {
    pub(super) key: Key,
    pub(super) hash: u64,
    pub(super) from_lo: bool,
    /// Where the row probably is; see [`Table::warm`].
    slot: u32,
}

/// Flows of which packets are wanted, and the ordinals of those seen since they were last taken.
struct Watch {
    uids: HashSet<[u8; 16]>,
    hits: Vec<u64>,
}

/// Live flows of one source.
pub struct Table {
    pub(super) options: Options,
    pub(super) seed: [u64; 2],
    pub(super) uids: Uids,
    pub(super) index: Index,
    pub(super) rows: Slab,
    pub(super) wheel: Wheel,
    pub(super) clock: Clock,
    paths: Paths,
    /// The clock at the packet before, to tell lateness from silence.
    pub(super) before: i64,
    /// Live flows above which emergency time-outs apply.
    emergency_above: usize,
    /// There was an emergency: time-outs of rows may be shorter than their state asks for.
    pub(super) was_emergency: bool,
    watch: Option<Watch>,
    /// What was counted.
    pub counters: Counters,
    /// What waits.
    pub out: Output,
}

impl Table {
    /// An empty table; `seed` must be secret and must not influence results.
    #[must_use]
    pub fn new(options: Options, source_id: &[u8; 32], seed: [u64; 2]) -> Self {
        Self {
            options,
            seed,
            uids: Uids::new(source_id),
            index: Index::default(),
            rows: Slab::default(),
            wheel: Wheel::default(),
            clock: Clock::default(),
            paths: Paths::default(),
            before: i64::MIN,
            emergency_above: options.max_flows.saturating_mul(EMERGENCY_PERCENT) / 100,
            was_emergency: false,
            watch: None,
            counters: Counters::default(),
            out: Output::default(),
        }
    }

    /// Remember the ordinals of packets that belong to these segments (or roots).
    pub fn watch(&mut self, uids: HashSet<[u8; 16]>) {
        let hits = Vec::new();
        self.watch = Some(Watch { uids, hits });
    }

    /// Take the ordinals seen since the last call.
    pub fn take_watched(&mut self) -> Vec<u64> {
        self.watch
            .as_mut()
            .map(|watch| std::mem::take(&mut watch.hits))
            .unwrap_or_default()
    }

    /// Key one packet.
    #[inline]
    pub fn key(&self, packet: &Packet) -> Keyed {
        let (key, from_lo) = Key::of(packet, self.options.vlan_in_key);
        let hash = key.hash(self.seed);
        Keyed {
            key,
            hash,
            from_lo,
            slot: u32::MAX,
        }
    }

    /// Guess the rows of a block and bring them into the cache. The loops are so tight that the processor has all their loads under
    /// way at once: measured on 2 M flows, half of the cost of a packet is otherwise waiting here.
    #[inline]
    pub fn warm(&self, block: &mut [Keyed]) {
        let mut sum = 0_u64;
        for keyed in block.iter() {
            sum ^= self.index.touch(keyed.hash);
        }
        for keyed in block.iter_mut() {
            keyed.slot = self.index.guess(keyed.hash);
        }
        for keyed in block.iter() {
            if let Some(row) = self.rows.get(keyed.slot) {
                sum ^= row.touch();
            }
        }
        for keyed in block.iter() {
            let row = self.rows.get(keyed.slot);
            if let Some(pair) = row.and_then(|row| row.pair.as_deref()) {
                sum ^= pair.touch();
            }
        }
        std::hint::black_box(sum);
    }

    /// Count one packet; `frame` holds its captured bytes.
    #[inline]
    pub fn update(&mut self, packet: &Packet, frame: &[u8], keyed: &Keyed) {
        let (now, stepped) = self.clock.tick(packet.ts_ns);
        if self.wheel.is_due(now) {
            self.sweep(now);
        }
        let slot = match self.find(keyed) {
            Some(slot) => {
                self.meet(slot, packet, frame, keyed, now);
                slot
            }
            None => self.open(packet, frame, keyed, now),
        };
        self.counters.packets += 1;
        if stepped && let Some(row) = self.rows.get_mut(slot) {
            row.quality |= quality::CLOCK_STEP;
        }
        if self.watch.is_some() {
            self.note_watched(slot, packet.ordinal);
        }
        self.before = now;
    }

    #[inline]
    fn find(&self, keyed: &Keyed) -> Option<u32> {
        // Rows may have come and gone since the guess; a live row with the key is the right one all the same.
        let guessed = self.rows.get(keyed.slot);
        if guessed.is_some_and(|row| row.key == keyed.key && row.alive) {
            return Some(keyed.slot);
        }
        self.index.find(keyed.hash, |slot| {
            self.rows.get(slot).is_some_and(|row| row.key == keyed.key)
        })
    }

    fn note_watched(&mut self, slot: u32, ordinal: u64) {
        let (Some(watch), Some(row)) = (&mut self.watch, self.rows.get(slot)) else {
            return;
        };
        let uid = |start, segment| self.uids.uid(start, row.ordinal, row.inner_index, segment);
        let is_wanted = watch.uids.contains(&uid(row.ts_start, row.segment))
            || watch.uids.contains(&uid(row.root_ts(), 0));
        if is_wanted {
            watch.hits.push(ordinal);
        }
    }

    /// So many flows are live that they must end sooner.
    #[inline]
    pub(super) fn is_emergency(&self) -> bool {
        self.rows.live() > self.emergency_above
    }

    pub(super) fn write(&mut self, slot: u32, end: End) {
        self.counters.rows += 1;
        let Some(row) = self.rows.get_mut(slot) else {
            return;
        };
        if end != End::Active {
            row.app.on_end(row.ts_max, &mut self.out.records);
        }
        if self.options.emit {
            emit::push(row, end, &mut self.out.flow, &mut self.paths, &self.uids);
            if self.options.ext {
                emit_ext::push(row, &mut self.out.flow_ext, &self.uids);
            }
            if self.options.payload_head > 0 {
                let rows = &mut self.out.records.payload_head;
                emit_ext::push_heads(row, self.options.payload_head, rows, &self.uids);
            }
        }
    }

    /// Count a suppressed duplicate of a live flow; false when the flow is gone.
    pub fn duplicate(&mut self, keyed: &Keyed) -> bool {
        let found = self.find(keyed);
        let Some(row) = found.and_then(|slot| self.rows.get_mut(slot)) else {
            return false;
        };
        let rare = row.first.rare();
        rare.dup_pkts = rare.dup_pkts.saturating_add(1);
        row.quality |= quality::DUPLICATES;
        self.counters.duplicates += 1;
        true
    }

    /// Live flows.
    #[must_use]
    pub fn live(&self) -> usize {
        self.rows.live()
    }

    /// Bytes of rows, index and wheel.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.index.bytes() + self.wheel.bytes()
    }
}
