//! What the parts of the crate hand to each other: a captured frame, and the packet decoded from it.

/// A frame as it lies in a capture; the bytes belong to the source's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Capture time, nanoseconds since the epoch.
    pub ts_ns: i64,
    /// Offset of the record header in the decompressed stream, bytes.
    pub offset: u64,
    /// Position in the capture, from 0.
    pub ordinal: u64,
    /// Length on the wire, bytes; never below `data.len()`.
    pub wire_len: u32,
    /// Interface inside the capture, from 0.
    pub interface: u32,
    /// Link type of that interface.
    pub link: LinkType,
    /// VLAN tag that the kernel moved out of the frame: (tag protocol id, tag control information).
    pub vlan: Option<(u16, u16)>,
    /// Captured bytes.
    pub data: &'a [u8],
}

/// Link types that are decoded (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// `LINKTYPE_ETHERNET` 1.
    Ethernet,
    /// `LINKTYPE_RAW` 101 (and 12, 14), `LINKTYPE_IPV4` 228, `LINKTYPE_IPV6` 229.
    RawIp,
    /// `LINKTYPE_LINUX_SLL` 113.
    LinuxSll,
    /// `LINKTYPE_LINUX_SLL2` 276.
    LinuxSll2,
    /// `LINKTYPE_NULL` 0 and `LINKTYPE_LOOP` 108.
    Null,
    /// `LINKTYPE_PPP` 9, `LINKTYPE_PPP_HDLC` 50, `LINKTYPE_PPP_ETHER` 51.
    Ppp,
    /// `LINKTYPE_C_HDLC` 104.
    CiscoHdlc,
    /// Anything else: the frame is counted as undecodable.
    Other(u32),
}

/// Bits of `quality_flags` that decoding can set (see `store/schema/`, `Quality`).
pub mod quality {
    /// TCP flow picked up without its handshake.
    pub const MIDSTREAM: u16 = 1;
    /// Only one side was heard.
    pub const ONE_SIDED: u16 = 2;
    /// Roles were exchanged after the first packet.
    pub const FLIPPED: u16 = 4;
    /// SPAN duplicates were suppressed.
    pub const DUPLICATES: u16 = 8;
    /// The snap length cut the frame.
    pub const TRUNCATED: u16 = 16;
    /// A checksum was wrong.
    pub const BAD_CHECKSUM: u16 = 32;
    /// A segmentation-offload frame.
    pub const OFFLOAD: u16 = 64;
    /// Evicted because the table was full.
    pub const TABLE_FULL: u16 = 128;
    /// Written under emergency time-outs.
    pub const EMERGENCY: u16 = 256;
    /// The capture clock stepped back by more than a second.
    pub const CLOCK_STEP: u16 = 512;
    /// Sampled capture.
    pub const SAMPLED: u16 = 1024;
    /// A header could not be parsed.
    pub const PARSE_ERROR: u16 = 2048;
    /// More nested tunnels than are followed.
    pub const TUNNEL_DEPTH: u16 = 4096;
}

/// Tunnel kinds, in the order of their codes in [`TunnelPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tunnel {
    /// RFC 2784, RFC 2890, RFC 2637.
    Gre = 1,
    /// ERSPAN types I, II, III.
    Erspan = 2,
    /// RFC 7348.
    Vxlan = 3,
    /// RFC 8926.
    Geneve = 4,
    /// 3GPP TS 29.281.
    Gtpu = 5,
    /// RFC 2003.
    Ipip = 6,
    /// RFC 4213.
    SixInFour = 7,
    /// RFC 4380.
    Teredo = 8,
    /// RFC 2516.
    Pppoe = 9,
    /// RFC 5415.
    Capwap = 10,
    /// RFC 2661.
    L2tp = 11,
}

impl Tunnel {
    /// Name as stored in `tunnel_type`.
    #[must_use]
    pub const fn name(code: u8) -> &'static str {
        match code {
            1 => "gre",
            2 => "erspan",
            3 => "vxlan",
            4 => "geneve",
            5 => "gtpu",
            6 => "ipip",
            7 => "6in4",
            8 => "teredo",
            9 => "pppoe",
            10 => "capwap",
            11 => "l2tp",
            _ => "none",
        }
    }
}

/// Path of tunnels, outermost in the highest used nibble; 0 = no tunnel. Holds eight steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TunnelPath(pub u32);

impl TunnelPath {
    /// One of the tunnels has an id that each receiver chooses for itself, so that the two directions carry different ones
    /// (GTP-U: 3GPP TS 29.281 5.1; L2TP: RFC 2661 3.1).
    #[must_use]
    pub fn has_one_way_id(self) -> bool {
        let one_way = |code| code == Tunnel::Gtpu as u32 || code == Tunnel::L2tp as u32;
        self.0 != 0 && (0..8).any(|step| one_way(self.0 >> (step * 4) & 0x0f))
    }

