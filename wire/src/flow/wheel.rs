//! Timer wheel: finds due flows without looking at the others.
//!
//! One level of half-second buckets. A flow stands in the bucket of its deadline; when the bucket comes up and the deadline has
//! moved on, it is put in again, so a packet that only prolongs a flow costs nothing here. A deadline that comes nearer puts a second entry
//! in; the row's own `due` bucket says which entry counts, the other is passed over. So a flow is written at most one tick late.

/// Length of a tick, ns: half of the promised lateness of 1 s.
pub const TICK: i64 = 500_000_000;

/// Buckets: the horizon is 8192 ticks = 68 min, above the longest default time-out (1 h). Later deadlines wait in the last
/// bucket and are put in again.
const BUCKETS: i64 = 8192;

/// Buckets of slots.
pub struct Wheel {
    buckets: Vec<Vec<u32>>,
    /// Ticks before this one were swept.
    next: i64,
    /// Start of that tick, ns.
    next_ns: i64,
    started: bool,
    /// Emptied lists; without them every bucket would keep its memory for a whole turn of the wheel.
    spare: Vec<Vec<u32>>,
}

/// Largest list kept, entries (256 KB).
const SPARE_ROOM: usize = 65_536;

/// Emptied lists kept: flows stand in a few dozen buckets at a time.
const SPARES: usize = 64;

impl Default for Wheel {
    fn default() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| Vec::new()).collect(),
            next: 0,
            // Due at once: the first look tells the wheel what time it is, before anything is put in.
            next_ns: i64::MIN,
            started: false,
            spare: Vec::new(),
        }
    }
}

fn index(tick: i64) -> u16 {
    u16::try_from(tick.rem_euclid(BUCKETS)).unwrap_or(0)
}

impl Wheel {
    fn move_to(&mut self, tick: i64) {
        self.next = tick;
        self.next_ns = tick.saturating_mul(TICK);
    }

    /// The bucket in which a deadline (sweep time, ns) has surely passed, at the horizon at the latest.
    #[inline]
    #[must_use]
    pub fn bucket_for(&self, deadline: i64) -> u16 {
        let tick = deadline
            .div_euclid(TICK)
            .saturating_add(1)
            .clamp(self.next, self.next.saturating_add(BUCKETS - 1));
        index(tick)
    }

    /// Whether bucket `a` comes up before bucket `b`.
    #[inline]
    #[must_use]
    pub fn comes_before(&self, a: u16, b: u16) -> bool {
        let wait = |bucket: u16| (i64::from(bucket) - self.next).rem_euclid(BUCKETS);
        wait(a) < wait(b)
    }

    /// Put a slot into a bucket.
    #[inline]
    pub fn insert(&mut self, slot: u32, bucket: u16) {
        if let Some(list) = self.buckets.get_mut(usize::from(bucket)) {
            if list.capacity() == 0 {
                *list = self.spare.pop().unwrap_or_default();
            }
            list.push(slot);
        }
    }

    /// Whether `now` has passed a bucket that was not swept yet.
    #[inline]
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        now >= self.next_ns
    }

    /// Take the next bucket in use that `now` has passed, with its slots. `None` when all are swept.
    pub fn next_due(&mut self, now: i64) -> Option<(u16, Vec<u32>)> {
        let current = now.div_euclid(TICK);
        if !self.started {
            self.started = true;
            self.move_to(current);
        }
        // After a long silence every bucket is due once; one round sees them all.
        self.move_to(self.next.max(current.saturating_sub(BUCKETS)));
        while self.next <= current {
            let bucket = index(self.next);
            self.move_to(self.next + 1);
            if let Some(list) = self.buckets.get_mut(usize::from(bucket))
                && !list.is_empty()
            {
                return Some((bucket, std::mem::take(list)));
            }
        }
        None
    }

    /// Keep a swept list's memory for the next bucket that needs some.
    pub fn recycle(&mut self, mut list: Vec<u32>) {
        list.clear();
        if self.spare.len() < SPARES && list.capacity() <= SPARE_ROOM {
            self.spare.push(list);
        }
    }

    /// The earliest bucket in use, due or not.
    #[must_use]
    pub fn earliest(&self) -> Option<u16> {
        (self.next..self.next.saturating_add(BUCKETS))
            .map(index)
            .find(|bucket| !self.list(*bucket).is_empty())
    }

    /// Slots of a bucket.
    #[must_use]
    pub fn list(&self, bucket: u16) -> &[u32] {
        self.buckets
            .get(usize::from(bucket))
            .map_or(&[], Vec::as_slice)
    }

    /// Remove the entry at `at` of a bucket; the last one takes its place.
    pub fn remove(&mut self, bucket: u16, at: usize) {
        if let Some(list) = self.buckets.get_mut(usize::from(bucket))
            && at < list.len()
        {
            list.swap_remove(at);
        }
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buckets.iter().map(|b| b.capacity() * 4 + 24).sum()
    }
}
