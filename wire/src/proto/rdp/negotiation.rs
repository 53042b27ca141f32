//! X.224 connection request and confirm: the client's cookie, and which protection both agree on.
//!
//! Source: [MS-RDPBCGR] 2.2.1.1 and 2.2.1.2; [MS-RDPELE] and 3.3.5.3.1 (routing tokens).

use crate::proto::escape::escape;
use crate::proto::read::{le16, le32, octet};

/// TPKT header, X.224 length, code, both references and class, bytes.
pub(super) const HEAD: usize = 11;
/// Type and length of the negotiation structures, bytes.
const LENGTH: u16 = 8;
const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
const FAILURE: u8 = 3;
/// Flag of a request: log in without handing over credentials.
const RESTRICTED_ADMIN: u8 = 1;

/// What the client asks for.
#[derive(Default)]
pub(super) struct Request {
    pub(super) user: Option<String>,
    pub(super) routing_token: Option<String>,
    /// Protocols, and whether restricted administration is asked for; `None` from clients that only know RDP's own protection.
    pub(super) protocols: Option<(u32, bool)>,
}

/// What the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// This protocol; RDP's own when the server does not negotiate.
    Chosen(u32),
    /// Refused, with the reason.
    Refused(u32),
}

/// Read what follows the head of a connection request.
pub(super) fn request(rest: &[u8]) -> Request {
    let mut request = Request::default();
    let mut rest = rest;
    if let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let (line, after) = rest.split_at(end);
        if let Some(name) = line.strip_prefix(b"Cookie: mstshash=") {
            request.user = Some(escape(name));
            rest = after.get(2..).unwrap_or(&[]);
        } else if let Some(token) = line.strip_prefix(b"Cookie: msts=") {
            request.routing_token = Some(escape(token));
            rest = after.get(2..).unwrap_or(&[]);
        } else if line.iter().all(|byte| matches!(byte, 0x20..=0x7e)) && !line.is_empty() {
            // Other balancers have tokens of their own form.
            request.routing_token = Some(escape(line));
            rest = after.get(2..).unwrap_or(&[]);
        }
    }
    if octet(rest, 0) == Some(REQUEST) && le16(rest, 2) == Some(LENGTH) {
        let flags = octet(rest, 1).unwrap_or(0);
        request.protocols = le32(rest, 4).map(|bits| (bits, flags & RESTRICTED_ADMIN != 0));
    }
    request
}

/// Read what follows the head of a connection confirm.
pub(super) fn response(rest: &[u8]) -> Response {
    let value = le32(rest, 4).filter(|_| le16(rest, 2) == Some(LENGTH));
    match (octet(rest, 0), value) {
        (Some(RESPONSE), Some(protocol)) => Response::Chosen(protocol),
        (Some(FAILURE), Some(code)) => Response::Refused(code),
        _ => Response::Chosen(0),
    }
}

/// Name of a protocol (2.2.1.2.1); all but RDP's own begin with TLS.
pub(super) const fn protocol(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "rdp",
        1 => "ssl",
        2 => "hybrid",
        4 => "rdstls",
        8 => "hybrid_ex",
        16 => "rdsaad",
        _ => return None,
    })
}

/// Name of a reason to refuse (2.2.1.2.2).
pub(super) const fn failure(code: u32) -> Option<&'static str> {
    Some(match code {
        1 => "SSL_REQUIRED_BY_SERVER",
        2 => "SSL_NOT_ALLOWED_BY_SERVER",
        3 => "SSL_CERT_NOT_ON_SERVER",
        4 => "INCONSISTENT_FLAGS",
        5 => "HYBRID_REQUIRED_BY_SERVER",
        6 => "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
        _ => return None,
    })
}
