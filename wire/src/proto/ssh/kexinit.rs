//! Key exchange offers: the name lists, what both sides agree on, and the fingerprints of the offers.
//!
//! Source: RFC 4253 7.1 (SSH_MSG_KEXINIT and how algorithms are chosen); HASSH: Salesforce, "HASSH - a profiling method for
//! SSH clients and servers" (MD5 of key exchange; cipher; MAC; compression of the sender's direction).

use crate::proto::escape::escape;
use crate::proto::read::be32;
use md5::{Digest, Md5};
use std::fmt::Write;

/// Name lists of an offer, in order.
const LISTS: usize = 10;
/// Cookie before the lists, after the message number.
const COOKIE: usize = 16;
/// Names of a list that are compared with the other side's: implementations offer at most about 20, and the work grows with the
/// product of both.
const MAX_NAMES: usize = 64;

const KEX: usize = 0;
const HOST_KEY: usize = 1;
const CIPHER: usize = 2;
const MAC: usize = 4;
const COMPRESSION: usize = 6;

/// What one side offers.
pub(super) struct Offer {
    /// Key exchange, host key, then cipher, MAC, compression and language, each to the server and to the client.
    lists: [Vec<u8>; LISTS],
}

impl Offer {
    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.lists.iter().map(Vec::capacity).sum()
    }

    /// Read the payload of a KEXINIT, after the message number.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let mut at = COOKIE;
        let mut lists: [Vec<u8>; LISTS] = Default::default();
        for list in &mut lists {
            let length = usize::try_from(be32(payload, at)?).ok()?;
            at += 4;
            *list = payload.get(at..at.checked_add(length)?)?.to_vec();
            at += length;
        }
        Some(Self { lists })
    }

    fn list(&self, which: usize) -> &[u8] {
        self.lists.get(which).map_or(&[], Vec::as_slice)
    }

    /// Fingerprint over the lists of the sender's own direction.
    pub(super) fn hassh(&self, is_client: bool) -> String {
        let own = usize::from(!is_client);
        let parts = [KEX, CIPHER + own, MAC + own, COMPRESSION + own].map(|which| self.list(which));
        let mut text = String::with_capacity(32);
        for octet in Md5::digest(parts.join(&b";"[..])) {
            // Writing into a String cannot fail.
            let _ = write!(text, "{octet:02x}");
        }
        text
    }

    /// The lists say who sent them: markers of OpenSSH's strict key exchange and of extension negotiation (RFC 8308 2.1).
    pub(super) fn is_client(&self) -> Option<bool> {
        let has = |word: &[u8]| names(self.list(KEX)).any(|name| name == word);
        match (
            has(b"ext-info-c") || has(b"kex-strict-c-v00@openssh.com"),
            has(b"ext-info-s") || has(b"kex-strict-s-v00@openssh.com"),
        ) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').take(MAX_NAMES)
}

/// What both sides agree on.
#[derive(Default)]
pub(super) struct Agreed {
    pub(super) kex: Option<String>,
    pub(super) host_key: Option<String>,
    pub(super) cipher: Option<String>,
    pub(super) mac: Option<String>,
    pub(super) compression: Option<String>,
}

impl Agreed {
    /// The first name of the client that the server has too, list by list.
    pub(super) fn of(client: &Offer, server: &Offer) -> Self {
        let one = |which: usize| {
            names(client.list(which))
                .find(|name| names(server.list(which)).any(|other| other == *name))
                .map(<[u8]>::to_vec)
        };
        let both = |which: usize| match (one(which), one(which + 1)) {
            (Some(to_server), Some(to_client)) if to_server != to_client => {
                Some([to_server, to_client].join(&b'/'))
            }
            (to_server, to_client) => to_server.or(to_client),
        };
        let text = |name: Option<Vec<u8>>| name.map(|name| escape(&name));
        Self {
            kex: text(one(KEX)),
            host_key: text(one(HOST_KEY)),
            cipher: text(both(CIPHER)),
            mac: text(both(MAC)),
            compression: text(both(COMPRESSION)),
        }
    }
}
