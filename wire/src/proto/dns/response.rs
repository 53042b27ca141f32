//! What a response says, read into buffers that all flows share.

use super::answers::{Answers, Edns, sections};
use super::header::{self, Asked, Header};
use super::name::Name;
use super::{BAD_QUESTION, BAD_RECORD, Kind};
use crate::proto::weird::Weird;

/// What is needed for the time of one message only.
#[derive(Default)]
pub(super) struct Scratch {
    name: Name,
    /// Name of the question.
    text: String,
    answers: Answers,
}

/// What a response says.
pub(super) struct Response<'a> {
    /// Its header.
    pub(super) header: Header,
    /// Name and NetBIOS suffix of its question, or of the owner of its first answer.
    pub(super) name: Option<(&'a str, Option<u8>)>,
    /// Type and class of its question.
    pub(super) asked: Option<Asked>,
    /// EDNS of the server.
    pub(super) edns: Option<Edns>,
    /// Its answers.
    pub(super) answers: &'a Answers,
}

/// Read a response, as far as it can be read, and what is odd about it.
pub(super) fn read<'a>(
    data: &[u8],
    header: Header,
    kind: Kind,
    scratch: &'a mut Scratch,
) -> (Response<'a>, Option<Weird>) {
    let Scratch {
        name,
        text,
        answers,
    } = scratch;
    text.clear();
    answers.clear();
    let (mut asked, mut suffix, mut named) = (None, None, false);
    let mut at = Some(header::LENGTH);
    if header.questions > 0 {
        at = header::question(data, header::LENGTH, name).map(|(found, end)| {
            (asked, named) = (Some(found), true);
            end
        });
        at = at.and_then(|at| header::past_questions(data, at, header.questions - 1));
    } else if header.answers > 0 {
        named = name.read(data, header::LENGTH).is_some();
    }
    if named {
        suffix = kind.write_name(name, text);
    }
    let netbios = kind == Kind::Netbios;
    let found = at.map(|at| sections(data, at, &header, netbios, (Some(answers), name)));
    let odd = match &found {
        None => Some(BAD_QUESTION),
        Some(found) if !found.whole && !header.flags.tc() => Some(BAD_RECORD),
        Some(_) => None,
    };
    let response = Response {
        header,
        name: named.then_some((text.as_str(), suffix)),
        asked,
        edns: found.and_then(|found| found.edns),
        answers,
    };
    (response, odd)
}
