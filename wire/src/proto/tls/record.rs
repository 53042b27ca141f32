//! The record layer, and handshake messages put together from records.
//!
//! Source: RFC 8446 5.1, RFC 5246 6.2, RFC 6101 5.2 (SSL 3.0), GB/T 38636-2020 6.3 (TLCP, version 0x0101).

use crate::proto::dialogue::Cut;
use crate::proto::read::{be16, octet};

/// Version of TLCP.
pub(in crate::proto) const TLCP: u16 = 0x0101;
/// Octets of a record header.
pub(super) const HEADER: usize = 5;
/// Largest record: 2^14 plus 2048 for protection (RFC 5246 6.2.3).
pub(super) const MAX_RECORD: u16 = 16384 + 2048;
/// Largest handshake message read, bytes (range 16 384 .. 2^24): chains of certificates seldom pass 10 kB, and OpenSSL
/// takes 100 KiB at most (SSL_CTX_set_max_cert_list(3)).
const MAX_MESSAGE: usize = 65_536;

/// Content types.
pub(super) mod content {
    pub(in crate::proto::tls) const CHANGE: u8 = 20;
    pub(in crate::proto::tls) const ALERT: u8 = 21;
    pub(in crate::proto::tls) const HANDSHAKE: u8 = 22;
    pub(in crate::proto::tls) const DATA: u8 = 23;
    /// RFC 6520.
    pub(super) const HEARTBEAT: u8 = 24;
}

/// Handshake types.
pub(super) mod kind {
    pub(in crate::proto::tls) const CLIENT_HELLO: u8 = 1;
    pub(in crate::proto::tls) const SERVER_HELLO: u8 = 2;
    pub(in crate::proto::tls) const CERTIFICATE: u8 = 11;
    pub(in crate::proto::tls) const KEY_EXCHANGE: u8 = 12;
    pub(in crate::proto::tls) const HELLO_DONE: u8 = 14;
}

/// What stands at the start of some bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    /// No record header.
    Wrong,
    /// What is there does not contradict one.
    Part,
    /// Content type and length.
    Whole(u8, usize),
}

/// Find the next record: of application data only the header is wanted.
pub(super) fn cut(data: &[u8]) -> Cut {
    match header(data) {
        Header::Whole(content::DATA, length) => Cut::Head {
            head: HEADER,
            whole: HEADER + length,
        },
        Header::Whole(_, length) => Cut::Message(HEADER + length),
        Header::Part => Cut::Need,
        Header::Wrong => {
            let may_start = |at: &usize| header(data.get(*at..).unwrap_or(&[])) != Header::Wrong;
            Cut::Bad((1..data.len()).find(may_start).unwrap_or(data.len()))
        }
    }
}

fn header(data: &[u8]) -> Header {
    let is_type = |kind: u8| (content::CHANGE..=content::HEARTBEAT).contains(&kind);
    let Some(kind) = octet(data, 0).filter(|kind| is_type(*kind)) else {
        return Header::Wrong;
    };
    let is_version = match (octet(data, 1), octet(data, 2)) {
        (None, _) | (Some(1 | 3), None) | (Some(1), Some(1)) => true,
        (Some(3), Some(minor)) => minor <= 4,
        _ => false,
    };
    match be16(data, 3) {
        _ if !is_version => Header::Wrong,
        None => Header::Part,
        Some(length @ 1..=MAX_RECORD) => Header::Whole(kind, usize::from(length)),
        Some(_) => Header::Wrong,
    }
}

/// Handshake messages of one side that span records.
#[derive(Default)]
pub(super) struct Fragments {
    waiting: Vec<u8>,
    /// Bytes of a message nobody reads that are still to come.
    skip: usize,
}

impl Fragments {
    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.waiting.capacity()
    }

    /// Take in the content of one record and hand out type and body of each message it completes; false when it holds
    /// none, or one too large to be read.
    pub(super) fn feed(&mut self, data: &[u8], on: impl FnMut(u8, &[u8])) -> bool {
        let passed = self.skip.min(data.len());
        self.skip -= passed;
        let data = data.get(passed..).unwrap_or(&[]);
        let mut held = std::mem::take(&mut self.waiting);
        if held.is_empty() {
            let (used, sound) = self.split(data, on);
            self.waiting = data.get(used..).unwrap_or(&[]).to_vec();
            return sound;
        }
        held.extend_from_slice(data);
        let (used, sound) = self.split(&held, on);
        held.drain(..used.min(held.len()));
        self.waiting = held;
        sound
    }

    /// Bytes handed out or passed over, and whether all made sense.
    fn split(&mut self, data: &[u8], mut on: impl FnMut(u8, &[u8])) -> (usize, bool) {
        let mut used = 0;
        while let Some(&[number, a, b, c]) = data.get(used..used + 4) {
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            if !is_known(number) {
                return (data.len(), false);
            }
            let end = used + 4 + length;
            let is_read = matches!(number, kind::CLIENT_HELLO | kind::SERVER_HELLO | 11 | 12);
            match data.get(used + 4..end) {
                Some(body) => on(number, body),
                None if is_read && length <= MAX_MESSAGE => break,
                None => {
                    self.skip = end - data.len();
                    return (data.len(), !is_read);
                }
            }
            used = end;
        }
        (used, true)
    }
}

/// Handshake types registered with IANA, and NPN (67).
const fn is_known(number: u8) -> bool {
    matches!(number, 0..=6 | 8 | 11..=17 | 20..=26 | 67)
}
