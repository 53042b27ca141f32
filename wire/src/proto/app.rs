//! What a flow knows of its application protocol, and the dispatch to the parsers.
//!
//! HOT: called for payload-bearing packets until [`App::is_done`]; 16 bytes per flow, parser state boxed.

use super::dialogue::{Labels, Pair};
use super::probe::Probe;
use super::recognise::{self, Found, Look, Strength};
use super::registry;
use super::service::Service;
use super::session::Talk;
use super::{Context, Hint, Records};

/// Payload packets examined before a flow is given up: greetings and first requests lie in the first few packets.
const MAX_TRIES: u8 = 8;

/// Per-flow application state.
#[derive(Default)]
pub struct App {
    parser: Option<Box<Parser>>,
    service: Option<Service>,
    tries: u8,
    done: bool,
    /// A packet of the side was neither read nor held.
    passed: Pair<bool>,
}

/// What a flow keeps between packets.
enum Parser {
    Probe(Probe),
    Talk(Box<dyn Talk>),
    /// The labels of a parser that is gone.
    Named {
        server_name: Option<Box<str>>,
        ja4: Option<Box<str>>,
    },
}

impl App {
    /// Look at one payload-bearing packet and write the records it completes.
    ///
    /// Returns what the packet says about who the client is (`docs/flow-semantics.md` 4.4).
    pub fn on_payload(&mut self, ctx: &Context<'_>, out: &mut Records) -> Hint {
        if self.done {
            return Hint::None;
        }
        match self.parser.as_deref_mut() {
            None if matches!(ctx.proto, 0 | 1 | 58) => self.start_layer(ctx, out),
            None | Some(Parser::Probe(_) | Parser::Named { .. }) => self.recognise(ctx, out),
            Some(Parser::Talk(talk)) => {
                let hint = talk.on_payload(ctx, out);
                self.go_on(out);
                hint
            }
        }
    }

    /// Read a protocol that the header before it names.
    fn start_layer(&mut self, ctx: &Context<'_>, out: &mut Records) -> Hint {
        let talk = registry::start_layer(ctx.proto, ctx.ethertype);
        let Some(mut talk) = talk.filter(|_| out.memory.has_room()) else {
            self.done = true;
            return Hint::None;
        };
        let hint = talk.on_payload(ctx, out);
        self.parser = Some(Box::new(Parser::Talk(talk)));
        hint
    }

    /// Hand the streams over to the protocol that follows, or see that nothing does.
    fn go_on(&mut self, out: &mut Records) {
        let Some(Parser::Talk(talk)) = self.parser.as_deref_mut() else {
            return;
        };
        let Some(next) = talk.successor() else {
            if talk.is_finished() {
                self.finish(out);
            }
            return;
        };
        talk.on_end(out);
        let Some(mut next) = registry::start(next).filter(|_| out.memory.has_room()) else {
            self.done = true;
            return;
        };
        for from_lo in [true, false] {
            if let Some(seq) = talk.next_seq(from_lo) {
                next.begin(from_lo, seq);
            }
        }
        *talk = next;
    }

    /// Nothing more can be read: keep of the parser only what the row of the flow will say.
    fn finish(&mut self, out: &mut Records) {
        self.done = true;
        let Some(Parser::Talk(talk)) = self.parser.as_deref_mut() else {
            return;
        };
        talk.on_end(out);
        let Labels { server_name, ja4 } = talk.labels();
        let named = (server_name.map(Box::from), ja4.map(Box::from));
        self.parser = match named {
            (None, None) => None,
            (server_name, ja4) => Some(Box::new(Parser::Named { server_name, ja4 })),
        };
    }

    /// The flow segment ends: write what waits for an answer. Rows carry the identity and time of their own packets, which
    /// lie in this segment, so that the time of its end adds nothing.
    pub fn on_end(&mut self, _ts_ns: i64, out: &mut Records) {
        if let Some(Parser::Talk(talk)) = self.parser.as_deref_mut() {
            talk.on_end(out);
        }
    }

