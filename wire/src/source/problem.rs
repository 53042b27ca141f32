//! Wording of what stopped a reading: where, what was found, what is allowed, what to do.

use std::fmt::Write;

/// What to do about a file that is damaged from some place on.
pub(super) const DAMAGED: &str =
    "the file is damaged from here on: the frames before were read, capture or copy it again";

/// Compose a problem text.
///
/// Args: `offset` in decompressed bytes, `record` the number of the frame that could not be read.
pub(super) fn text(offset: u64, record: u64, found: &str, allowed: &str, advice: &str) -> String {
    format!("offset {offset}, record {record}: {found}; {allowed}; {advice}")
}

/// A length field that no capture tool writes.
pub(super) fn length(
    offset: u64,
    record: u64,
    what: &str,
    found: u32,
    low: u32,
    high: u32,
) -> String {
    text(
        offset,
        record,
        &format!("{what} of {found} bytes"),
        &format!("{low} to {high} are allowed"),
        DAMAGED,
    )
}

/// The file ends where it should not, `left` bytes after the last whole record.
pub(super) fn cut_off(offset: u64, record: u64, left: u64) -> String {
    text(
        offset,
        record,
        &format!("the file ends inside a record or header, {left} bytes of it are there"),
        "a file ends after a whole record",
        "the frames before were read; if it was still being written, wait, else copy it again",
    )
}

/// The file cannot be read on, or its compressed stream (`kind`, empty for none) is broken.
pub(super) fn unreadable(offset: u64, record: u64, kind: &str, failure: &str) -> String {
    let (found, allowed) = if kind.is_empty() {
        (
            format!("the file cannot be read ({failure})"),
            "a readable file".to_owned(),
        )
    } else {
        (
            format!("the {kind} stream breaks off ({failure})"),
            format!("whole {kind} streams, one after the other"),
        )
    };
    let advice = "the frames before were read; copy or compress the file again";
    text(offset, record, &found, &allowed, advice)
}

/// Why a file is no capture that can be read, from its first bytes.
pub(super) fn unknown_format(start: &[u8]) -> String {
    let (found, advice) = match start {
        [] => ("an empty file", "capture again"),
        [b's', b'n', b'o', b'o', b'p', ..] => {
            ("a snoop capture", "convert it: editcap -F pcap IN OUT")
        }
        [b'B', b'Z', b'h', ..] => ("a bzip2 file", "decompress it first: bunzip2 FILE"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => ("an xz file", "decompress it first: unxz FILE"),
        [0x04, 0x22, 0x4d, 0x18, ..] => ("an lz4 file", "decompress it first: unlz4 FILE"),
        [b'P', b'K', 3, 4, ..] => ("a zip archive", "unpack it first: unzip FILE"),
        _ => (
            "an unknown file format",
            "if it is a capture of another kind (ERF, NetMon, …), convert it: editcap -F pcap IN OUT",
        ),
    };
    let magic = start.iter().take(4).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let shown = if magic.is_empty() {
        String::new()
    } else {
        format!(" (first bytes {magic})")
    };
    text(
        0,
        0,
        &format!("{found}{shown}"),
        "pcap and pcapng are read, plain or compressed with gzip or zstd",
        advice,
    )
}
