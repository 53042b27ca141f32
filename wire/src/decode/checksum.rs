//! HOT: the Internet checksum.
//!
//! Source: RFC 1071 (byte-order independence, section 2B, lets the sum run over native words).

/// Bytes summed in one round of the wide loop.
const BLOCK: usize = 64;

/// A running one's-complement sum over native words.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum(u64);

impl Sum {
    /// Add bytes that start at an even offset of the covered data.
    ///
    /// Both halves of 64-bit words go into 64-bit lanes: no carry can be lost below 2^32 words, and the compiler
    /// turns the wide loop into vector additions.
    #[inline]
    #[must_use]
    pub(super) fn add(self, bytes: &[u8]) -> Self {
        let (mut sum, mut rest) = (self.0, bytes);
        if bytes.len() >= BLOCK {
            let mut lanes = [0u64; BLOCK / 8];
            let mut blocks = bytes.chunks_exact(BLOCK);
            for block in &mut blocks {
                for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(8)) {
                    *lane += halves(word);
                }
            }
            sum += lanes.iter().sum::<u64>();
            rest = blocks.remainder();
        }
        while let Some((word, more)) = rest.split_first_chunk::<8>() {
            sum += halves(word);
            rest = more;
        }
        if let Some((&[a, b, c, d], more)) = rest.split_first_chunk::<4>() {
            sum += u64::from(u32::from_ne_bytes([a, b, c, d]));
            rest = more;
        }
        // The missing octets of the last word count as zero.
        let last = match *rest {
            [a] => [a, 0, 0, 0],
            [a, b] => [a, b, 0, 0],
            [a, b, c] => [a, b, c, 0],
            _ => [0; 4],
        };
        Self(sum + u64::from(u32::from_ne_bytes(last)))
    }

    /// Add a fixed number of 64-bit words.
    #[inline]
    fn add_words<const N: usize>(self, words: [u64; N]) -> Self {
        Self(
            words
                .iter()
                .fold(self.0, |sum, w| sum + (w & LOW) + (w >> 32)),
        )
    }

    /// Whether data that contains its own checksum adds up.
    #[must_use]
    pub(super) fn is_valid(self) -> bool {
        self.fold() == 0xffff
    }

    /// The sum in 16 bits, with end-around carries; a fixed number of steps, because a loop would be mispredicted.
    #[inline]
    fn fold(self) -> u64 {
        let sum = (self.0 & LOW) + (self.0 >> 32);
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = (sum & 0xffff) + (sum >> 16);
        (sum & 0xffff) + (sum >> 16)
    }
}

const LOW: u64 = 0xffff_ffff;

/// The two 32-bit halves of eight bytes, added.
#[inline]
fn halves(word: &[u8]) -> u64 {
    let word = word
        .first_chunk()
        .map_or(0, |word| u64::from_ne_bytes(*word));
    (word & LOW) + (word >> 32)
}

/// The pseudo header of TCP, UDP and `ICMPv6`.
///
/// Args: addresses as in the packet (IPv4 mapped), `length` of the transport header and data. The mapped prefix
/// `::ffff` adds 0xffff twice, which is zero in one's-complement arithmetic, so both versions share one form.
///
/// Source: RFC 9293 section 3.1, RFC 8200 section 8.1.
#[inline]
#[must_use]
pub(super) fn pseudo_header(src: &[u8; 16], dst: &[u8; 16], proto: u8, length: u32) -> Sum {
    let [a, b, c, d] = length.to_be_bytes();
    let last = u64::from_ne_bytes([a, b, c, d, 0, 0, 0, proto]);
    Sum::default()
        .add_words(split(src))
        .add_words(split(dst))
        .add_words([last])
}

/// The two halves of an address.
#[inline]
fn split(address: &[u8; 16]) -> [u64; 2] {
    [address.first_chunk(), address.last_chunk()]
        .map(|half| half.map_or(0, |half| u64::from_ne_bytes(*half)))
}

/// The checksum of data whose checksum field is zero, for building test frames.
#[cfg(test)]
pub(super) fn compute(sum: Sum) -> u16 {
    !u16::from_be(u16::try_from(sum.fold()).unwrap())
}

#[cfg(test)]
mod tests {
    use super::{Sum, compute};

    fn naive(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap()
    }

    /// Equal to the definition for every length and for carries everywhere.
    #[test]
    fn equals_definition() {
        for length in 0..200usize {
            let rising: Vec<u8> = (0..length).map(|i| (i * 37).to_le_bytes()[0]).collect();
            for bytes in [rising, vec![0xff; length]] {
                let sum = Sum::default().add(&bytes);
                assert_eq!(compute(sum) % 0xffff, naive(&bytes) % 0xffff, "{length}");
            }
        }
    }

    /// The example of RFC 1071 section 3.
    #[test]
    fn rfc_example() {
        let data = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(compute(Sum::default().add(&data)), !0xddf2);
        let mut whole = data.to_vec();
        whole.extend((!0xddf2u16).to_be_bytes());
        assert!(Sum::default().add(&whole).is_valid());
        whole[0] ^= 1;
        assert!(!Sum::default().add(&whole).is_valid());
    }
}
