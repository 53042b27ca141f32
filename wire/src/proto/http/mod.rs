//! HTTP/1: requests paired with their responses; bodies are counted, never kept, and no password comes into a row.
//!
//! Source: RFC 9110, RFC 9112 (9.3 pipelining, 6.3 bodies), RFC 9110 9.3.6 (CONNECT), 15.2 (interim responses).

mod auth;
mod exchange;
mod framing;
mod head;
mod login;

use super::dialogue::{Cut, Dialogue, Labels, Message, Pair, Side, Sink};
use super::ntlm::Ntlm;
use super::weird::Weird;
use exchange::{Exchange, Request, Response};
use framing::{MAX_HEAD, Reading};
use head::{Fields, Start};
use std::collections::VecDeque;

const BAD_MESSAGE: Weird = Weird::new(1, "http_bad_message");
const BAD_FIELD: Weird = Weird::new(2, "http_bad_field");
const BAD_LENGTH: Weird = Weird::new(3, "http_bad_length");
const BAD_CHUNK: Weird = Weird::new(4, "http_bad_chunk");
const LONG_HEAD: Weird = Weird::new(5, "http_long_head");
const UNASKED: Weird = Weird::new(6, "http_unasked_response");

/// Requests that may wait for their response; pipelining clients send a handful.
const MAX_PENDING: usize = 32;

/// One connection.
#[derive(Default)]
pub(super) struct Http {
    client_is_lo: Option<bool>,
    reading: Pair<Reading>,
    /// Requests without their whole response, oldest first; only the first may have the beginning of one.
    pending: VecDeque<Exchange>,
    depth: i32,
    /// Responses may have been lost: the next one may belong to any request that waits.
    gap: bool,
    host: Option<String>,
    /// The connection carries something else from here on.
    switched: bool,
    /// An NTLM login between two of its requests; it belongs to the connection ([MS-NTHT] 3.1).
    ntlm: Option<Box<Ntlm>>,
}

impl Http {
    fn is_client(&self, from_lo: bool) -> Option<bool> {
        self.client_is_lo.map(|lo| lo == from_lo)
    }

    fn begin(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let seeking = *self.reading.get(message.from_lo) == Reading::Seek;
        let line = framing::first_line(message.data).unwrap_or(message.data);
        let rest = message.data.get(line.len()..).unwrap_or(&[]);
        let from_client = self.is_client(message.from_lo);
        let Some(start) = framing::may_start(line.trim_ascii_end(), from_client, seeking) else {
            if !seeking && !line.trim_ascii().is_empty() {
                sink.weird(BAD_MESSAGE, &message.meta);
                *self.reading.get_mut(message.from_lo) = Reading::Seek;
            }
            return;
        };
        let fields = head::fields(rest);
        let next = match start {
            Start::Request(method, target, version) => {
                let request = Request::new(method, target, version, &fields, &sink.out.secrets);
                self.on_request(message, request, &fields, sink)
            }
            Start::Status(version, code, reason) => {
                let ts_ns = message.meta.ts_ns;
                let response = Response::new(version, code, reason, &fields, ts_ns);
                self.on_response(message, response, &fields, sink)
            }
        };
        let is_cut = message.data.len() >= MAX_HEAD && head::length(message.data).is_none();
        for (found, code) in [
            (fields.bad_field && !is_cut, BAD_FIELD),
            (fields.bad_length, BAD_LENGTH),
            (is_cut, LONG_HEAD),
        ] {
            if found {
                sink.weird(code, &message.meta);
            }
        }
        let next = if is_cut { Reading::Seek } else { next };
        *self.reading.get_mut(message.from_lo) = next;
        // A response without a body is whole already.
        if next == Reading::Start && self.is_client(message.from_lo) == Some(false) {
            self.finish(message, sink);
        }
    }

