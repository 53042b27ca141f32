//! Stepping into a tunnel: the inner packet replaces the outer one only when it can be decoded.

use super::transport::{Datagram, IPIP};
use super::walk::{Step, Walk};
use crate::packet::{Packet, Tcp, Tunnel, Undecoded, quality};

/// How much the tunnel header is to be believed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The IP protocol number names the tunnel: an inner header that fails is a parse error.
    Declared,
    /// Only a UDP port hints at it: an inner header that fails means it was no tunnel.
    Guessed,
}

impl Walk<'_> {
    /// Decode what lies in a tunnel with `inner`; on failure the outer packet stays as it was.
    ///
    /// Returns whether the packet is now the inner one.
    pub(super) fn enter(
        &mut self,
        (tunnel, id): (Tunnel, Option<u64>),
        trust: Trust,
        out: &mut Packet,
        inner: impl FnOnce(&mut Self, &mut Packet) -> Step,
    ) -> bool {
        let mut packet = *out;
        if !packet.tunnel.push(tunnel) {
            out.quality |= quality::TUNNEL_DEPTH;
            return false;
        }
        if packet.inner_index == 0 {
            packet.tunnel_src = packet.src;
            packet.tunnel_dst = packet.dst;
        }
        packet.inner_index += 1;
        if let Some(id) = id {
            packet.tunnel_id = id;
            packet.has_tunnel_id = true;
        }
        packet.has_ports = false;
        packet.sport = 0;
        packet.dport = 0;
        packet.tcp = Tcp {
            wscale: u8::MAX,
            ..Tcp::default()
        };
        self.strict = trust == Trust::Guessed;
        let result = inner(self, &mut packet);
        self.strict = false;
        match result {
            Ok(()) => {
                *out = packet;
                true
            }
            Err(_) if std::mem::take(&mut self.too_deep) => {
                out.quality |= quality::TUNNEL_DEPTH;
                false
            }
            Err(Undecoded::Error(_)) if trust == Trust::Declared => {
                out.quality |= quality::PARSE_ERROR;
                false
            }
            Err(_) => false,
        }
    }

    /// IP in IP: the protocol number names the inner version.
    ///
    /// Source: RFC 2003, RFC 4213 (IPv6 in IPv4), RFC 2473 (both in IPv6).
    pub(super) fn ip_in_ip(&mut self, datagram: &Datagram, out: &mut Packet) -> bool {
        let (at, end) = (datagram.start, datagram.end);
        if datagram.proto == IPIP {
            return self.enter(
                (Tunnel::Ipip, None),
                Trust::Declared,
                out,
                |walk, packet| walk.ipv4(at, end, packet),
            );
        }
        let tunnel = if out.ip_version == 4 {
            Tunnel::SixInFour
        } else {
            Tunnel::Ipip
        };
        self.enter((tunnel, None), Trust::Declared, out, |walk, packet| {
            walk.ipv6(at, end, packet)
        })
    }
}
