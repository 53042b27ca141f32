//! HOT: the Internet checksum.
//!
//! Source: RFC 1071 (byte-order independence, section 2B, lets the sum run over native words).

/// A running one's-complement sum over native words.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum(u64);

impl Sum {
    /// Add bytes that start at an even offset of the covered data.
    ///
    /// 32-bit words into 64-bit lanes: no carry can be lost below 2^32 words, and the compiler vectorises the loop.
    #[must_use]
    pub(super) fn add(self, bytes: &[u8]) -> Self {
        let mut sum = self.0;
        let mut blocks = bytes.chunks_exact(32);
        if bytes.len() >= 32 {
            let mut lanes = [0u64; 8];
            for block in &mut blocks {
                for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(4)) {
                    *lane += u64::from(native(word));
                }
            }
            sum += lanes.iter().sum::<u64>();
        }
        let mut words = blocks.remainder().chunks_exact(4);
        for word in &mut words {
            sum += u64::from(native(word));
        }
        let last = match *words.remainder() {
            [a] => [a, 0, 0, 0],
            [a, b] => [a, b, 0, 0],
            [a, b, c] => [a, b, c, 0],
            _ => [0; 4],
        };
        Self(sum + u64::from(u32::from_ne_bytes(last)))
    }

    /// Whether data that contains its own checksum adds up.
    #[must_use]
    pub(super) fn is_valid(self) -> bool {
        let mut sum = self.0;
        while sum >> 16 != 0 {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum == 0xffff
    }
}

/// Four native words of an address.
#[inline]
fn quarters(address: &[u8; 16]) -> [u64; 4] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *address;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]]
        .map(|word| u64::from(u32::from_ne_bytes(word)))
}

#[inline]
fn native(word: &[u8]) -> u32 {
    match *word {
        [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]),
        _ => 0,
    }
}

/// The pseudo header of TCP, UDP and `ICMPv6`.
///
/// Args: addresses as in the packet (IPv4 mapped), `length` of the transport header and data. The mapped prefix
/// `::ffff` adds 0xffff twice, which is zero in one's-complement arithmetic, so both versions share one form.
///
/// Source: RFC 9293 section 3.1, RFC 8200 section 8.1.
#[must_use]
pub(super) fn pseudo_header(src: &[u8; 16], dst: &[u8; 16], proto: u8, length: u32) -> Sum {
    let [a, b, c, d] = quarters(src);
    let [e, f, g, h] = quarters(dst);
    let tail = u64::from(length.to_be()) + u64::from(u32::from_ne_bytes([0, proto, 0, 0]));
    Sum(a + b + c + d + e + f + g + h + tail)
}

/// The checksum of data whose checksum field is zero, for building test frames.
#[cfg(test)]
pub(super) fn compute(sum: Sum) -> u16 {
    let mut value = sum.0;
    while value >> 16 != 0 {
        value = (value & 0xffff) + (value >> 16);
    }
    !u16::from_be(u16::try_from(value).unwrap())
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
