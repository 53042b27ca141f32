//! Fields and vectors with a length in front, read one after the other (RFC 8446 3.4).

/// What is left to read.
#[derive(Clone, Copy)]
pub(in crate::proto) struct Cursor<'a>(pub(in crate::proto) &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next `count` bytes.
    pub(in crate::proto) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// A number of `width` octets (1 to 4).
    pub(in crate::proto) fn number(&mut self, width: usize) -> Option<usize> {
        let octets = self.take(width)?;
        Some(octets.iter().fold(0, |sum, b| sum << 8 | usize::from(*b)))
    }

    /// One octet.
    pub(in crate::proto) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Two octets.
    pub(in crate::proto) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// A vector whose length takes `width` octets.
    pub(in crate::proto) fn vector(&mut self, width: usize) -> Option<&'a [u8]> {
        let length = self.number(width)?;
        self.take(length)
    }
}

/// The 16-bit numbers of a vector; an odd octet at its end is passed over.
pub(in crate::proto) fn numbers(data: &[u8]) -> impl Iterator<Item = u16> + Clone + '_ {
    data.as_chunks::<2>()
        .0
        .iter()
        .copied()
        .map(u16::from_be_bytes)
}
