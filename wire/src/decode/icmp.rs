//! ICMP and `ICMPv6`: type, code, and the identifier of echo-like messages.

use super::transport::{Datagram, ICMP};
use super::walk::{Walk, be16};
use crate::packet::Packet;

/// Smallest message of both versions, bytes: every message type has four octets after the checksum.
///
/// Source: RFC 792, RFC 4443 section 3 and 4, RFC 4861 section 4, RFC 2710 section 3.
const HEADER: usize = 8;

impl Walk<'_> {
    /// Read an ICMP header.
    pub(super) fn icmp(&self, datagram: &Datagram, out: &mut Packet) {
        if !self.transport_fits(datagram, HEADER, out) {
            return;
        }
        let Some(h) = self.header::<HEADER>(datagram.start) else {
            return;
        };
        out.has_icmp = true;
        out.icmp_type = h[0];
        out.icmp_code = h[1];
        out.icmp_rest = [h[4], h[5], h[6], h[7]];
        let echo_like = if datagram.proto == ICMP {
            matches!(h[0], 0 | 8 | 13..=18)
        } else {
            matches!(h[0], 128 | 129)
        };
        if echo_like {
            out.icmp_id = be16(h[4], h[5]);
        }
        self.set_payload(datagram.start + HEADER, datagram.end, out);
    }
}
