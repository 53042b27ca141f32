//! From a capture file to batches: reads, decodes, counts, hands over.

use crate::decode::Decoder;
use crate::flow::dedup::Dedup;
use crate::flow::limits::Options;
use crate::flow::table::{BLOCK, Keyed, Table};
use crate::packet::{Packet, Undecoded};
use crate::proto::Secrets;
use crate::source::digest::Algorithm;
use crate::source::{FrameRef, Source};
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// Flow rows per batch and so per Parquet row group: 16 k rows of 110 columns are 10 MB, little enough for the cache of the encoder
const BATCH_ROWS: usize = 16_384;

/// Record rows of one table per batch.
const RECORD_ROWS: usize = 32_768;

/// Frames read per source call.
const FRAMES: usize = 4096;

/// Frames per `pump` at most, so that the caller can show progress.
const PUMP_FRAMES: u64 = 1 << 19;

/// What a meter does with the frames it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Meter them.
    Meter,
    /// Only read them (to measure what reading costs).
    ReadOnly,
}

/// Times and counts of what was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Frames.
    pub frames: u64,
    /// Frames decoded.
    pub decoded: u64,
    /// Earliest time, ns.
    pub first_ts: Option<i64>,
    /// Latest time, ns.
    pub last_ts: Option<i64>,
    /// Frame bytes on the wire.
    pub bytes: u64,
}

/// Meters one capture file.
pub struct Runner {
    source: Source,
    decoder: Decoder,
    table: Table,
    dedup: Option<Dedup>,
    mode: Mode,
    frames: Vec<FrameRef>,
    packets: Vec<Packet>,
    keyed: Vec<Keyed>,
    errors: BTreeMap<&'static str, u64>,
    non_flow: BTreeMap<u16, u64>,
    records: BTreeMap<&'static str, u64>,
    seen: Seen,
    at_end: bool,
    finish_from: u32,
    done: bool,
}

impl Runner {
    /// Open a capture.
    ///
    /// # Errors
    /// When the file cannot be opened or read.
    pub fn open(
        path: &Path,
        source_id: &[u8; 32],
        options: Options,
        mode: Mode,
        seed: [u64; 2],
        digest: Option<Algorithm>,
    ) -> std::io::Result<Self> {
        let mut table = Table::new(options, source_id, seed);
        if options.wide_floats {
            table.out.flow.widen();
            table.out.flow_ext.widen();
        }
        Ok(Self {
            source: Source::open_digesting(path, digest)?,
            decoder: Decoder::new(),
            table,
            dedup: (options.dedup > 0).then(|| Dedup::new(options.dedup)),
            mode,
            frames: Vec::with_capacity(FRAMES),
            packets: vec![Packet::default(); BLOCK],
            keyed: vec![Keyed::default(); BLOCK],
            errors: BTreeMap::new(),
            non_flow: BTreeMap::new(),
            records: BTreeMap::new(),
            seen: Seen::default(),
            at_end: false,
            finish_from: 0,
            done: false,
        })
    }

    /// Hash the secrets of logins under the key of the site; without this there are no hashes.
    pub fn hash_secrets(&mut self, secrets: Secrets) {
        self.table.out.records.secrets = secrets;
    }

    /// Remember which frames belong to these flows; see [`Self::pump_selected`].
    pub fn watch(&mut self, uids: HashSet<[u8; 16]>) {
        self.table.watch(uids);
    }

    /// Work until a batch is full, the input ends or many frames were read. `None` when all is done.
    ///
    /// # Errors
    /// Only when columns differ in length, a defect.
    pub fn pump(&mut self) -> Result<Option<Vec<(&'static str, RecordBatch)>>, ArrowError> {
        if self.done {
            return Ok(None);
        }
        let stop = self.seen.frames + PUMP_FRAMES;
        while !self.at_end && self.seen.frames < stop && !self.is_full() {
            self.read_some(|_, _| {});
        }
        if self.at_end && !self.is_full() {
            self.done = self.table.finish(&mut self.finish_from, BATCH_ROWS);
        }
        self.hand_over(self.done)
    }

    /// Read on and give every frame whose flow is watched to `each`; false at the end.
    pub fn pump_selected(&mut self, each: impl FnMut(&Source, &FrameRef)) -> bool {
        self.read_some(each);
        // Rows are not wanted here.
        self.table.out = crate::flow::table::Output::default();
        !self.at_end
    }

    fn read_some(&mut self, mut each: impl FnMut(&Source, &FrameRef)) {
        self.frames.clear();
        self.at_end = !self.source.next_batch(&mut self.frames, FRAMES);
        let mut frames = std::mem::take(&mut self.frames);
        for block in frames.chunks(BLOCK) {
            self.note(block);
            if self.mode == Mode::Meter {
                self.block(block);
                for ordinal in self.table.take_watched() {
                    if let Some(frame) = block.iter().find(|frame| frame.ordinal == ordinal) {
                        each(&self.source, frame);
                    }
                }
            }
        }
        frames.clear();
        self.frames = frames;
    }

