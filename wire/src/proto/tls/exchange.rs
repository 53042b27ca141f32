//! The handshake of one conversation: messages of either side become one row, over a stream or over datagrams.
//!
//! Source: RFC 8446 4, RFC 5246 7.4, RFC 6347 4.2.

use super::hello::{ClientHello, ServerHello};
use super::record::kind;
use super::shake::Shake;
use crate::proto::dialogue::{Labels, Message, Sink};
use crate::proto::weird::Weird;

/// What differs between TLS and DTLS.
pub(super) struct Way {
    /// First letter of JA4.
    pub(super) letter: char,
    pub(super) bad_hello: Weird,
    pub(super) bad_certificate: Weird,
}

/// What is known of one handshake.
#[derive(Default)]
pub(super) struct Exchange {
    pub(super) shake: Option<Box<Shake>>,
    pub(super) client_is_lo: Option<bool>,
    is_written: bool,
}

impl Exchange {
    /// Take in one handshake message.
    pub(super) fn take(
        &mut self,
        (number, body): (u8, &[u8]),
        way: &Way,
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        match number {
            kind::CLIENT_HELLO => self.client_hello(body, way, message, sink),
            kind::SERVER_HELLO => self.server_hello(body, way, message, sink),
            _ if !self.is_server(message.from_lo) => {}
            kind::CERTIFICATE => {
                if let Some(shake) = self.shake.as_mut()
                    && !shake.certificates(body)
                {
                    sink.weird(way.bad_certificate, &message.meta);
                }
            }
            kind::KEY_EXCHANGE => {
                if let Some(shake) = self.shake.as_mut() {
                    shake.key_exchange(body);
                }
            }
            kind::HELLO_DONE => {
                if let Some(shake) = self.shake.as_mut() {
                    shake.hello_done();
                }
            }
            _ => {}
        }
    }

    fn client_hello(&mut self, body: &[u8], way: &Way, message: &Message<'_>, sink: &mut Sink<'_>) {
        let hello = if way.letter == 'd' {
            ClientHello::parse_datagram(body)
        } else {
            ClientHello::parse(body)
        };
        if hello.as_ref().is_none_or(|hello| !hello.is_sound) {
            sink.weird(way.bad_hello, &message.meta);
        }
        let Some(hello) = hello else {
            return;
        };
        self.client_is_lo.get_or_insert(message.from_lo);
        if !self.is_server(message.from_lo) && !self.is_written {
            self.begun(message, true).offer(&hello, way.letter);
        }
    }

    fn server_hello(&mut self, body: &[u8], way: &Way, message: &Message<'_>, sink: &mut Sink<'_>) {
        let hello = ServerHello::parse(body);
        if hello.as_ref().is_none_or(|hello| !hello.is_sound) {
            sink.weird(way.bad_hello, &message.meta);
        }
        let Some(hello) = hello else {
            return;
        };
        self.client_is_lo.get_or_insert(!message.from_lo);
        if self.is_server(message.from_lo) && !self.is_written {
            let shake = self.begun(message, false);
            if !shake.is_answered() {
                shake.choose(&hello);
            }
        }
    }

    fn begun(&mut self, message: &Message<'_>, from_client: bool) -> &mut Shake {
        self.shake
            .get_or_insert_with(|| Box::new(Shake::new(message, from_client)))
    }

    /// The side that speaks is known to be the server.
    pub(super) fn is_server(&self, from_lo: bool) -> bool {
        self.client_is_lo == Some(!from_lo)
    }

    /// Write the row, once.
    pub(super) fn write(&mut self, sink: &mut Sink<'_>) {
        if let Some(shake) = self.shake.as_ref()
            && !std::mem::replace(&mut self.is_written, true)
        {
            shake.write(sink.out);
        }
    }

    /// What the flow's row may say of it.
    pub(super) fn labels(&self) -> Labels<'_> {
        let shake = self.shake.as_deref();
        let (server_name, ja4) = shake.map_or((None, None), Shake::labels);
        Labels { server_name, ja4 }
    }

    /// Bytes of memory held beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        self.shake.as_deref().map_or(0, Shake::bytes)
    }
}
