//! The header of messages about time.

use crate::proto::escape::escape;
use crate::proto::read::{self, be32};
use std::net::Ipv4Addr;

/// Seconds from 1900 to 1970 (RFC 868).
const TO_UNIX: i64 = 2_208_988_800;
const NS: i64 = 1_000_000_000;

/// Seconds since 1900 in 32 bits, and a fraction in 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(u64);

impl Stamp {
    fn read(data: &[u8], at: usize) -> Option<Self> {
        read::array(data, at).map(|octets| Self(u64::from_be_bytes(octets)))
    }

    /// Nanoseconds since 1970; `None` when not set. Numbers without the top bit lie in the era that begins in 2036.
    ///
    /// Source: RFC 4330 section 3.
    pub(super) fn as_unix_ns(self) -> Option<i64> {
        if self.0 == 0 {
            return None;
        }
        let seconds = i64::try_from(self.0 >> 32).ok()?;
        let era = if seconds >> 31 == 0 { 1 << 32 } else { 0 };
        let fraction = ((self.0 & 0xffff_ffff) * NS.unsigned_abs()) >> 32;
        (seconds + era - TO_UNIX)
            .checked_mul(NS)?
            .checked_add(i64::try_from(fraction).ok()?)
    }
}

/// Seconds in 16 bits, and a fraction in 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Short(u32);

impl Short {
    /// Nanoseconds.
    pub(super) fn as_ns(self) -> i64 {
        (i64::from(self.0) * NS) >> 16
    }
}

/// What one message says (RFC 5905 figure 8).
#[derive(Clone, Copy)]
pub(super) struct Clock {
    first: u8,
    /// Leap second to come; 3 = not synchronised.
    pub(super) leap: u8,
    /// Distance from a reference clock.
    pub(super) stratum: u8,
    /// Logarithm of the interval between messages, s.
    pub(super) poll: i8,
    /// Logarithm of the precision, s.
    pub(super) precision: i8,
    /// Round trip to the reference clock.
    pub(super) root_delay: Short,
    /// Dispersion to the reference clock.
    pub(super) root_dispersion: Short,
    ref_id: [u8; 4],
    /// Transmit time of the message that is answered.
    pub(super) origin: Stamp,
    /// When that one arrived.
    pub(super) receive: Stamp,
    /// When this one left.
    pub(super) transmit: Stamp,
}

impl Clock {
    /// Read a header.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let [first, stratum, poll, precision] = read::array(data, 0)?;
        Some(Self {
            first,
            leap: first >> 6,
            stratum,
            poll: i8::from_ne_bytes([poll]),
            precision: i8::from_ne_bytes([precision]),
            root_delay: Short(be32(data, 4)?),
            root_dispersion: Short(be32(data, 8)?),
            ref_id: read::array(data, 12)?,
            origin: Stamp::read(data, 24)?,
            receive: Stamp::read(data, 32)?,
            transmit: Stamp::read(data, 40)?,
        })
    }

    /// Nothing but times changed.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        let said = |clock: &Self| {
            let Self {
                first,
                stratum,
                poll,
                precision,
                ref_id,
                ..
            } = *clock;
            (first, stratum, poll, precision, ref_id)
        };
        said(self) == said(other)
    }

    /// Reference clock as text: letters of a reference clock or of a refusal (stratum 0 and 1), else the address of the server, or four
    /// octets of the digest of its IPv6 address.
    pub(super) fn ref_id(&self) -> String {
        if self.stratum > 1 {
            return Ipv4Addr::from(self.ref_id).to_string();
        }
        let end = self.ref_id.iter().rposition(|octet| *octet != 0);
        escape(
            self.ref_id
                .get(..end.map_or(0, |end| end + 1))
                .unwrap_or(&[]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Short, Stamp};

    /// Both eras, the fraction, and what is not set.
    #[test]
    fn stamps() {
        assert_eq!(Stamp(0).as_unix_ns(), None);
        let of = |seconds: u64, fraction: u64| Stamp(seconds << 32 | fraction).as_unix_ns();
        assert_eq!(of(2_208_988_800, 0), Some(0));
        assert_eq!(of(2_208_988_801, 1 << 31), Some(1_500_000_000));
        // RFC 5905 figure 4: 8 February 2036 is the first day of era 1.
        assert_eq!(
            of(63_104, 0),
            Some(2_085_978_496 * 1_000_000_000 + 63_104_000_000_000)
        );
        assert_eq!(Short(0x0001_8000).as_ns(), 1_500_000_000);
        assert!(of(0x7fff_ffff, 0xffff_ffff).is_some() && Short(u32::MAX).as_ns() > 0);
    }
}
