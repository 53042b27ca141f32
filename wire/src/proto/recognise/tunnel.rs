//! Signatures of proxies and virtual private networks.

use super::{Found, Look};
use crate::proto::read::{be16, be32, contains_word, le32, octet};
use crate::proto::service::Service;

/// SOCKS 4 and 5 (RFC 1928, RFC 1929; SOCKS 4A memo): greeting and choice of method must agree, requests stand alone.
pub(super) fn socks(look: &Look<'_>) -> Option<Found> {
    match octet(look.data, 0)? {
        5 => socks5(look),
        4 => socks4(look),
        // Answer to SOCKS 4: granted or one of three refusals, eight octets.
        0 => (matches!(look.data, [0, 0x5a..=0x5d, ..]) && look.data.len() == 8)
            .then_some(Found::weak(Service::Socks)),
        _ => None,
    }
}

/// A greeting, then the choice of a method that it offered (or of none); a request of version 4, then its answer.
pub(super) fn socks_agrees(earlier: &[u8], later: &[u8]) -> bool {
    match (earlier, later) {
        ([5, _, methods @ ..], [5, method]) => *method == 0xff || methods.contains(method),
        ([4, ..], [0, 0x5a..=0x5d, ..]) => later.len() == 8,
        _ => false,
    }
}

fn socks5(look: &Look<'_>) -> Option<Found> {
    let length = look.data.len();
    if let &[_, count, ref methods @ ..] = look.data
        && count > 0
        && methods.len() == usize::from(count)
        // No authentication, GSSAPI, user name, CHAP to MAF, or private.
        && methods.iter().all(|method| matches!(method, 0..=9 | 0x80..=0xfe))
    {
        let at_port = look.to_port == 1080;
        let found = if at_port {
            Found::sent(Service::Socks, true)
        } else {
            Found::weak(Service::Socks)
        };
        return Some(found);
    }
    if matches!(look.data, [5, 0..=9 | 0xff]) {
        return Some(Found::weak(Service::Socks));
    }
    let &[_, code, 0, kind, ..] = look.data else {
        return None;
    };
    let expected = match kind {
        1 => 10,
        3 => 7 + usize::from(octet(look.data, 4)?),
        4 => 22,
        _ => return None,
    };
    let host = look.data.get(5..length.checked_sub(2)?)?;
    let plain = kind != 3 || host.iter().all(|byte| (0x21..0x7f).contains(byte));
    // Request 1 to 3; replies 0 to 8, of which 1 to 3 look alike.
    (expected == length && plain && code <= 8 && length >= 10)
        .then_some(Found::sure(Service::Socks))
}

fn socks4(look: &Look<'_>) -> Option<Found> {
    let &[_, 1 | 2, _, _, a, b, c, d, ref rest @ ..] = look.data else {
        return None;
    };
    let mut words = rest.strip_suffix(&[0])?.split(|byte| *byte == 0);
    let is_plain = |word: &[u8]| word.iter().all(|byte| (0x20..0x7f).contains(byte));
    let user = words.next().is_some_and(is_plain);
    // Address 0.0.0.x announces a name (4A).
    if (a, b, c) == (0, 0, 0) && d != 0 {
        let name = words
            .next()
            .is_some_and(|name| !name.is_empty() && is_plain(name));
        return (user && name && words.next().is_none())
            .then_some(Found::sent(Service::Socks, true));
    }
    if !user || words.next().is_some() {
        return None;
    }
    let found = if look.to_port == 1080 {
        Found::sent(Service::Socks, true)
    } else {
        Found::weak(Service::Socks)
    };
    Some(found)
}

