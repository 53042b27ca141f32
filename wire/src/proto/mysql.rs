//! MySQL and MariaDB logins: greeting, login, changes of the authentication plugin, and the answer. Secrets are passed over.
//!
//! Source: MySQL client/server protocol, "Connection Phase Packets" (HandshakeV10, HandshakeResponse41, HandshakeResponse320,
//! AuthSwitchRequest, AuthMoreData) and "Generic Response Packets" (OK, ERR).

use super::attempt::{Attempt, Outcome};
use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::escape::escape;
use super::read::{le16, le24, le32, octet};
use super::service::Service;
use super::weird::Weird;

const BAD_PACKET: Weird = Weird::new(1, "mysql_bad_packet");
const BAD_LOGIN: Weird = Weird::new(2, "mysql_bad_login");

/// Bytes read of a packet: greetings and logins are smaller, connection attributes (64 KiB at most) may be cut.
const MAX_HEAD: usize = 4096;
/// Largest packet of the connection phase, bytes; attributes take 64 KiB.
const MAX_PACKET: usize = 1 << 17;
/// Packets after the login before the answer is given up; full authentication takes five.
const MAX_ROUNDS: u8 = 16;

const PROTOCOL_41: u32 = 0x200;
const CONNECT_WITH_DB: u32 = 0x8;
const SSL: u32 = 0x800;
const SECURE_CONNECTION: u32 = 0x8000;
const PLUGIN_AUTH: u32 = 0x8_0000;
const CONNECT_ATTRS: u32 = 0x10_0000;
const PLUGIN_AUTH_LENENC: u32 = 0x20_0000;

/// Authentication plugins by name; their names come from the wire and are not kept otherwise.
const PLUGINS: [&str; 10] = [
    "mysql_native_password",
    "caching_sha2_password",
    "sha256_password",
    "mysql_clear_password",
    "mysql_old_password",
    "client_ed25519",
    "auth_gssapi_client",
    "authentication_kerberos_client",
    "authentication_ldap_sasl_client",
    "dialog",
];

/// One connection up to the answer to its login.
#[derive(Default)]
pub(super) struct Mysql {
    attempt: Attempt,
    client_is_lo: Option<bool>,
    logged_in: bool,
    rounds: u8,
    done: bool,
    next: Option<Service>,
}

impl Mysql {
    fn decide(&mut self, outcome: Outcome, message: &Message<'_>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt
            .decide(outcome, Service::Mysql, message, client_is_lo, sink);
        self.done = true;
    }

    fn greeting(&mut self, message: &Message<'_>, payload: &[u8], sink: &mut Sink<'_>) {
        self.client_is_lo = Some(!message.from_lo);
        match payload.split_first() {
            Some((10, rest)) => {
                self.attempt.server_version = text(rest).map(|(version, _)| escape(version));
            }
            Some((0xff, _)) => {
                // Refused before anybody said who he is.
                self.attempt.first = Some(message.meta);
                self.attempt.refusal = refusal(payload);
                self.decide(Outcome::Unknown, message, sink);
            }
            _ => {
                sink.weird(BAD_PACKET, &message.meta);
                self.done = true;
            }
        }
    }

    fn login(&mut self, message: &Message<'_>, payload: &[u8], sink: &mut Sink<'_>) {
        self.client_is_lo.get_or_insert(message.from_lo);
        self.attempt.first = Some(message.meta);
        let Some(login) = Login::read(payload) else {
            sink.weird(BAD_LOGIN, &message.meta);
            self.done = true;
            self.attempt.first = None;
            return;
        };
        if login.is_tls {
            self.attempt.method = Some("tls");
            self.next = Some(Service::Tls);
            return self.decide(Outcome::Unknown, message, sink);
        }
        self.attempt.user = login.user.map(escape);
        self.attempt.target = login.database.map(escape);
        self.attempt.client_app = login.program.map(escape);
        self.attempt.method = Some(login.method);
        self.logged_in = true;
    }

    fn answer(&mut self, message: &Message<'_>, payload: &[u8], sink: &mut Sink<'_>) {
        match payload.split_first() {
            Some((0, _)) => self.decide(Outcome::Ok, message, sink),
            Some((0xff, _)) => {
                self.attempt.refusal = refusal(payload);
                self.decide(Outcome::Negative, message, sink);
            }
            // Another plugin, by its name; alone it is the one before 4.1.
            Some((0xfe, rest)) => {
                self.attempt.method =
                    Some(text(rest).map_or("mysql_old_password", |(name, _)| plugin(name)));
            }
            Some((1, _)) => {}
            _ => self.done = true,
        }
    }
}

/// Error code and message; the state behind `#` is left out.
fn refusal(payload: &[u8]) -> Option<String> {
    let code = le16(payload, 1)?;
    let words = payload.get(3..)?;
    let words = match words {
        [b'#', _, _, _, _, _, rest @ ..] => rest,
        _ => words,
    };
    Some(escape(&[format!("{code} ").as_bytes(), words].concat()))
}

