//! SMB: sessions, shares and files of all versions; the bodies of files are passed over, pipes are read as remote calls.
//!
//! Source: [MS-SMB2], [MS-CIFS] and [MS-SMB] for the first version.

mod entry;
mod header;
mod nbss;
mod one;
mod request;
mod response;
mod state;
mod words;

use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::read::le32;
use super::weird::Weird;
use entry::Entry;
use header::{Header, SIZE, command, file_id};
use nbss::Frame;
use request::{PIPE_TRANSCEIVE, Part};
use state::State;

const BAD_FRAME: Weird = Weird::new(1, "smb_bad_frame");
const BAD_HEADER: Weird = Weird::new(2, "smb_bad_header");

/// Port without NetBIOS around the messages.
const PORT: u16 = 445;
/// Octets of a message from which it can be told how much of it is wanted: file identifier of a write.
const LOOK: usize = 96;
/// Most octets wanted of a message: names are shorter than 1 KiB, tokens of NTLM and fragments of remote calls than 6 KiB.
const MAX_HEAD: usize = 8192;
/// A transform header ([MS-SMB2] 2.2.41).
const TRANSFORM: usize = 52;

/// One connection.
#[derive(Default)]
pub(super) struct Smb {
    state: State,
    /// Octets of the frame that are still to come, after the messages of the chain read so far.
    left: Pair<usize>,
    client_is_lo: Option<bool>,
}

/// Where a message stands in a frame.
#[derive(Clone, Copy)]
struct Place {
    /// Octets before it.
    before: usize,
    /// Octets from it to the end of the frame.
    length: usize,
}

impl Smb {
    /// How much of the next message of a frame is wanted.
    fn cut_part(&self, data: &[u8], place: Place) -> Cut {
        let look = place.length.min(LOOK);
        if data.len() < place.before + look {
            return Cut::Need;
        }
        let part = data.get(place.before..).unwrap_or(&[]);
        let (wanted, whole) = match part.get(..4) {
            Some(b"\xfeSMB") => match Header::read(part) {
                Some(header) => {
                    let next = header.next as usize;
                    let is_last = next < SIZE || next >= place.length;
                    let whole = if is_last { place.length } else { next };
                    (self.wanted(&header, part), whole)
                }
                None => (look, place.length),
            },
            Some(b"\xfdSMB" | b"\xfcSMB") => (TRANSFORM, place.length),
            Some(b"\xffSMB") => {
                let is_wanted = one::wants_all(part, &self.state);
                (if is_wanted { MAX_HEAD } else { LOOK + 16 }, place.length)
            }
            _ if place.before == 0 || place.length == 0 => (look, place.length),
            _ => return Cut::Bad(1),
        };
        Cut::Head {
            head: place.before + wanted.min(whole),
            whole: place.before + whole,
        }
    }

    /// Octets wanted of a message: of what is written to and read from files only the numbers.
    fn wanted(&self, header: &Header, part: &[u8]) -> usize {
        let is_pipe = match (header.command, header.is_response) {
            (command::WRITE, false) => file_id(part, SIZE + 16).is_some_and(|file| {
                self.state.is_pipe(&file)
                    || self
                        .state
                        .is_pipe_share((header.session_id, header.tree_id))
            }),
            (command::READ, true) => self.state.asked(header).is_some_and(|waiting| {
                self.state.is_pipe(&waiting.file) || self.state.is_pipe_share(waiting.tree)
            }),
            (command::IOCTL, _) => le32(part, SIZE + 4) == Some(PIPE_TRANSCEIVE),
            (command::QUERY_DIRECTORY, true) => false,
            (command::NEGOTIATE..=command::QUERY_DIRECTORY | command::SET_INFO, _) => true,
            _ => false,
        };
        if is_pipe { MAX_HEAD } else { LOOK + 16 }
    }

    fn frame(&mut self, message: &Message<'_>, frame: Frame, sink: &mut Sink<'_>) {
        match frame {
            Frame::Message(length) => {
                let data = message.data.get(nbss::HEAD..).unwrap_or(&[]);
                *self.left.get_mut(message.from_lo) = length;
                self.part(message, data, sink);
            }
            Frame::Request(_) => {
                self.client_is_lo.get_or_insert(message.from_lo);
                let mut entry = Entry::new("nbss_request", &message.meta);
                (entry.called_name, entry.calling_name) = nbss::names(message.data);
                entry.write((message.sender, message.receiver), sink);
            }
            Frame::Control(_) => {}
        }
    }

    /// Client and server of a message.
    fn ends<'a>(&mut self, message: &Message<'a>, is_response: bool) -> (&'a Side, &'a Side) {
        self.client_is_lo
            .get_or_insert(message.from_lo != is_response);
        if is_response {
            (message.receiver, message.sender)
        } else {
            (message.sender, message.receiver)
        }
    }

    fn old_part(&mut self, message: &Message<'_>, data: &[u8], sink: &mut Sink<'_>) {
        let Some(is_response) = one::is_response(data) else {
            return sink.weird(BAD_HEADER, &message.meta);
        };
        let ends = self.ends(message, is_response);
        self.state.one(data, &message.meta, ends, sink);
    }

    /// Read a message of a frame: `data` is as much of it as is wanted.
    fn part(&mut self, message: &Message<'_>, data: &[u8], sink: &mut Sink<'_>) {
        let left = self.left.get_mut(message.from_lo);
        *left = left.saturating_sub(data.len() + message.missing);
        match data.get(..4) {
            Some(b"\xfeSMB") => {
                let Some(header) = Header::read(data) else {
                    return sink.weird(BAD_HEADER, &message.meta);
                };
                let ends = self.ends(message, header.is_response);
                let part = Part {
                    data,
                    header,
                    meta: &message.meta,
                    ends,
                };
                if header.is_response {
                    self.state.response(&part, sink);
                } else {
                    self.state.request(&part, sink);
                }
            }
            Some(b"\xfdSMB") => self.state.hide(0, &message.meta),
            Some(b"\xfcSMB") => self.state.hide(1, &message.meta),
            Some(b"\xffSMB") => self.old_part(message, data, sink),
            None => {}
            Some(_) => sink.weird(BAD_HEADER, &message.meta),
        }
    }
}

impl Dialogue for Smb {
    const BAD: Weird = BAD_FRAME;
    const MAX_WAITING: usize = 2 * MAX_HEAD;

    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut {
        let left = *self.left.get(from_lo);
        if left > 0 {
            let place = Place {
                before: 0,
                length: left,
            };
            return self.cut_part(data, place);
        }
        if lost {
            match nbss::seek(data) {
                Some(0) => {}
                Some(at) => return Cut::Bad(at),
                None if data.len() > 7 => return Cut::Bad(data.len() - 7),
                None => return Cut::Need,
            }
        }
        if data.len() < nbss::HEAD {
            return Cut::Need;
        }
        match nbss::frame(data) {
            Some(Frame::Message(length)) => {
                let place = Place {
                    before: nbss::HEAD,
                    length,
                };
                self.cut_part(data, place)
            }
            Some(Frame::Request(length) | Frame::Control(length)) => {
                Cut::Message(nbss::HEAD + length)
            }
            None => Cut::Bad(1),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if *self.left.get(message.from_lo) > 0 {
            self.part(message, message.data, sink);
        } else if let Some(frame) = nbss::frame(message.data) {
            self.frame(message, frame, sink);
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.left.get_mut(from_lo) = 0;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(sides.lo.port != PORT);
        let ends = (sides.get(client_is_lo), sides.get(!client_is_lo));
        self.state.end(ends, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.state.bytes()
    }
}
