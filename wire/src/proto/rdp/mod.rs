//! RDP: what a client asks for and the server chooses before TLS begins; without TLS also the settings both exchange. One row per
//! connection.
//!
//! Source: [MS-RDPBCGR] 1.3.1.1 (order), 2.2.1.1 to 2.2.1.4; RFC 1006 6 (TPKT); X.224 13.

mod negotiation;
mod row;
mod settings;

use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::read::{be16, octet};
use super::service::Service;
use super::weird::Weird;
use negotiation::{Request, Response};
use settings::{Client, Server};

/// No TPKT where one must start.
const BAD_FRAME: Weird = Weird::new(1, "rdp_bad_frame");
/// A first message without the settings that it is for.
const BAD_SETTINGS: Weird = Weird::new(2, "rdp_bad_settings");

/// TPKT header and the shortest X.224 data header, bytes.
const DATA_HEAD: usize = 7;
/// Bytes of a message that are read: settings take some 500, 400 more with 31 channels.
const MAX_HEAD: usize = 4096;
/// Codes of X.224: connection request, connection confirm, data.
const CONNECT: u8 = 0xe0;
const CONFIRM: u8 = 0xd0;
const DATA: u8 = 0xf0;

/// One connection.
#[derive(Default)]
pub(super) struct Rdp {
    first: Option<Meta>,
    client_is_lo: Option<bool>,
    request: Request,
    response: Option<Response>,
    client: Option<Client>,
    server: Server,
    /// What follows is read by nobody.
    finished: bool,
}

impl Rdp {
    /// TLS follows.
    fn is_tls(&self) -> bool {
        matches!(self.response, Some(Response::Chosen(protocol)) if protocol != 0)
    }

    fn settings(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let data = message.data.get(DATA_HEAD..).unwrap_or(&[]);
        let read = match settings::connect(data) {
            Some(0x7f65) => {
                self.client_is_lo.get_or_insert(message.from_lo);
                self.client = settings::client(data);
                self.client.is_some()
            }
            Some(_) => {
                self.finished = true;
                let server = settings::server(data);
                self.server = server.unwrap_or_default();
                server.is_some()
            }
            None => {
                self.finished = true;
                true
            }
        };
        if !read && message.missing == 0 {
            sink.weird(BAD_SETTINGS, &message.meta);
        }
    }
}

impl Dialogue for Rdp {
    const BAD: Weird = BAD_FRAME;

    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        if self.finished {
            return Cut::Message(data.len());
        }
        if self.is_tls() {
            return Cut::Need;
        }
        match octet(data, 0) {
            // A TLS record: the answer that agreed to it was not seen.
            Some(0x16) if self.first.is_some() => return Cut::Message(data.len()),
            Some(3) => {}
            _ => return Cut::Bad(1),
        }
        let (Some(length), Some(code)) = (be16(data, 2), octet(data, 5)) else {
            return Cut::Need;
        };
        let whole = usize::from(length);
        if octet(data, 1) != Some(0)
            || whole < DATA_HEAD
            || !matches!(code, CONNECT | CONFIRM | DATA)
        {
            return Cut::Bad(1);
        }
        Cut::Head {
            head: whole.min(MAX_HEAD),
            whole,
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.finished {
            return;
        }
        if octet(message.data, 0) != Some(3) {
            self.finished = true;
            return;
        }
        self.first.get_or_insert(message.meta);
        let rest = message.data.get(negotiation::HEAD..).unwrap_or(&[]);
        match octet(message.data, 5) {
            Some(CONNECT) => {
                self.client_is_lo.get_or_insert(message.from_lo);
                self.request = negotiation::request(rest);
            }
            Some(CONFIRM) => {
                self.client_is_lo.get_or_insert(!message.from_lo);
                self.response = Some(negotiation::response(rest));
            }
            _ => self.settings(message, sink),
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        if let Some(first) = self.first.take() {
            let client_is_lo = self.client_is_lo.unwrap_or(true);
            let ends = (sides.get(client_is_lo), sides.get(!client_is_lo));
            row::write(self, &first, ends, sink);
        }
    }

    fn bytes(&self) -> usize {
        // Cookie, client name and channels: short fields of one head each.
        if self.first.is_some() { 512 } else { 0 }
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn successor(&self) -> Option<Service> {
        self.is_tls().then_some(Service::Tls)
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}
