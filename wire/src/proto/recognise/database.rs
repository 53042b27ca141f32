//! Signatures of databases and caches.

use super::{Found, Look};
use crate::proto::read::{be16, be32, contains_word, le16, le24, le32, octet, starts_with_word};
use crate::proto::service::Service;

/// Longest version or key text that a signature reads, bytes: names of servers and keys of settings are shorter.
const MAX_NAME: usize = 64;

/// MySQL and MariaDB (client/server protocol, connection phase): the server's greeting of version 10, a login of protocol 4.1
/// with its 19 zero octets, or a refusal before the greeting at port 3306.
pub(super) fn mysql(look: &Look<'_>) -> Option<Found> {
    let length = le24(look.data, 0)? as usize;
    if length + 4 != look.data.len() {
        return None;
    }
    match (octet(look.data, 3)?, octet(look.data, 4)?) {
        (0, 10) => {
            let rest = look.data.get(5..)?;
            let end = rest.iter().take(MAX_NAME).position(|byte| *byte == 0)?;
            let version = rest.get(..end)?;
            let plain = version.iter().all(|byte| (0x20..0x7f).contains(byte));
            // Thread 4, scramble 8, filler 0, capabilities 2.
            let filled = octet(rest, end + 13)? == 0;
            let sound =
                plain && filled && version.first()?.is_ascii_digit() && version.contains(&b'.');
            sound.then_some(Found::sent(Service::Mysql, false))
        }
        // Server error codes begin at 1000 (MySQL) and lie below 5000.
        (0, 0xff) if look.from_port == 3306 => {
            let text = look.data.get(7..)?;
            let plain = text.len() >= 8 && text.iter().all(|byte| (0x20..0x7f).contains(byte));
            let known = matches!(le16(look.data, 5)?, 1000..=4999);
            (plain && known).then_some(Found::sent(Service::Mysql, false))
        }
        (1, _) => {
            let is_41 = le32(look.data, 4)? & 0x200 != 0;
            let zeros = look.data.get(13..32)?.iter().all(|byte| *byte == 0);
            (is_41 && zeros).then_some(Found::sent(Service::Mysql, true))
        }
        _ => None,
    }
}

/// MySQL X protocol (Mysqlx.Connection): the server's hello notice, or at port 33060 the client's request for capabilities.
pub(super) fn mysqlx(look: &Look<'_>) -> Option<Found> {
    if look.data == [5, 0, 0, 0, 0x0b, 8, 5, 0x1a, 0] {
        return Some(Found::sent(Service::Mysqlx, false));
    }
    let asks = look.to_port == 33060 && look.data == [1, 0, 0, 0, 1];
    asks.then_some(Found::sent(Service::Mysqlx, true))
}

/// PostgreSQL (protocol 3, "Message Formats"): start-up, SSLRequest, GSSENCRequest and CancelRequest fill the segment; the
/// server's authentication request and error response stand for a missed start.
pub(super) fn postgresql(look: &Look<'_>) -> Option<Found> {
    let length = be32(look.data, 0)? as usize;
    if length == look.data.len() {
        let known = match be32(look.data, 4)? {
            0x0003_0000..=0x0003_0002 => {
                let text = look.data.get(8..)?;
                text.first()?.is_ascii_lowercase()
                    && text.ends_with(&[0])
                    && contains_word(text, b"user\0")
            }
            0x04d2_162f | 0x04d2_1630 => length == 8,
            0x04d2_162e => length == 16,
            _ => false,
        };
        return known.then_some(Found::sent(Service::Postgresql, true));
    }
    let length = be32(look.data, 1)?;
    let sound = match octet(look.data, 0)? {
        // Ok, clear text, GSS, SSPI; MD5 with its salt; SASL with the names of mechanisms.
        b'R' => match be32(look.data, 5)? {
            0 | 3 | 7 | 9 => length == 8,
            5 => length == 12,
            10 => length < 512 && look.data.get(9..)?.starts_with(b"SCRAM-SHA-256"),
            _ => false,
        },
        b'E' => {
            let severity = look.data.get(5..)?;
            length < 8192
                && (severity.starts_with(b"SFATAL\0") || severity.starts_with(b"SERROR\0"))
        }
        _ => false,
    };
    sound.then_some(Found::sent(Service::Postgresql, false))
}

/// Tabular data stream ([MS-TDS] 2.2.3.1, 2.2.6.4, 2.2.6.5): pre-login and its answer with the version option first, or LOGIN7.
pub(super) fn tds(look: &Look<'_>) -> Option<Found> {
    let &[kind, status, _, _, _, _, _, 0, ..] = look.data else {
        return None;
    };
    let length = usize::from(be16(look.data, 2)?);
    if length != look.data.len() || status > 1 {
        return None;
    }
    match kind {
        // VERSION is option 0 with six octets.
        0x12 | 4 => {
            let sound = matches!(look.data.get(8..13)?, [0, 0, _, 0, 6]);
            sound.then_some(Found::sent(Service::Tds, kind == 0x12))
        }
        // Its own length and a version from 7.0 to 7.4.
        0x10 => {
            let inner = le32(look.data, 8)? as usize;
            let version = octet(look.data, 15)?;
            let fits = inner + 8 == length || (status == 0 && inner + 8 > length);
            (fits && matches!(version, 0x70..=0x74)).then_some(Found::sent(Service::Tds, true))
        }
        _ => None,
    }
}

