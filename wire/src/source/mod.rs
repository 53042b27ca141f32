//! HOT: reading captures: pcap and pcapng, plain, gzip or zstd, as batches of descriptors into one buffer.
//!
//! A damaged file is no error: it ends the reading with a [`Source::problem`], and the frames before it stand.

mod clock;
pub mod digest;
mod input;
pub mod limits;
mod linktype;
mod order;
mod packet_block;
mod pcap;
mod pcapng;
mod port;
mod problem;
mod window;
pub mod writer;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::Path;

use crate::packet::{Frame, LinkType};
use digest::Algorithm;
use input::Input;
pub use linktype::link_type;
use pcap::Pcap;
use pcapng::Pcapng;
use window::Window;

/// Where a frame lies in the buffer of its source, and what the capture says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRef {
    /// Capture time, nanoseconds since the epoch.
    pub ts_ns: i64,
    /// Offset of the record or block header in the decompressed stream, bytes.
    pub offset: u64,
    /// Position in the capture, from 0.
    pub ordinal: u64,
    /// Length on the wire, bytes; never below `len`.
    pub wire_len: u32,
    /// Interface, numbered over all sections of the file, from 0.
    pub interface: u32,
    /// Link type of that interface.
    pub link: LinkType,
    /// VLAN tag moved out of the frame; always `None` for files.
    pub vlan: Option<(u16, u16)>,
    /// First byte in [`Source::buffer`].
    pub start: usize,
    /// Captured bytes.
    pub len: usize,
}

/// An interface described in a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    /// Link-type number as in the file.
    pub(crate) number: u32,
    /// Name, when the file gives one.
    pub(crate) name: Option<String>,
}

/// Why a format stopped describing frames.
enum Outcome {
    /// As many as were asked for.
    Full,
    /// The next record needs this many bytes in the window.
    Starved(usize),
    /// The file is damaged here.
    Bad(String),
}

/// What kind of file is being read.
enum Format {
    /// Classic pcap.
    Pcap(Pcap),
    /// pcapng.
    Pcapng(Box<Pcapng>),
    /// Nothing (more) can be read.
    Ended,
}

/// A capture being read from its beginning to its end.
pub struct Source {
    input: Input,
    window: Window,
    format: Format,
    name: &'static str,
    interfaces: Vec<Interface>,
    file_bytes: u64,
    problem: Option<String>,
    /// The stream could not be read to its end.
    failure: Option<String>,
}

