//! Protocols whose messages are packets that stand for themselves: no streams, no search for the start of a message.

use super::dialogue::{Labels, Sink};
use super::memory::Account;
use super::service::Service;
use super::session::Talk;
use super::weird::{Notes, Weird};
use super::{Context, Hint, Records};

/// A protocol that is read packet by packet.
pub(super) trait Packets: Default + Send + Sync {
    /// Read one packet; returns what it says about who the client is.
    fn packet(&mut self, ctx: &Context<'_>, sink: &mut Sink<'_>) -> Hint;
    /// The flow ends: write what waits.
    fn end(&mut self, _sink: &mut Sink<'_>) {}
    /// Bytes of memory held beside the value itself.
    fn bytes(&self) -> usize {
        0
    }
    /// Give up what is held beside the value itself.
    fn forget(&mut self) {}
}

/// A flow of such packets.
#[derive(Default)]
pub(super) struct Passing<P> {
    reader: P,
    notes: Notes,
    account: Option<Account>,
}

impl<P: Packets> Talk for Passing<P> {
    fn begin(&mut self, _from_lo: bool, _seq: u32) {}

    fn on_payload(&mut self, ctx: &Context<'_>, out: &mut Records) -> Hint {
        let notes = &mut self.notes;
        let hint = self.reader.packet(ctx, &mut Sink { out, notes });
        let account = self.account.get_or_insert_with(|| out.memory.account());
        if !account.set(size_of::<Self>() + self.reader.bytes()) {
            self.reader.forget();
            let meta = super::dialogue::Meta::of(ctx);
            self.notes.note(Weird::PARSER_MEMORY, &meta, None, out);
        }
        hint
    }

    fn on_end(&mut self, out: &mut Records) {
        let notes = &mut self.notes;
        self.reader.end(&mut Sink { out, notes });
    }

    fn labels(&self) -> Labels<'_> {
        Labels::default()
    }

    fn successor(&self) -> Option<Service> {
        None
    }

    fn next_seq(&self, _from_lo: bool) -> Option<u32> {
        None
    }

    fn is_finished(&self) -> bool {
        false
    }
}
