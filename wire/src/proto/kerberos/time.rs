//! KerberosTime (RFC 4120 5.2.3): `YYYYMMDDHHMMSSZ`, UTC, nothing else.

/// Nanoseconds since 1970; years after 2262 do not fit and count as its spring, the last that does.
pub(super) fn generalized(text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    if digits.len() != 14 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |from: usize, to: usize| {
        digits.get(from..to).map_or(0, |part| {
            part.iter()
                .fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
    let (hour, minute, second) = (number(8, 10), number(10, 12), number(12, 14));
    let sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    sound.then(|| seconds.saturating_mul(1_000_000_000))
}

/// Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::generalized;

    /// Known seconds; texts of other shapes are none.
    #[test]
    fn times() {
        assert_eq!(generalized(b"19700101000000Z"), Some(0));
        assert_eq!(
            generalized(b"20370913024805Z"),
            Some(2_136_422_885_000_000_000)
        );
        assert_eq!(
            generalized(b"20000229120001Z"),
            Some(951_825_601_000_000_000)
        );
        assert_eq!(generalized(b"99991231235959Z"), Some(i64::MAX));
        for bad in [
            &b"20001301000000Z"[..],
            b"20000101000000",
            b"2000010100000xZ",
            b"20000101000000.0Z",
            b"Z",
            b"",
        ] {
            assert_eq!(generalized(bad), None);
        }
    }
}
