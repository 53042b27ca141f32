//! A conversation of two streams read by one protocol: reassembly, resynchronisation and oddities in one place, so that a
//! protocol file holds nothing but its protocol.

use super::memory::Account;
use super::stream::{Step, Stream};
use super::weird::{Notes, Weird};
use super::{Context, Hint, Records};

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
    lo: T,
    hi: T,
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
    /// Bytes of memory held beside the value itself.
    fn bytes(&self) -> usize {
        0
    }
    /// Nothing more can be read (the rest is encrypted).
    fn is_finished(&self) -> bool {
        false
    }
}

/// A flow read by one protocol, whichever it is.
pub(super) trait Talk: Send + Sync {
    /// Expect the stream of a side to begin at `seq`.
    fn begin(&mut self, from_lo: bool, seq: u32);
    /// Read one packet.
    fn on_payload(&mut self, ctx: &Context<'_>, out: &mut Records) -> Hint;
    /// The flow segment ends.
    fn on_end(&mut self, out: &mut Records);
    /// What the row of the flow shall say.
    fn labels(&self) -> Labels<'_>;
    /// Nothing more can be read.
    fn is_finished(&self) -> bool;
}

/// A [`Dialogue`] with its streams.
pub(super) struct Session<D> {
    dialogue: D,
    streams: Pair<Stream>,
    /// Bytes of a message that are still to be passed over.
    skip: Pair<usize>,
    sides: Pair<Side>,
    lost: Pair<bool>,
    notes: Notes,
    account: Option<Account>,
}

impl<D: Dialogue> Default for Session<D> {
    fn default() -> Self {
        Self {
            dialogue: D::default(),
            streams: Pair {
                lo: Stream::new(D::MAX_WAITING),
                hi: Stream::new(D::MAX_WAITING),
            },
            skip: Pair::default(),
            sides: Pair::default(),
            lost: Pair::default(),
            notes: Notes::default(),
            account: None,
        }
    }
}

impl<D: Dialogue> Talk for Session<D> {
    fn begin(&mut self, from_lo: bool, seq: u32) {
        self.streams.get_mut(from_lo).begin(seq);
    }

    fn on_payload(&mut self, ctx: &Context<'_>, out: &mut Records) -> Hint {
        self.learn(ctx);
        if let Some(seq) = ctx.seq {
            let stream = self.streams.get_mut(ctx.from_lo);
            stream.push(Meta::of(ctx), seq, ctx.payload, ctx.payload_len);
            self.drain(ctx.from_lo, out);
        } else {
            self.datagram(ctx, out);
        }
        self.settle_account(ctx, out);
        match self.dialogue.client_is_lo() {
            None => Hint::None,
            Some(lo) if lo == ctx.from_lo => Hint::SenderIsClient,
            Some(_) => Hint::ReceiverIsClient,
        }
    }

    fn on_end(&mut self, out: &mut Records) {
        for from_lo in [true, false] {
            self.streams.get_mut(from_lo).close();
            self.drain(from_lo, out);
        }
        let mut sink = Sink {
            out,
            notes: &mut self.notes,
        };
        self.dialogue.end(&self.sides, &mut sink);
    }

    fn labels(&self) -> Labels<'_> {
        self.dialogue.labels()
    }

    fn is_finished(&self) -> bool {
        self.dialogue.is_finished()
    }
}

impl<D: Dialogue> Session<D> {
    /// Account for what is held; when all parsers together hold too much, this one gives up what it holds of its streams.
    fn settle_account(&mut self, ctx: &Context<'_>, out: &mut Records) {
        let Pair { lo, hi } = &mut self.streams;
        let own = size_of::<Self>() + self.dialogue.bytes();
        let account = self.account.get_or_insert_with(|| out.memory.account());
        if account.set(own + lo.bytes() + hi.bytes()) {
            return;
        }
        lo.forget();
        hi.forget();
        account.set(own);
        self.notes
            .note(Weird::PARSER_MEMORY, &Meta::of(ctx), None, out);
    }

