//! One mail transaction: its envelope, a few fields of its header, and how it ended.
//!
//! Source: RFC 5321 3.3 (transactions), RFC 5322 2.2 (fields, folding), 3.6.

use crate::columns::text_lists::TextList;
use crate::proto::dialogue::Meta;
use crate::proto::escape::escape;
use crate::proto::read::{octet, starts_with_word};

/// Recipients kept of one mail: servers accept 100 at least (RFC 5321 4.5.3.1.8), and a list of more says no more.
const MAX_RCPT: usize = 100;
/// Raw bytes kept of one field: more than what escaping lets into a row.
const MAX_FIELD: usize = 512;
/// Fields kept, in the order of [`Mail::fields`].
const FIELDS: [&[u8]; 5] = [b"From:", b"To:", b"Date:", b"Message-ID:", b"Subject:"];

/// A mail on its way.
pub(super) struct Mail {
    pub(super) meta: Meta,
    pub(super) depth: i32,
    pub(super) from: Option<String>,
    rcpt: String,
    ends: Vec<i32>,
    pub(super) rcpt_count: i32,
    fields: [Option<Vec<u8>>; 5],
    /// Which field the lines that begin with a blank belong to.
    open: Option<usize>,
    /// Bytes of header and body.
    pub(super) length: u64,
    /// Code and last line of the latest reply.
    pub(super) reply: Option<(u16, String)>,
}

impl Mail {
    /// The `depth`-th of its connection, begun by the packet of `meta`.
    pub(super) fn new(meta: Meta, depth: i32) -> Self {
        Self {
            meta,
            depth,
            from: None,
            rcpt: String::new(),
            ends: Vec::new(),
            rcpt_count: 0,
            fields: Default::default(),
            open: None,
            length: 0,
            reply: None,
        }
    }

    /// One more recipient.
    pub(super) fn add(&mut self, address: &[u8]) {
        self.rcpt_count = self.rcpt_count.saturating_add(1);
        if self.ends.len() < MAX_RCPT {
            self.rcpt.push_str(&escape(address));
            self.ends
                .push(i32::try_from(self.rcpt.len()).unwrap_or(i32::MAX));
        }
    }

    /// Recipients, escaped.
    pub(super) fn recipients(&self) -> TextList<'_> {
        TextList {
            text: &self.rcpt,
            ends: &self.ends,
        }
    }

    /// Fields in the order From, To, Date, Message-ID, Subject, unfolded and escaped.
    pub(super) fn fields(&self) -> [Option<String>; 5] {
        self.fields
            .each_ref()
            .map(|field| field.as_deref().map(escape))
    }

    /// Take in a line of the header; false when it is none, and the body has begun.
    pub(super) fn header(&mut self, line: &[u8]) -> bool {
        if matches!(octet(line, 0), Some(b' ' | b'\t')) {
            if let Some(field) = self.open.and_then(|at| self.fields.get_mut(at)?.as_mut()) {
                field.push(b' ');
                append(field, line.trim_ascii());
            }
            return true;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let name = colon.and_then(|colon| line.get(..colon));
        if !name.is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_graphic)) {
            return false;
        }
        self.open = FIELDS.iter().position(|name| starts_with_word(line, name));
        let Some((at, name)) = self.open.and_then(|at| Some((at, FIELDS.get(at)?))) else {
            return true;
        };
        match self.fields.get_mut(at) {
            // The first one counts.
            Some(place @ None) => {
                let value = line.get(name.len()..).unwrap_or(&[]).trim_ascii();
                append(place.insert(Vec::new()), value);
            }
            _ => self.open = None,
        }
        true
    }

    /// Bytes of memory beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().flatten().map(Vec::capacity).sum();
        fields + self.rcpt.capacity() + 4 * self.ends.capacity()
    }
}

fn append(field: &mut Vec<u8>, text: &[u8]) {
    let room = MAX_FIELD.saturating_sub(field.len());
    field.extend_from_slice(text.get(..room).unwrap_or(text));
}