/// WireGuard (Donenfeld 2017, 5.4): type, three zero octets, and the size of the type; data need a second message.
pub(super) fn wireguard(look: &Look<'_>) -> Option<Found> {
    let kind = le32(look.data, 0)?;
    match (kind, look.data.len()) {
        // The first MAC of a handshake is always there.
        (1, 148) => {
            (look.data.get(116..132)? != [0; 16]).then_some(Found::sure(Service::Wireguard))
        }
        (2, 92) => (look.data.get(60..76)? != [0; 16]).then_some(Found::sure(Service::Wireguard)),
        // The cookie message holds a random nonce.
        (3, 64) => (look.data.get(8..32)? != [0; 24]).then_some(Found::sure(Service::Wireguard)),
        (4, length @ 32..) if length.is_multiple_of(16) => {
            // A counter of 64 bits that nobody lets run past 2^60.
            let counter_top = octet(look.data, 15)?;
            let found = if look.at_port(51820) {
                Found::sure
            } else {
                Found::weak
            };
            (counter_top == 0 && le32(look.data, 4)? != 0).then_some(found(Service::Wireguard))
        }
        _ => None,
    }
}

/// Two WireGuard data messages of one side: the same receiver, and a counter that moved on by less than a window (RFC 6479).
pub(super) fn wireguard_agrees(earlier: &[u8], later: &[u8], same_side: bool) -> bool {
    let number =
        |data: &[u8], at| Some(u64::from(le32(data, at + 4)?) << 32 | u64::from(le32(data, at)?));
    let steps = match (number(earlier, 8), number(later, 8)) {
        (Some(one), Some(two)) => two.checked_sub(one),
        _ => None,
    };
    same_side
        && earlier.get(4..8) == later.get(4..8)
        && steps.is_some_and(|steps| (1..=8192).contains(&steps))
}

/// Sizes of the MAC in front of OpenVPN control packets, bytes: none, MD5, SHA-1, SHA-256, SHA-384, SHA-512.
const OPENVPN_MACS: [usize; 6] = [0, 16, 20, 32, 48, 64];

/// OpenVPN control channel (openvpn-rfc, "Wire format"): hard resets of both sides with session id, packet ids and
/// acknowledgements where they must stand, under tls-auth, tls-crypt or nothing.
pub(super) fn openvpn(look: &Look<'_>) -> Option<Found> {
    let packet = if look.is_stream {
        let length = usize::from(be16(look.data, 0)?);
        let packet = look.data.get(2..)?;
        if length != packet.len() {
            return None;
        }
        packet
    } else {
        look.data
    };
    // Operation in the upper five bits, key 0.
    let from_client = match octet(packet, 0)? {
        0x08 | 0x38 | 0x50 => true,
        0x10 | 0x40 => false,
        _ => return None,
    };
    let session = packet.get(1..9)?;
    let plain = OPENVPN_MACS
        .iter()
        .any(|mac| is_openvpn_reset(packet, *mac, from_client));
    // tls-crypt: packet id 1 (or 0x0f000001 of version 3 resets), time, MAC of 32 octets, ciphertext.
    let crypt = matches!(be32(packet, 9)?, 1 | 0x0f00_0001)
        && be32(packet, 13)? > 0x4000_0000
        && match octet(packet, 0)? {
            0x38 => packet.len() == 54,
            0x40 => packet.len() == 66,
            0x50 => {
                packet.len() >= 54
                    && packet.ends_with(&be16(packet, packet.len() - 2)?.to_be_bytes())
            }
            _ => false,
        };
    (session != [0; 8] && (plain || crypt)).then_some(Found::sent(Service::Openvpn, from_client))
}

/// A hard reset with a MAC of that size: acknowledgements none or one, message packet id 0.
fn is_openvpn_reset(packet: &[u8], mac: usize, from_client: bool) -> bool {
    // Under tls-auth a replay id, 1 in a reset, and a time follow the MAC.
    let replay = if mac == 0 { 0 } else { 8 };
    let at = 9 + mac + replay;
    if mac != 0 && be32(packet, 9 + mac) != Some(1) {
        return false;
    }
    match (from_client, octet(packet, at)) {
        (_, Some(0)) => packet.len() == at + 5 && be32(packet, at + 1) == Some(0),
        (false, Some(1)) => {
            packet.len() == at + 17
                && be32(packet, at + 1) == Some(0)
                && be32(packet, at + 13) == Some(0)
        }
        _ => false,
    }
}

