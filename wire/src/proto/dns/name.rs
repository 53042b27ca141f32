//! Domain names: decompressed within limits, lower case, escaped; NetBIOS names decoded.
//!
//! Source: RFC 1035 3.1 and 4.1.4 (labels, compression), 2.3.4 (63 octets a label, 255 a name); RFC 1001 14.1 (half-ASCII).

use crate::proto::escape::escape;

/// Octets of a name with its dots: 255 on the wire hold at most 253 of them (RFC 1035 2.3.4).
const MAX_NAME: usize = 255;
/// Pointers followed for one name: each sensible one comes after a label, and a name has at most 127 of those.
const MAX_POINTERS: usize = 127;
/// Octets of an encoded NetBIOS name (RFC 1001 14.1): two letters for each of 16.
const NETBIOS: usize = 32;

/// A name being read: its labels, joined by dots.
pub(super) struct Name {
    bytes: [u8; MAX_NAME],
    length: usize,
}

impl Default for Name {
    fn default() -> Self {
        Self {
            bytes: [0; MAX_NAME],
            length: 0,
        }
    }
}

impl Name {
    /// Read the name at `at`; returns where it ends there. Pointers may lead only to before where the labels they follow
    /// began, so that there is no loop.
    pub(super) fn read(&mut self, data: &[u8], mut at: usize) -> Option<usize> {
        self.length = 0;
        let mut run = at;
        let mut end = None;
        let mut pointers = 0;
        loop {
            let length = *data.get(at)?;
            match length {
                0 => return Some(end.unwrap_or(at + 1)),
                1..=63 => {
                    let label = data.get(at + 1..at + 1 + usize::from(length))?;
                    self.push(label)?;
                    at += 1 + label.len();
                }
                0xc0.. => {
                    let target = usize::from(length & 0x3f) << 8 | usize::from(*data.get(at + 1)?);
                    pointers += 1;
                    if target >= run || pointers > MAX_POINTERS {
                        return None;
                    }
                    end.get_or_insert(at + 2);
                    run = target;
                    at = target;
                }
                _ => return None,
            }
        }
    }

    fn push(&mut self, label: &[u8]) -> Option<()> {
        let dot = usize::from(self.length > 0);
        let room = self
            .bytes
            .get_mut(self.length..self.length + dot + label.len())?;
        let (before, room) = room.split_at_mut(dot);
        before.fill(b'.');
        room.copy_from_slice(label);
        room.make_ascii_lowercase();
        self.length += dot + label.len();
        Some(())
    }

    /// The labels, lower case, joined by dots; empty for the root.
    pub(super) fn raw(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// Append it as text.
    pub(super) fn write(&self, out: &mut String) {
        push_escaped(out, self.raw());
    }

    /// Append it as a NetBIOS name, without its padding and its scope; returns the 16th octet, which says what has the name.
    /// What is not encoded as such a name is appended as it is.
    pub(super) fn write_netbios(&self, out: &mut String) -> Option<u8> {
        let Some(decoded) = self.netbios() else {
            self.write(out);
            return None;
        };
        let (padded, suffix) = decoded.split_at(15);
        push_escaped(out, trimmed(padded));
        suffix.first().copied()
    }

    fn netbios(&self) -> Option<[u8; 16]> {
        let raw = self.raw();
        if !matches!(raw.get(NETBIOS), None | Some(b'.')) {
            return None;
        }
        let mut decoded = [0; 16];
        let pairs = raw.get(..NETBIOS)?.chunks_exact(2);
        for (octet, pair) in decoded.iter_mut().zip(pairs) {
            for letter in pair {
                if !(b'a'..=b'p').contains(letter) {
                    return None;
                }
                *octet = *octet << 4 | (letter - b'a');
            }
        }
        Some(decoded)
    }
}

/// A NetBIOS name without the blanks or zeros that fill it up.
pub(super) fn trimmed(name: &[u8]) -> &[u8] {
    let kept = name.iter().rposition(|octet| !matches!(octet, 0 | b' '));
    name.get(..kept.map_or(0, |at| at + 1)).unwrap_or(name)
}

/// Where the name at `at` ends, without following it.
pub(super) fn past(data: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *data.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

/// Append octets as text that is safe to store and to show; plain ASCII, which nearly all names are, without an allocation.
pub(super) fn push_escaped(out: &mut String, raw: &[u8]) {
    let plain = raw
        .iter()
        .all(|octet| matches!(octet, 0x20..=0x7e) && !matches!(octet, b'"' | b'\'' | b'\\' | b'`'));
    match std::str::from_utf8(raw) {
        Ok(text) if plain => out.push_str(text),
        _ => out.push_str(&escape(raw)),
    }
}
