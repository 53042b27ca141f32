//! Requests of SMB2 and SMB3.
//!
//! Source: [MS-SMB2] 2.2.5 to 2.2.39; offsets in a message count from its header.

use super::entry::Entry;
use super::header::{FileId, Header, PREVIOUS_FILE, command, file_id};
use super::state::{State, Waiting};
use super::words;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::ntlm;
use crate::proto::read::{le16, le32, octet};
use crate::proto::utf16;
use std::sync::Arc;

/// Write and read a pipe in one step ([MS-FSCC] 2.3.48).
pub(super) const PIPE_TRANSCEIVE: u32 = 0x0011_c017;
/// The file is deleted when the last handle is closed ([MS-SMB2] 2.2.13).
const DELETE_ON_CLOSE: u32 = 0x1000;
/// Kinds of file information that rename and delete ([MS-FSCC] 2.4).
const RENAME: [u8; 2] = [10, 65];
const DISPOSITION: [u8; 2] = [13, 64];

/// A message with its surroundings.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// From its header on, as much as is wanted.
    pub(super) data: &'a [u8],
    pub(super) header: Header,
    pub(super) meta: &'a Meta,
    /// Client and server.
    pub(super) ends: (&'a Side, &'a Side),
}

impl<'a> Part<'a> {
    /// Number in the body.
    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        le16(self.data, super::header::SIZE + at)
    }

    /// Number in the body.
    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        le32(self.data, super::header::SIZE + at)
    }

    /// File identifier in the body.
    pub(super) fn file(&self, at: usize) -> Option<FileId> {
        file_id(self.data, super::header::SIZE + at)
    }

    /// Buffer whose 16-bit offset and length stand in the body.
    pub(super) fn buffer(&self, at: usize) -> Option<&'a [u8]> {
        let from = usize::from(self.u16(at)?);
        let length = usize::from(self.u16(at + 2)?);
        self.data.get(from..from.checked_add(length)?)
    }

    /// As much of a long buffer as is there, and how much of it is not.
    pub(super) fn long_buffer(&self, offset: u32, length: u32) -> (&'a [u8], usize) {
        let (from, length) = (offset as usize, length as usize);
        let rest = self.data.get(from..).unwrap_or(&[]);
        let there = rest.get(..length).unwrap_or(rest);
        (there, length - there.len())
    }
}

impl State {
    /// Take in a request.
    pub(super) fn request(&mut self, part: &Part<'_>, sink: &mut Sink<'_>) {
        let mut waiting = Waiting::new(&part.header);
        let known = match part.header.command {
            command::NEGOTIATE => {
                waiting.entry = Some(self.entry("negotiate", part));
                Some(())
            }
            command::SESSION_SETUP => {
                self.session_setup(part, &mut waiting);
                Some(())
            }
            command::TREE_CONNECT => {
                let mut entry = self.entry("tree_connect", part);
                let path = part.buffer(4).map(utf16::path);
                entry.share = path.map(|path| Arc::new(super::entry::Share { path, kind: None }));
                waiting.entry = Some(entry);
                Some(())
            }
            command::CREATE => {
                waiting.entry = Some(self.create(part));
                Some(())
            }
            command::SET_INFO => self.set_info(part, &mut waiting),
            command::QUERY_DIRECTORY => self.query_directory(part),
            command::READ => part.file(16).map(|file| waiting.file = file),
            command::CLOSE => part.file(8).map(|file| waiting.file = file),
            command::WRITE => self.write(part, &mut waiting, sink),
            command::IOCTL => self.ioctl(part, &mut waiting, sink),
            command::TREE_DISCONNECT | command::LOGOFF => Some(()),
            _ => return,
        };
        let waits = part.header.command != command::QUERY_DIRECTORY;
        if known.is_some() && waits {
            self.wait(waiting, part.ends, sink);
        }
    }

    /// Begin a row.
    pub(super) fn entry(&self, name: &'static str, part: &Part<'_>) -> Box<Entry> {
        let mut entry = Box::new(Entry::new(name, part.meta));
        entry.is_signed = part.header.is_signed;
        entry.dialect = self.dialect;
        entry.user = self.user(part.header.session_id);
        entry
    }

    fn session_setup(&mut self, part: &Part<'_>, waiting: &mut Waiting) {
        let mut entry = self.entry("session_setup", part);
        self.prove(part.buffer(12).unwrap_or(&[]), &mut entry, part, waiting);
        waiting.entry = Some(entry);
    }