/// IKEv1 and IKEv2 (RFC 2408 3.1, RFC 7296 3.1), at port 4500 behind the non-ESP marker (RFC 3948 2.2): version, a known
/// exchange, and a length that fills the datagram.
pub(super) fn isakmp(look: &Look<'_>) -> Option<Found> {
    let marked = look.at_port(4500) && look.data.starts_with(&[0; 4]);
    let header = look.data.get(if marked { 4 } else { 0 }..)?;
    let exchange = octet(header, 18)?;
    let known = match octet(header, 17)? {
        0x10 => matches!(exchange, 1..=6 | 32 | 33 | 0xf3),
        0x20 => matches!(exchange, 34..=44 | 240..=255),
        _ => false,
    };
    let exact = be32(header, 24)? as usize == header.len();
    (known && exact && header.get(..8)? != [0; 8]).then_some(Found::sure(Service::Isakmp))
}

/// ESP in UDP (RFC 3948 2.1): at port 4500 an SPI outside of the reserved range and a sequence number; a second must agree.
pub(super) fn esp(look: &Look<'_>) -> Option<Found> {
    let sound = look.at_port(4500)
        && be32(look.data, 0)? > 255
        && be32(look.data, 4)? != 0
        && look.data.len() >= 28
        && look.data.len().is_multiple_of(4);
    sound.then_some(Found::weak(Service::IpsecNatT))
}

/// Two ESP packets of one side: the same SPI, a sequence number that moved on by less than a window of 1024.
pub(super) fn esp_agrees(earlier: &[u8], later: &[u8], same_side: bool) -> bool {
    let steps = match (be32(earlier, 4), be32(later, 4)) {
        (Some(one), Some(two)) => two.checked_sub(one),
        _ => None,
    };
    same_side
        && earlier.get(..4) == later.get(..4)
        && steps.is_some_and(|steps| (1..=1024).contains(&steps))
}

/// L2TP control message (RFC 2661 3.1, 4.4.1): type, length and sequence bits, version 2, exact length, and the message type as
/// first attribute; an empty one at port 1701.
pub(super) fn l2tp(look: &Look<'_>) -> Option<Found> {
    if look.data.get(..2)? != [0xc8, 2] || usize::from(be16(look.data, 2)?) != look.data.len() {
        return None;
    }
    let typed = matches!(look.data.get(12..18), Some([0x80, 8, 0, 0, 0, 0]));
    let empty = look.data.len() == 12 && look.at_port(1701);
    (typed || empty).then_some(Found::sure(Service::L2tp))
}

/// Stratum mining (JSON-RPC in lines): the methods of Bitcoin, Ethereum and CryptoNote pools.
pub(super) fn stratum(look: &Look<'_>) -> Option<Found> {
    const ASKS: [&str; 9] = [
        "\"mining.subscribe\"",
        "\"mining.authorize\"",
        "\"mining.configure\"",
        "\"mining.submit\"",
        "\"eth_submitLogin\"",
        "\"eth_submitWork\"",
        "\"eth_getWork\"",
        "\"eth_submitHashrate\"",
        "\"keepalived\"",
    ];
    const TELLS: [&str; 3] = [
        "\"mining.notify\"",
        "\"mining.set_difficulty\"",
        "\"mining.set_target\"",
    ];
    // The search runs only over what begins as a JSON object.
    let head = look.data.get(..look.data.len().min(512))?;
    if !matches!(head, [b'{', b'"' | b' ' | b'\t', ..]) {
        return None;
    }
    let names = |words: &[&str]| {
        words
            .iter()
            .any(|word| contains_word(head, word.as_bytes()))
    };
    // CryptoNote pools: a login that names the program, and jobs that carry a blob.
    let logs_in = contains_word(head, b"\"login\"")
        && contains_word(head, b"\"pass\"")
        && contains_word(head, b"\"agent\"");
    let gives_job = contains_word(head, b"\"job\"") && contains_word(head, b"\"blob\"");
    if names(&ASKS) && contains_word(head, b"\"method\"") || logs_in {
        return Some(Found::sent(Service::Stratum, true));
    }
    (names(&TELLS) || gives_job).then_some(Found::sent(Service::Stratum, false))
}
