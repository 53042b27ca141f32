//! Whole captures into the reader and into the meter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;

use crate::flow::limits::{Options, SECOND};
use crate::meter::{Mode, Runner};
use crate::source::{FrameRef, Source};

/// A file of its own for one input, removed when dropped: the reader takes files only.
struct Scratch(PathBuf);

impl Scratch {
    fn new(input: &[u8]) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("taishi-fuzz-{}-{number}.pcap", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, input).expect("the temporary folder is writable");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind lies in the temporary folder.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Everything a reading gives: descriptors without their place in the buffer, bytes, problem.
type Reading = (Vec<(FrameRef, Vec<u8>)>, Option<String>);

fn read(path: &Path, max: usize) -> Reading {
    let mut source = Source::open(path).expect("the scratch file was just written");
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    while source.next_batch(&mut batch, max) {
        assert!(!batch.is_empty() && batch.len() <= max);
        for r in &batch {
            let frame = source.frame(r);
            assert_eq!(frame.data.len(), r.len);
            assert!(r.wire_len as usize >= r.len);
            assert_eq!(r.ordinal, all.len() as u64);
            assert!(source.link_number(r.interface).is_some());
            all.push((FrameRef { start: 0, ..*r }, frame.data.to_vec()));
        }
        batch.clear();
    }
    assert!(batch.is_empty());
    (all, source.problem().map(str::to_owned))
}

/// Any file is read to an end in bounded memory, and gives the same frames for any batch size.
pub fn source(input: &[u8]) {
    let scratch = Scratch::new(input);
    assert_eq!(read(&scratch.0, 1), read(&scratch.0, 1000));
}

/// Any file is metered to an end: every frame is counted once, every packet lies in one row, and neither the seed of the
/// hash table nor reading twice changes a row. A table of the least size, with duplicates suppressed, keeps the books too.
pub fn meter(input: &[u8]) {
    let scratch = Scratch::new(input);
    let usual = Options {
        ext: true,
        ..Options::default()
    };
    let one = run(&scratch.0, usual, [1, 2]);
    let two = run(&scratch.0, usual, [0x5eed, 77]);
    assert_eq!(one, two);
    let mut tight = Options {
        max_flows: 16,
        vlan_in_key: true,
        dedup: SECOND,
        ..usual
    };
    tight.timeouts.active = SECOND;
    run(&scratch.0, tight, [3, 4]);
}

/// Identifiers of all flow rows, and all counters.
type Outcome = (BTreeSet<Vec<u8>>, BTreeMap<String, u64>);

fn run(path: &Path, options: Options, seed: [u64; 2]) -> Outcome {
    let mut runner = Runner::open(path, &[7; 32], options, Mode::Meter, seed, None)
        .expect("the scratch file was just written");
    let (mut rows, mut packets, mut uids) = (0_u64, 0_i64, BTreeSet::new());
    let mut records: BTreeMap<&'static str, u64> = BTreeMap::new();
    while let Some(batches) = runner.pump().expect("columns agree") {
        for (name, batch) in batches {
            let count = batch.num_rows() as u64;
            *records.entry(name).or_default() += count;
            if name != "flow" {
                continue;
            }
            rows += count;
            for side in ["src_pkts", "dst_pkts"] {
                let column = batch.column_by_name(side).expect("declared");
                packets += column
                    .as_primitive::<Int64Type>()
                    .values()
                    .iter()
                    .sum::<i64>();
            }
            let column = batch.column_by_name("flow_uid").expect("declared");
            uids.extend(
                column
                    .as_fixed_size_binary()
                    .iter()
                    .flatten()
                    .map(<[u8]>::to_vec),
            );
        }
    }
    assert_eq!(uids.len() as u64, rows, "an identifier stands for one row");
    let counters = runner.counters();
    balance(&counters, rows, packets, &records);
    (uids, counters)
}

/// The law of `docs/architecture.md`, Counters, and rows as counted.
fn balance(
    counters: &BTreeMap<String, u64>,
    rows: u64,
    packets: i64,
    records: &BTreeMap<&'static str, u64>,
) {
    let get = |name: &str| counters.get(name).copied().unwrap_or(0);
    let sum = |prefix: &str| -> u64 {
        let of_prefix = counters.iter().filter(|(name, _)| name.starts_with(prefix));
        of_prefix.map(|(_, count)| count).sum()
    };
    let delivered = get("frames.decoded") + get("frames.filtered") + sum("decode_error.");
    assert_eq!(get("frames.delivered"), delivered);
    let decoded = get("flow.packets") + get("flow.dup_suppressed") + sum("non_flow.");
    assert_eq!(get("frames.decoded"), decoded);
    assert_eq!(get("flow.rows"), rows);
    assert_eq!(i64::try_from(get("flow.packets")), Ok(packets));
    for (name, count) in records {
        assert_eq!(get(&format!("record.{name}")), *count);
    }
}
