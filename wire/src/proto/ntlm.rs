//! NTLM logins, whichever protocol carries them: who logs in to whom, and in which way. No response is kept.
//!
//! A carrier gives the octets in which messages may lie to [`Ntlm::read`] (SPNEGO and other wrappings need not be taken off) and
//! calls [`Ntlm::write`] once it knows how the login ended.
//!
//! Source: [MS-NLMP] 2.2.1 (messages), 2.2.2.1 (target information), 2.2.2.10 (version), 3.3 (responses).

use super::dialogue::{Meta, Side, Sink};
use super::escape::escape;
use super::read::{be16, le16, le32, octet};
use super::utf16;
use crate::columns::tables::NtlmRow;

const SIGNATURE: &[u8] = b"NTLMSSP\0";
/// Octets searched for a message: tokens of mechanisms that come before it are shorter.
const MAX_SEARCH: usize = 4096;
/// Target information items read: ten kinds are defined.
const MAX_ITEMS: usize = 16;
const FLAG_UNICODE: u32 = 1;
const FLAG_ANONYMOUS: u32 = 0x800;
const FLAG_VERSION: u32 = 0x0200_0000;
/// Length of the responses that are one DES-encrypted challenge (NTLMv1 and LM).
const OLD_RESPONSE: usize = 24;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The client offers.
    Negotiate,
    /// The server asks.
    Challenge,
    /// The client proves who it is.
    Authenticate,
}

/// What a server says of itself.
#[derive(Default)]
struct Server {
    nb_name: Option<String>,
    nb_domain: Option<String>,
    dns_name: Option<String>,
    dns_domain: Option<String>,
    dns_forest: Option<String>,
    os: Option<String>,
}

/// What a client says of itself.
#[derive(Default)]
struct Client {
    user: Option<String>,
    domain: Option<String>,
    workstation: Option<String>,
    os: Option<String>,
    kind: Option<&'static str>,
}

/// One login.
#[derive(Default)]
pub(super) struct Ntlm {
    first: Option<Meta>,
    server: Server,
    client: Client,
}

/// The message in `blob`, from its signature on.
pub(super) fn find(blob: &[u8]) -> Option<&[u8]> {
    let head = blob.get(..MAX_SEARCH).unwrap_or(blob);
    let at = head
        .windows(SIGNATURE.len())
        .position(|part| part == SIGNATURE)?;
    blob.get(at..)
}

impl Ntlm {
    /// Read the message in `blob`, whatever it is wrapped in.
    pub(super) fn read(&mut self, blob: &[u8], meta: &Meta) -> Option<Kind> {
        let message = find(blob)?;
        let kind = match le32(message, 8)? {
            1 => Kind::Negotiate,
            2 => {
                self.server = challenge(message);
                Kind::Challenge
            }
            3 => {
                self.client = authenticate(message);
                Kind::Authenticate
            }
            _ => return None,
        };
        self.first.get_or_insert(*meta);
        Some(kind)
    }

    /// A login by the responses alone, to a challenge that the server gave before: its user and domain, escaped, and the lengths of
    /// the LM and the NT response ([MS-CIFS] 2.2.4.53.1).
    pub(super) fn bare(
        (user, domain): (&str, &str),
        (lm, nt): (usize, usize),
        meta: &Meta,
    ) -> Self {
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            first: Some(*meta),
            server: Server::default(),
            client: Client {
                kind: Some(kind(user.is_empty(), 0, lm, nt)),
                user: named(user),
                domain: named(domain),
                ..Client::default()
            },
        }
    }

    /// A message was read.
    pub(super) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// User, escaped; `None` also of an anonymous login.
    pub(super) fn user(&self) -> Option<&str> {
        self.client.user.as_deref()
    }

    /// Bytes of memory held beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        let texts = [
            &self.server.nb_name,
            &self.server.nb_domain,
            &self.server.dns_name,
            &self.server.dns_domain,
            &self.server.dns_forest,
            &self.client.user,
            &self.client.domain,
            &self.client.workstation,
            &self.client.os,
            &self.server.os,
        ];
        texts
            .iter()
            .map(|text| text.as_ref().map_or(0, String::capacity))
            .sum()
    }

    /// Write the row of the login, when it has a message at all.
    ///
    /// `service` carries it between client and server; `outcome` is `ok`, `negative` or `unknown`.
    pub(super) fn write(
        &self,
        service: &'static str,
        (client, server): (&Side, &Side),
        status: Option<u32>,
        outcome: &'static str,
        sink: &mut Sink<'_>,
    ) {
        let Some(first) = self.first else {
            return;
        };
        sink.out.ntlm.push(&NtlmRow {
            flow_uid: first.flow_uid,
            ts: first.ts_ns,
            sender_ip: client.ip,
            receiver_ip: server.ip,
            receiver_port: i32::from(server.port),
            service,
            user: self.client.user.as_deref(),
            domain: self.client.domain.as_deref(),
            workstation: self.client.workstation.as_deref(),
            server_nb_name: self.server.nb_name.as_deref(),
            server_nb_domain: self.server.nb_domain.as_deref(),
            server_dns_name: self.server.dns_name.as_deref(),
            server_dns_domain: self.server.dns_domain.as_deref(),
            server_dns_forest: self.server.dns_forest.as_deref(),
            client_os: self.client.os.as_deref(),
            server_os: self.server.os.as_deref(),
            ntlm_kind: self.client.kind,
            login_method: "ntlm",
            nt_status: status.map(i64::from),
            outcome,
        });
    }
}

