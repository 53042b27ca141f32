//! Rows of a POP3 connection.

use super::{Asked, Pop3};
use crate::columns::tables::Pop3Row;
use crate::columns::text_lists::TextList;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::mail::{Login, Told};

/// Client and server.
type Ends<'a> = (&'a Side, &'a Side);

impl Pop3 {
    /// A row with nothing but what all have.
    fn row<'a>(
        &'a self,
        command: &'static str,
        meta: &Meta,
        told: Option<&'a Told>,
        ends: Ends<'_>,
    ) -> Pop3Row<'a> {
        Pop3Row {
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
            capabilities: TextList::default(),
            is_tls: false,
            msgs_retrieved: None,
            msgs_deleted: None,
            bytes_retrieved: None,
        }
    }

    /// One login.
    pub(super) fn write_login(
        &mut self,
        login: &Login,
        told: Option<&Told>,
        outcome: &'static str,
        ends: Ends<'_>,
        sink: &mut Sink<'_>,
    ) {
        self.rows += 1;
        sink.out.pop3.push(&Pop3Row {
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

    /// A user that was accepted and did not go on.
    pub(super) fn write_named(&mut self, ends: Ends<'_>, sink: &mut Sink<'_>) {
        if let Some((login, told)) = self.named.take() {
            self.write_login(&login, Some(&told), "request", ends, sink);
        }
    }

    /// STLS.
    pub(super) fn write_starttls(
        &mut self,
        meta: &Meta,
        told: Option<&Told>,
        ends: Ends<'_>,
        sink: &mut Sink<'_>,
    ) {
        self.rows += 1;
        sink.out.pop3.push(&Pop3Row {
            is_tls: self.encrypted,
            ..self.row("STLS", meta, told, ends)
        });
    }

    /// CAPA that was answered, wholly or in part.
    pub(super) fn write_capa(&mut self, ends: Ends<'_>, sink: &mut Sink<'_>) {
        if let Some(capa) = self.capa.take() {
            self.rows += 1;
            sink.out.pop3.push(&Pop3Row {
                capabilities: capa.list.list(),
                ..self.row("CAPA", &capa.meta, Some(&capa.told), ends)
            });
        }
    }

    /// QUIT, with what the session fetched.
    pub(super) fn write_quit(
        &mut self,
        meta: &Meta,
        told: Option<&Told>,
        ends: Ends<'_>,
        sink: &mut Sink<'_>,
    ) {
        self.write_last("QUIT", meta, told, ends, sink);
    }

    /// The end of a session that nobody took leave of.
    pub(super) fn write_end(&mut self, ends: Ends<'_>, sink: &mut Sink<'_>) {
        if !self.fetched.is_nothing() || self.rows == 0 && self.greeted {
            let latest = self.latest;
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
        self.rows += 1;
        let fetched = std::mem::take(&mut self.fetched);
        sink.out.pop3.push(&Pop3Row {
            msgs_retrieved: Some(fetched.retrieved),
            msgs_deleted: Some(fetched.deleted),
            bytes_retrieved: Some(fetched.bytes),
            ..self.row(command, meta, told, ends)
        });
    }

    /// A command whose reply was not seen.
    pub(super) fn write_unanswered(&mut self, asked: Asked, ends: Ends<'_>, sink: &mut Sink<'_>) {
        match asked {
            Asked::Login(login) => self.write_login(&login, None, "unknown", ends, sink),
            Asked::User(login, false) => self.write_login(&login, None, "request", ends, sink),
            Asked::StartTls(meta) => self.write_starttls(&meta, None, ends, sink),
            Asked::Quit(meta) => self.write_quit(&meta, None, ends, sink),
            _ => {}
        }
    }
}
