//! Signatures of protocols that exchange files, news and talk, most of them in lines, and of remote procedure calls.

use super::mail::line;
use super::{Found, Look};
use crate::proto::Hint;
use crate::proto::read::{be32, contains_word, starts_with_word};
use crate::proto::service::Service;

/// Bytes of a payload that are searched for a word: openings are short.
const MAX_SEARCH: usize = 512;

fn begins_with(data: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| starts_with_word(data, word.as_bytes()))
}

/// rsync daemon greeting (rsyncd, "@RSYNCD: 31.0"); both sides send one, so only the port tells who is who.
pub(super) fn rsync(look: &Look<'_>) -> Option<Found> {
    let version = look.data.strip_prefix(b"@RSYNCD: ")?;
    let hint = match (look.from_port == 873, look.to_port == 873) {
        (true, false) => Hint::ReceiverIsClient,
        (false, true) => Hint::SenderIsClient,
        _ => Hint::None,
    };
    version
        .first()?
        .is_ascii_digit()
        .then_some(Found::with(Service::Rsync, hint))
}

/// Git (gitprotocol-pack, "Git Transport"): a packet line whose length fills the segment and names a service.
pub(super) fn git(look: &Look<'_>) -> Option<Found> {
    let digits = look.data.get(..4)?;
    let length = digits.iter().try_fold(0_usize, |sum, digit| {
        Some(sum << 4 | char::from(*digit).to_digit(16)? as usize)
    })?;
    let rest = look.data.get(4..)?;
    let named = [
        "git-upload-pack ",
        "git-receive-pack ",
        "git-upload-archive ",
    ]
    .iter()
    .any(|word| rest.starts_with(word.as_bytes()));
    (named && length == look.data.len()).then_some(Found::sent(Service::Git, true))
}

/// IRC (RFC 2812 3.1, 5.1; capability negotiation of IRCv3): a client that registers, or a server that greets.
pub(super) fn irc(look: &Look<'_>) -> Option<Found> {
    let first = line(look.data)?;
    let irc_port = |port| matches!(port, 6660..=6669 | 6697 | 7000);
    if let Some(rest) = first.strip_prefix(b":") {
        let mut words = rest.split(|byte| *byte == b' ');
        let (_, verb, target) = (
            words.next().filter(|name| !name.is_empty())?,
            words.next()?,
            words.next()?,
        );
        let text = words.next().unwrap_or_default();
        let numeric =
            verb.len() == 3 && verb.iter().all(u8::is_ascii_digit) && verb.starts_with(b"0");
        let notice =
            verb == b"NOTICE" && (target == b"*" || target == b"AUTH") && text.starts_with(b":");
        return (notice || numeric && irc_port(look.from_port))
            .then_some(Found::sent(Service::Irc, false));
    }
    if first.starts_with(b"NOTICE AUTH :") {
        return Some(Found::sent(Service::Irc, false));
    }
    let head = look.data.get(..look.data.len().min(MAX_SEARCH))?;
    let registers = first.starts_with(b"NICK ") && contains_word(head, b"\nUSER ")
        || first.starts_with(b"USER ") && contains_word(head, b"\nNICK ")
        || first.starts_with(b"CAP LS");
    let at_port = irc_port(look.to_port)
        && ["NICK ", "USER ", "PASS ", "JOIN ", "PRIVMSG "]
            .iter()
            .any(|verb| first.starts_with(verb.as_bytes()));
    (registers || at_port).then_some(Found::sent(Service::Irc, true))
}

/// XMPP (RFC 6120 4.2, 4.8): the stream of its namespace is opened.
pub(super) fn xmpp(look: &Look<'_>) -> Option<Found> {
    if !look.data.starts_with(b"<?xml") && !look.data.starts_with(b"<stream:stream") {
        return None;
    }
    let head = look.data.get(..look.data.len().min(MAX_SEARCH))?;
    contains_word(head, b"http://etherx.jabber.org/streams").then_some(Found::sure(Service::Xmpp))
}

/// NNTP (RFC 3977 5.1, 5.3): greeting by name or by port, MODE READER and AUTHINFO, other commands by port.
pub(super) fn nntp(look: &Look<'_>) -> Option<Found> {
    let line = line(look.data)?;
    if line.starts_with(b"200 ") || line.starts_with(b"201 ") {
        let named = contains_word(line, b"nntp") || contains_word(line, b"InterNetNews");
        return (named || look.from_port == 119).then_some(Found::sent(Service::Nntp, false));
    }
    let sure = begins_with(line, &["MODE READER", "AUTHINFO USER ", "AUTHINFO PASS "]);
    let at_port = look.to_port == 119
        && begins_with(
            line,
            &[
                "GROUP ",
                "ARTICLE ",
                "LIST",
                "XOVER ",
                "CAPABILITIES",
                "STAT ",
                "BODY ",
                "HEAD ",
                "POST",
            ],
        );
    (sure || at_port).then_some(Found::sent(Service::Nntp, true))
}

/// Whois (RFC 3912): one line of a question to port 43.
pub(super) fn whois(look: &Look<'_>) -> Option<Found> {
    let line = line(look.data)?;
    let whole = line.len() + 2 == look.data.len() && look.data.ends_with(b"\r\n");
    (look.to_port == 43 && whole && line.len() <= 255).then_some(Found::sent(Service::Whois, true))
}

/// ONC RPC (RFC 5531 9; record marking 11): a call of version 2 in one record or datagram; replies at ports 111 and 2049.
pub(super) fn sunrpc(look: &Look<'_>) -> Option<Found> {
    let message = if look.is_stream {
        let mark = be32(look.data, 0)?;
        let length = (mark & 0x7fff_ffff) as usize;
        let message = look.data.get(4..)?;
        if !(24..=0x20_0000).contains(&length) || length < message.len() {
            return None;
        }
        message
    } else {
        look.data
    };
    let known_port = [111, 2049].iter().any(|port| look.at_port(*port));
    match be32(message, 4)? {
        0 => {
            let program = be32(message, 12)?;
            // Assigned numbers (RFC 5531 8.3): 100000 upwards by the authority; procedures and versions are small.
            let sound = be32(message, 8)? == 2
                && (100_000..=0x5fff_ffff).contains(&program)
                && be32(message, 16)? <= 64
                && be32(message, 20)? <= 255;
            let service = if program == 100_003 {
                Service::Nfs
            } else {
                Service::Sunrpc
            };
            sound.then_some(Found::sent(service, true))
        }
        1 => {
            // Accepted, verifier of flavour none, successful.
            let sound = known_port && message.get(8..24)? == [0; 16];
            let service = if look.from_port == 2049 {
                Service::Nfs
            } else {
                Service::Sunrpc
            };
            sound.then_some(Found::sent(service, false))
        }
        _ => None,
    }
}
