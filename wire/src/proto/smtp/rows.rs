//! Rows of an SMTP connection: one per mail, per login, per STARTTLS; a connection with none of them is one row.

use super::Smtp;
use super::mail::Mail;
use crate::columns::tables::SmtpRow;
use crate::columns::text_lists::TextList;
use crate::proto::dialogue::{Meta, Side, Sink};

/// Code and text of a reply.
type Told = (u16, String);

impl Smtp {
    /// A row with nothing but what all have.
    fn row<'a>(
        &'a self,
        command: &'static str,
        meta: &Meta,
        told: Option<&'a Told>,
        ends: (&Side, &Side),
    ) -> SmtpRow<'a> {
        SmtpRow {
            flow_uid: meta.flow_uid,
            ts: meta.ts_ns,
            sender_ip: ends.0.ip,
            receiver_ip: ends.1.ip,
            receiver_port: i32::from(ends.1.port),
            command,
            trans_depth: None,
            helo: self.hello.as_ref().map(|(_, _, name)| name.as_str()),
            mail_from: None,
            rcpt_to: TextList::default(),
            rcpt_count: 0,
            from_field: None,
            to_field: None,
            date_field: None,
            msg_id: None,
            subject: None,
            mail_len: None,
            reply_code: told.map(|(code, _)| i32::from(*code)),
            reply_msg: told.map(|(_, text)| text.as_str()),
            is_tls: false,
            user: self.user.as_deref(),
            login_method: None,
            secret_hash: None,
            outcome: "request",
        }
    }

    /// One mail.
    pub(super) fn write_mail(
        &mut self,
        mail: &Mail,
        client: &Side,
        server: &Side,
        sink: &mut Sink<'_>,
    ) {
        self.rows += 1;
        let [from, to, date, msg_id, subject] = mail.fields();
        let told = mail.reply.as_ref();
        sink.out.smtp.push(&SmtpRow {
            trans_depth: Some(mail.depth),
            mail_from: mail.from.as_deref(),
            rcpt_to: mail.recipients(),
            rcpt_count: mail.rcpt_count,
            from_field: from.as_deref(),
            to_field: to.as_deref(),
            date_field: date.as_deref(),
            msg_id: msg_id.as_deref(),
            subject: subject.as_deref(),
            mail_len: Some(i64::try_from(mail.length).unwrap_or(i64::MAX)),
            ..self.row("MAIL", &mail.meta, told, (client, server))
        });
    }

    /// The login in progress, when there is one.
    pub(super) fn write_login(
        &mut self,
        told: Option<&Told>,
        client: &Side,
        server: &Side,
        sink: &mut Sink<'_>,
    ) {
        let Some(login) = self.login.take() else {
            return;
        };
        self.rows += 1;
        let outcome = told.map_or("unknown", |(code, _)| outcome(*code));
        sink.out.smtp.push(&SmtpRow {
            user: login.sasl.user.as_deref(),
            login_method: Some(login.sasl.method),
            secret_hash: login.sasl.secret_hash.as_deref(),
            outcome,
            ..self.row("AUTH", &login.meta, told, (client, server))
        });
        if outcome == "ok" {
            self.user = login.sasl.user;
        }
    }

    /// STARTTLS, when it waits for its reply.
    pub(super) fn write_starttls(
        &mut self,
        told: Option<&Told>,
        client: &Side,
        server: &Side,
        sink: &mut Sink<'_>,
    ) {
        if let Some(meta) = self.starttls.take() {
            self.rows += 1;
            sink.out.smtp.push(&SmtpRow {
                is_tls: self.encrypted,
                ..self.row("STARTTLS", &meta, told, (client, server))
            });
        }
    }

    /// A connection of which nothing else was written.
    pub(super) fn write_hello(&mut self, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        if let Some((meta, verb, _)) = &self.hello
            && self.rows == 0
        {
            let row = self.row(verb, meta, None, (client, server));
            sink.out.smtp.push(&row);
            self.rows = 1;
        }
    }
}

/// How a login ended: 235 lets the user in. Syntax (50x), unknown or too weak mechanisms (504, 534, 538), missing encryption (530)
/// and temporary failures (4xx) say nothing of the credentials (RFC 4954 6).
fn outcome(code: u16) -> &'static str {
    match code {
        235 => "ok",
        500..=504 | 530 | 534 | 538 => "unknown",
        500..=599 => "negative",
        _ => "unknown",
    }
}
