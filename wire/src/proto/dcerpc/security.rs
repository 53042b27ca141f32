//! Who a client of remote procedure calls says it is: the tokens of an association, and whether the server took them.
//!
//! Source: [MS-RPCE] 2.2.1.1.7, 2.2.1.1.8, 3.3.1.5.

use super::pdu::Header;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::ntlm::{self, Kind, Ntlm};

/// What is known of the caller of one association.
#[derive(Default)]
pub(super) struct Security {
    /// Provider by name.
    pub(super) kind: Option<&'static str>,
    /// Protection by name.
    pub(super) level: Option<&'static str>,
    ntlm: Option<Box<Ntlm>>,
    is_proved: bool,
}

impl Security {
    /// Bytes of memory held beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        let ntlm = self.ntlm.as_ref();
        ntlm.map_or(0, |ntlm| size_of::<Ntlm>() + ntlm.bytes())
    }

    /// Take in the token of a unit, if it has one.
    pub(super) fn token(&mut self, header: &Header, data: &[u8], meta: &Meta) {
        let Some((kind, level, token)) = header.auth(data) else {
            return;
        };
        let found = self.ntlm.get_or_insert_default().read(token, meta);
        match found {
            None if !self.ntlm.as_ref().is_some_and(|ntlm| ntlm.has_begun()) => self.ntlm = None,
            Some(Kind::Authenticate) => self.is_proved = true,
            _ => {}
        }
        self.level = Some(level_name(level));
        let is_kerberos = kind == 9 && ntlm::is_kerberos(token);
        if self.kind.is_none() || is_kerberos || found.is_some() {
            self.kind = Some(match (kind, found.is_some(), is_kerberos) {
                (_, true, _) => "ntlm",
                (_, _, true) => "kerberos",
                (number, _, _) => kind_name(number),
            });
        }
    }

    /// The first answer after the proof shows whether the server took it.
    pub(super) fn prove(
        &mut self,
        outcome: &'static str,
        status: Option<u32>,
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        if !std::mem::take(&mut self.is_proved) {
            return;
        }
        if let Some(ntlm) = self.ntlm.take() {
            ntlm.write("dcerpc", ends, status, outcome, sink);
        }
    }

    /// The conversation ends: a proof without an answer has no known outcome.
    pub(super) fn end(&mut self, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        self.is_proved = false;
        if let Some(ntlm) = self.ntlm.take() {
            ntlm.write("dcerpc", ends, None, "unknown", sink);
        }
    }
}

/// Security providers ([MS-RPCE] 2.2.1.1.7).
const fn kind_name(number: u8) -> &'static str {
    match number {
        9 => "negotiate",
        10 => "ntlm",
        14 => "schannel",
        16 => "kerberos",
        68 => "netlogon",
        _ => "other",
    }
}

/// Levels of protection ([MS-RPCE] 2.2.1.1.8).
const fn level_name(number: u8) -> &'static str {
    match number {
        2 => "connect",
        3 => "call",
        4 => "packet",
        5 => "integrity",
        6 => "privacy",
        _ => "other",
    }
}
