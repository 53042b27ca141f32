//! Requests of SMB1.
//!
//! Source: [MS-CIFS] 2.2.4; [MS-SMB] 2.2.4.6.1 (session setup with a token).

use super::{
    Block, CLOSE, DELETE, LOGOFF, NEGOTIATE, NT_CREATE, READ, RENAME, SESSION_SETUP, TRANSACTION,
    TREE_CONNECT, TREE_DISCONNECT, WRITE, file_id,
};
use crate::proto::dialogue::Sink;
use crate::proto::ntlm::Ntlm;
use crate::proto::read::{le16, le32};
use crate::proto::smb::entry::Share;
use crate::proto::smb::request::Part;
use crate::proto::smb::state::{State, Waiting};
use crate::proto::smb::words;
use std::sync::Arc;

/// Write and read a pipe in one step ([MS-CIFS] 2.2.5.6).
const TRANSACT_PIPE: u16 = 0x26;
const DELETE_ON_CLOSE: u32 = 0x1000;
/// Dialects that a client offers.
const MAX_DIALECTS: usize = 32;
/// Octets of a response to a challenge.
const RESPONSE: usize = 24;

impl State {
    /// Take in a block of a request.
    pub(super) fn asks(&mut self, part: &Part<'_>, block: &Block<'_>, sink: &mut Sink<'_>) {
        let mut waiting = Waiting::new(&part.header);
        let known = match block.command {
            NEGOTIATE => {
                self.offered = dialects(block.data(part.data));
                waiting.entry = Some(self.entry("negotiate", part));
                Some(())
            }
            SESSION_SETUP => self.old_session_setup(part, block, &mut waiting),
            TREE_CONNECT => self.old_tree_connect(part, block, &mut waiting),
            NT_CREATE => self.nt_create(part, block, &mut waiting),
            DELETE | RENAME => {
                self.old_change(part, block, &mut waiting);
                Some(())
            }
            READ => le16(block.words, 4).map(|number| waiting.file = file_id(number)),
            CLOSE => le16(block.words, 0).map(|number| waiting.file = file_id(number)),
            WRITE => self.old_write(part, block, &mut waiting, sink),
            TRANSACTION => self.transaction(part, block, &mut waiting, sink),
            TREE_DISCONNECT | LOGOFF => Some(()),
            _ => None,
        };
        if known.is_some() {
            self.wait(waiting, part.ends, sink);
        }
    }

    fn old_session_setup(
        &mut self,
        part: &Part<'_>,
        block: &Block<'_>,
        waiting: &mut Waiting,
    ) -> Option<()> {
        let mut entry = self.entry("session_setup", part);
        let first = usize::from(le16(block.words, 14)?);
        let data = block.data(part.data);
        if block.words.len() == 24 {
            let blob = data.get(..first).unwrap_or(data);
            self.prove(blob, &mut entry, part, waiting);
        } else {
            let is_new = block.words.len() == 26;
            let second = if is_new {
                usize::from(le16(block.words, 16)?)
            } else {
                0
            };
            let (user, next) = block.path(part.data, block.bytes.0 + first + second);
            let (domain, _) = block.path(part.data, next);
            entry.user = (!user.is_empty()).then(|| Arc::from(user.as_str()));
            // Without a user it is nobody who logs in: there is no password either.
            let is_response = user.is_empty() || first.max(second) >= RESPONSE;
            entry.login_method = Some(if is_response { "ntlm" } else { "password" });
            if is_response {
                let names = (user.as_str(), domain.as_str());
                let login = Ntlm::bare(names, (first, second), part.meta);
                waiting.ntlm = Some(Box::new(login));
            }
        }
        waiting.entry = Some(entry);
        Some(())
    }

    fn old_tree_connect(
        &mut self,
        part: &Part<'_>,
        block: &Block<'_>,
        waiting: &mut Waiting,
    ) -> Option<()> {
        let mut entry = self.entry("tree_connect", part);
        let password = usize::from(le16(block.words, 6)?);
        let (path, _) = block.path(part.data, block.bytes.0 + password);
        entry.share = Some(Arc::new(Share { path, kind: None }));
        waiting.entry = Some(entry);
        Some(())
    }

