//! How flows leave the table: their time is up, the table is full, or the input ends.

use super::life::{as_ms, deadline, silent_end, timeout};
use super::row::End;
use super::table::Table;
use crate::packet::quality;

/// Entries of a wheel bucket looked at for a one-packet flow before any flow is evicted.
const EVICT_SCAN: usize = 16;

impl Table {
    /// Write every flow whose deadline the clock has passed.
    pub(super) fn sweep(&mut self, now: i64) {
        let limits = self.options.timeouts;
        while let Some((bucket, list)) = self.wheel.next_due(now) {
            let emergency = self.is_emergency();
            self.was_emergency |= emergency;
            for slot in &list {
                let Some(row) = self
                    .rows
                    .get_mut(*slot)
                    .filter(|row| row.alive && row.due == bucket)
                else {
                    continue;
                };
                if emergency {
                    row.timeout_ms = row.timeout_ms.min(as_ms(timeout(row, &limits, true)));
                }
                let deadline = deadline(row);
                if now > deadline {
                    let end = silent_end(row);
                    let late = self.before.saturating_sub(deadline);
                    self.counters.max_lateness = self.counters.max_lateness.max(late);
                    self.remove(*slot, end);
                } else {
                    row.due = self.wheel.bucket_for(deadline);
                    self.wheel.insert(*slot, row.due);
                }
            }
            self.wheel.recycle(list);
        }
    }

    /// Make room: write the flow with the nearest deadline, one-packet flows first.
    pub(super) fn evict(&mut self) {
        let limits = self.options.timeouts;
        while let Some(bucket) = self.wheel.earliest() {
            let mut best: Option<(usize, u32, bool)> = None;
            let list = self.wheel.list(bucket);
            let from = list.len().saturating_sub(EVICT_SCAN);
            let tail: Vec<u32> = list.get(from..).unwrap_or_default().to_vec();
            for (at, slot) in tail.iter().enumerate().rev() {
                let Some(row) = self
                    .rows
                    .get_mut(*slot)
                    .filter(|row| row.alive && row.due == bucket)
                else {
                    self.wheel.remove(bucket, from + at);
                    best = None;
                    break;
                };
                let due = self
                    .wheel
                    .bucket_for(row.last_seen.saturating_add(timeout(row, &limits, true)));
                if self.wheel.comes_before(bucket, due) {
                    row.due = due;
                    self.wheel.remove(bucket, from + at);
                    self.wheel.insert(*slot, due);
                    best = None;
                    break;
                }
                let single = row.packets() == 1;
                if best.is_none_or(|(_, _, known)| single && !known) {
                    best = Some((from + at, *slot, single));
                }
            }
            if let Some((at, slot, _)) = best {
                self.wheel.remove(bucket, at);
                if let Some(row) = self.rows.get_mut(slot) {
                    row.quality |= quality::TABLE_FULL;
                }
                self.counters.evicted += 1;
                self.remove(slot, End::Resource);
                return;
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32, end: End) {
        self.write(slot, end);
        if let Some(row) = self.rows.get(slot) {
            self.index.remove(row.key.hash(self.seed), slot);
        }
        self.rows.free(slot);
    }

    /// End of input: write what is left, up to `limit` rows a call; true when nothing is left.
    pub fn finish(&mut self, from: &mut u32, limit: usize) -> bool {
        let now = self.clock.now();
        let mut written = 0;
        while *from < self.rows.slots() {
            if written >= limit {
                return false;
            }
            let slot = *from;
            *from += 1;
            let Some(row) = self.rows.get(slot).filter(|row| row.alive) else {
                continue;
            };
            let late = now > deadline(row);
            let end = match silent_end(row) {
                End::Closed => End::Closed,
                _ if late => End::Idle,
                _ => End::Shutdown,
            };
            // No packet will look for it any more, so its cell may stay.
            self.write(slot, end);
            self.rows.free(slot);
            written += 1;
        }
        true
    }
}
