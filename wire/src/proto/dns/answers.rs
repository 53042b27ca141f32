//! The records of a message: answers as texts, and what EDNS says.

use super::header::{Header, Record, record};
use super::name::Name;
use super::rdata;
use crate::columns::text_lists::TextList;
use crate::proto::escape::MAX_TEXT;

/// Answers kept of a response; more come in zone transfers only. 512 octets, the classic limit, hold 31 of the smallest.
const MAX_ANSWERS: usize = 64;
/// Type of the record that EDNS hides in the additional section (RFC 6891 6.1.1).
const OPT: u16 = 41;

/// What an OPT record says (RFC 6891 6.1.3).
#[derive(Clone, Copy)]
pub(super) struct Edns {
    /// Version.
    pub(super) version: u8,
    /// UDP payload size of its sender, B.
    pub(super) payload: u16,
    /// DNSSEC OK (RFC 3225).
    pub(super) dnssec: bool,
    /// High eight bits of the response code.
    pub(super) rcode: u8,
}

impl Edns {
    fn of(record: &Record) -> Self {
        let [rcode, version, flags, _] = record.ttl.to_be_bytes();
        Self {
            version,
            payload: record.class,
            dnssec: flags & 0x80 != 0,
            rcode,
        }
    }
}

/// Answers of one response, in buffers that are used again.
#[derive(Default)]
pub(super) struct Answers {
    text: String,
    ends: Vec<i32>,
    /// Their times to live, s.
    pub(super) ttls: Vec<i64>,
}

impl Answers {
    /// Forget all.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.ttls.clear();
    }

    /// As a row wants them.
    pub(super) fn list(&self) -> TextList<'_> {
        TextList {
            text: &self.text,
            ends: &self.ends,
        }
    }

    /// Add a record; `false` when its data does not fit its type.
    fn add(&mut self, data: &[u8], record: &Record, netbios: bool, name: &mut Name) -> bool {
        if self.ends.len() >= MAX_ANSWERS {
            return true;
        }
        let before = self.text.len();
        if !rdata::write(&mut self.text, data, record, netbios, name) {
            self.text.truncate(before);
            return false;
        }
        cut(&mut self.text, before);
        self.ends
            .push(i32::try_from(self.text.len()).unwrap_or(i32::MAX));
        self.ttls.push(i64::from(record.ttl));
        true
    }
}

/// Cut the text from `start` on at [`MAX_TEXT`], not inside a character.
fn cut(text: &mut String, start: usize) {
    if text.len() - start > MAX_TEXT {
        let end = (start..=start + MAX_TEXT)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(start));
    }
}

/// What the sections behind the questions held.
pub(super) struct Sections {
    /// EDNS, when there is any.
    pub(super) edns: Option<Edns>,
    /// All records that the header announces are there and fit their types.
    pub(super) whole: bool,
}

/// Read the records from `at` on; answers of a response go into `answers`.
pub(super) fn sections(
    data: &[u8],
    mut at: usize,
    header: &Header,
    netbios: bool,
    (mut answers, name): (Option<&mut Answers>, &mut Name),
) -> Sections {
    let mut found = Sections {
        edns: None,
        whole: true,
    };
    let in_answers = u32::from(header.answers);
    let before_additional = in_answers + u32::from(header.authorities);
    for number in 0..before_additional + u32::from(header.additional) {
        let Some(record) = record(data, at) else {
            found.whole = false;
            return found;
        };
        if number < in_answers {
            if let Some(answers) = answers.as_deref_mut() {
                found.whole &= answers.add(data, &record, netbios, name);
            }
        } else if number >= before_additional && record.kind == OPT {
            found.edns = Some(Edns::of(&record));
        }
        at = record.end;
    }
    found
}