fn plugin(name: &[u8]) -> &'static str {
    let known = PLUGINS.into_iter().find(|known| known.as_bytes() == name);
    known.unwrap_or("other")
}

/// Text up to NUL and what follows; without NUL all of it, which is how some servers end a packet.
fn text(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = data.iter().position(|byte| *byte == 0);
    let found = data.get(..end.unwrap_or(data.len()))?;
    let rest = end.and_then(|end| data.get(end + 1..)).unwrap_or_default();
    (!data.is_empty()).then_some((found, rest))
}

/// A length-encoded number and what follows.
fn number(data: &[u8]) -> Option<(usize, &[u8])> {
    let (length, field) = match octet(data, 0)? {
        short @ 0..=0xfa => (usize::from(short), 1),
        0xfc => (usize::from(le16(data, 1)?), 3),
        0xfd => (le24(data, 1)? as usize, 4),
        _ => return None,
    };
    Some((length, data.get(field..)?))
}

/// A length-encoded string and what follows.
fn counted(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(data)?;
    rest.split_at_checked(length)
}

/// What a login says.
struct Login<'a> {
    is_tls: bool,
    user: Option<&'a [u8]>,
    database: Option<&'a [u8]>,
    program: Option<&'a [u8]>,
    method: &'static str,
}

impl<'a> Login<'a> {
    fn read(payload: &'a [u8]) -> Option<Self> {
        let capabilities = le32(payload, 0)?;
        let mut login = Self {
            is_tls: false,
            user: None,
            database: None,
            program: None,
            method: "mysql_old_password",
        };
        if capabilities & PROTOCOL_41 == 0 {
            // Capabilities 2, largest packet 3.
            login.is_tls = payload.len() == 5 && capabilities & SSL != 0;
            login.user = payload.get(5..).and_then(text).map(|(user, _)| user);
            return Some(login);
        }
        let rest = payload.get(32..)?;
        if rest.is_empty() {
            login.is_tls = capabilities & SSL != 0;
            return login.is_tls.then_some(login);
        }
        let (user, rest) = text(rest)?;
        login.user = Some(user);
        if capabilities & SECURE_CONNECTION != 0 {
            login.method = "mysql_native_password";
        }
        // What lies beyond the user may be cut off.
        login.read_rest(capabilities, rest);
        Some(login)
    }

    fn read_rest(&mut self, capabilities: u32, rest: &'a [u8]) -> Option<()> {
        let (_secret, mut rest) = if capabilities & PLUGIN_AUTH_LENENC != 0 {
            counted(rest)?
        } else if capabilities & SECURE_CONNECTION != 0 {
            let length = usize::from(octet(rest, 0)?);
            rest.get(1..)?.split_at_checked(length)?
        } else {
            text(rest)?
        };
        if capabilities & CONNECT_WITH_DB != 0 {
            let (database, next) = text(rest)?;
            self.database = (!database.is_empty()).then_some(database);
            rest = next;
        }
        if capabilities & PLUGIN_AUTH != 0 {
            let (name, next) = text(rest)?;
            self.method = plugin(name);
            rest = next;
        }
        if capabilities & CONNECT_ATTRS != 0 {
            self.read_attributes(number(rest)?.1);
        }
        Some(())
    }

    /// The program's own name, else that of its library.
    fn read_attributes(&mut self, mut rest: &'a [u8]) {
        while let Some((key, next)) = counted(rest) {
            let Some((value, next)) = counted(next) else {
                return;
            };
            if key == b"program_name" || key == b"_client_name" && self.program.is_none() {
                self.program = Some(value);
            }
            rest = next;
        }
    }
}

impl Dialogue for Mysql {
    const BAD: Weird = BAD_PACKET;

    fn cut(&self, data: &[u8], _from_lo: bool, lost: bool) -> Cut {
        if self.done {
            return Cut::Message(data.len());
        }
        if lost {
            return Cut::Bad(data.len());
        }
        match le24(data, 0).map(|length| length as usize) {
            Some(length @ 1..=MAX_PACKET) => {
                let whole = length + 4;
                Cut::Head {
                    head: whole.min(MAX_HEAD),
                    whole,
                }
            }
            Some(_) => Cut::Bad(data.len()),
            None => Cut::Need,
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let Some(payload) = message.data.get(4..).filter(|_| !self.done) else {
            return;
        };
        let from_client = self.client_is_lo == Some(message.from_lo);
        match octet(message.data, 3) {
            Some(0) if !from_client && !self.logged_in => self.greeting(message, payload, sink),
            Some(1) if !self.logged_in && (from_client || self.client_is_lo.is_none()) => {
                self.login(message, payload, sink);
            }
            Some(_) if self.logged_in && !from_client => self.answer(message, payload, sink),
            _ => {}
        }
        self.rounds += 1;
        self.done |= self.rounds >= MAX_ROUNDS;
    }

    fn gap(&mut self, _from_lo: bool) {
        self.done = true;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt.end(Service::Mysql, sides, client_is_lo, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.attempt.bytes()
    }

    fn successor(&self) -> Option<Service> {
        self.next
    }

    fn is_finished(&self) -> bool {
        self.done
    }
}
