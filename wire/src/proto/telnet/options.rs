//! Telnet's commands taken out of a stream, octet by octet, so that only text remains.
//!
//! Source: RFC 854 (commands, CR NUL), RFC 855 (options), RFC 1091 (terminal type), RFC 1572 and RFC 1408 (environment), RFC 2946
//! (encryption), draft-altman-telnet-starttls (TLS). How options are agreed on (RFC 1143) does not matter to who only listens.

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
/// Verbs of option negotiation.
pub(super) const WILL: u8 = 251;
/// See [`WILL`].
pub(super) const DO: u8 = 253;
/// Erase character and erase line (RFC 854).
pub(super) const ERASE: u8 = 247;
/// See [`ERASE`].
pub(super) const ERASE_LINE: u8 = 248;

/// Options by their number (IANA "Telnet Options").
pub(super) const ECHO: u8 = 1;
const TERMINAL_TYPE: u8 = 24;
const WINDOW_SIZE: u8 = 31;
const TERMINAL_SPEED: u8 = 32;
const LINE_MODE: u8 = 34;
const DISPLAY: u8 = 35;
const OLD_ENVIRON: u8 = 36;
const AUTHENTICATION: u8 = 37;
const ENCRYPT: u8 = 38;
const NEW_ENVIRON: u8 = 39;
const START_TLS: u8 = 46;

/// Octets kept of a subnegotiation: an environment has some hundred; what is longer is passed over up to its end.
const MAX_SUB: usize = 1024;
/// Octets of a subnegotiation after which its end is taken to be lost.
const MAX_OPEN: usize = 8192;

/// What an octet completed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Nothing,
    /// An octet of text.
    Text(u8),
    /// A command without argument.
    Command(u8),
    /// WILL, WONT, DO or DONT and the option.
    Option(u8, u8),
    /// Option and parameters of a subnegotiation.
    Sub(Vec<u8>),
    /// A subnegotiation that does not end.
    Endless,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Text,
    Iac,
    Verb(u8),
    Sub,
    SubIac,
}

/// One side's stream.
#[derive(Default)]
pub(super) struct Options {
    state: State,
    sub: Vec<u8>,
    open: usize,
}

impl Options {
    /// Read the next octet.
    pub(super) fn take(&mut self, octet: u8) -> Found {
        match (self.state, octet) {
            (State::Text, IAC) => self.go(State::Iac),
            (State::Text, _) => Found::Text(octet),
            (State::Iac, IAC) => {
                self.state = State::Text;
                Found::Text(IAC)
            }
            (State::Iac, SB) => {
                self.sub = Vec::new();
                self.open = 0;
                self.go(State::Sub)
            }
            (State::Iac, WILL..=254) => self.go(State::Verb(octet)),
            (State::Iac, _) => {
                self.state = State::Text;
                Found::Command(octet)
            }
            (State::Verb(verb), _) => {
                self.state = State::Text;
                Found::Option(verb, octet)
            }
            (State::Sub, IAC) => self.go(State::SubIac),
            (State::Sub, _) => self.add(octet),
            (State::SubIac, SE) => {
                self.state = State::Text;
                Found::Sub(std::mem::take(&mut self.sub))
            }
            (State::SubIac, IAC) => {
                self.state = State::Sub;
                self.add(octet)
            }
            // Nobody escapes it: another command begins, and the end of this one was forgotten.
            (State::SubIac, _) => {
                self.state = State::Iac;
                self.sub = Vec::new();
                self.take(octet)
            }
        }
    }

    fn go(&mut self, state: State) -> Found {
        self.state = state;
        Found::Nothing
    }

    fn add(&mut self, octet: u8) -> Found {
        self.open += 1;
        if self.sub.len() < MAX_SUB {
            self.sub.push(octet);
        }
        if self.open < MAX_OPEN {
            return Found::Nothing;
        }
        *self = Self::default();
        Found::Endless
    }

    /// Octets are missing: what follows them is text until it says otherwise.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.sub.capacity()
    }
}

/// Whether an option is one that only a server (`true`) or only a client (`false`) speaks of like this: servers echo and ask for
/// what a terminal knows, clients tell it (RFC 857, 1073, 1079, 1091, 1096, 1184, 1572, 2941).
pub(super) fn is_of_server(verb: u8, option: u8) -> Option<bool> {
    match (verb, option) {
        (WILL | DO, ECHO) => Some(verb == WILL),
        (
            WILL | DO,
            TERMINAL_TYPE | WINDOW_SIZE | TERMINAL_SPEED | LINE_MODE | DISPLAY | OLD_ENVIRON
            | AUTHENTICATION | NEW_ENVIRON,
        ) => Some(verb == DO),
        _ => None,
    }
}

