//! HOT: the TCP header.

use super::transport::Datagram;
use super::walk::{Walk, be16};
use crate::packet::{Packet, Tcp, quality};

const SYN: u8 = 0x02;

/// Larger window shifts count as this one. Source: RFC 7323 section 2.3.
const MAX_SHIFT: u8 = 14;

impl Walk<'_> {
    /// Read a TCP header. Options are read from SYN segments only, where MSS and window scale are defined.
    ///
    /// Source: RFC 9293 section 3.1, RFC 7323 section 2.2.
    #[inline]
    pub(super) fn tcp(&self, datagram: &Datagram, out: &mut Packet) {
        if !self.transport_fits(datagram, 20, out) {
            return;
        }
        let Some(h) = self.header::<20>(datagram.start) else {
            return;
        };
        let header = usize::from(h[12] >> 4) * 4;
        if header < 20 || datagram.start + header > datagram.end {
            out.quality |= quality::PARSE_ERROR;
            return;
        }
        out.has_tcp = true;
        out.tcp = self.tcp_header(h, datagram.start, datagram.start + header);
        self.ports(datagram, header, out);
    }

    /// The fields of a header that lies from `start` to `end`, its options included.
    #[inline]
    pub(super) fn tcp_header(&self, h: &[u8; 20], start: usize, end: usize) -> Tcp {
        let mut tcp = Tcp {
            flags: h[13],
            seq: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
            ack: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
            window: be16(h[14], h[15]),
            mss: 0,
            wscale: u8::MAX,
            syn_header: 0,
        };
        if h[13] & SYN != 0 {
            let options = self.data.get(start + 20..end.min(self.data.len()));
            read_options(options.unwrap_or(&[]), &mut tcp);
            if end <= self.data.len() {
                tcp.syn_header = u8::try_from(end - start).unwrap_or(0);
            }
        }
        tcp
    }
}

/// Find MSS and window scale; the walk ends at the first option that does not fit.
fn read_options(mut options: &[u8], tcp: &mut Tcp) {
    while let [kind, rest @ ..] = options {
        match (kind, rest) {
            (0, _) => return,
            (1, _) => options = rest,
            (_, [length, value @ ..]) if *length >= 2 => {
                match (kind, length, value) {
                    (2, 4, [high, low, ..]) => tcp.mss = be16(*high, *low),
                    (3, 3, [shift, ..]) => tcp.wscale = (*shift).min(MAX_SHIFT),
                    _ => {}
                }
                options = options.get(usize::from(*length)..).unwrap_or(&[]);
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read_options;
    use crate::packet::Tcp;

    fn read(options: &[u8]) -> (u16, u8) {
        let mut tcp = Tcp {
            wscale: 255,
            ..Tcp::default()
        };
        read_options(options, &mut tcp);
        (tcp.mss, tcp.wscale)
    }

    /// The usual order, padding, and every broken length ends the walk.
    #[test]
    fn options() {
        let usual = [2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 0, 0];
        assert_eq!(read(&usual), (1460, 7));
        assert_eq!(read(&[1, 1, 3, 3, 0]), (0, 0));
        assert_eq!(read(&[3, 3, 200]), (0, 14));
        assert_eq!(read(&[0, 2, 4, 5, 0xb4]), (0, 255));
        assert_eq!(read(&[5, 0, 2, 4, 5, 0xb4]), (0, 255));
        assert_eq!(read(&[2, 1, 2, 4, 5, 0xb4]), (0, 255));
        assert_eq!(read(&[8, 10, 1, 2]), (0, 255));
        assert_eq!(read(&[2, 6, 1, 2, 3, 4, 3, 3, 9]), (0, 9));
        for cut in 0..usual.len() {
            read(&usual[..cut]);
        }
    }
}
