//! NTLM logins in the fields of HTTP requests and responses, bare or inside of Negotiate.
//!
//! Source: [MS-NTHT] 2.1 and 3.1; RFC 4559 4.

use super::Http;
use super::auth::ntlm_token;
use super::head::Fields;
use crate::proto::base64::decode;
use crate::proto::dialogue::{Message, Sink};
use crate::proto::ntlm::{Kind, Ntlm};

impl Http {
    /// The message of NTLM in the request that came last begins a login, or ends it.
    pub(super) fn prove(
        &mut self,
        message: &Message<'_>,
        fields: &Fields<'_>,
        sink: &mut Sink<'_>,
    ) {
        let Some(token) = fields.credentials.and_then(ntlm_token) else {
            return;
        };
        let (token, _) = decode(token);
        let mut found = Ntlm::default();
        let Some(kind) = found.read(&token, &message.meta) else {
            return;
        };
        let before = self.ntlm.take();
        if kind == Kind::Authenticate {
            let mut login = before.unwrap_or_default();
            login.read(&token, &message.meta);
            if let Some(latest) = self.pending.back_mut() {
                latest.ntlm = Some((login, fields.asker));
            }
            return;
        }
        if let Some(before) = before {
            let ends = (message.sender, message.receiver);
            before.write("http", ends, None, "unknown", sink);
        }
        self.ntlm = Some(Box::new(found));
    }
}

/// A response asks for the proof.
pub(super) fn challenged(
    login: &mut Option<Box<Ntlm>>,
    message: &Message<'_>,
    fields: &Fields<'_>,
) {
    if let Some(token) = fields.challenge.and_then(ntlm_token) {
        let (token, _) = decode(token);
        let mut found = login.take().unwrap_or_default();
        found.read(&token, &message.meta);
        *login = found.has_begun().then_some(found);
    }
}
