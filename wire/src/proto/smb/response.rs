//! Answers of SMB2 and SMB3: each finds its request, and the row is written once nothing more can come.
//!
//! Source: [MS-SMB2] 2.2.4 to 2.2.38, 3.2.5 (interim answers, chains).

use super::entry::{Entry, MORE_PROCESSING, Share, verdict};
use super::header::{FileId, PREVIOUS_FILE, SIZE, command, le64};
use super::request::Part;
use super::state::{State, Waiting};
use super::words;
use crate::proto::dialogue::Sink;
use crate::proto::read::octet;
use std::sync::Arc;

const SUCCESS: u32 = 0;
/// The request goes on; its answer comes later ([MS-SMB2] 3.3.4.2).
const PENDING: u32 = 0x103;
/// There is more to read than was asked for.
const BUFFER_OVERFLOW: u32 = 0x8000_0005;
/// The server takes signed messages only ([MS-SMB2] 2.2.4).
const SIGNING_REQUIRED: u16 = 2;

/// What an answer says of the file that it opened.
pub(super) struct Made {
    pub(super) file: Option<FileId>,
    pub(super) action: Option<u32>,
    pub(super) size: Option<u64>,
}

impl State {
    /// Take in an answer.
    pub(super) fn response(&mut self, part: &Part<'_>, sink: &mut Sink<'_>) {
        let header = &part.header;
        if header.status == PENDING {
            return;
        }
        let Some(mut waiting) = self.take(header) else {
            if header.command == command::NEGOTIATE {
                self.answers_old(part, sink);
            }
            return;
        };
        if waiting.file == PREVIOUS_FILE {
            waiting.file = self.latest.unwrap_or(PREVIOUS_FILE);
        }
        self.latest = Some(waiting.file);
        if let Some(entry) = &mut waiting.entry {
            entry.answered(header.status, part.meta);
        }
        self.answered(waiting, part, sink);
    }

    fn answered(&mut self, mut waiting: Waiting, part: &Part<'_>, sink: &mut Sink<'_>) {
        let is_ok = part.header.status == SUCCESS;
        let has_data = is_ok || part.header.status == BUFFER_OVERFLOW;
        match (waiting.command, waiting.entry.take()) {
            (command::NEGOTIATE, Some(entry)) => self.negotiated(entry, part, sink),
            (command::SESSION_SETUP, Some(entry)) => {
                let blob = part.buffer(4).unwrap_or(&[]);
                self.logged_in(waiting, &entry, blob, part, sink);
            }
            (command::TREE_CONNECT, Some(entry)) => {
                let kind = part.data.get(SIZE..).and_then(|body| octet(body, 2));
                self.connected(entry, kind.map(words::share_type), part, sink);
            }
            (command::CREATE, Some(entry)) => {
                let made = Made {
                    file: part.file(64),
                    action: part.u32(4),
                    size: le64(part.data, SIZE + 48),
                };
                self.created(&waiting, entry, &made, part, sink);
            }
            (command::SET_INFO, Some(entry)) => self.changed(&waiting, entry, part, sink),
            (command::CLOSE, _) => self.close(&waiting.file, part.ends, sink),
            (command::READ, _) if has_data => {
                let length = part.u32(4).unwrap_or(0);
                let offset = part.data.get(SIZE..).and_then(|body| octet(body, 2));
                let offset = u32::from(offset.unwrap_or(0));
                self.came(&waiting, (offset, length), false, part, sink);
            }
            (command::IOCTL, _) if has_data => {
                let (offset, length) = (part.u32(32).unwrap_or(0), part.u32(36).unwrap_or(0));
                self.came(&waiting, (offset, length), true, part, sink);
            }
            (command::WRITE, _) if is_ok => {
                self.written(&waiting, part.u32(4).unwrap_or(0), part, sink);
            }
            (command::TREE_DISCONNECT, _) => {
                self.trees.remove(&waiting.tree);
            }
            (command::LOGOFF, _) => {
                self.sessions.remove(&waiting.tree.0);
            }
            _ => {}
        }
    }

    /// The answer to a request of SMB1 that offered SMB2 too ([MS-SMB2] 3.3.5.3.1).
    fn answers_old(&mut self, part: &Part<'_>, sink: &mut Sink<'_>) {
        let asked = self.take_command(super::one::NEGOTIATE);
        let mut entry = match asked.and_then(|waiting| waiting.entry) {
            Some(mut entry) => {
                entry.answered(part.header.status, part.meta);
                entry
            }
            None => Box::new(Entry::new("negotiate", part.meta)),
        };
        entry.status = Some(part.header.status);
        self.negotiated(entry, part, sink);
    }

