//! IPv6 extension headers, up to the transport header or a later fragment.

use super::reason;
use super::walk::{Walk, be16};
use crate::packet::Undecoded;

/// Extension headers followed in one packet (range 8 .. 32).
///
/// RFC 8200 section 4.1 recommends each at most once (destination options twice), nine in all; RFC 8504 section 5.3
/// lets a node refuse longer chains. Longer ones are counted as `ipv6_extension`.
pub(super) const MAX_EXTENSIONS: u8 = 16;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;

/// Option types inside hop-by-hop and destination headers. Source: RFC 2675 section 2, RFC 6275 section 6.3.
const OPTION_JUMBO: u8 = 0xc2;
const OPTION_HOME_ADDRESS: u8 = 0xc9;

/// A fragment header.
#[derive(Clone, Copy)]
pub(super) struct FragmentHeader {
    /// Identification.
    pub(super) id: u32,
    /// Header after it: the same in all fragments of a datagram.
    pub(super) next: u8,
    /// Offset is above 0.
    pub(super) later: bool,
    /// Neither offset nor more fragments: a whole packet. Source: RFC 6946.
    pub(super) atomic: bool,
}

impl FragmentHeader {
    /// Source: RFC 8200 section 4.5.
    fn read(h: [u8; 8]) -> Self {
        let word = be16(h[2], h[3]);
        let later = word & 0xfff8 != 0;
        Self {
            id: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
            next: h[0],
            later,
            atomic: !later && word & 1 == 0,
        }
    }
}

/// Where the chain ends.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    /// Protocol after the chain.
    pub(super) proto: u8,
    /// Start of its header.
    pub(super) at: usize,
    /// The fragment header, if there was one.
    pub(super) fragment: Option<FragmentHeader>,
    /// The addresses of the fixed header are not those of the pseudo header.
    pub(super) readdressed: bool,
}

const CUT: Undecoded = Undecoded::Error(reason::IPV6_EXTENSION);

impl Walk<'_> {
    /// Walk the chain that starts at `at` with header `next`; `end` is the end of the packet on the wire.
    ///
    /// Source: RFC 8200 section 4, RFC 4302 section 2.2 (AH counts in 4 octets), RFC 6275, RFC 7401, RFC 5533.
    pub(super) fn extensions(&self, next: u8, at: usize, end: usize) -> Result<Chain, Undecoded> {
        let mut chain = Chain {
            proto: next,
            at,
            fragment: None,
            readdressed: false,
        };
        for _ in 0..=MAX_EXTENSIONS {
            let unit = match chain.proto {
                HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HIP | SHIM6 => 8,
                super::ipv4::PROTO_AH => 4,
                FRAGMENT => 0,
                _ => return Ok(chain),
            };
            let h = self.header::<8>(chain.at).ok_or(CUT)?;
            let size = match unit {
                8 => (usize::from(h[1]) + 1) * 8,
                4 => (usize::from(h[1]) + 2) * 4,
                _ => 8,
            };
            let body = self
                .data
                .get(chain.at..chain.at + size)
                .filter(|_| chain.at + size <= end)
                .ok_or(CUT)?;
            match chain.proto {
                FRAGMENT => chain.fragment = Some(FragmentHeader::read(*h)),
                ROUTING => chain.readdressed |= h[3] != 0,
                DESTINATION => {
                    chain.readdressed |= find_option(body, OPTION_HOME_ADDRESS).is_some();
                }
                _ => {}
            }
            chain.proto = h[0];
            chain.at += size;
            if chain.fragment.is_some_and(|f| f.later) {
                return Ok(chain);
            }
        }
        Err(CUT)
    }

    /// Length that a jumbo option in the hop-by-hop header at `at` gives, bytes. Source: RFC 2675 section 2.
    pub(super) fn jumbo_length(&self, at: usize) -> Option<usize> {
        let h = self.header::<2>(at)?;
        let body = self.data.get(at..at + (usize::from(h[1]) + 1) * 8)?;
        let value = find_option(body, OPTION_JUMBO)?.first_chunk::<4>()?;
        usize::try_from(u32::from_be_bytes(*value)).ok()
    }
}

/// The value of an option in a hop-by-hop or destination header.
fn find_option(header: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut options = header.get(2..)?;
    while let [kind, rest @ ..] = options {
        if *kind == 0 {
            options = rest;
            continue;
        }
        let length = usize::from(*rest.first()?);
        if *kind == wanted {
            return rest.get(1..1 + length);
        }
        options = rest.get(1 + length..)?;
    }
    None
}
