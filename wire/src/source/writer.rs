//! Writing selected frames again: pcap when one link type is enough, else pcapng with one interface per link type.
//!
//! Times are nanoseconds in both. Frames are written whole, with their original wire length.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Source;
use super::limits::MAX_SNAPLEN;
use crate::packet::{Frame, LinkType};

/// Frames asked for at once when a file is searched for its link types.
const SCAN_BATCH: usize = 4096;

/// A capture being written.
pub struct PcapWriter {
    out: BufWriter<File>,
    links: Vec<u32>,
    frames: u64,
}

impl PcapWriter {
    /// Create a file for frames of the given link-type numbers (duplicates do not matter; see [`links_of`]).
    ///
    /// # Errors
    /// When the file cannot be created or written, or `links` is empty or holds a number above 65 535.
    pub fn create(path: &Path, links: &[u32]) -> io::Result<Self> {
        let links: Vec<u32> = links
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if links.is_empty() || links.iter().any(|&link| link > u32::from(u16::MAX)) {
            return Err(invalid(format!(
                "link types {links:?}: one or more numbers from 0 to 65535 are allowed; take them from the source"
            )));
        }
        let mut writer = Self {
            out: BufWriter::with_capacity(1 << 16, File::create(path)?),
            links,
            frames: 0,
        };
        writer.header()?;
        Ok(writer)
    }

    fn header(&mut self) -> io::Result<()> {
        if let [link] = *self.links.as_slice() {
            // Magic of nanosecond files, version 2.4, no time zone, no accuracy.
            let words = [0xa1b2_3c4d, 0x0004_0002, 0, 0, MAX_SNAPLEN, link];
            return self.words(&words);
        }
        // Section header: block type, length, byte order, version 1.0, unknown section length.
        self.words(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28])?;
        for link in self.links.clone() {
            // Interface: option 9 (if_tsresol), one octet 9 (nanoseconds), padding, end of options.
            self.words(&[1, 32, link, MAX_SNAPLEN, 1 << 16 | 9, 9, 0, 32])?;
        }
        Ok(())
    }

    fn words(&mut self, words: &[u32]) -> io::Result<()> {
        for word in words {
            self.out.write_all(&word.to_le_bytes())?;
        }
        Ok(())
    }

    /// Write one frame; `link` is the number of its link type ([`Source::link_number`]).
    ///
    /// A VLAN tag that was moved out of an Ethernet frame is put back. Times outside what the format can say (pcap:
    /// 1970 to 2106) become its nearest end.
    ///
    /// # Errors
    /// When writing fails, or `link` was not given to [`PcapWriter::create`].
    pub fn write(&mut self, frame: &Frame<'_>, link: u32) -> io::Result<()> {
        let Some(interface) = self.links.iter().position(|&known| known == link) else {
            return Err(invalid(format!(
                "frame {}: link type {link}; {:?} are allowed; name all link types when the file is created",
                frame.ordinal, self.links
            )));
        };
        let (head, tag, tail) = split_at_tag(frame);
        let captured = length(frame.data.len() + tag.len())?;
        let original = frame
            .wire_len
            .saturating_add(length(tag.len())?)
            .max(captured);
        let ns = u64::try_from(frame.ts_ns).unwrap_or(0);
        let padding = if self.links.len() == 1 {
            let (seconds, fraction) = (ns / 1_000_000_000, ns % 1_000_000_000);
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            self.words(&[seconds, low(fraction), captured, original])?;
            0
        } else {
            let total = captured.next_multiple_of(4) + 32;
            let interface = length(interface)?;
            self.words(&[
                6,
                total,
                interface,
                low(ns >> 32),
                low(ns),
                captured,
                original,
            ])?;
            total - 32 - captured
        };
        self.out.write_all(head)?;
        self.out.write_all(&tag)?;
        self.out.write_all(tail)?;
        if self.links.len() > 1 {
            self.out
                .write_all([0u8; 3].get(..padding as usize).unwrap_or(&[]))?;
            self.words(&[captured.next_multiple_of(4) + 32])?;
        }
        self.frames += 1;
        Ok(())
    }

    /// Flush the file and tell how many frames it holds.
    ///
    /// # Errors
    /// When the last bytes cannot be written.
    pub fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        Ok(self.frames)
    }
}

/// Link-type numbers of the frames of a capture, ascending, found by reading it to its end.
///
/// # Errors
/// When the file cannot be opened.
pub fn links_of(path: &Path) -> io::Result<Vec<u32>> {
    let mut source = Source::open(path)?;
    let mut links = BTreeSet::new();
    let mut batch = Vec::with_capacity(SCAN_BATCH);
    while source.next_batch(&mut batch, SCAN_BATCH) {
        let mut seen = None;
        for frame in &batch {
            if seen != Some(frame.interface) {
                seen = Some(frame.interface);
                links.extend(source.link_number(frame.interface));
            }
        }
        batch.clear();
    }
    Ok(links.into_iter().collect())
}

/// The frame as (before the tag, the tag, after the tag); no tag unless one was moved out of an Ethernet frame.
fn split_at_tag<'a>(frame: &Frame<'a>) -> (&'a [u8], Vec<u8>, &'a [u8]) {
    match (frame.vlan, frame.link, frame.data.split_at_checked(12)) {
        (Some((tpid, tci)), LinkType::Ethernet, Some((addresses, rest))) => {
            let mut tag = tpid.to_be_bytes().to_vec();
            tag.extend(tci.to_be_bytes());
            (addresses, tag, rest)
        }
        _ => (frame.data, Vec::new(), &[]),
    }
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| {
        invalid(format!(
            "{bytes} bytes: a frame holds less than 4 GiB; leave it out"
        ))
    })
}

/// The low 32 bits.
fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