    fn on_request(
        &mut self,
        message: &Message<'_>,
        request: Request,
        fields: &Fields<'_>,
        sink: &mut Sink<'_>,
    ) -> Reading {
        self.client_is_lo.get_or_insert(message.from_lo);
        if self.depth == 0 {
            self.host = request.host().map(str::to_owned);
        }
        if let Some(latest) = self.pending.back_mut() {
            latest.is_asking = false;
        }
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            oldest.write(message.sender, message.receiver, sink);
        }
        let next = framing::after_request(fields);
        self.push(message, Some(request));
        self.prove(message, fields, sink);
        if let Some(latest) = self.pending.back_mut() {
            latest.is_asking = next != Reading::Start;
        }
        next
    }

    fn push(&mut self, message: &Message<'_>, request: Option<Request>) {
        self.depth = self.depth.saturating_add(1);
        self.pending
            .push_back(Exchange::new(message.meta, self.depth, request));
    }

    fn on_response(
        &mut self,
        message: &Message<'_>,
        response: Response,
        fields: &Fields<'_>,
        sink: &mut Sink<'_>,
    ) -> Reading {
        self.client_is_lo.get_or_insert(!message.from_lo);
        let code = response.code;
        if (100..200).contains(&code) && code != 101 {
            return Reading::Start;
        }
        self.settle(message, sink);
        if self.pending.is_empty() {
            sink.weird(UNASKED, &message.meta);
            self.push(message, None);
        }
        let Some(front) = self.pending.front_mut() else {
            return Reading::Start;
        };
        front.response = Some(response);
        login::challenged(&mut self.ntlm, message, fields);
        let method = front
            .request
            .as_ref()
            .map(|request| request.method.as_str());
        let tunnels = method == Some("CONNECT") && (200..300).contains(&code);
        if code == 101 || tunnels {
            self.switched = true;
            return Reading::Start;
        }
        framing::after_response(fields, method, code)
    }

    /// A new response begins: what an interrupted one left is over, and of requests whose responses may be lost, only the
    /// latest can still be answered (clients rarely send more than one at a time).
    fn settle(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let lost = std::mem::take(&mut self.gap);
        while let Some(front) = self.pending.front() {
            if front.response.is_none() && !(lost && self.pending.len() > 1) {
                break;
            }
            self.write_front(message, sink);
        }
    }

    /// The response that comes from the sender of `message` is whole.
    fn finish(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self
            .pending
            .front()
            .is_some_and(|front| front.response.is_some())
        {
            self.write_front(message, sink);
        }
    }

    fn write_front(&mut self, from_server: &Message<'_>, sink: &mut Sink<'_>) {
        if let Some(done) = self.pending.pop_front() {
            done.write(from_server.receiver, from_server.sender, sink);
        }
    }

    fn pass(&mut self, message: &Message<'_>, reading: Reading, sink: &mut Sink<'_>) {
        let is_client = self.is_client(message.from_lo) == Some(true);
        let Some((next, count)) = framing::advance(reading, message.data) else {
            sink.weird(BAD_CHUNK, &message.meta);
            *self.reading.get_mut(message.from_lo) = Reading::Seek;
            return;
        };
        *self.reading.get_mut(message.from_lo) = next;
        self.count(is_client, count);
        if next != Reading::Start {
            return;
        }
        if !is_client {
            self.finish(message, sink);
        } else if let Some(latest) = self.pending.back_mut() {
            latest.is_asking = false;
        }
    }

    /// Add body bytes to the message that they belong to.
    fn count(&mut self, is_client: bool, bytes: u64) {
        if is_client {
            if let Some(latest) = self.pending.back_mut().filter(|latest| latest.is_asking) {
                latest.request_len = latest.request_len.saturating_add(bytes);
            }
        } else if let Some(front) = self.pending.front_mut()
            && front.response.is_some()
        {
            front.response_len = front.response_len.saturating_add(bytes);
        }
    }
}

impl Dialogue for Http {
    const BAD: Weird = BAD_MESSAGE;
    const MAX_WAITING: usize = MAX_HEAD;

    fn cut(&self, data: &[u8], from_lo: bool, _lost: bool) -> Cut {
        framing::cut(*self.reading.get(from_lo), data, self.is_client(from_lo))
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.switched {
            return;
        }
        match *self.reading.get(message.from_lo) {
            Reading::Start | Reading::Seek => self.begin(message, sink),
            reading => self.pass(message, reading, sink),
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.reading.get_mut(from_lo) = Reading::Seek;
        match self.is_client(from_lo) {
            Some(true) => {
                if let Some(latest) = self.pending.back_mut() {
                    latest.is_asking = false;
                }
            }
            _ => self.gap = true,
        }
    }

    fn pass_hole(&mut self, from_lo: bool, bytes: u32) -> bool {
        let reading = self.reading.get_mut(from_lo);
        let Some(next) = framing::beyond(*reading, bytes) else {
            return false;
        };
        *reading = next;
        // A response that ends with the gap is written when the next one begins.
        self.count(self.is_client(from_lo) == Some(true), u64::from(bytes));
        true
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        let (client, server) = (sides.get(client_is_lo), sides.get(!client_is_lo));
        for exchange in self.pending.drain(..) {
            exchange.write(client, server, sink);
        }
        if let Some(login) = self.ntlm.take() {
            login.write("http", (client, server), None, "unknown", sink);
        }
    }

    fn bytes(&self) -> usize {
        let table = self.pending.capacity() * size_of::<Exchange>();
        let host = self.host.as_ref().map_or(0, String::capacity);
        let login = self.ntlm.as_ref();
        let login = login.map_or(0, |login| size_of::<Ntlm>() + login.bytes());
        table + host + login + self.pending.iter().map(Exchange::bytes).sum::<usize>()
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn labels(&self) -> Labels<'_> {
        Labels {
            server_name: self.host.as_deref(),
            ..Labels::default()
        }
    }

    fn is_finished(&self) -> bool {
        self.switched
    }
}
