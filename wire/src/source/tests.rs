//! Reading: every format, both byte orders, compression, and damage at every byte.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::writer::{PcapWriter, links_of};
use super::{FrameRef, Source};
use crate::packet::{Frame, LinkType};

/// A file in the temporary folder that is removed again.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path =
            std::env::temp_dir().join(format!("taishi-source-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn word(value: u32, big: bool) -> [u8; 4] {
    if big {
        value.to_be_bytes()
    } else {
        value.to_le_bytes()
    }
}

fn half(value: u16, big: bool) -> [u8; 2] {
    if big {
        value.to_be_bytes()
    } else {
        value.to_le_bytes()
    }
}

/// A pcap with records (seconds, fraction, original length, bytes).
fn pcap(magic: u32, big: bool, link: u32, records: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let mut out = word(magic, big).to_vec();
    out.extend(half(2, big));
    out.extend(half(4, big));
    for value in [0, 0, 65_535, link] {
        out.extend(word(value, big));
    }
    for (seconds, fraction, original, bytes) in records {
        let captured = u32::try_from(bytes.len()).unwrap();
        for value in [*seconds, *fraction, captured, *original] {
            out.extend(word(value, big));
        }
        if magic == 0xa1b2_cd34 {
            out.extend([0; 8]);
        }
        out.extend(*bytes);
    }
    out
}

fn block(kind: u32, big: bool, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let total = u32::try_from(padded + 12).unwrap();
    let mut out = word(kind, big).to_vec();
    out.extend(word(total, big));
    out.extend(body);
    out.resize(8 + padded, 0);
    out.extend(word(total, big));
    out
}

fn section(big: bool) -> Vec<u8> {
    let mut body = word(0x1a2b_3c4d, big).to_vec();
    body.extend(half(1, big));
    body.extend(half(0, big));
    body.extend([0xff; 8]);
    block(0x0a0d_0d0a, big, &body)
}

fn interface(big: bool, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = half(link, big).to_vec();
    body.extend([0, 0]);
    body.extend(word(snaplen, big));
    for (code, value) in options {
        body.extend(half(*code, big));
        body.extend(half(u16::try_from(value.len()).unwrap(), big));
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    block(1, big, &body)
}

fn enhanced(big: bool, port: u32, ticks: u64, original: u32, bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let captured = u32::try_from(bytes.len()).unwrap();
    let [high, low] = [ticks >> 32, ticks & 0xffff_ffff].map(|half| u32::try_from(half).unwrap());
    for value in [port, high, low, captured, original] {
        body.extend(word(value, big));
    }
    body.extend(bytes);
    block(6, big, &body)
}

/// All descriptors with their bytes, read in batches of `max`.
fn read(source: &mut Source, max: usize) -> Vec<(FrameRef, Vec<u8>)> {
    let mut all = Vec::new();
    let mut batch = Vec::new();
    while source.next_batch(&mut batch, max) {
        assert!(batch.len() <= max);
        for r in &batch {
            all.push((*r, source.frame(r).data.to_vec()));
        }
        batch.clear();
    }
    assert!(batch.is_empty());
    all
}

fn read_bytes(name: &str, bytes: &[u8]) -> (Source, Vec<(FrameRef, Vec<u8>)>) {
    let file = Scratch::new(name, bytes);
    let mut source = Source::open(&file.0).unwrap();
    let frames = read(&mut source, 3);
    (source, frames)
}

/// Each magic in both byte orders gives the same frames; the FCS bits of the link type are ignored.
#[test]
fn pcap_variants() {
    for (magic, fraction) in [(0xa1b2_c3d4, 5u32), (0xa1b2_3c4d, 5_000), (0xa1b2_cd34, 5)] {
        for big in [false, true] {
            let records: [(u32, u32, u32, &[u8]); 2] =
                [(7, fraction, 60, b"abcd"), (8, 0, 1, b"xyz")];
            let bytes = pcap(magic, big, 0x3000_0001, &records);
            let (source, frames) = read_bytes(&format!("{magic:x}{big}"), &bytes);
            assert_eq!(source.problem(), None);
            assert_eq!(source.format(), "pcap");
            assert_eq!(source.interfaces(), vec![(LinkType::Ethernet, None)]);
            assert_eq!(frames.len(), 2);
            assert_eq!(frames[0].0.ts_ns, 7_000_005_000);
            assert_eq!((frames[0].0.wire_len, frames[1].0.wire_len), (60, 3));
            assert_eq!((frames[0].0.offset, frames[1].0.ordinal), (24, 1));
            assert_eq!(frames[1].1, b"xyz");
            assert_eq!(source.bytes_read(), source.file_bytes());
        }
    }
}

fn pcapng_file(big: bool) -> Vec<u8> {
    let offset = if big {
        100i64.to_be_bytes()
    } else {
        100i64.to_le_bytes()
    };
    let mut bytes = section(big);
    bytes.extend(interface(big, 1, 4, &[(2, b"eth0"), (9, &[9]), (0, &[])]));
    bytes.extend(interface(big, 101, 0, &[(9, &[0x8a]), (14, &offset)]));
    bytes.extend(enhanced(big, 0, 5_000_000_001, 99, b"first"));
    bytes.extend(block(0xbad, big, b"unknown block"));
    bytes.extend(enhanced(big, 1, 3 << 9, 6, b"second"));
    let mut simple = word(77, big).to_vec();
    simple.extend(b"simpXXXX");
    bytes.extend(block(3, big, &simple));
    let mut obsolete = half(1, big).to_vec();
    obsolete.extend(half(0, big));
    for value in [0u32, 1 << 10, 3, 8] {
        obsolete.extend(word(value, big));
    }
    obsolete.extend(b"old");
    bytes.extend(block(2, big, &obsolete));
    bytes
}

/// Blocks of all kinds, resolutions, offsets, and a second section in the other byte order.
#[test]
fn pcapng_blocks_and_sections() {
    for big in [false, true] {
        let mut bytes = pcapng_file(big);
        bytes.extend(section(!big));
        bytes.extend(interface(!big, 113, 0, &[]));
        bytes.extend(enhanced(!big, 0, 1_000_000, 3, b"sll"));
        let (source, frames) = read_bytes(&format!("ng{big}"), &bytes);
        assert_eq!(source.problem(), None);
        assert_eq!(source.format(), "pcapng");
        let got: Vec<_> = frames
            .iter()
            .map(|(r, b)| (r.ts_ns, r.interface, r.wire_len, r.link, b.as_slice()))
            .collect();
        assert_eq!(
            got,
            vec![
                (5_000_000_001, 0, 99, LinkType::Ethernet, &b"first"[..]),
                (101_500_000_000, 1, 6, LinkType::RawIp, b"second"),
                (101_500_000_000, 0, 77, LinkType::Ethernet, b"simp"),
                (101_000_000_000, 1, 8, LinkType::RawIp, b"old"),
                (1_000_000_000, 2, 3, LinkType::LinuxSll, b"sll"),
            ]
        );
        assert_eq!(source.interfaces()[0].1.as_deref(), Some("eth0"));
        assert_eq!(source.link_number(2), Some(113));
    }
}

/// Any cut keeps the whole records before it and says where the file ends; a cut between records is no problem.
#[test]
fn every_truncation() {
    for (name, bytes, whole) in [
        (
            "cutpcap",
            pcap(
                0xa1b2_c3d4,
                false,
                1,
                &[(1, 0, 4, b"abcd"), (2, 0, 4, b"efgh")],
            ),
            vec![24, 44, 64],
        ),
        ("cutng", pcapng_file(false), vec![]),
    ] {
        for cut in 0..=bytes.len() {
            let (source, frames) = read_bytes(name, &bytes[..cut]);
            if name == "cutpcap" {
                assert_eq!(source.problem().is_none(), whole.contains(&cut), "{cut}");
                assert_eq!(frames.len(), cut.saturating_sub(24) / 20);
            } else if cut == bytes.len() {
                assert_eq!((source.problem(), frames.len()), (None, 4));
            }
        }
    }
}

/// Any single damaged byte is survived, in every format.
#[test]
fn every_damaged_byte() {
    let files = [
        pcap(
            0xa1b2_c3d4,
            false,
            1,
            &[(1, 0, 4, b"abcd"), (2, 0, 4, b"efgh")],
        ),
        pcapng_file(true),
    ];
    for bytes in files {
        for at in 0..bytes.len() {
            for value in [0u8, 0x7f, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let (_, frames) = read_bytes("damaged", &damaged);
                assert!(frames.len() <= 5);
            }
        }
    }
}

/// A captured length beyond the bound stops the reading and allocates nothing; the frames before stay.
#[test]
fn gigantic_length() {
    let mut bytes = pcap(0xa1b2_c3d4, false, 1, &[(1, 0, 4, b"abcd")]);
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0]);
    let (source, frames) = read_bytes("giant", &bytes);
    assert_eq!(frames.len(), 1);
    let problem = source.problem().unwrap();
    assert!(
        problem.starts_with("offset 44, record 1: a captured length of 2147483647"),
        "{problem}"
    );
    let mut bytes = pcapng_file(false);
    bytes.extend([6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    let (source, frames) = read_bytes("giantng", &bytes);
    assert_eq!(frames.len(), 4);
    assert!(
        source
            .problem()
            .unwrap()
            .contains("a block of 4294967292 bytes")
    );
}

/// An unknown block larger than the buffer is skipped as a stream.
#[test]
fn large_unknown_block() {
    let mut bytes = section(false);
    bytes.extend(interface(false, 1, 0, &[]));
    bytes.extend(block(0xa, false, &vec![0x55; 5_000_000]));
    bytes.extend(enhanced(false, 0, 1, 2, b"ok"));
    let (source, frames) = read_bytes("largeblock", &bytes);
    assert_eq!((source.problem(), frames.len()), (None, 1));
    let (source, frames) = read_bytes("largecut", &bytes[..4_000_000]);
    assert_eq!(frames.len(), 0);
    assert!(source.problem().unwrap().contains("the file ends"));
}

/// gzip with two members, zstd with two frames and a skippable one: the same frames as plain.
#[test]
fn compression() {
    let mut big = pcap(0xa1b2_3c4d, true, 1, &[]);
    let payload = vec![7u8; 1400];
    for i in 0..3000u32 {
        let record = pcap(0xa1b2_3c4d, true, 1, &[(i, i, 1400, &payload)]);
        big.extend(&record[24..]);
    }
    for bytes in [big, pcapng_file(false)] {
        let (middle, expected) = (bytes.len() / 2, read_bytes("plain", &bytes).1);
        let mut gz = Vec::new();
        let mut zst = vec![0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
        for part in [&bytes[..middle], &bytes[middle..]] {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(part).unwrap();
            gz.extend(encoder.finish().unwrap());
            zst.extend(zstd::stream::encode_all(part, 1).unwrap());
        }
        for (name, data) in [("gz", &gz), ("zst", &zst)] {
            let (source, frames) = read_bytes(name, data);
            assert_eq!(source.problem(), None, "{name}");
            assert_eq!(frames, expected, "{name}");
            assert_eq!(source.bytes_read(), source.file_bytes());
            let (source, frames) = read_bytes(name, &data[..data.len() - 3]);
            assert!(frames.len() <= expected.len());
            assert!(
                source.problem().unwrap().contains("stream breaks off"),
                "{name}"
            );
        }
    }
}

/// Other kinds of files give no frames and a text that says what to do.
#[test]
fn unknown_formats() {
    for (name, bytes, says) in [
        ("none", &b""[..], "an empty file"),
        ("snoop", b"snoop\0\0\0\0\0\0\x02", "a snoop capture"),
        (
            "noise",
            b"\x01\x02\x03\x04 no capture at all",
            "an unknown file format (first bytes 01020304)",
        ),
        ("xz", b"\xfd7zXZ\0", "an xz file"),
        ("badgz", b"\x1f\x8bnot gzip", "gzip stream breaks off"),
        (
            "old",
            b"\xd4\xc3\xb2\xa1\x01\0\0\0................",
            "pcap version 1.0",
        ),
    ] {
        let (source, frames) = read_bytes(name, bytes);
        assert!(frames.is_empty());
        assert!(
            source.problem().unwrap().contains(says),
            "{name}: {:?}",
            source.problem()
        );
    }
    assert!(Source::open(&PathBuf::from("/nonexistent/x.pcap")).is_err());
}

/// A file of interfaces only stops at the bound.
#[test]
fn interface_bound() {
    let mut bytes = section(false);
    for _ in 0..=super::limits::MAX_INTERFACES {
        bytes.extend(interface(false, 1, 0, &[]));
    }
    let (source, _) = read_bytes("manyports", &bytes);
    assert!(
        source
            .problem()
            .unwrap()
            .contains("65536 interfaces are allowed")
    );
}

/// What the writer wrote reads back equal, in both formats; the VLAN tag goes back into the frame.
#[test]
fn writer_round_trip() {
    let frame = |ordinal, link, data| Frame {
        ts_ns: 1_700_000_000_123_456_789,
        offset: 0,
        ordinal,
        wire_len: 1500,
        interface: 0,
        link,
        vlan: None,
        data,
    };
    for links in [vec![1u32, 1], vec![228, 1]] {
        let file = Scratch::new("writer", b"");
        let mut writer = PcapWriter::create(&file.0, &links).unwrap();
        writer
            .write(&frame(0, LinkType::Ethernet, b"0123456789abcdef"), 1)
            .unwrap();
        let mut tagged = frame(1, LinkType::Ethernet, b"0123456789abcdef!");
        tagged.vlan = Some((0x8100, 5));
        writer.write(&tagged, 1).unwrap();
        let raw = frame(2, LinkType::RawIp, b"E");
        assert_eq!(
            writer.write(&raw, 228).is_ok(),
            links.len() > 1 && links[0] == 228
        );
        let count = writer.finish().unwrap();
        let mut source = Source::open(&file.0).unwrap();
        let frames = read(&mut source, 10);
        assert_eq!(source.problem(), None);
        assert_eq!(frames.len() as u64, count);
        assert_eq!(frames[0].0.ts_ns, 1_700_000_000_123_456_789);
        assert_eq!((frames[0].0.wire_len, frames[1].0.wire_len), (1500, 1504));
        assert_eq!(frames[1].1, b"0123456789ab\x81\0\0\x05cdef!");
        if count == 3 {
            assert_eq!(source.link_number(frames[2].0.interface), Some(228));
            assert_eq!(links_of(&file.0).unwrap(), vec![1, 228]);
        }
    }
}