impl Source {
    /// Open a capture and read its file header.
    ///
    /// # Errors
    /// When the file cannot be opened or read at all. An unusable content is no error but a [`Source::problem`].
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_digesting(path, None)
    }

    /// [`Self::open`], and make a digest of the file on the way; see [`Self::digest`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_digesting(path: &Path, digest: Option<Algorithm>) -> io::Result<Self> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let mut source = Self {
            input: Input::new(file, digest)?,
            window: Window::new(),
            format: Format::Ended,
            name: "unknown",
            interfaces: Vec::new(),
            file_bytes,
            problem: None,
            failure: None,
        };
        source.identify();
        Ok(source)
    }

    fn identify(&mut self) {
        self.fill(pcap::FILE_HEADER);
        let start = self.window.unread();
        if let Some(pcapng::SECTION_HEADER) = start.first_chunk::<4>() {
            self.name = "pcapng";
            self.format = Format::Pcapng(Box::default());
            return;
        }
        let mut header = [0u8; pcap::FILE_HEADER];
        let have = start.len().min(header.len());
        header
            .iter_mut()
            .zip(start)
            .for_each(|(to, from)| *to = *from);
        match Pcap::new(&header) {
            None => {
                self.problem = Some(match self.failure.take() {
                    Some(failure) => self.unreadable(0, &failure),
                    None => problem::unknown_format(start),
                });
            }
            Some(_) if have < header.len() => {
                self.name = "pcap";
                self.problem = Some(problem::cut_off(0, 0, have as u64));
            }
            Some(Err(text)) => {
                self.name = "pcap";
                self.problem = Some(text);
            }
            Some(Ok((pcap, interface))) => {
                self.name = "pcap";
                self.interfaces.push(interface);
                self.format = Format::Pcap(pcap);
                self.window.consume(pcap::FILE_HEADER as u64);
            }
        }
    }

    /// Make `need` bytes available; false at the end of the stream. A failing stream ends here and is remembered.
    fn fill(&mut self, need: usize) -> bool {
        match self.window.fill(&mut self.input, need) {
            Ok(there) => there,
            Err(error) => {
                self.failure = Some(error.to_string());
                self.window.fill(&mut self.input, need).unwrap_or(false)
            }
        }
    }

    /// Append up to `max` descriptors whose bytes lie in [`Source::buffer`]; they are valid until the next call.
    ///
    /// Returns false at the end of the input, when nothing was appended.
    pub fn next_batch(&mut self, out: &mut Vec<FrameRef>, max: usize) -> bool {
        let before = out.len();
        let limit = before.saturating_add(max.max(1));
        loop {
            let outcome = match &mut self.format {
                Format::Pcap(pcap) => pcap.batch(&mut self.window, out, limit),
                Format::Pcapng(pcapng) => {
                    pcapng.batch(&mut self.window, out, limit, &mut self.interfaces)
                }
                Format::Ended => return false,
            };
            match outcome {
                Outcome::Full => return true,
                Outcome::Starved(_) if out.len() > before => return true,
                Outcome::Starved(need) => {
                    if !self.fill(need) {
                        self.finish();
                        return false;
                    }
                }
                Outcome::Bad(text) => {
                    self.problem = Some(text);
                    self.format = Format::Ended;
                    return out.len() > before;
                }
            }
        }
    }

    /// The stream has ended: anything left over is half a record.
    fn finish(&mut self) {
        let record = match &self.format {
            Format::Pcap(pcap) => pcap.ordinal(),
            Format::Pcapng(pcapng) => pcapng.ordinal(),
            Format::Ended => 0,
        };
        self.format = Format::Ended;
        let left = self.window.unread().len() as u64;
        self.problem = match self.failure.take() {
            Some(failure) => Some(self.unreadable(record, &failure)),
            None if left > 0 || self.window.owed() > 0 => {
                Some(problem::cut_off(self.window.offset(), record, left))
            }
            None => None,
        };
    }

    /// Digest of the whole file as stored, `None` when none was asked for. Ends the reading: what damage or trailing
    /// data kept from being read as frames is read now.
    ///
    /// # Errors
    /// When the file cannot be read to its end: then it has no digest.
    pub fn digest(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.format = Format::Ended;
        self.input.digest()
    }

    fn unreadable(&self, record: u64, failure: &str) -> String {
        let (offset, kind) = (self.window.offset(), self.input.compression());
        problem::unreadable(offset, record, kind, failure)
    }

    /// The buffer that descriptors point into.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        self.window.buffer()
    }

    /// The frame of a descriptor from the last batch.
    #[must_use]
    pub fn frame(&self, r: &FrameRef) -> Frame<'_> {
        Frame {
            ts_ns: r.ts_ns,
            offset: r.offset,
            ordinal: r.ordinal,
            wire_len: r.wire_len,
            interface: r.interface,
            link: r.link,
            vlan: r.vlan,
            data: self
                .window
                .buffer()
                .get(r.start..r.start.saturating_add(r.len))
                .unwrap_or(&[]),
        }
    }

    /// What stopped the reading before its proper end: `where: what; what is allowed; what to do`.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Size of the file, bytes as stored.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Bytes of the file consumed so far, as stored (compressed), for progress.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.input.consumed()
    }

    /// Interfaces described so far: link type and name.
    #[must_use]
    pub fn interfaces(&self) -> Vec<(LinkType, Option<String>)> {
        self.interfaces
            .iter()
            .map(|i| (link_type(i.number), i.name.clone()))
            .collect()
    }

    /// Link-type number of an interface as the file has it, for writing frames again.
    #[must_use]
    pub fn link_number(&self, interface: u32) -> Option<u32> {
        self.interfaces.get(interface as usize).map(|i| i.number)
    }

    /// `pcap`, `pcapng` or `unknown`.
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.name
    }
}
