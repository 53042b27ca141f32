//! The two hellos, read without copying.
//!
//! Source: RFC 8446 4.1, RFC 5246 7.4.1, RFC 6066 3 (server name), RFC 7301 3.1 (ALPN), RFC 8701 (GREASE).

use super::cursor::{Cursor, numbers};

/// Extension types.
pub(super) mod extension {
    pub(in crate::proto::tls) const SERVER_NAME: u16 = 0;
    pub(in crate::proto::tls) const GROUPS: u16 = 10;
    pub(in crate::proto::tls) const POINT_FORMATS: u16 = 11;
    pub(in crate::proto::tls) const SIGNATURES: u16 = 13;
    pub(in crate::proto::tls) const ALPN: u16 = 16;
    pub(in crate::proto::tls) const PRE_SHARED_KEY: u16 = 41;
    pub(in crate::proto::tls) const VERSIONS: u16 = 43;
    pub(in crate::proto::tls) const KEY_SHARE: u16 = 51;
    /// Of drafts up to 22.
    pub(in crate::proto::tls) const OLD_KEY_SHARE: u16 = 40;
}

/// Random of a `ServerHello` that asks for another hello: SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Reserved numbers that clients mix in to keep servers tolerant (RFC 8701 2).
pub(super) const fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

/// Numbers that are not GREASE.
pub(super) fn sincere(data: &[u8]) -> impl Iterator<Item = u16> + Clone + '_ {
    numbers(data).filter(|number| !is_grease(*number))
}

/// The next extension of a vector of them.
fn extension<'a>(rest: &mut Cursor<'a>) -> Option<(u16, &'a [u8])> {
    let kind = rest.u16()?;
    Some((kind, rest.vector(2)?))
}

/// Extensions of a hello.
#[derive(Clone, Copy)]
pub(in crate::proto) struct Extensions<'a>(Cursor<'a>);

impl<'a> Extensions<'a> {
    /// The rest of a hello: nothing, or a vector of extensions.
    fn read(rest: &mut Cursor<'a>) -> Self {
        Self(Cursor(rest.vector(2).unwrap_or(rest.0)))
    }

    /// Type and content in the order sent; ends where they stop making sense.
    fn each(self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || extension(&mut rest))
    }

    /// Types in the order sent, without GREASE.
    pub(super) fn kinds(self) -> impl Iterator<Item = u16> + use<'a> {
        self.each()
            .map(|(kind, _)| kind)
            .filter(|kind| !is_grease(*kind))
    }

    /// Content of the first of that type.
    pub(super) fn find(self, wanted: u16) -> Option<&'a [u8]> {
        self.each()
            .find_map(|(kind, data)| (kind == wanted).then_some(data))
    }

    /// Every extension ends where the next one starts.
    fn is_sound(mut self) -> bool {
        while extension(&mut self.0).is_some() {}
        self.0.0.is_empty()
    }
}

/// What the client offers.
pub(in crate::proto) struct ClientHello<'a> {
    /// Version field; the real one is in an extension since TLS 1.3.
    pub(super) version: u16,
    pub(super) session_id: &'a [u8],
    /// Cipher suites, two octets each.
    pub(super) ciphers: &'a [u8],
    pub(super) extensions: Extensions<'a>,
    /// The message ends where its lengths say.
    pub(in crate::proto) is_sound: bool,
}

impl<'a> ClientHello<'a> {
    /// Read the body of a `ClientHello`.
    pub(in crate::proto) fn parse(body: &'a [u8]) -> Option<Self> {
        Self::read(body, false)
    }

    /// Read the body of a `ClientHello` of DTLS, which holds a cookie (RFC 6347 4.2.1).
    pub(super) fn parse_datagram(body: &'a [u8]) -> Option<Self> {
        Self::read(body, true)
    }

    fn read(body: &'a [u8], has_cookie: bool) -> Option<Self> {
        let mut rest = Cursor(body);
        let version = rest.u16()?;
        rest.take(32)?;
        let session_id = rest.vector(1)?;
        if has_cookie {
            rest.vector(1)?;
        }
        let ciphers = rest.vector(2)?;
        rest.vector(1)?;
        let extensions = Extensions::read(&mut rest);
        Some(Self {
            version,
            session_id,
            ciphers,
            extensions,
            is_sound: extensions.is_sound() && session_id.len() <= 32 && ciphers.len() % 2 == 0,
        })
    }

