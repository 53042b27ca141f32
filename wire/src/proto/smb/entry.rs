//! A row of `smb` while it is being filled.

use crate::columns::tables::SmbRow;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::nt_status;
use std::sync::Arc;

/// A share that the client connected to.
#[derive(Debug)]
pub(super) struct Share {
    /// Name, escaped.
    pub(super) path: String,
    pub(super) kind: Option<&'static str>,
}

/// What is known of one request and its answer.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) meta: Meta,
    pub(super) command: &'static str,
    pub(super) action: Option<&'static str>,
    pub(super) dialect: Option<&'static str>,
    pub(super) user: Option<Arc<str>>,
    pub(super) login_method: Option<&'static str>,
    pub(super) share: Option<Arc<Share>>,
    pub(super) file_name: Option<String>,
    pub(super) new_name: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) disposition: Option<&'static str>,
    pub(super) access_mask: Option<u32>,
    pub(super) delete_on_close: Option<bool>,
    pub(super) file_size: Option<u64>,
    pub(super) bytes_read: Option<u64>,
    pub(super) bytes_written: Option<u64>,
    pub(super) called_name: Option<String>,
    pub(super) calling_name: Option<String>,
    pub(super) messages: Option<u64>,
    pub(super) is_signed: bool,
    pub(super) signing_required: Option<bool>,
    pub(super) status: Option<u32>,
    pub(super) rtt_ns: Option<i64>,
}

/// Statuses of a refused login that say nothing of the user: the server cannot, or the session is no more.
const NO_VERDICT: [u32; 7] = [
    0xc000_000d,
    0xc000_009a,
    0xc000_00bb,
    0xc000_00d0,
    0xc000_0203,
    0xc000_0205,
    0xc000_035c,
];

/// The login goes on ([MS-SMB2] 3.3.5.5.3).
pub(super) const MORE_PROCESSING: u32 = 0xc000_0016;

/// How a login ended that got this status.
pub(super) fn verdict(status: Option<u32>) -> &'static str {
    match status {
        Some(0) => "ok",
        Some(MORE_PROCESSING) => "request",
        Some(status) if status >> 30 == 3 && !NO_VERDICT.contains(&status) => "negative",
        _ => "unknown",
    }
}

fn count(number: Option<u64>) -> Option<i64> {
    number.map(|number| i64::try_from(number).unwrap_or(i64::MAX))
}

impl Entry {
    /// Of a request.
    pub(super) fn new(command: &'static str, meta: &Meta) -> Self {
        Self {
            meta: *meta,
            command,
            ..Self::default()
        }
    }

    /// The answer came.
    pub(super) fn answered(&mut self, status: u32, meta: &Meta) {
        self.status = Some(status);
        self.rtt_ns = Some(meta.ts_ns.saturating_sub(self.meta.ts_ns));
    }

    /// Write the row.
    pub(super) fn write(&self, (client, server): (&Side, &Side), sink: &mut Sink<'_>) {
        let is_login = self.command == "session_setup";
        sink.out.smb.push(&SmbRow {
            flow_uid: self.meta.flow_uid,
            ts: self.meta.ts_ns,
            sender_ip: client.ip,
            receiver_ip: server.ip,
            receiver_port: i32::from(server.port),
            command: self.command,
            action: self.action,
            dialect: self.dialect,
            user: self.user.as_deref(),
            login_method: self.login_method,
            share: self.share.as_ref().map(|share| share.path.as_str()),
            share_type: self.share.as_ref().and_then(|share| share.kind),
            file_name: self.file_name.as_deref(),
            new_name: self.new_name.as_deref(),
            pattern: self.pattern.as_deref(),
            disposition: self.disposition,
            access_mask: self.access_mask.map(i64::from),
            delete_on_close: self.delete_on_close,
            file_size: count(self.file_size),
            bytes_read: count(self.bytes_read),
            bytes_written: count(self.bytes_written),
            called_name: self.called_name.as_deref(),
            calling_name: self.calling_name.as_deref(),
            messages: count(self.messages),
            is_signed: self.is_signed,
            signing_required: self.signing_required,
            nt_status: self.status.map(i64::from),
            nt_status_name: self.status.map(nt_status::name),
            rtt_ns: self.rtt_ns,
            outcome: if is_login {
                verdict(self.status)
            } else {
                "request"
            },
        });
    }
}
