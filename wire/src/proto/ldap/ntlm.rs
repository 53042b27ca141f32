//! NTLM logins in binds: GSS-SPNEGO and NTLM of SASL, and Sicily.
//!
//! Source: [MS-ADTS] 5.1.1.1.2 (SASL), 5.1.1.1.3 (Sicily: the challenge stands where a result has its matched name).

use super::{Ldap, Pending, row};
use crate::proto::dialogue::{Message, Pair, Side, Sink};
use crate::proto::ntlm::{Kind, Ntlm};

impl Ldap {
    /// A bind was asked for: the message of NTLM in it, if there is one, belongs to the login that goes on, or begins one.
    pub(super) fn prove(
        &mut self,
        asked: &mut Pending,
        content: &[u8],
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        if !matches!(asked.operation.bind_kind, Some("sasl" | "sicily")) {
            return;
        }
        let mut found = Ntlm::default();
        let Some(kind) = found.read(content, &asked.meta) else {
            return;
        };
        let before = self.ntlm.take();
        let login = match (kind, before) {
            (Kind::Authenticate, Some(mut before)) => {
                before.read(content, &asked.meta);
                before
            }
            (_, before) => {
                if let Some(before) = before {
                    let ends = (message.sender, message.receiver);
                    before.write("ldap", ends, None, "unknown", sink);
                }
                Box::new(found)
            }
        };
        asked.operation.login_method = Some("ntlm");
        asked.ntlm = Some(login);
    }

    /// That bind was answered: the login goes on with the challenge of the server, or is over.
    pub(super) fn proved(
        &mut self,
        mut login: Box<Ntlm>,
        (code, content): (Option<i32>, &[u8]),
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        let challenged = login.read(content, &message.meta) == Some(Kind::Challenge);
        let outcome = row::outcome("bind", true, code);
        // A challenge comes with success too: Sicily has no code for "go on".
        if challenged || outcome == "request" {
            self.ntlm = Some(login);
            return;
        }
        let ends = (message.receiver, message.sender);
        login.write("ldap", ends, None, outcome, sink);
    }

    /// The flow segment ends in the midst of a login.
    pub(super) fn end_login(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        if let Some(login) = self.ntlm.take() {
            let client_is_lo = self.client_is_lo.unwrap_or(true);
            let ends = (sides.get(client_is_lo), sides.get(!client_is_lo));
            login.write("ldap", ends, None, "unknown", sink);
        }
    }
}
