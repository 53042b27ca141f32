//! The flow table: finds the row of a packet, lets flows end, writes rows.
//!
//! HOT: blocks of 32 packets are keyed and hashed first (their cells and rows come into the cache meanwhile), then counted.

use super::absorb::{self, Oddities};
use super::clock::Clock;
use super::direction::decide;
use super::emit::{self, Paths};
use super::emit_ext;
use super::ext::Ext;
use super::ident::Uids;
use super::index::Index;
use super::key::Key;
use super::life::{as_ms, deadline, is_reuse, silent_end, timeout};
use super::limits::{EMERGENCY_PERCENT, Options};
use super::row::{Basis, End, History, Row};
use super::side::Side;
use super::slab::Slab;
use super::tcp::flag;
use super::wheel::Wheel;
use crate::columns::tables::{FlowExtRows, FlowRows, WeirdRow};
use crate::packet::{Packet, quality};
use crate::proto::{App, Context, Hint, Records};

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

/// A keyed packet of a block.
#[derive(Clone, Copy)]
pub struct Keyed {
    key: Key,
    from_lo: bool,
    hash: u64,
}

/// Live flows of one source.
pub struct Table {
    pub(super) options: Options,
    pub(super) seed: [u64; 2],
    uids: Uids,
    pub(super) index: Index,
    pub(super) rows: Slab,
    pub(super) wheel: Wheel,
    pub(super) clock: Clock,
    paths: Paths,
    /// The clock at the packet before, to tell lateness from silence.
    pub(super) before: i64,
    watch: Option<(std::collections::HashSet<[u8; 16]>, Vec<u64>)>,
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
            watch: None,
            counters: Counters::default(),
            out: Output::default(),
        }
    }

    /// Remember the ordinals of packets that belong to these segments (or roots).
    pub fn watch(&mut self, uids: std::collections::HashSet<[u8; 16]>) {
        self.watch = Some((uids, Vec::new()));
    }

    /// Take the ordinals seen since the last call.
    pub fn take_watched(&mut self) -> Vec<u64> {
        self.watch
            .as_mut()
            .map(|(_, hits)| std::mem::take(hits))
            .unwrap_or_default()
    }

    /// Key one packet.
    #[inline]
    pub fn key(&self, packet: &Packet) -> Keyed {
        let (key, from_lo) = Key::of(packet, self.options.vlan_in_key);
        let hash = key.hash(self.seed);
        Keyed { key, from_lo, hash }
    }

    /// Bring the cells and rows of a block into the cache. The loops are so tight that the processor has all their loads under way
    /// at once: measured on 2 M flows, half of the cost of a packet is otherwise waiting here.
    #[inline]
    pub fn warm(&self, block: &[Option<(Keyed, bool)>]) {
        let mut cells = [0_u64; BLOCK];
        for (cell, keyed) in cells.iter_mut().zip(block) {
            if let Some((keyed, _)) = keyed {
                *cell = self.index.first_cell(keyed.hash);
            }
        }
        let mut sum = 0_u64;
        for cell in cells {
            if let Some(row) = Index::slot_in(cell).and_then(|slot| self.rows.get(slot)) {
                sum ^= row.touch();
            }
        }
        for cell in cells {
            let row = Index::slot_in(cell).and_then(|slot| self.rows.get(slot));
            if let Some(pair) = row.and_then(|row| row.pair.as_deref()) {
                sum ^= pair.touch();
            }
        }
        std::hint::black_box(sum);
    }

    /// Count one packet.
    #[inline]
    pub fn update(&mut self, packet: &Packet, payload: &[u8], keyed: &Keyed) {
        let (now, stepped) = self.clock.tick(packet.ts_ns);
        self.wheel.start(now);
        if self.wheel.is_due(now) {
            self.sweep(now);
        }
        let key = keyed.key;
        let rows = &self.rows;
        let found = self.index.find(keyed.hash, |slot| {
            rows.get(slot).is_some_and(|row| row.key == key)
        });
        let slot = match found {
            Some(slot) => self.meet(slot, packet, payload, keyed, now),
            None => self.open(packet, payload, keyed, now),
        };
        self.counters.packets += 1;
        self.settle(slot, packet, now, stepped);
        self.before = now;
    }

    /// A packet for a row that is in the table: the same flow, its next segment, or a new flow on the same tuple.
    fn meet(&mut self, slot: u32, packet: &Packet, payload: &[u8], keyed: &Keyed, now: i64) -> u32 {
        let active = self.options.timeouts.active;
        let Some(row) = self.rows.get(slot) else {
            return slot;
        };
        let silence = now.saturating_sub(row.last_seen);
        let from_first = keyed.from_lo == row.first_is_lo;
        let ended = if now > deadline(row) {
            Some(silent_end(row))
        } else if is_reuse(row, packet, from_first, silence) {
            Some(End::Reuse)
        } else {
            None
        };
        if let Some(end) = ended {
            self.write(slot, end);
            let due = self.rows.get(slot).map_or(0, |row| row.due);
            let row = self.begin(packet, payload, keyed, now);
            if let Some(place) = self.rows.get_mut(slot) {
                // The wheel entry of the flow before stays; a nearer deadline gets a second one.
                *place = Row {
                    due,
                    timeout_ms: u32::MAX,
                    ..row
                };
            }
            return slot;
        }
        let cut = active > 0 && packet.ts_ns.saturating_sub(row.ts_start) >= active;
        if cut {
            self.write(slot, End::Active);
        }
        if let Some(row) = self.rows.get_mut(slot) {
            if cut {
                absorb::next_segment(row, packet, from_first);
            }
            let uids = &self.uids;
            let hint = if self.options.parsers && packet.payload_len > 0 && !row.app.is_done() {
                let uid = uids.uid(row.ts_start, row.ordinal, row.inner_index, row.segment);
                parse(
                    &mut row.app,
                    uid,
                    packet,
                    payload,
                    keyed,
                    &mut self.out.records,
                )
            } else {
                Hint::None
            };
            absorb::settle_roles(row, packet, from_first, hint);
            let odd = absorb::add(row, packet, payload, from_first);
            report(odd, row, packet, uids, &mut self.out.records);
        }
        slot
    }

    /// A packet of a tuple that is not in the table.
    fn open(&mut self, packet: &Packet, payload: &[u8], keyed: &Keyed, now: i64) -> u32 {
        if self.rows.live() >= self.options.max_flows {
            self.evict();
        }
        let row = self.begin(packet, payload, keyed, now);
        let slot = self.rows.insert(row);
        self.index.insert(keyed.hash, slot);
        let limits = self.options.timeouts;
        let emergency = self.is_emergency();
        if let Some(row) = self.rows.get_mut(slot) {
            row.timeout_ms = as_ms(timeout(row, &limits, emergency));
            row.due = self.wheel.bucket_for(deadline(row));
            self.wheel.insert(slot, row.due);
        }
        slot
    }

    /// Build the row of a flow's first packet, with that packet counted.
    fn begin(&mut self, packet: &Packet, payload: &[u8], keyed: &Keyed, now: i64) -> Row {
        self.counters.created += 1;
        let mut app = App::default();
        let hint = if self.options.parsers && packet.payload_len > 0 {
            let uid = self
                .uids
                .uid(packet.ts_ns, packet.ordinal, packet.inner_index, 0);
            parse(&mut app, uid, packet, payload, keyed, &mut self.out.records)
        } else {
            Hint::None
        };
        let (first_is_src, basis) = decide(packet, hint);
        let mut row = Row {
            key: keyed.key,
            ordinal: packet.ordinal,
            ts_start: packet.ts_ns,
            ts_max: packet.ts_ns,
            last_seen: now,
            first_off: packet.offset,
            last_off: packet.offset,
            first: Side::new(),
            pair: None,
            ext: self.options.ext.then(|| Box::new(Ext::new(packet, true))),
            app,
            history: History::default(),
            interface: packet.interface,
            segment: 0,
            frag_pkts: 0,
            dup_pkts: 0,
            quality: 0,
            vlan_outer: packet.vlan_outer,
            vlan_inner: packet.vlan_inner,
            timeout_ms: 0,
            due: 0,
            icmp_first: packet
                .has_icmp
                .then_some((packet.icmp_type, packet.icmp_code)),
            icmp_type: -1,
            icmp_code: -1,
            inner_index: packet.inner_index,
            basis,
            alive: true,
            first_is_lo: keyed.from_lo,
            first_is_src,
            synack_first: false,
            past_handshake: false,
            flipped: false,
            has_ports: packet.has_ports,
        };
        first_flags(&mut row, packet, basis);
        if keyed.key.is_one_way_tunnel() && packet.has_tunnel_id {
            row.first.rare.get_or_insert_with(Box::default).tunnel_id = Some(packet.tunnel_id);
        }
        let odd = absorb::add(&mut row, packet, payload, true);
        report(odd, &row, packet, &self.uids, &mut self.out.records);
        row
    }

    /// What every packet leaves behind: its sweep time, clock flag and a nearer deadline.
    #[inline]
    fn settle(&mut self, slot: u32, packet: &Packet, now: i64, stepped: bool) {
        let limits = self.options.timeouts;
        let emergency = self.is_emergency();
        let Some(row) = self.rows.get_mut(slot) else {
            return;
        };
        row.last_seen = now;
        if stepped {
            row.quality |= quality::CLOCK_STEP;
        }
        if emergency {
            row.quality |= quality::EMERGENCY;
        }
        // A time-out that does not shrink cannot bring the deadline nearer: the wheel will find out when the bucket comes up.
        let timeout_ms = as_ms(timeout(row, &limits, emergency));
        let nearer = timeout_ms < row.timeout_ms;
        row.timeout_ms = timeout_ms;
        if nearer {
            let due = self.wheel.bucket_for(deadline(row));
            if self.wheel.comes_before(due, row.due) {
                row.due = due;
                self.wheel.insert(slot, due);
            }
        }
        if let Some((wanted, hits)) = &mut self.watch {
            let segment = self
                .uids
                .uid(row.ts_start, row.ordinal, row.inner_index, row.segment);
            let root = self
                .uids
                .uid(row.root_ts(), row.ordinal, row.inner_index, 0);
            if wanted.contains(&segment) || wanted.contains(&root) {
                hits.push(packet.ordinal);
            }
        }
    }

    pub(super) fn is_emergency(&self) -> bool {
        self.rows.live() * 100 > self.options.max_flows * EMERGENCY_PERCENT
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
            if row.ext.is_some() {
                emit_ext::push(row, &mut self.out.flow_ext, &self.uids);
            }
        }
    }

    /// Count a suppressed duplicate of a live flow; false when the flow is gone.
    pub fn duplicate(&mut self, keyed: &Keyed) -> bool {
        let key = keyed.key;
        let rows = &self.rows;
        let found = self.index.find(keyed.hash, |slot| {
            rows.get(slot).is_some_and(|row| row.key == key)
        });
        let Some(row) = found.and_then(|slot| self.rows.get_mut(slot)) else {
            return false;
        };
        row.dup_pkts = row.dup_pkts.saturating_add(1);
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

fn first_flags(row: &mut Row, packet: &Packet, basis: Basis) {
    if packet.has_tcp {
        let syn = packet.tcp.flags & flag::SYN != 0;
        row.synack_first = syn && basis != Basis::Syn;
        if !syn {
            row.quality |= quality::MIDSTREAM;
        }
    }
    if !row.first_is_src && matches!(row.key.proto, super::life::TCP | super::life::UDP) {
        row.history.push(b'^');
    }
}

fn parse(
    app: &mut App,
    flow_uid: [u8; 16],
    packet: &Packet,
    payload: &[u8],
    keyed: &Keyed,
    out: &mut Records,
) -> Hint {
    let syn = u32::from(packet.has_tcp && packet.tcp.flags & flag::SYN != 0);
    app.on_payload(
        &Context {
            flow_uid,
            ts_ns: packet.ts_ns,
            frame_no: packet.ordinal,
            proto: packet.proto,
            ethertype: packet.ethertype,
            from_lo: keyed.from_lo,
            sender_ip: packet.src,
            receiver_ip: packet.dst,
            sender_port: packet.sport,
            receiver_port: packet.dport,
            sender_mac: packet.has_mac.then_some(packet.src_mac),
            seq: packet.has_tcp.then(|| packet.tcp.seq.wrapping_add(syn)),
            payload,
            payload_len: packet.payload_len,
        },
        out,
    )
}

fn report(odd: Oddities, row: &Row, packet: &Packet, uids: &Uids, out: &mut Records) {
    for (seen, code) in [
        (odd.rst_out_of_window, "rst_out_of_window"),
        (odd.seq_forgery, "seq_forgery"),
    ] {
        if seen {
            out.weird.push(&WeirdRow {
                flow_uid: Some(uids.uid(row.ts_start, row.ordinal, row.inner_index, row.segment)),
                ts: packet.ts_ns,
                code,
                frame_no: i64::try_from(packet.ordinal).unwrap_or(i64::MAX),
                byte_off: None,
            });
        }
    }
}