    /// A leg of a login, with the token in `blob`.
    pub(super) fn prove(
        &mut self,
        blob: &[u8],
        entry: &mut Entry,
        part: &Part<'_>,
        waiting: &mut Waiting,
    ) {
        let session = self.sessions.get_mut(&part.header.session_id);
        let mut login = session
            .and_then(|session| session.ntlm.take())
            .unwrap_or_default();
        if login.read(blob, part.meta).is_some() {
            entry.user = login.user().map(Arc::from);
            entry.login_method = Some("ntlm");
            waiting.ntlm = Some(login);
        } else if ntlm::is_kerberos(blob) {
            entry.login_method = Some("kerberos");
        } else {
            entry.login_method = Some("unknown");
            // What came before is not forgotten: SPNEGO may add a leg without a message of the mechanism.
            waiting.ntlm = login.has_begun().then_some(login);
        }
    }

    fn create(&self, part: &Part<'_>) -> Box<Entry> {
        let mut entry = self.entry("create", part);
        entry.file_name = part.buffer(44).map(utf16::path);
        entry.access_mask = part.u32(24);
        entry.disposition = part.u32(36).map(words::disposition);
        entry.delete_on_close = part.u32(40).map(|options| options & DELETE_ON_CLOSE != 0);
        entry
    }

    /// Renaming and deleting; other changes make no row.
    fn set_info(&self, part: &Part<'_>, waiting: &mut Waiting) -> Option<()> {
        const FILE: u8 = 1;
        let body = part.data.get(super::header::SIZE..)?;
        let kind = octet(body, 3).filter(|_| octet(body, 2) == Some(FILE))?;
        let buffer = part.data.get(usize::from(part.u16(8)?)..)?;
        let mut entry = self.entry("set_info", part);
        if RENAME.contains(&kind) {
            let length = usize::try_from(le32(buffer, 16)?).ok()?;
            let name = buffer.get(20..)?;
            entry.action = Some("rename");
            entry.new_name = Some(utf16::path(name.get(..length).unwrap_or(name)));
        } else if DISPOSITION.contains(&kind) && octet(buffer, 0)? & 1 != 0 {
            entry.action = Some("delete");
        } else {
            return None;
        }
        waiting.file = part.file(16)?;
        waiting.entry = Some(entry);
        Some(())
    }

    fn query_directory(&mut self, part: &Part<'_>) -> Option<()> {
        let file = part.file(8)?;
        let entry = match file {
            // The folder is opened in the same chain: its answer has not come.
            PREVIOUS_FILE => self.waiting.back_mut()?.entry.as_mut(),
            _ => self.opens.get_mut(&file).map(|open| &mut open.entry),
        }?;
        if entry.pattern.is_none() {
            entry.pattern = part.buffer(24).map(utf16::path);
        }
        Some(())
    }

    fn write(&mut self, part: &Part<'_>, waiting: &mut Waiting, sink: &mut Sink<'_>) -> Option<()> {
        waiting.file = part.file(16)?;
        if let Some(pipe) = self.pipe(waiting, part, false, sink) {
            let (offset, length) = (u32::from(part.u16(2)?), part.u32(4)?);
            let (data, missing) = part.long_buffer(offset, length);
            pipe.feed(true, (data, missing), part.meta, part.ends, sink);
        }
        Some(())
    }

    fn ioctl(&mut self, part: &Part<'_>, waiting: &mut Waiting, sink: &mut Sink<'_>) -> Option<()> {
        if part.u32(4)? != PIPE_TRANSCEIVE {
            return None;
        }
        waiting.file = part.file(8)?;
        let (offset, length) = (part.u32(24)?, part.u32(28)?);
        if let Some(pipe) = self.pipe(waiting, part, true, sink) {
            let (data, missing) = part.long_buffer(offset, length);
            pipe.feed(true, (data, missing), part.meta, part.ends, sink);
        }
        if let Some(open) = self.opens.get_mut(&waiting.file) {
            *open.entry.bytes_written.get_or_insert(0) += u64::from(length);
        }
        Some(())
    }

    /// The pipe that a request writes to.
    pub(super) fn pipe(
        &mut self,
        waiting: &Waiting,
        part: &Part<'_>,
        is_pipe: bool,
        sink: &mut Sink<'_>,
    ) -> Option<&mut crate::proto::dcerpc::Pipe> {
        if waiting.file == PREVIOUS_FILE {
            return None;
        }
        let open = self.file(
            waiting.file,
            waiting.tree,
            is_pipe,
            part.meta,
            (part.ends, sink),
        )?;
        open.pipe.as_deref_mut()
    }
}
