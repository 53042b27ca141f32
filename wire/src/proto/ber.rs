//! ASN.1 elements in BER or DER, as protocols of messages use them: one level at a time, without recursion, never past the bytes
//! at hand. Identifiers of one octet and definite lengths only; the protocols read here use no others (RFC 4511 5.1, RFC 4120 5.1).
//!
//! Source: ITU-T X.690 8.1.

use super::read::{ber_length, octet};

/// BOOLEAN.
pub(super) const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
/// ENUMERATED.
pub(super) const ENUMERATED: u8 = 0x0a;
/// SEQUENCE and SEQUENCE OF.
pub(super) const SEQUENCE: u8 = 0x30;

/// Identifier of the constructed context-specific element with that number (0 .. 30): an explicit tag.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | (number & 0x1f)
}

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Identifier octet: class, constructed or not, number.
    pub(super) tag: u8,
    /// Contents, or as much of them as there is.
    pub(super) content: &'a [u8],
    /// Nothing of the contents is missing.
    pub(super) is_whole: bool,
}

/// How far the element at the start of some bytes goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The length field is not at hand yet.
    Unknown,
    /// Identifier of several octets, indefinite length, or one of more than four octets.
    Invalid,
    /// Bytes with identifier and length field.
    Bytes(usize),
}

/// How far the element at the start of `data` goes.
pub(super) fn extent(data: &[u8]) -> Extent {
    let (Some(tag), Some(first)) = (octet(data, 0), octet(data, 1)) else {
        return Extent::Unknown;
    };
    let count = usize::from(first & 0x7f);
    if tag & 0x1f == 0x1f || first >= 0x80 && !(1..=4).contains(&count) {
        return Extent::Invalid;
    }
    match ber_length(data, 1) {
        Some((field, content)) => Extent::Bytes(content.saturating_add(1 + field)),
        None => Extent::Unknown,
    }
}

/// The elements that stand one behind the other in some contents. Ends at the first that cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// Of these contents.
    pub(super) const fn new(content: &'a [u8]) -> Self {
        Self { rest: content }
    }

    /// The next element when it has this tag, else none is taken: an optional field of a sequence.
    pub(super) fn field(&mut self, tag: u8) -> Option<Element<'a>> {
        if octet(self.rest, 0) == Some(tag) {
            self.next()
        } else {
            None
        }
    }

    /// Contents of the next element when it has this tag and is whole.
    pub(super) fn content(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.field(tag)
            .filter(|element| element.is_whole)
            .map(|element| element.content)
    }

    /// Value of the next element when it is a whole INTEGER or ENUMERATED, as `tag` says.
    pub(super) fn number(&mut self, tag: u8) -> Option<i64> {
        self.content(tag).and_then(number)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let read = (|| {
            let tag = octet(self.rest, 0).filter(|tag| tag & 0x1f != 0x1f)?;
            let (field, length) = ber_length(self.rest, 1)?;
            let behind = self.rest.get(1 + field..)?;
            let (content, rest) = behind.split_at(length.min(behind.len()));
            let is_whole = content.len() == length;
            Some((
                Element {
                    tag,
                    content,
                    is_whole,
                },
                rest,
            ))
        })();
        let (element, rest) = read.map_or((None, &[][..]), |(element, rest)| (Some(element), rest));
        self.rest = rest;
        element
    }
}

/// Contents of the innermost of elements that each have the next one as their first, by their tags from outside; as much as there is.
pub(super) fn within<'a>(data: &'a [u8], tags: &[u8]) -> Option<&'a [u8]> {
    tags.iter().try_fold(data, |data, tag| {
        Elements::new(data)
            .field(*tag)
            .map(|element| element.content)
    })
}

/// A two's complement number of 1 to 8 octets (X.690 8.3); longer ones have no use here.
pub(super) fn number(content: &[u8]) -> Option<i64> {
    let first = octet(content, 0)?;
    if content.len() > 8 {
        return None;
    }
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    let value = content
        .iter()
        .fold(sign, |sum: i64, byte| sum << 8 | i64::from(*byte));
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{Elements, Extent, INTEGER, SEQUENCE, extent, number, within};

    /// Elements follow one another; what is cut says so; what cannot be read ends them.
    #[test]
    fn elements() {
        let data = [0x30, 3, 2, 1, 5, 4, 0x81, 2, b'a', b'b', 4, 9, b'c'];
        let mut elements = Elements::new(&data);
        assert_eq!(elements.field(INTEGER), None);
        assert_eq!(elements.content(SEQUENCE), Some(&[2, 1, 5][..]));
        assert_eq!(elements.content(4), Some(&b"ab"[..]));
        let cut = elements.next().unwrap();
        assert_eq!((cut.content, cut.is_whole), (&b"c"[..], false));
        assert_eq!(elements.next(), None);
        for bad in [
            &[0x1f, 1, 0][..],
            &[4, 0x80, 0, 0],
            &[4, 0x85, 0, 0, 0, 0, 1],
            &[4],
            &[4, 0x82, 1],
        ] {
            assert_eq!(Elements::new(bad).count(), 0, "{bad:?}");
        }
        assert_eq!(within(&data, &[SEQUENCE, INTEGER]), Some(&[5][..]));
        assert_eq!(within(&data, &[SEQUENCE, SEQUENCE]), None);
        assert_eq!(Elements::new(&data[2..]).number(INTEGER), Some(5));
    }

    /// Numbers have a sign and at most eight octets.
    #[test]
    fn numbers() {
        assert_eq!(number(&[0xff, 0x79]), Some(-135));
        assert_eq!(number(&[0, 0xff]), Some(255));
        assert_eq!(number(&[0x7f; 8]), Some(0x7f7f_7f7f_7f7f_7f7f));
        assert_eq!((number(&[]), number(&[1; 9])), (None, None));
    }

    /// The extent is known with the length field, wherever the contents end.
    #[test]
    fn extents() {
        assert_eq!(extent(&[0x30]), Extent::Unknown);
        assert_eq!(extent(&[0x30, 0x82, 1]), Extent::Unknown);
        assert_eq!(extent(&[0x30, 0x82, 1, 2]), Extent::Bytes(262));
        assert_eq!(extent(&[0x30, 5]), Extent::Bytes(7));
        for bad in [[0x3f, 5], [0x30, 0x80], [0x30, 0x85]] {
            assert_eq!(extent(&bad), Extent::Invalid);
        }
        assert_eq!(
            extent(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
            Extent::Bytes(0xffff_ffff + 6)
        );
    }
}
