//! What is open on a connection: sessions, shares, files, and requests that wait for their answer. All bounded.

use super::entry::{Entry, Share};
use super::header::{FileId, Header};
use crate::proto::dcerpc::Pipe;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::ntlm::Ntlm;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Requests that may wait (range 64 .. 8192): Windows grants 512 credits to a client that asks for more.
const MAX_WAITING: usize = 512;
/// Sessions of one connection: one per user of the client.
const MAX_SESSIONS: usize = 256;
/// Connected shares: few have more than a dozen.
const MAX_TREES: usize = 256;
/// Open files of one connection; of those beyond, the bytes read and written are not known.
const MAX_OPENS: usize = 2048;
/// About what a text, a boxed entry and the nodes of a map take, bytes.
const PER_ITEM: usize = size_of::<Entry>() + 256;
const PER_PIPE: usize = 4096;

/// Session and tree.
pub(super) type Tree = (u64, u32);

/// A session.
#[derive(Default)]
pub(super) struct Login {
    /// The exchange that goes on.
    pub(super) ntlm: Option<Box<Ntlm>>,
    /// Who is logged in, escaped.
    pub(super) user: Option<Arc<str>>,
}

/// An open file or pipe.
pub(super) struct Open {
    pub(super) entry: Box<Entry>,
    pub(super) pipe: Option<Box<Pipe>>,
    /// Its row was written when an earlier flow segment ended, and nothing was read or written since.
    is_written: bool,
}

impl Open {
    /// Something is done with the file: a row of it belongs to the segment of that message.
    pub(super) fn touch(&mut self, meta: &Meta) -> &mut Self {
        if std::mem::take(&mut self.is_written) {
            self.entry.meta = *meta;
        }
        self
    }

    fn write(&mut self, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.is_written, true) {
            self.entry.write(ends, sink);
            self.entry.bytes_read = None;
            self.entry.bytes_written = None;
        }
        if let Some(pipe) = &mut self.pipe {
            pipe.end(ends, sink);
        }
    }
}

/// A request without its answer.
pub(super) struct Waiting {
    pub(super) message_id: u64,
    pub(super) command: u16,
    pub(super) tree: Tree,
    pub(super) file: FileId,
    pub(super) entry: Option<Box<Entry>>,
    pub(super) ntlm: Option<Box<Ntlm>>,
}

/// State of one connection.
#[derive(Default)]
pub(super) struct State {
    pub(super) dialect: Option<&'static str>,
    /// Dialects that the client of SMB1 offers.
    pub(super) offered: Vec<&'static str>,
    pub(super) sessions: BTreeMap<u64, Login>,
    pub(super) trees: BTreeMap<Tree, Arc<Share>>,
    pub(super) opens: BTreeMap<FileId, Open>,
    pub(super) waiting: VecDeque<Waiting>,
    pipes: usize,
    /// File of the latest answer: what related requests mean.
    pub(super) latest: Option<FileId>,
    /// Encrypted and compressed messages.
    hidden: [Option<Box<Entry>>; 2],
}

impl Waiting {
    /// A request with nothing but its header.
    pub(super) fn new(header: &Header) -> Self {
        Self {
            message_id: header.message_id,
            command: header.command,
            tree: (header.session_id, header.tree_id),
            file: [0; 16],
            entry: None,
            ntlm: None,
        }
    }

    /// Write what no answer came to.
    fn give_up(self, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        if let Some(entry) = self.entry {
            entry.write(ends, sink);
        }
        if let Some(ntlm) = self.ntlm {
            ntlm.write("smb", ends, None, "unknown", sink);
        }
    }
}

impl State {
    /// Keep a request until it is answered.
    pub(super) fn wait(&mut self, waiting: Waiting, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        if self.waiting.len() >= MAX_WAITING
            && let Some(oldest) = self.waiting.pop_front()
        {
            oldest.give_up(ends, sink);
        }
        self.waiting.push_back(waiting);
    }

    /// The request that this answers.
    pub(super) fn asked(&self, header: &Header) -> Option<&Waiting> {
        self.waiting.iter().find(|waiting| answers(header, waiting))
    }

    /// As [`State::asked`]; it waits no longer.
    pub(super) fn take(&mut self, header: &Header) -> Option<Waiting> {
        let at = self
            .waiting
            .iter()
            .position(|waiting| answers(header, waiting))?;
        self.waiting.remove(at)
    }

    /// The oldest request of that command; it waits no longer.
    pub(super) fn take_command(&mut self, command: u16) -> Option<Waiting> {
        let mut all = self.waiting.iter();
        let at = all.position(|waiting| waiting.command == command)?;
        self.waiting.remove(at)
    }

