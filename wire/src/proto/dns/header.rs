//! Header, questions and the fixed part of records.
//!
//! Source: RFC 1035 4.1; flags RFC 1035 4.1.1 and RFC 2535 6.1; RFC 1002 4.2.1 has the same layout.

use super::name::{self, Name};
use crate::proto::read::{be16, be32};

/// Octets of the header.
pub(super) const LENGTH: usize = 12;

/// The header.
#[derive(Clone, Copy)]
pub(super) struct Header {
    /// Transaction.
    pub(super) id: u16,
    /// The word with all flags.
    pub(super) flags: Flags,
    /// Entries of the question section.
    pub(super) questions: u16,
    /// Records of the answer section.
    pub(super) answers: u16,
    /// Records of the authority section.
    pub(super) authorities: u16,
    /// Records of the additional section.
    pub(super) additional: u16,
}

/// The word of flags, opcode and response code.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags(pub(super) u16);

impl Flags {
    /// A response.
    pub(super) const fn is_response(self) -> bool {
        self.0 & 0x8000 != 0
    }

    /// Kind of query.
    pub(super) const fn opcode(self) -> u16 {
        self.0 >> 11 & 15
    }

    /// Authoritative answer.
    pub(super) const fn aa(self) -> bool {
        self.0 & 0x0400 != 0
    }

    /// Truncated.
    pub(super) const fn tc(self) -> bool {
        self.0 & 0x0200 != 0
    }

    /// Recursion desired.
    pub(super) const fn rd(self) -> bool {
        self.0 & 0x0100 != 0
    }

    /// Recursion available.
    pub(super) const fn ra(self) -> bool {
        self.0 & 0x0080 != 0
    }

    /// The three bits that RFC 1035 reserved: zero, AD, CD.
    pub(super) const fn z(self) -> u16 {
        self.0 >> 4 & 7
    }

    /// Low four bits of the response code.
    pub(super) const fn rcode(self) -> u16 {
        self.0 & 15
    }
}

impl Header {
    /// Of a message.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        Some(Self {
            id: be16(data, 0)?,
            flags: Flags(be16(data, 2)?),
            questions: be16(data, 4)?,
            answers: be16(data, 6)?,
            authorities: be16(data, 8)?,
            additional: be16(data, 10)?,
        })
    }

    /// The response has a question but no record of any kind: the service refused.
    pub(super) const fn is_bare(&self) -> bool {
        self.questions > 0 && self.answers == 0 && self.authorities == 0 && self.additional == 0
    }
}

/// Type and class of a question.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// Type.
    pub(super) qtype: u16,
    /// Class as it stands, with the top bit of RFC 6762 5.4.
    pub(super) qclass: u16,
}

/// Read the question at `at`, its name into `name`; returns it and where it ends.
pub(super) fn question(data: &[u8], at: usize, name: &mut Name) -> Option<(Asked, usize)> {
    let end = name.read(data, at)?;
    let asked = Asked {
        qtype: be16(data, end)?,
        qclass: be16(data, end + 2)?,
    };
    Some((asked, end + 4))
}

/// Where `count` questions from `at` end.
pub(super) fn past_questions(data: &[u8], mut at: usize, count: u16) -> Option<usize> {
    for _ in 0..count {
        at = name::past(data, at)? + 4;
        if at > data.len() {
            return None;
        }
    }
    Some(at)
}

/// A resource record.
#[derive(Clone, Copy)]
pub(super) struct Record {
    /// Where its owner's name starts.
    pub(super) owner: usize,
    /// Type.
    pub(super) kind: u16,
    /// Class.
    pub(super) class: u16,
    /// Time to live, s.
    pub(super) ttl: u32,
    /// Where its data starts.
    pub(super) start: usize,
    /// Where its data ends.
    pub(super) end: usize,
}

/// The record at `at`.
pub(super) fn record(data: &[u8], at: usize) -> Option<Record> {
    let fixed = name::past(data, at)?;
    let start = fixed + 10;
    let end = start + usize::from(be16(data, fixed + 8)?);
    (end <= data.len()).then_some(Record {
        owner: at,
        kind: be16(data, fixed)?,
        class: be16(data, fixed + 2)?,
        ttl: be32(data, fixed + 4)?,
        start,
        end,
    })
}