    /// Append one more tunnel inside the present ones; false when there is no room.
    pub fn push(&mut self, tunnel: Tunnel) -> bool {
        if self.0 >> 28 != 0 {
            return false;
        }
        self.0 = self.0 << 4 | tunnel as u32;
        true
    }
}

/// What the transport header gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp {
    /// Flag octet (CWR … FIN).
    pub flags: u8,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Window, unscaled.
    pub window: u16,
    /// MSS option; 0 = absent.
    pub mss: u16,
    /// Window-scale option; 255 = absent.
    pub wscale: u8,
    /// Bytes of the header of a SYN segment that was captured whole; 0 otherwise.
    pub syn_header: u8,
}

/// Kind of thing a packet is keyed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layer {
    /// IPv4 or IPv6 flow.
    #[default]
    Ip,
    /// Layer-2 flow (ARP, GOOSE, …).
    Link,
}

/// One decoded packet: plain numbers plus the place of the payload in the frame. Reused between frames.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one packet"
)]
pub struct Packet {
    /// Capture time, ns.
    pub ts_ns: i64,
    /// Offset of the record in the capture.
    pub offset: u64,
    /// Position in the capture.
    pub ordinal: u64,
    /// Interface.
    pub interface: u32,
    /// Original frame length.
    pub wire_len: u32,
    /// IP or layer-2 flow.
    pub layer: Layer,
    /// 4, 6, or 0 for layer 2.
    pub ip_version: u8,
    /// IP protocol after extension headers.
    pub proto: u8,
    /// Sender address of the innermost header, IPv4 mapped (`::ffff:a.b.c.d`).
    pub src: [u8; 16],
    /// Receiver address.
    pub dst: [u8; 16],
    /// Sender port (TCP, UDP, SCTP, DCCP), else 0.
    pub sport: u16,
    /// Receiver port.
    pub dport: u16,
    /// Ports are known (transport header read, or taken from the first fragment).
    pub has_ports: bool,
    /// ICMP type and code are known.
    pub has_icmp: bool,
    /// ICMP type.
    pub icmp_type: u8,
    /// ICMP code.
    pub icmp_code: u8,
    /// ICMP identifier of echo-like messages.
    pub icmp_id: u16,
    /// The four octets behind the checksum of an ICMP message.
    pub icmp_rest: [u8; 4],
    /// Ethertype of a layer-2 flow (0 = LLC).
    pub ethertype: u16,
    /// GOOSE or SV APPID.
    pub appid: u16,
    /// Link addresses are known.
    pub has_mac: bool,
    /// Sender link address (of the outermost Ethernet header).
    pub src_mac: [u8; 6],
    /// Receiver link address.
    pub dst_mac: [u8; 6],
    /// Outer VLAN id, -1 = untagged.
    pub vlan_outer: i16,
    /// Inner VLAN id, -1 = none.
    pub vlan_inner: i16,
    /// Top MPLS label, -1 = none.
    pub mpls_label: i32,
    /// Tunnels around the innermost header.
    pub tunnel: TunnelPath,
    /// Id of the innermost tunnel that has one.
    pub tunnel_id: u64,
    /// `tunnel_id` is set.
    pub has_tunnel_id: bool,
    /// Outermost IP addresses when tunnelled (zero otherwise).
    pub tunnel_src: [u8; 16],
    /// Outermost destination.
    pub tunnel_dst: [u8; 16],
    /// Number of IP headers outside the innermost one.
    pub inner_index: u8,
    /// DSCP of the innermost header.
    pub dscp: u8,
    /// TTL or hop limit.
    pub ttl: u8,
    /// The packet is a fragment (any offset).
    pub is_fragment: bool,
    /// A fragment with offset > 0: no transport header of its own.
    pub later_fragment: bool,
    /// IP total length of the innermost header; 0 for layer 2.
    pub ip_len: u32,
    /// Transport payload on the wire, bytes.
    pub payload_len: u32,
    /// Where the innermost IP header (or the layer-2 payload) starts in `Frame::data`.
    pub net_start: u32,
    /// Where the captured payload starts in `Frame::data`.
    pub payload_start: u32,
    /// Captured payload bytes (0 when cut off).
    pub payload_captured: u32,
    /// TCP header; meaningful when `has_tcp`.
    pub tcp: Tcp,
    /// A TCP header was read.
    pub has_tcp: bool,
    /// Bits of [`quality`] this packet adds to its flow.
    pub quality: u16,
}

impl Packet {
    /// Captured payload of this packet inside its frame; empty when cut off.
    #[must_use]
    pub fn payload<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        let start = self.payload_start as usize;
        frame
            .get(start..start + self.payload_captured as usize)
            .unwrap_or(&[])
    }
}

/// Why a frame belongs to no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecoded {
    /// Counted under `decode_error.<name>`.
    Error(&'static str),
    /// Counted under `non_flow.0x….`.
    NonFlow(u16),
}
