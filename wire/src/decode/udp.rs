//! HOT: the UDP header.

use super::transport::Datagram;
use super::walk::{Walk, be16};
use crate::packet::{Packet, quality};

impl Walk<'_> {
    /// Read a UDP header. Payload follows the IP length; a length field that contradicts it is flagged.
    ///
    /// Source: RFC 768. A first fragment rightly says more than it holds; 0 is what offload and jumbograms write.
    #[inline]
    pub(super) fn udp(&self, datagram: &Datagram, out: &mut Packet) {
        if !self.transport_fits(datagram, 8, out) {
            return;
        }
        let Some(h) = self.header::<8>(datagram.start) else {
            return;
        };
        let length = usize::from(be16(h[4], h[5]));
        let too_long = length > datagram.end - datagram.start && datagram.fragment.is_none();
        if too_long || (1..8).contains(&length) {
            out.quality |= quality::PARSE_ERROR;
        }
        self.ports(datagram, 8, out);
    }
}
