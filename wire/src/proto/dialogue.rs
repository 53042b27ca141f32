//! What a protocol file deals with: messages cut out of two streams or taken from datagrams, who sent them, and where its rows go.

use super::service::Service;
use super::weird::{Notes, Weird};
use super::{Context, Records};

/// Where bytes came from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meta {
    /// Flow segment.
    pub(super) flow_uid: [u8; 16],
    /// Time, ns.
    pub(super) ts_ns: i64,
    /// Ordinal of the frame.
    pub(super) frame_no: u64,
}

impl Meta {
    /// Of a packet.
    pub(super) fn of(ctx: &Context<'_>) -> Self {
        Self {
            flow_uid: ctx.flow_uid,
            ts_ns: ctx.ts_ns,
            frame_no: ctx.frame_no,
        }
    }
}

/// One end of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    /// Address.
    pub(super) ip: [u8; 16],
    /// Port.
    pub(super) port: u16,
    /// Link address, when it sent a frame that has one.
    pub(super) mac: Option<[u8; 6]>,
}

/// Both values of something that each side has.
#[derive(Default)]
pub(super) struct Pair<T> {
    pub(super) lo: T,
    pub(super) hi: T,
}

impl<T> Pair<T> {
    /// Of the lower (`true`) or higher key end.
    pub(super) fn get(&self, lo: bool) -> &T {
        if lo { &self.lo } else { &self.hi }
    }

    /// Of the lower (`true`) or higher key end.
    pub(super) fn get_mut(&mut self, lo: bool) -> &mut T {
        if lo { &mut self.lo } else { &mut self.hi }
    }
}

/// One message with what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    /// Its bytes: all of them, or its head (see [`Cut::Head`]), or as much of a datagram as was captured.
    pub(super) data: &'a [u8],
    /// Bytes of the message that `data` lacks.
    pub(super) missing: usize,
    /// Its first packet.
    pub(super) meta: Meta,
    /// It was cut out of a stream, not a datagram.
    pub(super) in_stream: bool,
    /// The lower key end sent it.
    pub(super) from_lo: bool,
    /// Who sent it.
    pub(super) sender: &'a Side,
    /// To whom.
    pub(super) receiver: &'a Side,
}

/// What lies at the start of the waiting bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Part of a message.
    Need,
    /// A message of that many bytes.
    Message(usize),
    /// A message of which only the first `head` bytes are wanted; the rest, up to `whole`, is passed over as it comes.
    Head {
        /// Bytes wanted.
        head: usize,
        /// Bytes of the message.
        whole: usize,
    },
    /// No message; that many bytes may be skipped (0 is taken as 1).
    Bad(usize),
}

/// Where a protocol leaves what it finds.
pub(super) struct Sink<'a> {
    /// Rows.
    pub(super) out: &'a mut Records,
    /// Codes already noted.
    pub(super) notes: &'a mut Notes,
}

impl Sink<'_> {
    /// Note an oddity of the message that came with `meta`.
    pub(super) fn weird(&mut self, code: Weird, meta: &Meta) {
        self.notes.note(code, meta, None, self.out);
    }

    /// Note an oddity at an offset of that message.
    pub(super) fn weird_at(&mut self, code: Weird, meta: &Meta, at: usize) {
        self.notes.note(code, meta, Some(at), self.out);
    }
}

/// What a parser learned that stands in the row of the flow itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Labels<'a> {
    /// Name of the server the client asked for, escaped.
    pub(super) server_name: Option<&'a str>,
    /// JA4 fingerprint of the client.
    pub(super) ja4: Option<&'a str>,
}

/// A protocol of messages, over two streams or in datagrams.
pub(super) trait Dialogue: Default + Send + Sync {
    /// Noted when no message starts where one must.
    const BAD: Weird;
    /// In-order bytes of a stream that may wait for the rest of their message (range 512 .. 65 536). The default holds the largest
    /// message of the industrial protocols (260 B) and FTP lines, where servers stop at 512 B to 8 KiB.
    const MAX_WAITING: usize = 8192;
    /// Find the next message of one side; `lost` while its start is being looked for.
    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut;
    /// Read one message.
    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>);
    /// Bytes of a side are missing.
    fn gap(&mut self, from_lo: bool);
    /// That many bytes are missing; true when they lie inside of what is passed over anyway and reading goes on behind them.
    fn pass_hole(&mut self, _from_lo: bool, _bytes: u32) -> bool {
        false
    }
    /// The flow segment ends.
    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>);
    /// The lower key end is the client, when the protocol said so.
    fn client_is_lo(&self) -> Option<bool>;
    /// What the row of the flow shall say.
    fn labels(&self) -> Labels<'_> {
        Labels::default()
    }
    /// Bytes of memory held beside the value itself; asked after every packet.
    fn bytes(&self) -> usize;
    /// The protocol that both sides agreed to speak from here on, on the same streams (STARTTLS, negotiated TLS, a tunnel).
    fn successor(&self) -> Option<Service> {
        None
    }
    /// Nothing more can be read (the rest is encrypted).
    fn is_finished(&self) -> bool {
        false
    }
}