    /// Name of the wanted server, as sent.
    pub(in crate::proto) fn server_name(&self) -> Option<&'a [u8]> {
        let mut list = Cursor(Cursor(self.extensions.find(extension::SERVER_NAME)?).vector(2)?);
        let kind = list.u8()?;
        (kind == 0).then(|| list.vector(2)).flatten()
    }

    /// Application protocols offered, as sent.
    pub(in crate::proto) fn alpn(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        alpn(self.extensions)
    }

    /// Content of the first extension of that type.
    pub(in crate::proto) fn extension(&self, kind: u16) -> Option<&'a [u8]> {
        self.extensions.find(kind)
    }

    /// A vector of 16-bit numbers in an extension.
    pub(super) fn list(&self, kind: u16, width: usize) -> &'a [u8] {
        let data = self.extensions.find(kind).unwrap_or(&[]);
        Cursor(data).vector(width).unwrap_or(&[])
    }

    /// Highest version offered.
    pub(in crate::proto) fn highest_version(&self) -> u16 {
        let offered = sincere(self.list(extension::VERSIONS, 1));
        // Versions of DTLS count downwards.
        let highest = if self.version >> 8 == 0xfe {
            offered.min()
        } else {
            offered.max()
        };
        highest.unwrap_or(self.version)
    }
}

fn alpn(extensions: Extensions<'_>) -> impl Iterator<Item = &[u8]> {
    let data = extensions.find(extension::ALPN).unwrap_or(&[]);
    let mut names = Cursor(Cursor(data).vector(2).unwrap_or(&[]));
    std::iter::from_fn(move || names.vector(1))
}

/// What the server chose.
pub(in crate::proto) struct ServerHello<'a> {
    /// Version field.
    pub(in crate::proto) version: u16,
    pub(in crate::proto) session_id: &'a [u8],
    pub(in crate::proto) cipher: u16,
    pub(in crate::proto) extensions: Extensions<'a>,
    /// It asks for another `ClientHello`.
    pub(in crate::proto) is_retry: bool,
    /// The message ends where its lengths say.
    pub(in crate::proto) is_sound: bool,
}

impl<'a> ServerHello<'a> {
    /// Read the body of a `ServerHello`. Drafts of TLS 1.3 up to 21 have neither session id nor compression.
    pub(in crate::proto) fn parse(body: &'a [u8]) -> Option<Self> {
        let mut rest = Cursor(body);
        let version = rest.u16()?;
        let random = rest.take(32)?;
        let is_draft = version >> 8 == 0x7f;
        let session_id = if is_draft { &[] } else { rest.vector(1)? };
        let cipher = rest.u16()?;
        if !is_draft {
            rest.u8()?;
        }
        let extensions = Extensions::read(&mut rest);
        Some(Self {
            version,
            session_id,
            cipher,
            extensions,
            is_retry: random == RETRY,
            is_sound: extensions.is_sound() && session_id.len() <= 32,
        })
    }

    /// Version in use.
    pub(in crate::proto) fn negotiated_version(&self) -> u16 {
        let chosen = self.extensions.find(extension::VERSIONS);
        chosen
            .and_then(|data| Cursor(data).u16())
            .unwrap_or(self.version)
    }

    /// Group of the key share (TLS 1.3).
    pub(in crate::proto) fn group(&self) -> Option<u16> {
        let find = |kind| self.extensions.find(kind);
        let share = find(extension::KEY_SHARE).or_else(|| find(extension::OLD_KEY_SHARE))?;
        Cursor(share).u16()
    }

    /// Application protocol chosen.
    pub(in crate::proto) fn alpn(&self) -> Option<&'a [u8]> {
        alpn(self.extensions).next()
    }

    /// A pre-shared key was accepted.
    pub(in crate::proto) fn has_psk(&self) -> bool {
        self.extensions.find(extension::PRE_SHARED_KEY).is_some()
    }
}
