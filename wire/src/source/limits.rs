//! Bounds of reading: nothing in a capture can make the reader allocate or loop beyond these.

/// Largest captured length of one record, bytes (range 65 535 .. 16 Mi).
///
/// A larger length field is corruption, not a frame: it equals the largest snap length that tcpdump and Wireshark
/// write for network link types. Source: libpcap `MAXIMUM_SNAPLEN`, Wireshark `WTAP_MAX_PACKET_SIZE_STANDARD`.
pub const MAX_SNAPLEN: u32 = 262_144;

/// Largest pcapng block that is looked at as a whole, bytes: a full frame, its header and 64 KiB of options.
///
/// An option length is 16 bit wide, and packet options (flags, hash, comment) are short in practice. Larger blocks
/// of other kinds (name resolution, decryption secrets) are skipped as a stream.
pub const MAX_BLOCK: u32 = MAX_SNAPLEN + 65_536 + 64;

/// Interfaces described in one file (range 1 .. 2^20); each costs memory until the end of the reading.
///
/// Real files hold one per network adapter and section; 65 536 is far above any multi-section file seen and
/// bounds a file made only of interface blocks to a few MiB.
pub const MAX_INTERFACES: usize = 65_536;

/// Longest interface name kept, bytes; Linux allows 15 (`IFNAMSIZ`), Windows device names are about 50.
pub const MAX_NAME: usize = 128;

/// Bytes asked for in one read, 256 KiB (range 64 KiB .. 4 MiB): what was copied from the page cache is still in the second-level
/// cache when it is decoded. Mapping the file was measured slower (hot-path.md, "What gave the speed", 9).
pub const READ_SIZE: usize = 1 << 18;

/// Largest zstd window accepted, log2 of bytes: 128 MiB, the most that a standard decoder must accept without being
/// asked. Source: RFC 8878 section 3.1.1.1.2 (a decoder may refuse more), zstd `ZSTD_WINDOWLOG_LIMIT_DEFAULT`.
pub const ZSTD_WINDOW_LOG: u32 = 27;