    /// A session, which begins when it is not known.
    pub(super) fn session(&mut self, id: u64) -> Option<&mut Login> {
        if self.sessions.len() >= MAX_SESSIONS && !self.sessions.contains_key(&id) {
            return None;
        }
        Some(self.sessions.entry(id).or_default())
    }

    /// User of a session, escaped.
    pub(super) fn user(&self, session: u64) -> Option<Arc<str>> {
        self.sessions.get(&session)?.user.clone()
    }

    /// A share is connected.
    pub(super) fn connect(&mut self, tree: Tree, share: Arc<Share>) {
        if self.trees.len() < MAX_TREES {
            self.trees.insert(tree, share);
        }
    }

    /// The share is one of pipes.
    pub(super) fn is_pipe_share(&self, tree: Tree) -> bool {
        let share = self.trees.get(&tree);
        share.is_some_and(|share| share.kind == Some("pipe"))
    }

    /// The file is a pipe.
    pub(super) fn is_pipe(&self, file: &FileId) -> bool {
        self.opens.get(file).is_some_and(|open| open.pipe.is_some())
    }

    /// A file is open; when too many are, its row is written as it is.
    pub(super) fn open(
        &mut self,
        file: FileId,
        entry: Box<Entry>,
        is_pipe: bool,
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        if self.opens.len() >= MAX_OPENS {
            entry.write(ends, sink);
            return;
        }
        let pipe = is_pipe.then(|| Box::new(Pipe::new(entry.file_name.clone())));
        self.pipes += usize::from(is_pipe);
        let open = Open {
            entry,
            pipe,
            is_written: false,
        };
        if let Some(before) = self.opens.insert(file, open) {
            self.shut(before, ends, sink);
        }
    }

    /// A file, or the file whose opening was not seen.
    pub(super) fn file(
        &mut self,
        file: FileId,
        tree: Tree,
        is_pipe: bool,
        meta: &Meta,
        (ends, sink): ((&Side, &Side), &mut Sink<'_>),
    ) -> Option<&mut Open> {
        if !self.opens.contains_key(&file) {
            let mut entry = Entry::new("create", meta);
            entry.share = self.trees.get(&tree).cloned();
            entry.user = self.user(tree.0);
            entry.dialect = self.dialect;
            let is_pipe = is_pipe || self.is_pipe_share(tree);
            self.open(file, Box::new(entry), is_pipe, ends, sink);
        }
        let open = self.opens.get_mut(&file)?.touch(meta);
        if is_pipe && open.pipe.is_none() {
            // Its share was connected before the capture began.
            open.pipe = Some(Box::new(Pipe::new(open.entry.file_name.clone())));
            self.pipes += 1;
        }
        Some(open)
    }

    /// A file is closed.
    pub(super) fn close(&mut self, file: &FileId, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        if let Some(open) = self.opens.remove(file) {
            self.shut(open, ends, sink);
        }
    }

    fn shut(&mut self, mut open: Open, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        self.pipes = self.pipes.saturating_sub(usize::from(open.pipe.is_some()));
        open.write(ends, sink);
    }

    /// A message hides what it says (0: by encryption, 1: by compression).
    pub(super) fn hide(&mut self, how: usize, meta: &Meta) {
        let Some(slot) = self.hidden.get_mut(how) else {
            return;
        };
        let entry = slot.get_or_insert_with(|| {
            let mut entry = Entry::new("transform", meta);
            entry.action = Some(if how == 0 { "encrypted" } else { "compressed" });
            Box::new(entry)
        });
        *entry.messages.get_or_insert(0) += 1;
    }

    /// The flow segment ends: write all that waits and is open. Sessions, shares and files may go on in the next one.
    pub(super) fn end(&mut self, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        for waiting in std::mem::take(&mut self.waiting) {
            waiting.give_up(ends, sink);
        }
        for open in self.opens.values_mut() {
            open.write(ends, sink);
        }
        for login in self.sessions.values_mut() {
            if let Some(ntlm) = login.ntlm.take() {
                ntlm.write("smb", ends, None, "unknown", sink);
            }
        }
        for mut entry in std::mem::take(&mut self.hidden).into_iter().flatten() {
            entry.dialect = self.dialect;
            entry.write(ends, sink);
        }
    }

    /// Bytes held, about.
    pub(super) fn bytes(&self) -> usize {
        let items =
            self.waiting.len() + self.opens.len() + self.trees.len() + 2 * self.sessions.len();
        items * PER_ITEM + self.pipes * PER_PIPE
    }
}

fn answers(header: &Header, waiting: &Waiting) -> bool {
    waiting.message_id == header.message_id && waiting.command == header.command
}
