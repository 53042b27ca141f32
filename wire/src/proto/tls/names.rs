//! Names of versions and groups, and what a choice of version and suite is worth.
//!
//! Source: IANA, TLS Supported Groups; RFC 6347 and RFC 9147 (DTLS); RFC 8998 (curveSM2); RFC 8996 (TLS 1.0 and 1.1 deprecated), RFC 7465 (RC4),
//! RFC 9325 4.1 (NULL, export, anonymous suites and those below 112 bits must not be used), RFC 8429 (3DES, RC4).

use super::record::TLCP;

/// Name of a version.
pub(in crate::proto) const fn version(number: u16) -> &'static str {
    match number {
        0x0304 => "TLS 1.3",
        0x0303 => "TLS 1.2",
        0x0302 => "TLS 1.1",
        0x0301 => "TLS 1.0",
        0x0300 => "SSL 3.0",
        0x0002 => "SSL 2.0",
        TLCP => "TLCP 1.1",
        0xfeff => "DTLSv10",
        0xfefd => "DTLSv12",
        0xfefc => "DTLSv13",
        // What OpenSSL spoke before the standard, and some VPNs still do.
        0x0100 => "DTLSv09",
        // Drafts carry their number in the low octet; 0x7e was Google's experiment, 0xfb is Facebook's own count.
        0x7e00..=0x7fff | 0xfb00..=0xfbff => "TLS 1.3 draft",
        _ => "unknown",
    }
}

/// TLS up to 1.2, or DTLS up to 1.2, whose versions count downwards.
pub(super) const fn is_before_1_3(version: u16) -> bool {
    matches!(version, 0..=0x0303 | 0xfefd..=0xfeff)
}

/// What protects the conversation.
pub(in crate::proto) fn class(version: u16, cipher: Option<&str>) -> &'static str {
    let name = cipher.unwrap_or_default();
    let has = |word: &str| name.split('_').any(|part| part == word);
    if has("NULL") {
        return "none";
    }
    if version == TLCP || has("SM4") || has("SM1") {
        return "national";
    }
    let broken = [
        "RC4",
        "RC2",
        "DES",
        "DES40",
        "3DES",
        "EXPORT",
        "EXPORT1024",
        "IDEA",
        "MD5",
        "anon",
    ];
    let is_old = version < 0x0303 || version == 0xfeff;
    if is_old || broken.iter().any(|word| has(word)) {
        return "obsolete";
    }
    "modern"
}

/// Name of a group.
pub(in crate::proto) fn group(number: u16) -> Option<&'static str> {
    if let Some(name) = GROUPS.get(usize::from(number).wrapping_sub(1)) {
        return Some(name);
    }
    Some(match number {
        0x0100 => "ffdhe2048",
        0x0101 => "ffdhe3072",
        0x0102 => "ffdhe4096",
        0x0103 => "ffdhe6144",
        0x0104 => "ffdhe8192",
        0x0200 => "MLKEM512",
        0x0201 => "MLKEM768",
        0x0202 => "MLKEM1024",
        0x11eb => "SecP256r1MLKEM768",
        0x11ec => "X25519MLKEM768",
        0x11ed => "SecP384r1MLKEM1024",
        0x11ee => "curveSM2MLKEM768",
        0x6399 => "X25519Kyber768Draft00",
        0x639a => "SecP256r1Kyber768Draft00",
        _ => return None,
    })
}

/// Groups 1 to 41.
const GROUPS: [&str; 41] = [
    "sect163k1",
    "sect163r1",
    "sect163r2",
    "sect193r1",
    "sect193r2",
    "sect233k1",
    "sect233r1",
    "sect239k1",
    "sect283k1",
    "sect283r1",
    "sect409k1",
    "sect409r1",
    "sect571k1",
    "sect571r1",
    "secp160k1",
    "secp160r1",
    "secp160r2",
    "secp192k1",
    "secp192r1",
    "secp224k1",
    "secp224r1",
    "secp256k1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "brainpoolP256r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
    "x25519",
    "x448",
    "brainpoolP256r1tls13",
    "brainpoolP384r1tls13",
    "brainpoolP512r1tls13",
    "GC256A",
    "GC256B",
    "GC256C",
    "GC256D",
    "GC512A",
    "GC512B",
    "GC512C",
    "curveSM2",
];
