//! Answers of SMB1.
//!
//! Source: [MS-CIFS] 2.2.4; [MS-SMB] 2.2.4.

use super::{
    Block, CLOSE, DELETE, LOGOFF, NEGOTIATE, NT_CREATE, READ, RENAME, SESSION_SETUP, TRANSACTION,
    TREE_CONNECT, TREE_DISCONNECT, WRITE, file_id,
};
use crate::proto::dialogue::Sink;
use crate::proto::read::{le16, le32, octet};
use crate::proto::smb::entry::Entry;
use crate::proto::smb::header::le64;
use crate::proto::smb::request::Part;
use crate::proto::smb::response::Made;
use crate::proto::smb::state::{State, Waiting};

const SUCCESS: u32 = 0;
/// There is more to read than was asked for.
const BUFFER_OVERFLOW: u32 = 0x8000_0005;
/// The server takes signed messages only ([MS-CIFS] 2.2.4.52.2).
const SIGNING_REQUIRED: u8 = 8;

impl State {
    /// Take in a block of an answer; `None`: it has only its status.
    pub(super) fn answers(
        &mut self,
        part: &Part<'_>,
        block: Option<&Block<'_>>,
        sink: &mut Sink<'_>,
    ) {
        let Some(mut waiting) = self.take(&part.header) else {
            return;
        };
        let words = block.map_or(&[][..], |block| block.words);
        let entry = waiting.entry.take().map(|mut entry| {
            entry.answered(part.header.status, part.meta);
            entry
        });
        match (waiting.command, entry) {
            (NEGOTIATE, Some(entry)) => self.old_negotiated(entry, words, part, sink),
            (SESSION_SETUP, Some(entry)) => {
                let length = le16(words, 6).filter(|_| words.len() == 8).unwrap_or(0);
                let data = block.map_or(&[][..], |block| block.data(part.data));
                let blob = data.get(..usize::from(length)).unwrap_or(data);
                self.logged_in(waiting, &entry, blob, part, sink);
            }
            (TREE_CONNECT, Some(entry)) => {
                let service = block.map(|block| share_type(block.data(part.data)));
                self.connected(entry, service, part, sink);
            }
            (NT_CREATE, Some(entry)) => {
                let made = Made {
                    file: le16(words, 5).map(file_id),
                    action: le32(words, 7),
                    size: le64(words, 55),
                };
                self.created(&waiting, entry, &made, part, sink);
            }
            (DELETE | RENAME, Some(mut entry)) => {
                entry.share = self.trees.get(&waiting.tree).cloned();
                entry.write(part.ends, sink);
            }
            (command, _) => self.old_done(command, &waiting, words, part, sink),
        }
    }

    fn old_done(
        &mut self,
        command: u16,
        waiting: &Waiting,
        words: &[u8],
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        let is_ok = part.header.status == SUCCESS;
        let has_data = is_ok || part.header.status == BUFFER_OVERFLOW;
        let number = |at: usize| u32::from(le16(words, at).unwrap_or(0));
        match command {
            CLOSE => self.close(&waiting.file, part.ends, sink),
            READ if has_data => {
                let length = number(14) << 16 | number(10);
                self.came(waiting, (number(12), length), false, part, sink);
            }
            TRANSACTION if has_data => {
                self.came(waiting, (number(14), number(12)), true, part, sink);
            }
            WRITE if is_ok => {
                self.written(waiting, number(8) << 16 | number(4), part, sink);
            }
            TREE_DISCONNECT => {
                self.trees.remove(&waiting.tree);
            }
            LOGOFF => {
                self.sessions.remove(&waiting.tree.0);
            }
            _ => {}
        }
    }

    fn old_negotiated(
        &mut self,
        mut entry: Box<Entry>,
        words: &[u8],
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        if part.header.status == SUCCESS {
            let offered = std::mem::take(&mut self.offered);
            let chosen = le16(words, 0).map(usize::from);
            self.dialect = chosen.and_then(|chosen| offered.get(chosen).copied());
            entry.dialect = self.dialect;
            let mode = octet(words, 2).filter(|_| words.len() >= 34);
            entry.signing_required = mode.map(|mode| mode & SIGNING_REQUIRED != 0);
        }
        entry.write(part.ends, sink);
    }
}

/// Type of a share, told by the service that the server names ([MS-CIFS] 2.2.4.55.2).
fn share_type(data: &[u8]) -> &'static str {
    match data {
        [b'I', b'P', b'C', 0, ..] => "pipe",
        [b'A', b':', 0, ..] => "disk",
        [b'L', b'P', b'T', ..] => "print",
        _ => "other",
    }
}
