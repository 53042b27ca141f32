//! A command that waits for its reply, and the row that both become.

use super::super::dialogue::{Meta, Side, Sink};
use super::super::read;
use crate::columns::tables::FtpRow;

/// A command that waits for its final reply.
pub(super) struct Pending {
    pub(super) meta: Meta,
    pub(super) verb: &'static str,
    pub(super) arg: Option<String>,
    /// Kept only to recognise it in the reply, never written.
    pub(super) secret: Vec<u8>,
    pub(super) user: Option<String>,
    pub(super) secret_hash: Option<String>,
    /// Code and first line of the latest reply.
    pub(super) reply: Option<(u16, Option<String>)>,
}

/// A reply that repeats the secret must not be stored either.
pub(super) fn repeats(text: &[u8], secret: &[u8]) -> bool {
    !secret.is_empty() && read::contains_word(text, secret)
}

/// How a login ended: 230 and 202 let the user in, 4xx and 5xx do not; 332 asks for an account (RFC 959 5.4).
fn outcome(pending: &Pending) -> &'static str {
    match (pending.verb, &pending.reply) {
        ("PASS", Some((202 | 230, _))) => "ok",
        ("PASS", Some((400..=599, _))) => "negative",
        ("PASS", _) => "unknown",
        _ => "request",
    }
}

pub(super) fn write(pending: &Pending, client: &Side, server: &Side, sink: &mut Sink<'_>) {
    let (code, text) = match &pending.reply {
        Some((code, text)) => (Some(i32::from(*code)), text.as_deref()),
        None => (None, None),
    };
    sink.out.ftp.push(&FtpRow {
        flow_uid: pending.meta.flow_uid,
        ts: pending.meta.ts_ns,
        sender_ip: client.ip,
        receiver_ip: server.ip,
        receiver_port: i32::from(server.port),
        user: pending.user.as_deref(),
        login_method: (pending.verb == "PASS").then_some("password"),
        secret_hash: pending.secret_hash.as_deref(),
        command: pending.verb,
        arg: pending.arg.as_deref(),
        reply_code: code,
        reply_msg: text,
        outcome: outcome(pending),
    });
}
