//! Object identifiers as dotted text.
//!
//! Source: ITU-T X.690 8.19; RFC 2578 3.5 (at most 128 parts of 32 bits).

use crate::proto::escape::MAX_TEXT;
use std::fmt::Write;

/// Parts of an identifier at most.
const MAX_PARTS: usize = 128;

/// The identifier in `content`, whole parts up to [`MAX_TEXT`] bytes; `None` when it is none.
pub(super) fn dotted(content: &[u8]) -> Option<String> {
    let mut text = String::new();
    let (mut part, mut is_open) = (0_u64, false);
    let mut parts = 0;
    for octet in content {
        part = part << 7 | u64::from(octet & 0x7f);
        is_open = octet & 0x80 != 0;
        // 32 bits, and of the first part two arcs together (X.690 8.19.4).
        if part > u64::from(u32::MAX) + 80 {
            return None;
        }
        if is_open {
            continue;
        }
        parts += 1;
        let before = text.len();
        if parts == 1 {
            let arc = (part / 40).min(2);
            write!(text, "{arc}.{}", part - 40 * arc).ok()?;
        } else {
            write!(text, ".{part}").ok()?;
        }
        if text.len() > MAX_TEXT || parts > MAX_PARTS {
            text.truncate(before);
            return Some(text);
        }
        part = 0;
    }
    (parts > 0 && !is_open).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::dotted;

    /// First two arcs share a part; long parts have several octets; an open or too large part makes no identifier.
    #[test]
    fn identifiers() {
        assert_eq!(dotted(&[0x2b, 6, 1, 2, 1]).unwrap(), "1.3.6.1.2.1");
        assert_eq!(dotted(&[0x2a, 0x86, 0x48]).unwrap(), "1.2.840");
        assert_eq!(dotted(&[0]).unwrap(), "0.0");
        assert_eq!(dotted(&[0x88, 0x37, 3]).unwrap(), "2.999.3");
        let largest = [0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(dotted(&largest).unwrap(), "1.3.4294967295");
        for bad in [
            &[][..],
            &[0x2b, 0x86],
            &[0x2b, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            assert_eq!(dotted(bad), None, "{bad:?}");
        }
    }

    /// What is too long ends behind a whole part.
    #[test]
    fn long_ones() {
        let text = dotted(&[1; 400]).unwrap();
        assert_eq!(text, format!("0.1{}", ".1".repeat(126)));
        let wide: Vec<u8> = [0x8f, 0xff, 0xff, 0xff, 0x7f].repeat(100);
        let text = dotted(&[&[0x2b][..], &wide].concat()).unwrap();
        assert!(text.len() <= 256 && text.ends_with(".4294967295"), "{text}");
    }
}
