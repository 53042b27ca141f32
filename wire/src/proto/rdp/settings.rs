//! Settings that client and server exchange in clear when RDP's own protection is used.
//!
//! Source: [MS-RDPBCGR] 2.2.1.3 and 2.2.1.4 (T.125 connect messages that hold T.124 ones that hold blocks of settings);
//! T.124 8.7 by way of 4.1.3 and 4.1.4 there (keys and lengths).

use crate::proto::escape::escape;
use crate::proto::read::{be16, le16, le32, octet};

/// Key before the blocks of a client, and of a server (2.2.1.3, 2.2.1.4).
const CLIENT_KEY: &[u8] = b"Duca";
const SERVER_KEY: &[u8] = b"McDn";
/// Channels that a client may ask for (2.2.1.3.4).
const MAX_CHANNELS: u32 = 31;
/// Size of a channel definition, bytes.
const CHANNEL: usize = 12;

/// What a client says of itself.
#[derive(Default)]
pub(super) struct Client {
    pub(super) name: Option<String>,
    pub(super) build: Option<u32>,
    pub(super) product_id: Option<String>,
    pub(super) keyboard: Option<u32>,
    pub(super) width: Option<u16>,
    pub(super) height: Option<u16>,
    pub(super) depth: Option<u16>,
    /// Channel names one behind the other, and where each ends.
    pub(super) channels: (String, Vec<i32>),
}

/// How a server protects what follows.
#[derive(Clone, Copy, Default)]
pub(super) struct Server {
    pub(super) method: Option<u32>,
    pub(super) level: Option<u32>,
}

/// The blocks behind a key, each with its type and without its head.
fn blocks<'a>(data: &'a [u8], key: &[u8]) -> Option<Vec<(u16, &'a [u8])>> {
    let at = data.windows(key.len()).position(|part| part == key)?;
    let length = at + key.len();
    // A length of 14 bits has two octets, a shorter one than 128 has one (X.691 10.9).
    let field = if octet(data, length)? & 0x80 == 0 {
        1
    } else {
        2
    };
    let mut rest = data.get(length + field..)?;
    let mut found = Vec::new();
    while let (Some(kind), Some(size)) = (le16(rest, 0), le16(rest, 2)) {
        let size = usize::from(size);
        let Some(body) = rest.get(4..size) else {
            break;
        };
        found.push((kind, body));
        rest = rest.get(size..).unwrap_or(&[]);
    }
    Some(found)
}

/// Read the settings in a client's first message.
pub(super) fn client(data: &[u8]) -> Option<Client> {
    let mut client = Client::default();
    for (kind, body) in blocks(data, CLIENT_KEY)? {
        match kind {
            0xc001 => core(body, &mut client),
            0xc003 => client.channels = channels(body),
            _ => {}
        }
    }
    Some(client)
}

/// Client core data (2.2.1.3.2); what stands behind the input method is optional.
fn core(body: &[u8], client: &mut Client) {
    client.width = le16(body, 4);
    client.height = le16(body, 6);
    client.keyboard = le32(body, 12);
    client.build = le32(body, 16);
    client.name = body.get(20..52).and_then(wide);
    // Each later field overrules the one before.
    let high = le16(body, 136).filter(|depth| (4..=32).contains(depth));
    let coded = le16(body, 128).or_else(|| le16(body, 8));
    client.depth = high.or_else(|| coded.and_then(depth));
    client.product_id = body.get(142..206).and_then(wide);
}

/// Bits of a coded colour depth (2.2.1.3.2 colorDepth, postBeta2ColorDepth).
const fn depth(code: u16) -> Option<u16> {
    Some(match code {
        0xca00 => 4,
        0xca01 => 8,
        0xca02 => 15,
        0xca03 => 16,
        0xca04 => 24,
        _ => return None,
    })
}

/// UTF-16 up to its end, escaped.
fn wide(raw: &[u8]) -> Option<String> {
    let (units, _) = raw.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
    let text: String = char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    (!text.is_empty()).then(|| escape(text.as_bytes()))
}

fn channels(body: &[u8]) -> (String, Vec<i32>) {
    let (mut text, mut ends) = (String::new(), Vec::new());
    let count = le32(body, 0).unwrap_or(0).min(MAX_CHANNELS);
    let definitions = body.get(4..).unwrap_or(&[]).chunks_exact(CHANNEL);
    for definition in definitions.take(usize::try_from(count).unwrap_or(0)) {
        let name = definition.get(..8).unwrap_or(&[]);
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(8);
        text.push_str(&escape(name.get(..end).unwrap_or(&[])));
        ends.push(i32::try_from(text.len()).unwrap_or(i32::MAX));
    }
    (text, ends)
}

/// Read the settings in a server's first message.
pub(super) fn server(data: &[u8]) -> Option<Server> {
    let found = blocks(data, SERVER_KEY)?;
    let security = found.iter().find(|(kind, _)| *kind == 0x0c02);
    Some(security.map_or_else(Server::default, |(_, body)| Server {
        method: le32(body, 0),
        level: le32(body, 4),
    }))
}

/// Name of an encryption method (2.2.1.4.3).
pub(super) const fn method(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "none",
        1 => "40bit",
        2 => "128bit",
        8 => "56bit",
        0x10 => "fips",
        _ => return None,
    })
}

/// Name of an encryption level (2.2.1.4.3).
pub(super) const fn level(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "none",
        1 => "low",
        2 => "client-compatible",
        3 => "high",
        4 => "fips",
        _ => return None,
    })
}

/// A connect message of T.125: of a client (101) or of a server (102).
pub(super) fn connect(data: &[u8]) -> Option<u16> {
    be16(data, 0).filter(|tag| matches!(tag, 0x7f65 | 0x7f66))
}