/// Redis (RESP): a command as an array of bulk strings; refusals that only Redis words so; short replies and inline commands at
/// port 6379.
pub(super) fn redis(look: &Look<'_>) -> Option<Found> {
    let from_server = look.from_port == 6379;
    if let Some(rest) = look.data.strip_prefix(b"*") {
        let rest = after_count(rest)?.strip_prefix(b"$")?;
        let word = after_count(rest)?;
        let sound = word.first()?.is_ascii_alphabetic();
        let found = if from_server {
            Found::sure(Service::Redis)
        } else {
            Found::sent(Service::Redis, true)
        };
        return sound.then_some(found);
    }
    let refusal = ["-NOAUTH ", "-WRONGPASS ", "-DENIED Redis", "-NOPERM "]
        .iter()
        .any(|word| look.data.starts_with(word.as_bytes()));
    let reply = from_server
        && ["-ERR ", "+PONG\r\n"]
            .iter()
            .any(|word| look.data.starts_with(word.as_bytes()));
    if refusal || reply {
        return Some(Found::sent(Service::Redis, false));
    }
    let inline = look.to_port == 6379
        && look.data.ends_with(b"\n")
        && [
            "AUTH ", "PING", "INFO", "HELLO", "CONFIG ", "KEYS ", "SLAVEOF ",
        ]
        .iter()
        .any(|word| starts_with_word(look.data, word.as_bytes()));
    inline.then_some(Found::sent(Service::Redis, true))
}

/// What follows a decimal number of one to four digits and CRLF.
fn after_count(data: &[u8]) -> Option<&[u8]> {
    let digits = data
        .iter()
        .take(4)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits == 0 {
        return None;
    }
    data.get(digits..)?.strip_prefix(b"\r\n")
}

/// Memcached (protocol.txt): commands and replies of lines, at port 11211 or with the four fields of a storage command; behind
/// the frame header of UDP; the binary header with its exact length.
pub(super) fn memcached(look: &Look<'_>) -> Option<Found> {
    if !look.is_stream {
        // Sequence 0 of 1 datagram, reserved 0.
        let framed = look.data.get(2..8)? == [0, 0, 0, 1, 0, 0];
        return (framed && is_memcached_line(look.data.get(8..)?))
            .then_some(Found::sure(Service::Memcached));
    }
    if let &[magic @ (0x80 | 0x81), operation @ 0..=0x26, ..] = look.data {
        let body = be32(look.data, 8)? as usize;
        let plain = octet(look.data, 5)? == 0 && octet(look.data, 4)? <= 24;
        // Requests without a body: quit, flush, no-op, version, statistics.
        let is_bare = matches!(operation, 7 | 8 | 0x0a | 0x0b | 0x10 | 0x17 | 0x18);
        let fits = magic == 0x81 || body > 0 || is_bare;
        return (body + 24 == look.data.len() && plain && fits)
            .then_some(Found::sent(Service::Memcached, magic == 0x80));
    }
    let line = super::mail::line(look.data)?;
    let mut words = line.split(|byte| *byte == b' ');
    let stores = matches!(
        words.next()?,
        b"set" | b"add" | b"replace" | b"append" | b"prepend" | b"cas"
    );
    if stores && words.next().is_some_and(|key| !key.is_empty()) {
        let is_number = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        let numbers = words
            .by_ref()
            .take(3)
            .filter(|word| is_number(word))
            .count();
        return (numbers == 3).then_some(Found::sent(Service::Memcached, true));
    }
    (look.at_port(11211) && is_memcached_line(look.data))
        .then_some(Found::sent(Service::Memcached, look.to_port == 11211))
}

fn is_memcached_line(data: &[u8]) -> bool {
    [
        "get ",
        "gets ",
        "stats",
        "version\r\n",
        "VERSION ",
        "VALUE ",
        "STAT ",
        "STORED\r\n",
        "END\r\n",
        "set ",
        "delete ",
    ]
    .iter()
    .any(|word| data.starts_with(word.as_bytes()))
}

/// MongoDB wire protocol: header of four little-endian numbers, exact length, an operation in use.
pub(super) fn mongodb(look: &Look<'_>) -> Option<Found> {
    let length = le32(look.data, 0)? as usize;
    let (answers_to, operation) = (le32(look.data, 8)?, le32(look.data, 12)?);
    let known = matches!(operation, 1 | 2001..=2007 | 2010..=2013);
    let is_reply = operation == 1 || answers_to != 0 && operation >= 2010;
    // An OP_MSG or OP_QUERY may be larger than a segment: at most 48 000 000 bytes.
    let begun =
        matches!(operation, 2004 | 2013) && (look.data.len()..=48_000_000).contains(&length);
    (known && length >= 17 && (length == look.data.len() || begun))
        .then_some(Found::sent(Service::Mongodb, !is_reply))
}

/// Oracle transparent network substrate: a connect packet (type 1) with exact length, no checksums and version 300 to 320, or at
/// port 1521 its answers (accept 2, refuse 4, redirect 5, resend 11).
pub(super) fn oracle(look: &Look<'_>) -> Option<Found> {
    let exact = usize::from(be16(look.data, 0)?) == look.data.len();
    if !exact || be16(look.data, 2)? != 0 || be16(look.data, 6)? != 0 {
        return None;
    }
    match octet(look.data, 4)? {
        1 => {
            let (version, oldest) = (be16(look.data, 8)?, be16(look.data, 10)?);
            let sound = (300..=320).contains(&version) && oldest <= version;
            sound.then_some(Found::sent(Service::Oracle, true))
        }
        2 | 4 | 5 | 11 if look.from_port == 1521 => Some(Found::sent(Service::Oracle, false)),
        _ => None,
    }
}