/// What a subnegotiation says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// Nothing of interest.
    Nothing,
    /// Terminal type.
    Terminal(&'a [u8]),
    /// Variables of the environment.
    Environ(Vec<(Vec<u8>, Vec<u8>)>),
    /// What follows is encrypted by Telnet's own means.
    Encrypted,
    /// TLS follows when the other side says so too.
    TlsFollows,
}

/// Read a subnegotiation.
pub(super) fn read(sub: &[u8]) -> Said<'_> {
    match sub {
        // 0: IS, 2: INFO.
        [TERMINAL_TYPE, 0, name @ ..] => Said::Terminal(name),
        [NEW_ENVIRON | OLD_ENVIRON, 0 | 2, list @ ..] => Said::Environ(variables(list)),
        // 3: START (RFC 2946 2).
        [ENCRYPT, 3, ..] => Said::Encrypted,
        // 1: FOLLOWS.
        [START_TLS, 1, ..] => Said::TlsFollows,
        _ => Said::Nothing,
    }
}

/// Names and values: 0 or 3 begins a name, 1 a value, 2 escapes the octet behind it. Where the codes are exchanged, as BSD's ENVIRON
/// does (RFC 1571), no name comes before the first value: then a name begins with 1 and a value with 0.
fn variables(list: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let exchanged = list.first() == Some(&1);
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut in_value = false;
    let mut octets = list.iter();
    while let Some(octet) = octets.next() {
        let octet = match octet {
            0 | 1 if (*octet == 1) == exchanged => {
                found.push(Default::default());
                in_value = false;
                continue;
            }
            3 => {
                found.push(Default::default());
                in_value = false;
                continue;
            }
            0 | 1 => {
                in_value = true;
                continue;
            }
            2 => match octets.next() {
                Some(escaped) => escaped,
                None => break,
            },
            octet => octet,
        };
        if let Some((name, value)) = found.last_mut() {
            if in_value { value } else { name }.push(*octet);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{DO, Found, Options, Said, WILL, read};

    fn play(data: &[u8]) -> Vec<Found> {
        let mut options = Options::default();
        let found = data.iter().map(|octet| options.take(*octet));
        found.filter(|found| *found != Found::Nothing).collect()
    }

    /// Commands, options and subnegotiations leave the text between them, with doubled 255 as one.
    #[test]
    fn taken_apart() {
        let data = b"a\xff\xfb\x01b\xff\xf7\xff\xff\xff\xfa\x18\x00x\xff\xffy\xff\xf0c";
        let want = [
            Found::Text(b'a'),
            Found::Option(WILL, 1),
            Found::Text(b'b'),
            Found::Command(247),
            Found::Text(255),
            Found::Sub(b"\x18\x00x\xffy".to_vec()),
            Found::Text(b'c'),
        ];
        assert_eq!(play(data), want);
    }

    /// A subnegotiation without end does not swallow what follows for ever, and another command ends it.
    #[test]
    fn endless() {
        let mut data = b"\xff\xfa\x18".to_vec();
        data.extend([b'x'; 9000]);
        let found = play(&data);
        assert_eq!(found.first(), Some(&Found::Endless));
        assert_eq!(found.len(), 1 + 9001 - 8192);
        let want = [Found::Option(DO, 3), Found::Text(b'z')];
        assert_eq!(play(b"\xff\xfa\x18ab\xff\xfd\x03z"), want);
    }

    /// Environments of both kinds of code, with escapes.
    #[test]
    fn environments() {
        let user = |value: &[u8]| {
            Said::Environ(vec![
                (b"USER".to_vec(), value.to_vec()),
                (b"X".to_vec(), Vec::new()),
            ])
        };
        assert_eq!(read(b"\x27\x00\x00USER\x01bob\x03X"), user(b"bob"));
        assert_eq!(
            read(b"\x27\x02\x00USER\x01b\x02\x01b\x00X"),
            user(b"b\x01b")
        );
        assert_eq!(read(b"\x24\x00\x01USER\x00bob\x01X"), user(b"bob"));
        assert_eq!(read(b"\x18\x00XTERM"), Said::Terminal(b"XTERM"));
        assert_eq!(read(b"\x18\x01"), Said::Nothing);
        assert_eq!(read(b""), Said::Nothing);
    }
}
