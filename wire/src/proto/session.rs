//! A conversation of two streams read by one protocol: reassembly, resynchronisation and oddities in one place, so that a
//! protocol file holds nothing but its protocol.

use super::dialogue::{Cut, Dialogue, Labels, Message, Meta, Pair, Side, Sink};
use super::memory::Account;
use super::service::Service;
use super::stream::{Step, Stream};
use super::weird::{Notes, Weird};
use super::{Context, Hint, Records};

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
    /// The protocol that follows on the same streams.
    fn successor(&self) -> Option<Service>;
    /// Sequence number that the stream of a side goes on with.
    fn next_seq(&self, from_lo: bool) -> Option<u32>;
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
    /// There was no memory for what the dialogue has to keep.
    gave_up: bool,
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
            gave_up: false,
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

    fn successor(&self) -> Option<Service> {
        self.dialogue.successor()
    }

    fn next_seq(&self, from_lo: bool) -> Option<u32> {
        self.streams.get(from_lo).next_seq()
    }

    fn is_finished(&self) -> bool {
        self.gave_up || self.dialogue.is_finished()
    }
}

impl<D: Dialogue> Session<D> {
    /// Account for what is held; when all parsers together hold too much, this one gives up what it holds of its streams, and when
    /// that is not enough, writes what it knows and ends.
    fn settle_account(&mut self, ctx: &Context<'_>, out: &mut Records) {
        let Pair { lo, hi } = &mut self.streams;
        let own = size_of::<Self>() + self.dialogue.bytes();
        let account = self.account.get_or_insert_with(|| out.memory.account());
        if account.set(own + lo.bytes() + hi.bytes()) {
            return;
        }
        lo.forget();
        hi.forget();
        let fits = account.set(own);
        let notes = &mut self.notes;
        notes.note(Weird::PARSER_MEMORY, &Meta::of(ctx), None, out);
        if !fits {
            self.dialogue.end(&self.sides, &mut Sink { out, notes });
            self.dialogue = D::default();
            self.gave_up = true;
            account.set(size_of::<Self>());
        }
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
