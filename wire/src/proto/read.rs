//! Numbers out of untrusted bytes: every read may fail, none may panic.

/// Octet at `at`.
pub(super) fn octet(data: &[u8], at: usize) -> Option<u8> {
    data.get(at).copied()
}

/// `N` octets at `at`.
pub(super) fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Big-endian 16 bits at `at`.
pub(super) fn be16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

/// Big-endian 32 bits at `at`.
pub(super) fn be32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_be_bytes)
}

/// Little-endian 16 bits at `at`.
pub(super) fn le16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_le_bytes)
}

/// Little-endian 32 bits at `at`.
pub(super) fn le32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_le_bytes)
}

/// The same 16 bits read as a two's complement number.
pub(super) const fn signed16(bits: u16) -> i16 {
    i16::from_ne_bytes(bits.to_ne_bytes())
}

/// The same 32 bits read as a two's complement number.
pub(super) const fn signed32(bits: u32) -> i32 {
    i32::from_ne_bytes(bits.to_ne_bytes())
}

/// Little-endian 24 bits at `at`.
pub(super) fn le24(data: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = array::<3>(data, at)?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

/// Six octets at `at`: a link address.
pub(super) fn mac(data: &[u8], at: usize) -> Option<[u8; 6]> {
    array(data, at)
}

/// IPv4 address at `at`, mapped into IPv6 (RFC 4291 2.5.5.2).
pub(super) fn mapped_ip(data: &[u8], at: usize) -> Option<[u8; 16]> {
    let v4: [u8; 4] = array(data, at)?;
    let mut ip = [0; 16];
    ip[10] = 0xff;
    ip[11] = 0xff;
    ip[12..].copy_from_slice(&v4);
    Some(ip)
}

/// Length of a definite BER length field and of what it announces, `(field, content)` (X.690 8.1.3; at most 4 octets).
pub(super) fn ber_length(data: &[u8], at: usize) -> Option<(usize, usize)> {
    let first = octet(data, at)?;
    if first < 0x80 {
        return Some((1, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return None;
    }
    let field = data.get(at + 1..at + 1 + count)?;
    let content = field
        .iter()
        .fold(0_usize, |sum, b| sum << 8 | usize::from(*b));
    Some((1 + count, content))
}

/// `data` starts with `word`, ASCII case ignored.
pub(super) fn starts_with_word(data: &[u8], word: &[u8]) -> bool {
    data.get(..word.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// `word` occurs in `data`, ASCII case ignored.
pub(super) fn contains_word(data: &[u8], word: &[u8]) -> bool {
    data.windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word))
}
