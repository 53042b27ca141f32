//! HOT: the digest of a capture file: its bytes as stored (before decompression), taken while they pass by.
//!
//! A pass of its own would read the file twice; bytes that were just read are still in the cache.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use twox_hash::XxHash3_128;

use super::limits::READ_SIZE;

/// Which digest is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256 (FIPS 180-4): nobody can make another file with it, so it stands as evidence.
    Sha256,
    /// XXH3 with 128 bits and seed 0, in the canonical (big-endian) form: tells change, not forgery.
    Xxh3,
}

impl Algorithm {
    /// Names that [`Self::named`] knows.
    pub const NAMES: &'static str = "sha256, xxh3_128";

    /// The algorithm of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "xxh3_128" => Some(Self::Xxh3),
            _ => None,
        }
    }
}

/// A digest that is being made, or none.
pub(super) enum Running {
    /// None is wanted.
    Off,
    /// SHA-256 so far.
    Sha256(Sha256),
    /// XXH3 so far.
    Xxh3(Box<XxHash3_128>),
}

impl Running {
    /// Begin.
    pub(super) fn new(algorithm: Option<Algorithm>) -> Self {
        match algorithm {
            None => Self::Off,
            Some(Algorithm::Sha256) => Self::Sha256(Sha256::new()),
            Some(Algorithm::Xxh3) => Self::Xxh3(Box::new(XxHash3_128::with_seed(0))),
        }
    }

    /// Add the next bytes of the file.
    #[inline]
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Off => {}
            Self::Sha256(sha) => sha.update(bytes),
            Self::Xxh3(xxh) => xxh.write(bytes),
        }
    }

    /// The digest of the bytes so far; `None` when none is wanted.
    pub(super) fn value(&self) -> Option<Vec<u8>> {
        match self {
            Self::Off => None,
            Self::Sha256(sha) => Some(sha.clone().finalize().to_vec()),
            Self::Xxh3(xxh) => Some(xxh.finish_128().to_be_bytes().to_vec()),
        }
    }
}

/// Read to the end, for what reading does on the side.
pub(super) fn drain(input: &mut impl Read) -> io::Result<()> {
    let mut buf = vec![0; READ_SIZE];
    loop {
        match input.read(&mut buf) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The digest of a whole file, read for this alone.
///
/// # Errors
/// When the file cannot be read.
pub fn of_file(path: &Path, algorithm: Algorithm) -> io::Result<Vec<u8>> {
    let mut counted = super::input::Counted::new(File::open(path)?, Some(algorithm));
    drain(&mut counted)?;
    Ok(counted.digest().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, of_file};
    use crate::source::Source;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::fmt::Write as _;
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str, bytes: &[u8]) -> Self {
            let name = format!("taishi-digest-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::write(&path, bytes).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// A little-endian pcap with frames of 1000 bytes.
    fn capture(frames: u32) -> Vec<u8> {
        let mut out = vec![
            0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0,
            0,
        ];
        for number in 0..frames {
            for value in [number, 0, 1000, 1000] {
                out.extend(value.to_le_bytes());
            }
            out.extend((0..1000_u32).map(|i| (i.wrapping_mul(number) >> 3).to_le_bytes()[0]));
        }
        out
    }

    /// Published values: FIPS 180-4 examples; XXH3 test vectors as `xxhsum -H2` prints them.
    #[test]
    fn published_values() {
        let empty = Scratch::new("empty", b"");
        let abc = Scratch::new("abc", b"abc");
        let of = |file: &Scratch, algorithm| hex(&of_file(&file.0, algorithm).unwrap());
        assert_eq!(
            of(&empty, Algorithm::Xxh3),
            "99aa06d3014798d86001c324468d497f"
        );
        assert_eq!(
            of(&abc, Algorithm::Xxh3),
            "06b05ab6733a618578af5f94892f3950"
        );
        assert_eq!(
            of(&abc, Algorithm::Sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    /// Read to the end or stopped early, plain or compressed, the digest is that of the whole file as stored.
    #[test]
    fn covers_the_whole_file() {
        let whole = capture(4000);
        let mut cut = whole.clone();
        cut.truncate(2_000_001);
        let mut damaged = whole.clone();
        damaged[24 + 8 + 3] = 0x7f; // the first length is absurd: reading stops at once
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&whole).unwrap();
        let gzip = packed.finish().unwrap();
        let mut trailing = gzip.clone();
        trailing.extend(vec![0x55; 700_000]);
        let zstd = zstd::encode_all(whole.as_slice(), 1).unwrap();
        let mut broken = zstd.clone();
        let middle = broken.len() / 2;
        broken[middle..middle + 64].fill(0xff);
        let text = vec![b'x'; 3_000_000];
        let files: [(&str, &[u8]); 9] = [
            ("whole", &whole),
            ("cut", &cut),
            ("damaged", &damaged),
            ("gzip", &gzip),
            ("trailing", &trailing),
            ("zstd", &zstd),
            ("broken", &broken),
            ("text", &text),
            ("nothing", &[]),
        ];
        for (name, bytes) in files {
            let file = Scratch::new(name, bytes);
            for algorithm in [Algorithm::Sha256, Algorithm::Xxh3] {
                let mut source = Source::open_digesting(&file.0, Some(algorithm)).unwrap();
                let mut frames = Vec::new();
                while source.next_batch(&mut frames, 100) {
                    frames.clear();
                }
                let found = source.digest().unwrap().unwrap();
                assert_eq!(found, of_file(&file.0, algorithm).unwrap(), "{name}");
                assert_eq!(source.bytes_read(), bytes.len() as u64, "{name}");
                assert_eq!(source.digest().unwrap().unwrap(), found, "asked again");
            }
        }
    }

    /// Without a wish nothing is read beyond what the frames need.
    #[test]
    fn none_unless_asked() {
        let file = Scratch::new("none", &vec![b'x'; 3_000_000]);
        let mut source = Source::open(&file.0).unwrap();
        assert_eq!(source.digest().unwrap(), None);
        assert!(source.bytes_read() < 3_000_000);
    }

    /// Asking in the middle ends the reading: the rest of the file goes into the digest, not into frames.
    #[test]
    fn asking_ends_the_reading() {
        let file = Scratch::new("middle", &capture(4000));
        let mut source = Source::open_digesting(&file.0, Some(Algorithm::Xxh3)).unwrap();
        let mut frames = Vec::new();
        assert!(source.next_batch(&mut frames, 1));
        let found = source.digest().unwrap().unwrap();
        assert_eq!(found, of_file(&file.0, Algorithm::Xxh3).unwrap());
        assert!(!source.next_batch(&mut frames, 1));
    }
}
