//! One request with its response, and the row it becomes.

use super::auth::credentials;
use super::head::{Asker, Fields, without_password, without_port};
use crate::columns::tables::HttpRow;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::escape::{MAX_TEXT, MAX_URI, escape, escape_within};
use crate::proto::ntlm::Ntlm;
use crate::proto::secrets::Secrets;

/// What was asked.
pub(super) struct Request {
    pub(super) method: String,
    uri: String,
    version: &'static str,
    host: Option<String>,
    referrer: Option<String>,
    user_agent: Option<String>,
    content_type: Option<String>,
    auth_kind: Option<&'static str>,
    user: Option<String>,
    secret_hash: Option<String>,
    proxied: Option<String>,
}

/// What was answered.
pub(super) struct Response {
    version: &'static str,
    pub(super) code: u16,
    reason: Option<String>,
    content_type: Option<String>,
    coding: Option<String>,
    ts_ns: i64,
}

/// A request and its response; either may be missing.
pub(super) struct Exchange {
    meta: Meta,
    depth: i32,
    pub(super) request: Option<Request>,
    pub(super) response: Option<Response>,
    /// Its request body still comes.
    pub(super) is_asking: bool,
    pub(super) request_len: u64,
    pub(super) response_len: u64,
    /// The NTLM login that this request ends, and who asked for it.
    pub(super) ntlm: Option<(Box<Ntlm>, Asker)>,
}

fn text(value: Option<&[u8]>) -> Option<String> {
    value.filter(|value| !value.is_empty()).map(escape)
}

impl Exchange {
    /// Bytes of memory held beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        let sum = |texts: &[&Option<String>]| -> usize {
            let lengths = texts
                .iter()
                .map(|text| text.as_ref().map_or(0, String::capacity));
            lengths.sum()
        };
        let request = self.request.as_ref().map_or(0, |asked| {
            let texts = [
                &asked.host,
                &asked.referrer,
                &asked.user_agent,
                &asked.content_type,
                &asked.user,
                &asked.proxied,
            ];
            asked.method.capacity() + asked.uri.capacity() + sum(&texts)
        });
        let response = self.response.as_ref().map_or(0, |told| {
            sum(&[&told.reason, &told.content_type, &told.coding])
        });
        let login = self
            .ntlm
            .as_ref()
            .map_or(0, |(login, _)| size_of::<Ntlm>() + login.bytes());
        request + response + login
    }
}

impl Request {
    /// Of a request line and its fields.
    pub(super) fn new(
        method: &[u8],
        target: &[u8],
        version: &'static str,
        fields: &Fields<'_>,
        secrets: &Secrets,
    ) -> Self {
        let found = fields.credentials.map(credentials).unwrap_or_default();
        let (front, back) = without_password(target);
        let proxied: Vec<Vec<u8>> = fields
            .proxied
            .iter()
            .map(|(name, value)| [name.as_bytes(), b": ", value].concat())
            .collect();
        Self {
            method: escape(method),
            uri: uri(front, back),
            version,
            host: text(fields.host.map(without_port)),
            referrer: fields.referrer.map(|value| {
                let (front, back) = without_password(value);
                escape(&[clip(front), clip(back)].concat())
            }),
            user_agent: text(fields.user_agent),
            content_type: text(fields.content_type),
            auth_kind: found.kind,
            user: found.user.as_deref().map(escape),
            secret_hash: found.password.and_then(|password| secrets.hash(&password)),
            proxied: (!proxied.is_empty()).then(|| escape(&proxied.join(&b"; "[..]))),
        }
    }

    /// Host, escaped.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

/// As much as can come into a row.
fn clip(raw: &[u8]) -> &[u8] {
    raw.get(..MAX_TEXT).unwrap_or(raw)
}

fn uri(front: &[u8], back: &[u8]) -> String {
    if back.is_empty() {
        return escape_within(front, MAX_URI);
    }
    escape_within(&[front, back].concat(), MAX_URI)
}

impl Response {
    /// Of a status line and its fields, first seen at `ts_ns`.
    pub(super) fn new(
        version: &'static str,
        code: u16,
        reason: &[u8],
        fields: &Fields<'_>,
        ts_ns: i64,
    ) -> Self {
        Self {
            version,
            code,
            reason: text(Some(reason)),
            content_type: text(fields.content_type),
            coding: text(fields.coding),
            ts_ns,
        }
    }
}

impl Exchange {
    /// Begin with the message that came with `meta`, the `depth`-th of its flow.
    pub(super) fn new(meta: Meta, depth: i32, request: Option<Request>) -> Self {
        Self {
            meta,
            depth,
            request,
            response: None,
            is_asking: false,
            request_len: 0,
            response_len: 0,
            ntlm: None,
        }
    }

    fn outcome(&self, kind: Option<&'static str>) -> &'static str {
        match (kind, self.response.as_ref().map(|response| response.code)) {
            (None, _) => "request",
            (Some(_), Some(200..=399)) => "ok",
            (Some(_), Some(401 | 407)) => "negative",
            (Some(_), _) => "unknown",
        }
    }

    /// How the NTLM login ended: who is refused is asked anew by whom it was for (401, 407), who is not had the request looked at; a
    /// server with troubles of its own, or a proxy in between, tells nothing.
    fn login_outcome(&self, asker: Asker) -> &'static str {
        match (asker, self.response.as_ref().map(|response| response.code)) {
            (Asker::Server, Some(401)) | (Asker::Proxy, Some(407)) => "negative",
            (Asker::Server, Some(407)) | (_, None | Some(500..)) => "unknown",
            _ => "ok",
        }
    }

    /// Write the row.
    pub(super) fn write(&self, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        let (asked, answered) = (self.request.as_ref(), self.response.as_ref());
        let kind = asked.and_then(|request| request.auth_kind);
        let rtt = answered
            .filter(|_| asked.is_some())
            .map(|response| response.ts_ns.saturating_sub(self.meta.ts_ns));
        sink.out.http.push(&HttpRow {
            flow_uid: self.meta.flow_uid,
            ts: self.meta.ts_ns,
            sender_ip: client.ip,
            receiver_ip: server.ip,
            receiver_port: i32::from(server.port),
            trans_depth: self.depth,
            method: asked.map(|request| request.method.as_str()),
            host: asked.and_then(Request::host),
            uri: asked.map(|request| request.uri.as_str()),
            referrer: asked.and_then(|request| request.referrer.as_deref()),
            user_agent: asked.and_then(|request| request.user_agent.as_deref()),
            http_version: asked.map(|request| request.version),
            reply_version: answered.map(|response| response.version),
            status_code: answered.map(|response| i32::from(response.code)),
            status_msg: answered.and_then(|response| response.reason.as_deref()),
            request_body_len: signed(self.request_len),
            response_body_len: signed(self.response_len),
            request_type: asked.and_then(|request| request.content_type.as_deref()),
            response_type: answered.and_then(|response| response.content_type.as_deref()),
            response_coding: answered.and_then(|response| response.coding.as_deref()),
            auth_kind: kind,
            user: asked.and_then(|request| request.user.as_deref()),
            secret_hash: asked.and_then(|request| request.secret_hash.as_deref()),
            proxied: asked.and_then(|request| request.proxied.as_deref()),
            rtt_ns: rtt,
            outcome: self.outcome(kind),
        });
        if let Some((login, asker)) = &self.ntlm {
            let outcome = self.login_outcome(*asker);
            login.write("http", (client, server), None, outcome, sink);
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
