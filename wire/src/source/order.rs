//! HOT: numbers in the byte order of the machine that wrote the capture.

/// Byte order of a file or section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Least significant octet first.
    #[default]
    Little,
    /// Most significant octet first.
    Big,
}

impl Order {
    /// Sixteen bits.
    #[inline]
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// Thirty-two bits.
    #[inline]
    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The first `N` 32-bit words of a header; `None` when it is shorter.
    #[inline]
    pub(super) fn words<const N: usize>(self, header: &[u8]) -> Option<[u32; N]> {
        let mut words = [0; N];
        for (word, bytes) in words.iter_mut().zip(header.get(..N * 4)?.chunks_exact(4)) {
            *word = self.u32(*bytes.first_chunk::<4>()?);
        }
        Some(words)
    }

    /// Sixty-four bits, signed.
    pub(super) fn i64(self, bytes: [u8; 8]) -> i64 {
        match self {
            Self::Little => i64::from_le_bytes(bytes),
            Self::Big => i64::from_be_bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    /// Both orders read what they should, and no more than is there.
    #[test]
    fn orders() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(
            Order::Little.words(&bytes),
            Some([0x0403_0201, 0x0807_0605])
        );
        assert_eq!(Order::Big.words(&bytes), Some([0x0102_0304, 0x0506_0708]));
        assert_eq!(Order::Big.words::<2>(&bytes[..7]), None);
        assert_eq!(Order::Big.u16([1, 2]), 0x0102);
        assert_eq!(Order::Little.i64([0xff; 8]), -1);
    }
}
