//! A login at a database, cache, proxy or screen as it is put together from several messages; one row of `remote_login`.

use super::dialogue::{Cut, Message, Meta, Pair, Side, Sink};
use super::service::Service;
use crate::columns::tables::RemoteLoginRow;

/// How a login ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server let the client in.
    Ok,
    /// It did not.
    Negative,
    /// Not seen, or no matter of credentials.
    #[default]
    Unknown,
    /// Nobody had to log in.
    Request,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Negative => "negative",
            Self::Unknown => "unknown",
            Self::Request => "request",
        }
    }
}

/// Whose turn it is where each side waits for the other.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// Nothing more is read.
    pub(super) is_done: bool,
    /// The other side is awaited.
    pub(super) is_others: bool,
}

impl Turn {
    /// What is clear before the data is looked at; `None`: look at it.
    pub(super) fn cut(self, data: &[u8], lost: bool) -> Option<Cut> {
        match self {
            Self { is_done: true, .. } => Some(Cut::Message(data.len())),
            _ if lost => Some(Cut::Bad(data.len())),
            Self {
                is_others: true, ..
            } => Some(Cut::Need),
            Self { .. } => None,
        }
    }
}

/// What was learned so far; text is escaped.
#[derive(Default)]
pub(super) struct Attempt {
    /// The packet that began it; none: there is nothing to write.
    pub(super) first: Option<Meta>,
    /// User name.
    pub(super) user: Option<String>,
    /// Database, or host and port.
    pub(super) target: Option<String>,
    /// Server asked for.
    pub(super) server_name: Option<String>,
    /// Host of the client.
    pub(super) client_host: Option<String>,
    /// Program of the client.
    pub(super) client_app: Option<String>,
    /// Version of the server.
    pub(super) server_version: Option<String>,
    /// How the client proved itself.
    pub(super) method: Option<&'static str>,
    /// Keyed hash of the secret shown.
    pub(super) secret: Option<String>,
    /// Words of the server.
    pub(super) refusal: Option<String>,
    /// End.
    pub(super) outcome: Outcome,
}

impl Attempt {
    /// Write the row at the end of the flow, unless it is written.
    pub(super) fn end(
        &mut self,
        service: Service,
        sides: &Pair<Side>,
        client_is_lo: bool,
        sink: &mut Sink<'_>,
    ) {
        let ends = (sides.get(client_is_lo), sides.get(!client_is_lo));
        self.write(service, ends, sink);
    }

    /// Write the row with the message that decides it, unless it is written.
    pub(super) fn decide(
        &mut self,
        outcome: Outcome,
        service: Service,
        message: &Message<'_>,
        client_is_lo: bool,
        sink: &mut Sink<'_>,
    ) {
        self.outcome = outcome;
        let ends = if message.from_lo == client_is_lo {
            (message.sender, message.receiver)
        } else {
            (message.receiver, message.sender)
        };
        self.write(service, ends, sink);
    }

    fn write(&mut self, service: Service, (client, server): (&Side, &Side), sink: &mut Sink<'_>) {
        let Some(first) = self.first.take() else {
            return;
        };
        sink.out.remote_login.push(&RemoteLoginRow {
            flow_uid: first.flow_uid,
            ts: first.ts_ns,
            sender_ip: client.ip,
            receiver_ip: server.ip,
            receiver_port: i32::from(server.port),
            service: service.name(),
            user: self.user.as_deref(),
            login_target: self.target.as_deref(),
            server_name: self.server_name.as_deref(),
            client_host: self.client_host.as_deref(),
            client_app: self.client_app.as_deref(),
            server_version: self.server_version.as_deref(),
            login_method: self.method,
            refusal: self.refusal.as_deref(),
            secret_hash: self.secret.as_deref(),
            outcome: self.outcome.name(),
        });
    }

    /// Bytes of text held.
    pub(super) fn bytes(&self) -> usize {
        let texts = [
            &self.user,
            &self.target,
            &self.server_name,
            &self.client_host,
            &self.client_app,
            &self.server_version,
            &self.secret,
            &self.refusal,
        ];
        texts.into_iter().flatten().map(String::capacity).sum()
    }
}