    fn negotiated(&mut self, mut entry: Box<Entry>, part: &Part<'_>, sink: &mut Sink<'_>) {
        if part.header.status == SUCCESS {
            self.dialect = part.u16(4).map(words::dialect);
            entry.dialect = self.dialect;
            entry.signing_required = part.u16(2).map(|mode| mode & SIGNING_REQUIRED != 0);
        }
        entry.write(part.ends, sink);
    }

    /// A login ended, or goes on, with the token in `blob`.
    pub(super) fn logged_in(
        &mut self,
        waiting: Waiting,
        entry: &Entry,
        blob: &[u8],
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        let header = &part.header;
        let mut ntlm = waiting.ntlm;
        if let Some(ntlm) = &mut ntlm {
            ntlm.read(blob, part.meta);
        }
        let Some(session) = self.session(header.session_id) else {
            return entry.write(part.ends, sink);
        };
        if header.status == MORE_PROCESSING {
            session.ntlm = ntlm;
        } else {
            if header.status == SUCCESS {
                session.user.clone_from(&entry.user);
            } else if session.user.is_none() {
                self.sessions.remove(&header.session_id);
            }
            if let Some(ntlm) = ntlm {
                let status = Some(header.status);
                ntlm.write("smb", part.ends, status, verdict(status), sink);
            }
        }
        entry.write(part.ends, sink);
    }

    /// A share of that kind is connected, or is not.
    pub(super) fn connected(
        &mut self,
        mut entry: Box<Entry>,
        kind: Option<&'static str>,
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        if part.header.status == SUCCESS
            && let Some(asked) = entry.share.take()
        {
            let share = Arc::new(Share {
                path: asked.path.clone(),
                kind,
            });
            let tree = (part.header.session_id, part.header.tree_id);
            self.connect(tree, Arc::clone(&share));
            entry.share = Some(share);
        }
        entry.write(part.ends, sink);
    }

    /// A file is open, or is not.
    pub(super) fn created(
        &mut self,
        waiting: &Waiting,
        mut entry: Box<Entry>,
        made: &Made,
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        entry.share = self.trees.get(&waiting.tree).cloned();
        let Some(file) = made.file.filter(|_| part.header.status == SUCCESS) else {
            return entry.write(part.ends, sink);
        };
        entry.action = made.action.map(words::created);
        entry.file_size = made.size;
        self.latest = Some(file);
        let is_pipe = self.is_pipe_share(waiting.tree);
        self.open(file, entry, is_pipe, part.ends, sink);
    }

    /// A file was renamed or deleted, or was not.
    pub(super) fn changed(
        &mut self,
        waiting: &Waiting,
        mut entry: Box<Entry>,
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        entry.share = self.trees.get(&waiting.tree).cloned();
        if let Some(open) = self.opens.get_mut(&waiting.file) {
            entry.file_name.clone_from(&open.entry.file_name);
            if part.header.status == SUCCESS && entry.new_name.is_some() {
                open.entry.new_name.clone_from(&entry.new_name);
            }
        }
        entry.write(part.ends, sink);
    }

    /// Data came out of a file or pipe.
    pub(super) fn came(
        &mut self,
        waiting: &Waiting,
        (offset, length): (u32, u32),
        is_pipe: bool,
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        let file: FileId = waiting.file;
        let Some(open) = self.file(file, waiting.tree, is_pipe, part.meta, (part.ends, sink))
        else {
            return;
        };
        *open.entry.bytes_read.get_or_insert(0) += u64::from(length);
        if let Some(pipe) = &mut open.pipe {
            let (data, missing) = part.long_buffer(offset, length);
            pipe.feed(false, (data, missing), part.meta, part.ends, sink);
        }
    }

    /// The server took data into a file.
    pub(super) fn written(
        &mut self,
        waiting: &Waiting,
        count: u32,
        part: &Part<'_>,
        sink: &mut Sink<'_>,
    ) {
        let (file, tree) = (waiting.file, waiting.tree);
        if let Some(open) = self.file(file, tree, false, part.meta, (part.ends, sink)) {
            *open.entry.bytes_written.get_or_insert(0) += u64::from(count);
        }
    }
}
