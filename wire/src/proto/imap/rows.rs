//! Rows of an IMAP connection.

use super::{Asked, Imap, Pending};
use crate::columns::tables::ImapRow;
use crate::columns::text_lists::TextList;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::mail::{Login, Told};

/// Client and server.
type Ends<'a> = (&'a Side, &'a Side);

impl Imap {
    /// A row with nothing but what all have.
    fn row<'a>(
        &'a self,
        command: &'static str,
        meta: &Meta,
        told: Option<&'a Told>,
        ends: Ends<'_>,
    ) -> ImapRow<'a> {
        ImapRow {
            flow_uid: meta.flow_uid,
            ts: meta.ts_ns,
            sender_ip: ends.0.ip,
            receiver_ip: ends.1.ip,
            receiver_port: i32::from(ends.1.port),
            command,
            user: self.user.as_deref(),
            login_method: None,
            secret_hash: None,
            reply_status: told.map(|told| told.status),
            response_code: told.and_then(|told| told.code.as_deref()),
            reply_msg: told.and_then(|told| told.text.as_deref()),
            outcome: "request",
            banner: self.banner.as_deref(),
            server_version: self.server_version.as_deref(),
            client_app: self.client_app.as_deref(),
            capabilities: TextList::default(),
            mailbox: None,
            is_tls: false,
            msgs_retrieved: None,
            msgs_deleted: None,
            bytes_retrieved: None,
        }
    }

    /// The row of a command, when it has one.
    pub(super) fn write(
        &mut self,
        pending: Pending,
        told: Option<&Told>,
        ends: Ends<'_>,
        sink: &mut Sink<'_>,
    ) {
        let meta = pending.meta;
        self.rows = self.rows.saturating_add(1);
        match pending.asked {
            Asked::Login(login) => self.write_login(&login, told, ends, sink),
            Asked::Capability => {
                let capabilities = std::mem::take(&mut self.capabilities);
                sink.out.imap.push(&ImapRow {
                    capabilities: capabilities.list(),
                    ..self.row("CAPABILITY", &meta, told, ends)
                });
            }
            Asked::Id => sink.out.imap.push(&self.row("ID", &meta, told, ends)),
            Asked::StartTls => sink.out.imap.push(&ImapRow {
                is_tls: self.encrypted,
                ..self.row("STARTTLS", &meta, told, ends)
            }),
            Asked::Open(command) => sink.out.imap.push(&ImapRow {
                mailbox: pending.object.as_deref(),
                ..self.row(command, &meta, told, ends)
            }),
            Asked::Logout => self.write_last("LOGOUT", &meta, told, ends, sink),
            Asked::Compress | Asked::Other => self.rows = self.rows.saturating_sub(1),
        }
    }

    fn write_login(
        &mut self,
        login: &Login,
        told: Option<&Told>,
        ends: Ends<'_>,
        sink: &mut Sink<'_>,
    ) {
        let outcome = login.outcome(told);
        sink.out.imap.push(&ImapRow {
            user: login.user(),
            login_method: login.method(),
            secret_hash: login.secret_hash(),
            outcome,
            ..self.row(login.command, &login.meta, told, ends)
        });
        if outcome == "ok" {
            self.user = login.user().map(str::to_owned);
        }
    }

    /// Nobody has to log in (RFC 9051 7.1.4).
    pub(super) fn write_preauth(&mut self, meta: &Meta, ends: Ends<'_>, sink: &mut Sink<'_>) {
        self.rows = self.rows.saturating_add(1);
        sink.out.imap.push(&self.row("PREAUTH", meta, None, ends));
    }

    /// The end of a session that nobody took leave of.
    pub(super) fn write_end(&mut self, ends: Ends<'_>, sink: &mut Sink<'_>) {
        if !self.fetched.is_nothing() || self.rows == 0 && self.greeted {
            let latest = self.latest;
            self.rows = self.rows.saturating_add(1);
            self.write_last("END", &latest, None, ends, sink);
        }
    }

    fn write_last(
        &mut self,
        command: &'static str,
        meta: &Meta,
        told: Option<&Told>,
        ends: Ends<'_>,
        sink: &mut Sink<'_>,
    ) {
        let fetched = std::mem::take(&mut self.fetched);
        sink.out.imap.push(&ImapRow {
            msgs_retrieved: Some(fetched.retrieved),
            msgs_deleted: Some(fetched.deleted),
            bytes_retrieved: Some(fetched.bytes),
            ..self.row(command, meta, told, ends)
        });
    }
}