    /// Further payloads of this flow need not be handed over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// IANA service name, once recognised.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.service.map(Service::name)
    }

    /// How the name was decided: `parsed`, `signature` or `none`.
    #[must_use]
    pub fn basis(&self) -> &'static str {
        match self.service {
            None => "none",
            Some(service) if registry::is_read(service) => "parsed",
            Some(_) => "signature",
        }
    }

    /// What the parser learned that stands in the row of the flow.
    pub fn labels(&self) -> (Option<&str>, Option<&str>) {
        match self.parser.as_deref() {
            Some(Parser::Talk(talk)) => {
                let Labels { server_name, ja4 } = talk.labels();
                (server_name, ja4)
            }
            Some(Parser::Named { server_name, ja4 }) => (server_name.as_deref(), ja4.as_deref()),
            Some(Parser::Probe(_)) | None => (None, None),
        }
    }

    /// Recognised by content as an industrial protocol whose conversations go on after long silence.
    #[must_use]
    pub fn long_lived(&self) -> bool {
        self.service.is_some_and(Service::is_long_lived)
    }

    fn recognise(&mut self, ctx: &Context<'_>, out: &mut Records) -> Hint {
        self.tries += 1;
        let look = Look::new(ctx, ctx.payload);
        let mut found = recognise::look(&look);
        // Of datagrams only those are held that say something.
        let weighed = match found.strength {
            Strength::Sure => false,
            Strength::Weak => true,
            Strength::None => ctx.seq.is_some(),
        };
        if weighed {
            found = self.weigh(ctx, found);
        }
        if found.strength == Strength::Sure {
            return self.settle(ctx, found, out);
        }
        if self.tries >= MAX_TRIES {
            self.done = true;
            self.parser = None;
        }
        found.hint
    }

    /// Hold the packet and look at it together with those held before.
    fn weigh(&mut self, ctx: &Context<'_>, found: Found) -> Found {
        let parser = self
            .parser
            .get_or_insert_with(|| Box::new(Parser::Probe(Probe::default())));
        let Parser::Probe(probe) = parser.as_mut() else {
            return found;
        };
        let supported = probe
            .packets()
            .iter()
            .find_map(|held| recognise::agree(found.service, held, ctx));
        let held = probe.hold(ctx, found.service);
        if !held {
            *self.passed.get_mut(ctx.from_lo) = true;
        }
        if let Some(service) = supported {
            return Found::sure(service);
        }
        if !held {
            return found;
        }
        let joined = probe.joined(ctx.from_lo).unwrap_or_default();
        let again = recognise::look(&Look::new(ctx, &joined));
        if again.strength == Strength::Sure {
            again
        } else {
            found
        }
    }

    /// Where the stream of a side begins: at the first byte behind its SYN when every packet since then is at hand, else at the
    /// lowest byte that is.
    fn begins(&self, probe: &Probe, ctx: &Context<'_>, from_lo: bool) -> Option<u32> {
        let known = if ctx.from_lo == from_lo {
            ctx.begin
        } else {
            ctx.peer_begin
        };
        known
            .filter(|_| !self.passed.get(from_lo))
            .or_else(|| probe.lowest(from_lo))
    }

    fn settle(&mut self, ctx: &Context<'_>, found: Found, out: &mut Records) -> Hint {
        self.service = found.service;
        let probe = match self.parser.take().map(|parser| *parser) {
            Some(Parser::Probe(probe)) => probe,
            _ => Probe::default(),
        };
        let talk = found.service.filter(|_| out.memory.has_room());
        let Some(mut talk) = talk.and_then(registry::start) else {
            self.done = true;
            return found.hint;
        };
        for from_lo in [true, false] {
            if let Some(seq) = self.begins(&probe, ctx, from_lo) {
                talk.begin(from_lo, seq);
            }
        }
        let mut hint = Hint::None;
        let mut replayed = false;
        for held in probe.packets().iter().filter(|held| held.is_whole()) {
            replayed |= held.is(ctx);
            hint = talk.on_payload(&held.context(ctx), out);
        }
        if !replayed {
            hint = talk.on_payload(ctx, out);
        }
        self.parser = Some(Box::new(Parser::Talk(talk)));
        self.go_on(out);
        // What the signature said stands until the parser knows: what was enough to recognise may be too little to read.
        if hint == Hint::None { found.hint } else { hint }
    }
}