/// A field of variable length: length, maximum, offset from the signature ([MS-NLMP] 2.2.1.1).
fn field(message: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(le16(message, at)?);
    let from = usize::try_from(le32(message, at + 4)?).ok()?;
    message.get(from..from.checked_add(length)?)
}

fn name(message: &[u8], at: usize, is_unicode: bool) -> Option<String> {
    let raw = field(message, at).filter(|raw| !raw.is_empty())?;
    Some(if is_unicode {
        utf16::text(raw)
    } else {
        escape(raw)
    })
}

/// Windows version: major, minor, build ([MS-NLMP] 2.2.2.10); zeros say nothing.
fn version(message: &[u8], at: usize, flags: u32) -> Option<String> {
    let (major, minor) = (octet(message, at)?, octet(message, at + 1)?);
    let build = le16(message, at + 2)?;
    (flags & FLAG_VERSION != 0 && major != 0).then(|| format!("{major}.{minor}.{build}"))
}

fn challenge(message: &[u8]) -> Server {
    let flags = le32(message, 20).unwrap_or(0);
    let mut server = Server {
        os: version(message, 48, flags),
        ..Server::default()
    };
    let mut items = field(message, 40).unwrap_or(&[]);
    for _ in 0..MAX_ITEMS {
        let (Some(kind), Some(length)) = (le16(items, 0), le16(items, 2)) else {
            break;
        };
        let end = 4 + usize::from(length);
        let Some(value) = items.get(4..end).filter(|_| kind != 0) else {
            break;
        };
        let slot = match kind {
            1 => Some(&mut server.nb_name),
            2 => Some(&mut server.nb_domain),
            3 => Some(&mut server.dns_name),
            4 => Some(&mut server.dns_domain),
            5 => Some(&mut server.dns_forest),
            _ => None,
        };
        // Target information is always Unicode ([MS-NLMP] 2.2.2.1).
        if let Some(slot) = slot.filter(|_| !value.is_empty()) {
            *slot = Some(utf16::text(value));
        }
        items = items.get(end..).unwrap_or(&[]);
    }
    server
}

fn authenticate(message: &[u8]) -> Client {
    let flags = le32(message, 60).unwrap_or(FLAG_UNICODE);
    let is_unicode = flags & FLAG_UNICODE != 0;
    let length = |at| le16(message, at).map_or(0, usize::from);
    let user = name(message, 36, is_unicode);
    // The fields of the oldest clients end where the first payload begins, before version and flags.
    let has_version = le32(message, 16).is_none_or(|offset| offset >= 72);
    Client {
        kind: Some(kind(user.is_none(), flags, length(12), length(20))),
        user,
        domain: name(message, 28, is_unicode),
        workstation: name(message, 44, is_unicode),
        os: version(message, 64, flags).filter(|_| has_version),
    }
}

/// Kind of the response, told by lengths: NTLMv2 is longer than 24 octets, LM alone has no NT response ([MS-NLMP] 2.2.2.3 to 2.2.2.8).
fn kind(no_user: bool, flags: u32, lm: usize, nt: usize) -> &'static str {
    match nt {
        0 | 1 if no_user || flags & FLAG_ANONYMOUS != 0 => "anonymous",
        0 if lm >= OLD_RESPONSE => "lm",
        0 | 1 => "anonymous",
        OLD_RESPONSE => "ntlmv1",
        _ => "ntlmv2",
    }
}

/// The token in `blob` is a Kerberos application request: its mechanism and token identifier (RFC 4121 4.1; RFC 1964 1.1).
pub(super) fn is_kerberos(blob: &[u8]) -> bool {
    const AP_REQ: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1, 0];
    let head = blob.get(..256).unwrap_or(blob);
    let wrapped = head.windows(AP_REQ.len()).any(|part| part == AP_REQ);
    // Without a wrapping the token itself stands there: application tag 14, sequence.
    wrapped || octet(blob, 0) == Some(0x6e) && be16(blob, 1).is_some()
}
