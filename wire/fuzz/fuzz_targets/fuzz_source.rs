//! Any file is read to an end in bounded memory, and gives the same frames for any batch size.

#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use _wire::source::{FrameRef, Source};
use libfuzzer_sys::fuzz_target;

/// One scratch file per process.
fn scratch() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        std::env::temp_dir().join(format!("taishi-fuzz-{}.pcap", std::process::id()))
    })
}

/// Everything a reading gives: descriptors without their place in the buffer, bytes, problem.
fn read(max: usize) -> (Vec<(FrameRef, Vec<u8>)>, Option<String>) {
    let mut source = Source::open(scratch()).expect("the scratch file was just written");
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

fuzz_target!(|input: &[u8]| {
    std::fs::write(scratch(), input).expect("the temporary folder is writable");
    assert_eq!(read(1), read(1000));
});