    fn nt_create(
        &mut self,
        part: &Part<'_>,
        block: &Block<'_>,
        waiting: &mut Waiting,
    ) -> Option<()> {
        let mut entry = self.entry("create", part);
        entry.access_mask = le32(block.words, 15);
        entry.disposition = le32(block.words, 35).map(words::disposition);
        let options = le32(block.words, 39)?;
        entry.delete_on_close = Some(options & DELETE_ON_CLOSE != 0);
        entry.file_name = Some(relative(block.path(part.data, block.bytes.0).0));
        waiting.entry = Some(entry);
        Some(())
    }

    /// Delete or rename a file by its name; an octet that says "text" stands before each.
    fn old_change(&self, part: &Part<'_>, block: &Block<'_>, waiting: &mut Waiting) {
        let mut entry = self.entry("set_info", part);
        let (name, next) = block.path(part.data, block.bytes.0 + 1);
        entry.file_name = Some(relative(name));
        entry.action = Some("delete");
        if block.command == RENAME {
            entry.action = Some("rename");
            entry.new_name = Some(relative(block.path(part.data, next + 1).0));
        }
        waiting.entry = Some(entry);
    }

    fn old_write(
        &mut self,
        part: &Part<'_>,
        block: &Block<'_>,
        waiting: &mut Waiting,
        sink: &mut Sink<'_>,
    ) -> Option<()> {
        waiting.file = file_id(le16(block.words, 4)?);
        let length = u32::from(le16(block.words, 20)?);
        let offset = u32::from(le16(block.words, 22)?);
        if let Some(pipe) = self.pipe(waiting, part, false, sink) {
            let what = part.long_buffer(offset, length);
            pipe.feed(true, what, part.meta, part.ends, sink);
        }
        Some(())
    }

    fn transaction(
        &mut self,
        part: &Part<'_>,
        block: &Block<'_>,
        waiting: &mut Waiting,
        sink: &mut Sink<'_>,
    ) -> Option<()> {
        if le16(block.words, 28)? != TRANSACT_PIPE {
            return None;
        }
        waiting.file = file_id(le16(block.words, 30)?);
        let length = u32::from(le16(block.words, 22)?);
        let offset = u32::from(le16(block.words, 24)?);
        if let Some(pipe) = self.pipe(waiting, part, true, sink) {
            let what = part.long_buffer(offset, length);
            pipe.feed(true, what, part.meta, part.ends, sink);
        }
        if let Some(open) = self.opens.get_mut(&waiting.file) {
            *open.entry.bytes_written.get_or_insert(0) += u64::from(length);
        }
        Some(())
    }
}

/// Names of SMB1 begin with a separator, those of SMB2 do not.
fn relative(name: String) -> String {
    match name.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None => name,
    }
}

/// Names of the dialects offered, in order.
fn dialects(data: &[u8]) -> Vec<&'static str> {
    let names = data.split(|octet| *octet == 0).take(MAX_DIALECTS);
    let names = names.filter(|name| !name.is_empty());
    names
        .map(|name| dialect(name.get(1..).unwrap_or(&[])))
        .collect()
}

/// Dialects of SMB1 ([MS-CIFS] 1.7), and those that ask for SMB2 ([MS-SMB2] 3.3.5.3.1).
fn dialect(name: &[u8]) -> &'static str {
    const KNOWN: [&str; 12] = [
        "PC NETWORK PROGRAM 1.0",
        "PCLAN1.0",
        "MICROSOFT NETWORKS 1.03",
        "MICROSOFT NETWORKS 3.0",
        "LANMAN1.0",
        "LM1.2X002",
        "DOS LM1.2X002",
        "LANMAN2.1",
        "DOS LANMAN2.1",
        "NT LM 0.12",
        "SMB 2.002",
        "SMB 2.???",
    ];
    let mut known = KNOWN.into_iter();
    known
        .find(|known| known.as_bytes() == name)
        .unwrap_or("other")
}
