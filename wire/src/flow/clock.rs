//! The sweep clock: capture time made monotonic (flow-semantics.md 3.1).

use super::limits::REORDER;

/// Turns capture times into sweep times that never go back.
#[derive(Default)]
pub struct Clock {
    highest: i64,
    shift: i64,
    started: bool,
}

impl Clock {
    /// Take a packet's own time; returns the clock, and whether the capture clock stepped back.
    #[inline]
    pub fn tick(&mut self, ts: i64) -> (i64, bool) {
        if !self.started {
            self.started = true;
            self.highest = ts;
        }
        let stepped = ts < self.highest.saturating_sub(REORDER);
        if stepped {
            self.shift = self.shift.saturating_add(self.highest.saturating_sub(ts));
            self.highest = ts;
        } else {
            self.highest = self.highest.max(ts);
        }
        (self.now(), stepped)
    }

    /// The clock.
    #[inline]
    #[must_use]
    pub fn now(&self) -> i64 {
        self.highest.saturating_add(self.shift)
    }
}
