//! What a row says of a side: statistics, and NULL where nothing was heard.

use super::side::{Intervals, Side};

static UNHEARD: std::sync::LazyLock<Side> = std::sync::LazyLock::new(Side::default);

#[expect(
    clippy::cast_precision_loss,
    reason = "payload sums below 2^53 are exact"
)]
fn mean(sum: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| sum as f64 / n as f64)
}

/// Sample standard deviation from exact sums: sqrt((n Σx² − (Σx)²) / (n (n−1))).
#[expect(
    clippy::cast_precision_loss,
    reason = "the difference is taken exactly in u128 first"
)]
fn deviation(sum: u64, squares: u64, n: u64) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let spread =
        (u128::from(squares) * u128::from(n)).saturating_sub(u128::from(sum) * u128::from(sum));
    let divisor = n as f64 * (n - 1) as f64;
    Some((spread as f64 / divisor).sqrt())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 ns are 104 days; beyond them 1 ns in 10^16 is lost"
)]
fn micros(ns: i64) -> f64 {
    ns as f64 / 1000.0
}

/// Minimum, mean, sample standard deviation, maximum.
pub type Four = [Option<f64>; 4];

/// Statistics of inter-arrival times, us.
pub fn gap_stats(gaps: &Intervals, packets: u64) -> Four {
    if packets < 2 {
        return [None; 4];
    }
    let n = u32::try_from(packets - 1).unwrap_or(u32::MAX);
    [
        Some(micros(gaps.min)),
        Some(gaps.mean / 1000.0),
        gaps.std(n).map(|std| std / 1000.0),
        Some(micros(gaps.max)),
    ]
}

/// Statistics of one side's payload lengths.
pub fn side_lengths(side: &Side) -> Four {
    let n = u64::from(side.pkts);
    if n == 0 {
        return [None; 4];
    }
    [
        Some(f64::from(side.len_min)),
        mean(side.bytes_payload, n),
        deviation(side.bytes_payload, side.len_squares, n),
        Some(f64::from(side.len_max)),
    ]
}

/// Statistics of payload lengths over both sides.
pub fn both_lengths(a: &Side, b: &Side) -> Four {
    let heard = |side: &Side| side.pkts > 0;
    if !heard(b) {
        return side_lengths(a);
    }
    if !heard(a) {
        return side_lengths(b);
    }
    let n = u64::from(a.pkts) + u64::from(b.pkts);
    let sum = a.bytes_payload + b.bytes_payload;
    let squares = a.len_squares.saturating_add(b.len_squares);
    [
        Some(f64::from(a.len_min.min(b.len_min))),
        mean(sum, n),
        deviation(sum, squares, n),
        Some(f64::from(a.len_max.max(b.len_max))),
    ]
}

/// Values of one side that are NULL while it is unheard in the segment.
pub struct View<'a> {
    /// The side, or an unheard one.
    pub side: &'a Side,
    /// It sent a packet in this segment.
    pub heard: bool,
}

impl View<'_> {
    /// A value of a heard side.
    pub fn some<T>(&self, value: T) -> Option<T> {
        self.heard.then_some(value)
    }

    /// A value of a side that sent TCP headers.
    pub fn tcp<T>(&self, value: T) -> Option<T> {
        (self.heard && self.side.has_tcp).then_some(value)
    }

    /// Link address.
    pub fn mac(&self) -> Option<[u8; 6]> {
        (self.heard && self.side.has_mac).then_some(self.side.mac)
    }
}

/// Look at a side that may be unheard.
pub fn view(side: Option<&Side>) -> View<'_> {
    let side = side.unwrap_or(&UNHEARD);
    View {
        side,
        heard: side.pkts > 0,
    }
}
