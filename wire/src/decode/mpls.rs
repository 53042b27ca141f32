//! MPLS label stacks and what is guessed to lie under them.

use super::walk::{Step, Walk};
use crate::packet::{Packet, Undecoded};

impl Walk<'_> {
    /// Walk the label stack; the first nibble below says what follows.
    ///
    /// Source: RFC 3032 section 2.1; RFC 4928 section 3 and RFC 4385 section 3 (nibble 0 = control word of a
    /// pseudo-wire, then Ethernet).
    pub(super) fn mpls(&mut self, kind: u16, at: usize, limit: usize, out: &mut Packet) -> Step {
        let mut at = at;
        loop {
            self.layer()?;
            let entry = u32::from_be_bytes(*self.link_header::<4>(at)?);
            at += 4;
            if out.mpls_label < 0 && out.ip_version == 0 {
                out.mpls_label = i32::try_from(entry >> 12).unwrap_or(-1);
            }
            if entry & 0x100 != 0 {
                break;
            }
        }
        match self.link_header::<1>(at)?[0] >> 4 {
            4 => self.ipv4(at, limit, out),
            6 => self.ipv6(at, limit, out),
            0 => self.ethernet(at + 4, limit, out),
            _ => Err(Undecoded::NonFlow(kind)),
        }
    }
}
