//! Base64 out of untrusted bytes.
//!
//! Source: RFC 4648 4 and 5 (both alphabets).

/// Octets that `text` stands for, as far as it is base64, and whether all of it was (padding may be missing).
pub(super) fn decode(text: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u8);
    let mut letters = text.iter();
    for letter in &mut letters {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return (out, false),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., octet] = (bits >> count).to_be_bytes();
            out.push(octet);
        }
    }
    (out, letters.all(|letter| *letter == b'='))
}
