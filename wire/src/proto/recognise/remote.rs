//! Signatures of file transfer and terminal protocols.

use super::{Found, Look};
use crate::proto::ftp::{self, Likeness};
use crate::proto::read::{be16, octet};
use crate::proto::service::Service;
use crate::proto::telnet::asks_for_login;

/// FTP control connection: greeting or command at port 21, or a greeting that says so; else greeting and USER together.
pub(super) fn ftp(look: &Look<'_>) -> Option<Found> {
    match ftp::likeness(look.data, look.from_port, look.to_port) {
        Likeness::No => None,
        Likeness::Greeting | Likeness::Command => Some(Found::weak(Service::Ftp)),
        Likeness::Sure => Some(Found::sure(Service::Ftp)),
    }
}

/// Telnet negotiation (RFC 854, options of RFC 855 up to 49 and 255): two at the start, or one at port 23.
pub(super) fn telnet(look: &Look<'_>) -> Option<Found> {
    let is_option = |at: usize| {
        octet(look.data, at) == Some(0xff)
            && matches!(octet(look.data, at + 1), Some(0xfb..=0xfe))
            && matches!(octet(look.data, at + 2), Some(0..=49 | 255))
    };
    (is_option(0) && (look.at_port(23) || is_option(3))).then_some(Found::sure(Service::Telnet))
}

/// Telnet without negotiation: a server at its port that asks for a login.
pub(super) fn telnet_prompt(look: &Look<'_>) -> Option<Found> {
    (look.from_port == 23 && asks_for_login(look.data)).then_some(Found::sure(Service::Telnet))
}

/// TFTP request (RFC 1350 5): opcode, file name, transfer mode.
pub(super) fn tftp(look: &Look<'_>) -> Option<Found> {
    if !matches!(be16(look.data, 0)?, 1 | 2) {
        return None;
    }
    let mut words = look.data.get(2..)?.split(|byte| *byte == 0);
    let (name, mode) = (words.next()?, words.next()?);
    let plain = !name.is_empty() && name.iter().all(|byte| *byte >= 0x20);
    let known = ["octet", "netascii", "mail"]
        .iter()
        .any(|word| mode.eq_ignore_ascii_case(word.as_bytes()));
    (plain && known).then_some(Found::sure(Service::Tftp))
}
