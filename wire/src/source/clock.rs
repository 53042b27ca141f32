//! Time stamps of capture files as nanoseconds since the epoch.
//!
//! Arithmetic saturates: a damaged stamp becomes the end of the range, never a panic or a wrapped time.

const NS_PER_S: u64 = 1_000_000_000;

/// How a tick count becomes nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// Ticks of a nanosecond or longer: multiply.
    Multiply(u64),
    /// Ticks shorter than a nanosecond: divide.
    Divide(u64),
    /// 2^n ticks per second.
    Binary(u8),
}

impl Resolution {
    /// Microseconds, the default of pcapng.
    pub(super) const MICRO: Self = Self::Multiply(1_000);

    /// Read an `if_tsresol` octet.
    ///
    /// Source: pcapng draft section 4.2 (bit 7 clear: negative power of 10, set: negative power of 2).
    pub(super) fn from_tsresol(octet: u8) -> Self {
        let exponent = octet & 0x7f;
        if octet & 0x80 != 0 {
            return Self::Binary(exponent);
        }
        if exponent <= 9 {
            Self::Multiply(10u64.pow(u32::from(9 - exponent)))
        } else {
            // 10^20 does not fit a u64, and neither does any tick count that would give a nanosecond.
            Self::Divide(
                10u64
                    .checked_pow(u32::from(exponent - 9))
                    .unwrap_or(u64::MAX),
            )
        }
    }

    /// Nanoseconds of a tick count.
    pub(super) fn nanoseconds(self, ticks: u64) -> i64 {
        match self {
            Self::Multiply(factor) => clamp(ticks.saturating_mul(factor)),
            Self::Divide(divisor) => clamp(ticks / divisor),
            Self::Binary(shift) => {
                let ns = (u128::from(ticks) * u128::from(NS_PER_S)) >> shift;
                i64::try_from(ns).unwrap_or(i64::MAX)
            }
        }
    }
}

fn clamp(ns: u64) -> i64 {
    i64::try_from(ns).unwrap_or(i64::MAX)
}

/// Add whole seconds (`if_tsoffset`) to a time.
pub(super) fn add_seconds(ns: i64, seconds: i64) -> i64 {
    ns.saturating_add(seconds.saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::{Resolution, add_seconds};

    /// Powers of ten on both sides of the nanosecond give the same instant.
    #[test]
    fn decimal_resolutions() {
        for (octet, ticks) in [(0u8, 7u64), (3, 7_000), (6, 7_000_000), (9, 7_000_000_000)] {
            assert_eq!(
                Resolution::from_tsresol(octet).nanoseconds(ticks),
                7_000_000_000
            );
        }
        assert_eq!(
            Resolution::from_tsresol(12).nanoseconds(7_000_000_000_123),
            7_000_000_000
        );
        assert_eq!(Resolution::from_tsresol(40).nanoseconds(1 << 40), 0);
    }

    /// Powers of two, as used by NTP-like stamps.
    #[test]
    fn binary_resolutions() {
        let half = Resolution::from_tsresol(0x80 | 32).nanoseconds(3 << 31);
        assert_eq!(half, 1_500_000_000);
        assert_eq!(Resolution::from_tsresol(0xff).nanoseconds(u64::MAX), 0);
    }

    /// Absurd stamps stay inside the range.
    #[test]
    fn saturation() {
        assert_eq!(Resolution::from_tsresol(0).nanoseconds(u64::MAX), i64::MAX);
        assert_eq!(
            Resolution::from_tsresol(0x80).nanoseconds(u64::MAX),
            i64::MAX
        );
        assert_eq!(add_seconds(5, i64::MIN), i64::MIN + 5);
        assert_eq!(add_seconds(5, i64::MAX), i64::MAX);
    }
}
