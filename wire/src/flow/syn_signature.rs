//! The signature of a TCP stack: how it fills the headers of its SYN or SYN+ACK, in the notation of p0f 3.
//!
//! Source: README of p0f 3 section 5, "TCP signatures": `ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass`. Three things
//! are said otherwise, all so that equal stacks have equal texts: the initial TTL stands without the distance; `ack+` means any
//! acknowledgement number and `opt+` any octet behind the end of options, as the README has it (p0f looks at one bit of the former
//! and passes over the last of the latter); extension headers of IPv6 are counted in `olen`, and not refused.

use super::tcp::flag;
use crate::packet::Packet;
use std::fmt::Write;

/// Options that are remembered; more make the header `bad`. Source: p0f 3, `MAX_TCP_OPT`.
const MAX_OPTIONS: usize = 24;

/// A window is compared with the MSS from this MSS on, bytes. Source: p0f 3, `detect_win_multi`.
const LEAST_MSS: u16 = 100;

/// Octets that a time-stamp option takes from every segment, padding included. Source: RFC 7323 appendix A.
const STAMP: i32 = 12;

/// MTU of Ethernet, which some stacks assume on every interface. Source: RFC 894.
const ETHERNET: i32 = 1500;

/// Smallest IPv4 and TCP headers together, bytes.
const HEADERS_4: i32 = 40;

/// Smallest IPv6 and TCP headers together, bytes.
const HEADERS_6: i32 = 60;

/// Largest window shift that is in use. Source: RFC 7323 section 2.3.
const MAX_SHIFT: u8 = 14;

/// Option kinds. Source: IANA TCP option kind numbers.
const END: u8 = 0;
const NOP: u8 = 1;
const MSS: u8 = 2;
const SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

/// What is peculiar about a header; the order is that of the text.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Quirk {
    DontFragment,
    IdSet,
    IdZero,
    Ecn,
    ReservedBit,
    FlowLabel,
    SeqZero,
    AckUnasked,
    AckZero,
    UrgentUnasked,
    Urgent,
    Push,
    StampZero,
    EchoUnasked,
    Padding,
    Scale,
    Bad,
}

/// Names of the quirks, in their order.
const QUIRKS: [&str; 17] = [
    "df", "id+", "id-", "ecn", "0+", "flow", "seq-", "ack+", "ack-", "uptr+", "urgf+", "pushf+",
    "ts1-", "ts2+", "opt+", "exws", "bad",
];

/// What a SYN shows of the stack that sent it; kept small, because every flow with extended columns has room for two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynSignature {
    quirks: u32,
    /// Bytes of IPv4 options or IPv6 extension headers.
    ip_options: u16,
    /// Bytes of all headers from IP on.
    headers: u16,
    mss: u16,
    window: u16,
    version: u8,
    ttl: u8,
    scale: u8,
    is_answer: bool,
    has_stamp: bool,
    has_payload: bool,
    /// Octets behind the end of options.
    padding: u8,
    /// Options in `layout`.
    options: u8,
    layout: [u8; MAX_OPTIONS],
}

impl SynSignature {
    /// Read the headers of a packet, of which `frame` holds the captured bytes.
    ///
    /// `None` for what is no SYN, for one with FIN or RST (no stack sends it), for fragments and for headers cut off by the snap length.
    #[must_use]
    pub fn read(packet: &Packet, frame: &[u8]) -> Option<Self> {
        let is_syn = packet.tcp.flags & (flag::SYN | flag::FIN | flag::RST) == flag::SYN;
        if !packet.has_tcp || !is_syn || packet.is_fragment || packet.tcp.syn_header == 0 {
            return None;
        }
        let end = packet.payload_start as usize;
        let start = end.checked_sub(usize::from(packet.tcp.syn_header))?;
        let ip = frame.get(packet.net_start as usize..start)?;
        let (header, options) = frame.get(start..end)?.split_first_chunk::<20>()?;
        let fixed = if packet.ip_version == 4 { 20 } else { 40 };
        let mut syn = Self {
            version: packet.ip_version,
            ttl: packet.ttl,
            ip_options: u16::try_from(ip.len().checked_sub(fixed)?).ok()?,
            headers: u16::try_from(ip.len() + header.len() + options.len()).ok()?,
            window: packet.tcp.window,
            is_answer: packet.tcp.flags & flag::ACK != 0,
            has_payload: packet.payload_len > 0,
            ..Self::default()
        };
        syn.note_ip(ip)?;
        syn.note_tcp(header, packet);
        syn.note_options(options);
        Some(syn)
    }

