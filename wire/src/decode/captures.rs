//! Real captures: every frame of every file decodes or has a reason. Needs a folder in `TAISHI_DATA`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Decoder, REASONS};
use crate::packet::{Frame, Packet, Undecoded};
use crate::source::Source;

fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            captures(&path, found);
        } else if let Some(name) = path.file_name().and_then(|n| n.to_str()) {
            let text = [".json", ".csv", ".out", ".txt", ".snap", ".test"];
            let is_text = text.iter().any(|end| name.contains(end));
            if (name.contains(".pcap") || name.contains(".cap")) && !is_text {
                found.push(path);
            }
        }
    }
}

/// Frame counts of `truth/tshark-files.csv`: file name without commas, then the number of frames.
fn truth(folder: &Path) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(folder.join("truth/tshark-files.csv")).unwrap_or_default();
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let (file, rest) = line.split_once(',')?;
            Some((file.to_owned(), rest.split(',').next()?.parse().ok()?))
        })
        .collect()
}

/// Show every frame of every capture; nothing happens without a folder.
pub(super) fn each_frame(mut show: impl FnMut(&Frame<'_>)) {
    let Some(folder) = data_folder() else {
        return;
    };
    let (mut files, mut batch) = (Vec::new(), Vec::new());
    captures(&folder, &mut files);
    for path in &files {
        let mut source = Source::open(path).unwrap();
        while source.next_batch(&mut batch, 1000) {
            for r in &batch {
                show(&source.frame(r));
            }
            batch.clear();
        }
    }
}

fn data_folder() -> Option<PathBuf> {
    let name = std::env::var("TAISHI_DATA").ok();
    let folder = name.filter(|name| !name.is_empty()).map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: TAISHI_DATA names no folder with captures");
    }
    folder
}

/// No panic, no frame without a counter, no reason outside the list; prints where frame counts differ from tshark.
#[test]
fn every_capture_is_counted() {
    let Some(folder) = data_folder() else {
        return;
    };
    let mut files = Vec::new();
    captures(&folder, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no capture in {}", folder.display());
    let truth = truth(&folder);
    let mut counters: BTreeMap<String, u64> = BTreeMap::new();
    let (mut equal, mut batch, mut packet) = (0, Vec::new(), Packet::default());
    for path in &files {
        let mut source = Source::open(path).unwrap();
        let mut decoder = Decoder::new();
        let mut frames = 0u64;
        while source.next_batch(&mut batch, 1000) {
            for r in &batch {
                assert_eq!(r.ordinal, frames);
                frames += 1;
                let name = match decoder.decode(&source.frame(r), &mut packet) {
                    Ok(()) => "decoded".to_owned(),
                    Err(Undecoded::Error(name)) => {
                        assert!(REASONS.iter().any(|(known, _)| *known == name));
                        format!("decode_error.{name}")
                    }
                    Err(Undecoded::NonFlow(kind)) => format!("non_flow.0x{kind:04x}"),
                };
                *counters.entry(name).or_default() += 1;
            }
            batch.clear();
        }
        let name = path.strip_prefix(&folder).unwrap().to_string_lossy();
        match truth.get(name.as_ref()) {
            Some(&count) if count == frames => equal += 1,
            expected => println!(
                "{name}: {frames} frames, tshark {expected:?}, {}, {:?}",
                source.format(),
                source.problem()
            ),
        }
    }
    println!("{} files, {equal} with tshark's frame count", files.len());
    for (name, count) in counters {
        println!("{count:>9} {name}");
    }
}