    fn datagram(&mut self, ctx: &Context<'_>, out: &mut Records) {
        let message = Message {
            data: ctx.payload,
            missing: (ctx.payload_len as usize).saturating_sub(ctx.payload.len()),
            meta: Meta::of(ctx),
            in_stream: false,
            from_lo: ctx.from_lo,
            sender: self.sides.get(ctx.from_lo),
            receiver: self.sides.get(!ctx.from_lo),
        };
        let notes = &mut self.notes;
        self.dialogue.message(&message, &mut Sink { out, notes });
    }

    fn learn(&mut self, ctx: &Context<'_>) {
        let sender = self.sides.get_mut(ctx.from_lo);
        sender.ip = ctx.sender_ip;
        sender.port = ctx.sender_port;
        sender.mac = ctx.sender_mac.or(sender.mac);
        let receiver = self.sides.get_mut(!ctx.from_lo);
        receiver.ip = ctx.receiver_ip;
        receiver.port = ctx.receiver_port;
    }

    fn drain(&mut self, from_lo: bool, out: &mut Records) {
        while let Some(step) = self.streams.get_mut(from_lo).step() {
            match step {
                Step::Data => self.read(from_lo, out),
                Step::Gap => {
                    let hole = self.streams.get_mut(from_lo).take_hole();
                    if !hole.is_some_and(|bytes| self.pass_hole(from_lo, bytes)) {
                        *self.lost.get_mut(from_lo) = true;
                        *self.skip.get_mut(from_lo) = 0;
                        self.dialogue.gap(from_lo);
                    }
                    let meta = self.streams.get(from_lo).latest();
                    self.notes.note(Weird::STREAM_GAP, &meta, None, out);
                }
            }
        }
    }

    /// A gap inside of what is passed over does no harm.
    fn pass_hole(&mut self, from_lo: bool, bytes: u32) -> bool {
        if *self.lost.get(from_lo) {
            return false;
        }
        let skip = self.skip.get_mut(from_lo);
        if *skip == 0 {
            return self.dialogue.pass_hole(from_lo, bytes);
        }
        match skip.checked_sub(bytes as usize) {
            Some(left) => *skip = left,
            None => return false,
        }
        true
    }

    fn read(&mut self, from_lo: bool, out: &mut Records) {
        let stream = self.streams.get_mut(from_lo);
        let lost = self.lost.get_mut(from_lo);
        let skip = self.skip.get_mut(from_lo);
        while !stream.data().is_empty() {
            if *skip > 0 {
                let passed = stream.data().len().min(*skip);
                *skip -= passed;
                stream.consume(passed);
                continue;
            }
            let meta = stream.meta();
            let cut = match self.dialogue.cut(stream.data(), from_lo, *lost) {
                Cut::Message(length) => Cut::Head {
                    head: length,
                    whole: length,
                },
                cut => cut,
            };
            let taken = match cut {
                Cut::Need | Cut::Message(_) => break,
                Cut::Head { head, .. } if stream.data().len() < head => break,
                Cut::Head { head, whole } => {
                    *lost = false;
                    let message = Message {
                        data: stream.data().get(..head).unwrap_or(&[]),
                        missing: whole.saturating_sub(head),
                        meta,
                        in_stream: true,
                        from_lo,
                        sender: self.sides.get(from_lo),
                        receiver: self.sides.get(!from_lo),
                    };
                    let notes = &mut self.notes;
                    self.dialogue.message(&message, &mut Sink { out, notes });
                    *skip = whole.saturating_sub(head);
                    head
                }
                Cut::Bad(length) => {
                    if !*lost {
                        self.notes.note(D::BAD, &meta, None, out);
                    }
                    *lost = true;
                    length
                }
            };
            stream.consume(taken.max(1));
        }
    }
}