    /// Whether it is a SYN+ACK.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.is_answer
    }

    /// The MSS option; 0 = absent.
    #[must_use]
    pub fn mss(&self) -> u16 {
        self.mss
    }

    fn note(&mut self, quirk: Quirk, is_seen: bool) {
        self.quirks |= u32::from(is_seen) << (quirk as u8);
    }

    fn note_ip(&mut self, ip: &[u8]) -> Option<()> {
        let h = ip.first_chunk::<20>()?;
        if self.version == 4 {
            let has_id = h[4] != 0 || h[5] != 0;
            let is_whole = h[6] & 0x40 != 0;
            self.note(Quirk::DontFragment, is_whole);
            self.note(Quirk::IdSet, is_whole && has_id);
            self.note(Quirk::IdZero, !is_whole && !has_id);
            self.note(Quirk::ReservedBit, h[6] & 0x80 != 0);
            self.note(Quirk::Ecn, h[1] & 0x03 != 0);
        } else {
            self.note(Quirk::FlowLabel, h[1] & 0x0f != 0 || h[2] != 0 || h[3] != 0);
            self.note(Quirk::Ecn, h[1] >> 4 & 0x03 != 0);
        }
        Some(())
    }

    fn note_tcp(&mut self, h: &[u8; 20], packet: &Packet) {
        let tcp = &packet.tcp;
        let has = |bits: u8| tcp.flags & bits != 0;
        // ECE, CWR, and the bit that once was the nonce sum (RFC 3540).
        self.note(Quirk::Ecn, has(0xc0) || h[12] & 0x01 != 0);
        self.note(Quirk::SeqZero, tcp.seq == 0);
        self.note(Quirk::AckUnasked, !has(flag::ACK) && tcp.ack != 0);
        self.note(Quirk::AckZero, has(flag::ACK) && tcp.ack == 0);
        self.note(Quirk::Urgent, has(flag::URG));
        self.note(
            Quirk::UrgentUnasked,
            !has(flag::URG) && (h[18] != 0 || h[19] != 0),
        );
        self.note(Quirk::Push, has(flag::PSH));
    }

    fn note_options(&mut self, mut options: &[u8]) {
        while let [kind, rest @ ..] = options {
            let Some(place) = self.layout.get_mut(usize::from(self.options)) else {
                self.note(Quirk::Bad, true);
                return;
            };
            *place = *kind;
            self.options += 1;
            if *kind == END {
                self.padding = u8::try_from(rest.len()).unwrap_or(u8::MAX);
                self.note(Quirk::Padding, rest.iter().any(|octet| *octet != 0));
                return;
            }
            let Some(after) = self.note_option(*kind, rest) else {
                self.note(Quirk::Bad, true);
                return;
            };
            options = after;
        }
    }

    /// Read one option, whose length and value `rest` begins with; returns what follows it, `None` when it does not fit.
    fn note_option<'a>(&mut self, kind: u8, rest: &'a [u8]) -> Option<&'a [u8]> {
        let stated = usize::from(rest.first().copied().unwrap_or(0));
        let size = match kind {
            NOP => return Some(rest),
            // A known option has its size, whatever it says of itself.
            SACK_PERMITTED => 2,
            SCALE => 3,
            MSS => 4,
            TIMESTAMPS => 10,
            SACK if !(10..=34).contains(&stated) => return None,
            _ if !(2..=40).contains(&stated) => return None,
            _ => stated,
        };
        self.note(Quirk::Bad, stated != size);
        let (option, after) = rest.split_at_checked(size - 1)?;
        match (kind, option) {
            (MSS, [_, high, low]) => self.mss = u16::from_be_bytes([*high, *low]),
            (SCALE, [_, shift]) => {
                self.scale = *shift;
                self.note(Quirk::Scale, *shift > MAX_SHIFT);
            }
            (TIMESTAMPS, [_, own, o, w, n, echo @ ..]) => {
                self.has_stamp = [*own, *o, *w, *n] != [0; 4];
                self.note(Quirk::StampZero, !self.has_stamp);
                let is_echo = echo.iter().any(|octet| *octet != 0);
                self.note(Quirk::EchoUnasked, !self.is_answer && is_echo);
            }
            _ => {}
        }
        Some(after)
    }

    /// The window as a multiple of what the stack may have computed it from: (is it the MTU, factor).
    ///
    /// Source: p0f 3, `detect_win_multi`: the first divisor in this order.
    fn multiple(&self, peer_mss: u16) -> Option<(bool, i32)> {
        if self.window == 0 || self.mss < LEAST_MSS {
            return None;
        }
        let (window, mss) = (i32::from(self.window), i32::from(self.mss));
        let is_6 = self.version == 6;
        let divisors = [
            (true, false, mss),
            (self.has_stamp, false, mss - STAMP),
            (true, false, ETHERNET - HEADERS_4),
            (true, false, ETHERNET - HEADERS_4 - STAMP),
            (is_6, false, ETHERNET - HEADERS_6),
            (is_6, false, ETHERNET - HEADERS_6 - STAMP),
            (true, true, mss + HEADERS_4),
            (true, true, mss + i32::from(self.headers)),
            (is_6, true, mss + HEADERS_6),
            (true, true, ETHERNET),
            (true, false, i32::from(peer_mss)),
            (true, false, i32::from(peer_mss) - STAMP),
        ];
        divisors
            .into_iter()
            .find(|(applies, _, divisor)| *applies && *divisor > 0 && window % divisor == 0)
            .map(|(_, is_mtu, divisor)| (is_mtu, window / divisor))
    }

    /// The signature; `peer_mss` is the MSS of the SYN that a SYN+ACK answers, 0 when unknown.
    #[must_use]
    pub fn text(&self, peer_mss: u16) -> String {
        let mut text = String::with_capacity(72);
        // Writing into a String cannot fail.
        let _ = self.write(peer_mss, &mut text);
        text
    }

    fn write(&self, peer_mss: u16, text: &mut String) -> std::fmt::Result {
        let (version, ttl, olen, mss) =
            (self.version, initial(self.ttl), self.ip_options, self.mss);
        write!(text, "{version}:{ttl}:{olen}:{mss}:")?;
        match self.multiple(peer_mss) {
            Some((true, factor)) => write!(text, "mtu*{factor}")?,
            Some((false, factor)) => write!(text, "mss*{factor}")?,
            None => write!(text, "{}", self.window)?,
        }
        write!(text, ",{}:", self.scale)?;
        let used = self.layout.get(..usize::from(self.options));
        for (at, kind) in used.unwrap_or_default().iter().enumerate() {
            text.push_str(if at > 0 { "," } else { "" });
            match *kind {
                END => write!(text, "eol+{}", self.padding)?,
                NOP => text.push_str("nop"),
                MSS => text.push_str("mss"),
                SCALE => text.push_str("ws"),
                SACK_PERMITTED => text.push_str("sok"),
                SACK => text.push_str("sack"),
                TIMESTAMPS => text.push_str("ts"),
                other => write!(text, "?{other}")?,
            }
        }
        text.push(':');
        let mut comma = "";
        for (at, name) in QUIRKS.iter().enumerate() {
            if self.quirks >> at & 1 != 0 {
                text.push_str(comma);
                text.push_str(name);
                comma = ",";
            }
        }
        text.push_str(if self.has_payload { ":+" } else { ":0" });
        Ok(())
    }
}

