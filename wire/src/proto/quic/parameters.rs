//! Transport parameters that say something about the client.
//!
//! Source: RFC 9000 18 (form), draft-ietf-quic-tls-13 to -32 8.2 (number of the extension); Chromium `transport_parameters.cc`
//! (`kGoogleUserAgentId`).

use super::header::varint;
use crate::proto::tls::{ClientHello, Cursor};

/// Extension that carries the parameters, and its number in drafts.
const EXTENSIONS: [u16; 2] = [57, 0xffa5];
/// Google's parameter with the name of the program.
const USER_AGENT: u64 = 0x3129;

/// What program the client says it is.
pub(super) fn user_agent<'a>(hello: &ClientHello<'a>) -> Option<&'a [u8]> {
    let data = EXTENSIONS.iter().find_map(|kind| hello.extension(*kind))?;
    let mut rest = Cursor(data);
    loop {
        let number = varint(&mut rest)?;
        let length = usize::try_from(varint(&mut rest)?).ok()?;
        let value = rest.take(length)?;
        if number == USER_AGENT {
            return Some(value);
        }
    }
}