    fn note(&mut self, block: &[FrameRef]) {
        let Some(frame) = block.first() else {
            return;
        };
        let mut first = self.seen.first_ts.unwrap_or(frame.ts_ns);
        let mut last = self.seen.last_ts.unwrap_or(frame.ts_ns);
        for frame in block {
            self.seen.bytes += u64::from(frame.wire_len);
            first = first.min(frame.ts_ns);
            last = last.max(frame.ts_ns);
        }
        self.seen.frames += block.len() as u64;
        (self.seen.first_ts, self.seen.last_ts) = (Some(first), Some(last));
    }

    /// HOT: decode and key a block, then count it.
    fn block(&mut self, block: &[FrameRef]) {
        let Self {
            source,
            decoder,
            table,
            dedup,
            packets,
            keyed,
            ..
        } = self;
        let mut bytes: [&[u8]; BLOCK] = [&[]; BLOCK];
        let mut again = 0_u32;
        let mut decoded = 0;
        let mut places = packets.iter_mut().zip(keyed.iter_mut()).zip(&mut bytes);
        let mut place = places.next();
        for frame in block {
            let frame = source.frame(frame);
            let Some(((packet, keyed), bytes)) = &mut place else {
                break;
            };
            match decoder.decode(&frame, packet) {
                Ok(()) => {
                    if let Some(dedup) = dedup {
                        again |= u32::from(dedup.is_duplicate(packet, frame.data)) << decoded;
                    }
                    **keyed = table.key(packet);
                    **bytes = frame.data;
                    decoded += 1;
                    place = places.next();
                }
                Err(Undecoded::Error(reason)) => *self.errors.entry(reason).or_default() += 1,
                Err(Undecoded::NonFlow(ethertype)) => {
                    self.seen.decoded += 1;
                    *self.non_flow.entry(ethertype).or_default() += 1;
                }
            }
        }
        self.seen.decoded += decoded as u64;
        let keyed = keyed.get_mut(..decoded).unwrap_or_default();
        table.warm(keyed);
        for (at, ((packet, keyed), bytes)) in packets.iter().zip(keyed).zip(bytes).enumerate() {
            if again >> at & 1 != 0 && table.duplicate(keyed) {
                continue;
            }
            table.update(packet, bytes, keyed);
        }
    }

    fn is_full(&self) -> bool {
        let out = &self.table.out;
        out.flow.len() >= BATCH_ROWS || out.records.is_full(RECORD_ROWS)
    }

    fn hand_over(
        &mut self,
        all: bool,
    ) -> Result<Option<Vec<(&'static str, RecordBatch)>>, ArrowError> {
        let limit = |rows| if all { 1 } else { rows };
        let out = &mut self.table.out;
        let mut batches = Vec::new();
        let mut add = |name, rows: usize, batch| {
            *self.records.entry(name).or_default() += rows as u64;
            batches.push((name, batch));
        };
        if out.flow.len() >= limit(BATCH_ROWS) {
            add("flow", out.flow.len(), out.flow.finish()?);
        }
        if out.flow_ext.len() >= limit(BATCH_ROWS) {
            add("flow_ext", out.flow_ext.len(), out.flow_ext.finish()?);
        }
        for (name, rows, batch) in out.records.take(limit(RECORD_ROWS))? {
            add(name, rows, batch);
        }
        Ok(Some(batches))
    }

    /// Terms of the conservation law (`docs/architecture.md`, counters).
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let table = &self.table.counters;
        let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let fixed = [
            ("frames.delivered", self.seen.frames),
            ("frames.decoded", self.seen.decoded),
            ("frames.filtered", 0),
            ("flow.packets", table.packets),
            ("flow.dup_suppressed", table.duplicates),
            ("flow.table_full", 0),
            ("flow.rows", table.rows),
            ("flow.created", table.created),
            ("flow.live", count(self.table.live())),
            ("flow.evicted", table.evicted),
            (
                "flow.max_lateness_us",
                table.max_lateness.unsigned_abs() / 1000,
            ),
            ("frag.cache_evicted", self.decoder.fragments_evicted()),
            ("mem.flow_table_bytes", count(self.table.bytes())),
            (
                "mem.parser_bytes",
                count(self.table.out.records.memory.used()),
            ),
        ];
        let mut all: BTreeMap<String, u64> =
            fixed.map(|(name, value)| (name.to_owned(), value)).into();
        for (reason, n) in &self.errors {
            all.insert(format!("decode_error.{reason}"), *n);
        }
        for (ethertype, n) in &self.non_flow {
            all.insert(format!("non_flow.0x{ethertype:04x}"), *n);
        }
        for (name, n) in &self.records {
            all.insert(format!("record.{name}"), *n);
        }
        all
    }

    /// What was read so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Digest of the whole file as stored; see [`Source::digest`].
    ///
    /// # Errors
    /// When the file cannot be read to its end.
    pub fn digest(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        self.source.digest()
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }
}
