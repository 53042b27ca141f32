//! Remote calls over a named pipe: what is written to it and read from it are two streams of units.

use super::association::Association;
use super::pdu::{self, Header, MAX_HEAD};
use crate::proto::dialogue::{Cut, Meta, Side, Sink};

/// One direction.
#[derive(Default)]
struct Flow {
    /// The beginning of a unit whose rest has not come.
    waiting: Vec<u8>,
    /// Octets of a unit that are still to be passed over.
    skip: usize,
}

/// One pipe.
pub(in crate::proto) struct Pipe {
    association: Association,
    asked: Flow,
    answered: Flow,
}

impl Pipe {
    /// A pipe of that name, escaped.
    pub(in crate::proto) fn new(name: Option<String>) -> Self {
        Self {
            association: Association::of_pipe(name),
            asked: Flow::default(),
            answered: Flow::default(),
        }
    }

    /// Take in what was written to the pipe or read from it, and how many octets of that are not at hand.
    pub(in crate::proto) fn feed(
        &mut self,
        from_client: bool,
        (data, missing): (&[u8], usize),
        meta: &Meta,
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        let flow = if from_client {
            &mut self.asked
        } else {
            &mut self.answered
        };
        let mut waiting = std::mem::take(&mut flow.waiting);
        let mut skip = std::mem::take(&mut flow.skip);
        let mut rest = data;
        if !waiting.is_empty() {
            waiting.extend_from_slice(data);
            rest = &waiting;
        }
        while !rest.is_empty() {
            if skip > 0 {
                let passed = skip.min(rest.len());
                skip -= passed;
                rest = rest.get(passed..).unwrap_or(&[]);
                continue;
            }
            match pdu::cut(rest, !from_client && self.association.wants_stub()) {
                Cut::Head { head, whole } if rest.len() >= head => {
                    let (unit, behind) = rest.split_at(head);
                    if let Some(header) = Header::read(unit) {
                        self.association.unit(&header, unit, meta, ends, sink);
                    }
                    rest = behind;
                    skip = whole - head;
                }
                Cut::Need | Cut::Head { .. } | Cut::Message(_) if missing == 0 => break,
                // No unit, or one whose rest is lost: the next write begins with one.
                _ => rest = &[],
            }
        }
        let flow = if from_client {
            &mut self.asked
        } else {
            &mut self.answered
        };
        flow.skip = skip.saturating_sub(missing);
        if rest.len() <= MAX_HEAD {
            flow.waiting = rest.to_vec();
        }
    }

    /// The pipe is closed, or the flow segment ends.
    pub(in crate::proto) fn end(&mut self, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        self.association.end(ends, sink);
    }
}