/// The TTL a packet probably started with. Source: README of p0f 3 section 5, `ittl`.
fn initial(ttl: u8) -> u8 {
    match ttl {
        0..=32 => 32,
        33..=64 => 64,
        65..=128 => 128,
        _ => 255,
    }
}

#[cfg(test)]
mod tests {
    use super::SynSignature;
    use crate::decode::Decoder;
    use crate::packet::{Frame, LinkType, Packet};

    /// An IPv4 packet with a SYN: TTL, id with DF or not, flags, window, options.
    fn packet(ttl: u8, id: u16, has_df: bool, flags: u8, window: u16, options: &[u8]) -> Vec<u8> {
        let length = u16::try_from(40 + options.len()).unwrap();
        let mut bytes = vec![0x45, 0];
        bytes.extend(length.to_be_bytes());
        bytes.extend(id.to_be_bytes());
        bytes.extend([if has_df { 0x40 } else { 0 }, 0, ttl, 6, 0, 0]);
        bytes.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 9, 0, 0, 0, 0]);
        bytes.push(u8::try_from((20 + options.len()) / 4 * 16).unwrap());
        bytes.push(flags);
        bytes.extend(window.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(options);
        bytes
    }

    fn read(data: &[u8]) -> Option<SynSignature> {
        let mut packet = Packet::default();
        let frame = Frame {
            ts_ns: 0,
            offset: 0,
            ordinal: 0,
            wire_len: u32::try_from(data.len()).unwrap(),
            interface: 0,
            link: LinkType::RawIp,
            vlan: None,
            data,
        };
        Decoder::new().decode(&frame, &mut packet).ok()?;
        SynSignature::read(&packet, data)
    }

    const LINUX: [u8; 20] = [
        2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7,
    ];

    /// The SYN of Linux 3.11 and newer as the signature file of p0f 3 has it.
    #[test]
    fn of_linux() {
        let syn = read(&packet(52, 77, true, 2, 29_200, &LINUX)).unwrap();
        let text = "4:64:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0";
        assert_eq!(syn.text(0), text);
        assert!(!syn.is_answer());
    }

    /// A window is a multiple of the peer's MSS only when nothing of one's own divides it.
    #[test]
    fn window_of_the_peer() {
        let answer = read(&packet(64, 0, true, 0x12, 4137, &[2, 4, 5, 0xb4])).unwrap();
        assert!(answer.is_answer());
        assert_eq!(answer.text(0), "4:64:0:1460:4137,0:mss:df,ack-:0");
        assert_eq!(answer.text(1379), "4:64:0:1460:mss*3,0:mss:df,ack-:0");
        assert_eq!(answer.text(12), "4:64:0:1460:4137,0:mss:df,ack-:0");
    }

    /// A header cut anywhere has no signature; neither have SYN with FIN or RST, nor anything but SYN.
    #[test]
    fn of_others_none() {
        let whole = packet(64, 1, true, 2, 29_200, &LINUX);
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]).map(|syn| syn.text(0)), None, "{end}");
        }
        for flags in [0x03, 0x06, 0x10, 0x00, 0x11] {
            assert!(read(&packet(64, 1, true, flags, 1024, &[])).is_none());
        }
    }

    /// All bytes as options: bounded, and in the layout that was seen.
    #[test]
    fn of_any_options() {
        for kind in 0..=255_u8 {
            for length in 0..=42_u8 {
                let mut options = vec![1_u8; 40];
                (options[3], options[4]) = (kind, length);
                let syn = read(&packet(64, 1, true, 2, 0, &options)).unwrap();
                assert!(syn.text(0).len() < 200, "{}", syn.text(0));
            }
        }
        let many = read(&packet(64, 1, true, 2, 0, &[1; 40])).unwrap().text(0);
        assert_eq!(many.matches("nop").count(), 24);
        assert!(many.ends_with("df,id+,bad:0"), "{many}");
    }
}
