//! Bytes of a capture file, decompressed as a stream.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::MultiGzDecoder;

use super::digest::{self, Algorithm, Running};
use super::limits::ZSTD_WINDOW_LOG;

/// Compressed bytes asked for at once, 128 KiB (zstd recommends at least one block, 128 KiB).
const COMPRESSED_READ: usize = 128 << 10;

/// A file that knows how many of its bytes were consumed, for the progress bar, and their digest when one is wanted.
pub(super) struct Counted {
    file: File,
    count: u64,
    digest: Running,
}

impl Counted {
    /// Nothing was consumed yet.
    pub(super) fn new(file: File, digest: Option<Algorithm>) -> Self {
        Self {
            file,
            count: 0,
            digest: Running::new(digest),
        }
    }

    /// Digest of the bytes consumed so far; `None` when none is wanted.
    pub(super) fn digest(&self) -> Option<Vec<u8>> {
        self.digest.value()
    }
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buf)?;
        self.count += n as u64;
        self.digest.update(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

/// A capture file behind its compression.
pub(super) enum Input {
    /// Not compressed.
    Plain(Counted),
    /// gzip, one or more members.
    Gzip(Box<MultiGzDecoder<BufReader<Counted>>>),
    /// Zstandard, one or more frames.
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Counted>>>),
}

impl Input {
    /// Wrap a file in the decoder its first bytes ask for.
    ///
    /// Source: RFC 1952 section 2.3.1 (gzip), RFC 8878 sections 3.1.1 and 3.1.2 (zstd and skippable frames).
    pub(super) fn new(mut file: File, digest: Option<Algorithm>) -> io::Result<Self> {
        let mut magic = [0u8; 4];
        let mut have = 0;
        while have < 4 {
            match file.read(magic.get_mut(have..).unwrap_or_default())? {
                0 => break,
                n => have += n,
            }
        }
        file.seek(SeekFrom::Start(0))?;
        let counted = Counted::new(file, digest);
        Ok(match magic {
            [0x1f, 0x8b, ..] => Self::Gzip(Box::new(MultiGzDecoder::new(
                BufReader::with_capacity(COMPRESSED_READ, counted),
            ))),
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                let buffered = BufReader::with_capacity(COMPRESSED_READ, counted);
                let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Self::Zstd(Box::new(decoder))
            }
            _ => Self::Plain(counted),
        })
    }

    /// Bytes of the file consumed so far.
    pub(super) fn consumed(&self) -> u64 {
        match self {
            Self::Plain(counted) => counted.count,
            Self::Gzip(decoder) => decoder.get_ref().get_ref().count,
            Self::Zstd(decoder) => decoder.get_ref().get_ref().count,
        }
    }

    /// Digest of the whole file as stored; reads what the decoder left. `None` when none is wanted.
    pub(super) fn digest(&mut self) -> io::Result<Option<Vec<u8>>> {
        let counted = match self {
            Self::Plain(counted) => counted,
            Self::Gzip(decoder) => decoder.get_mut().get_mut(),
            Self::Zstd(decoder) => decoder.get_mut().get_mut(),
        };
        if matches!(counted.digest, Running::Off) {
            return Ok(None);
        }
        digest::drain(counted)?;
        Ok(counted.digest())
    }

    /// What the compression is called in messages; empty when there is none.
    pub(super) fn compression(&self) -> &'static str {
        match self {
            Self::Plain(_) => "",
            Self::Gzip(_) => "gzip",
            Self::Zstd(_) => "zstd",
        }
    }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(counted) => counted.read(buf),
            Self::Gzip(decoder) => decoder.read(buf),
            Self::Zstd(decoder) => decoder.read(buf),
        }
    }
}
