//! Fingerprints of hellos: JA4 of the client, JA3 and JA3S for feeds that still use them.
//!
//! Source: JA4, TLS client fingerprinting, FoxIO (BSD 3-clause), technical details; JA3 and JA3S, Salesforce 2017
//! (GREASE left out, RFC 8701).

use super::hello::{ClientHello, ServerHello, extension, sincere};
use md5::Md5;
use sha2::{Digest, Sha256};
use std::fmt::{Display, Write};

/// Hash of an empty list in JA4.
const NOTHING: &str = "000000000000";

/// Lower-case hexadecimal digits.
pub(in crate::proto) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn list<T: Display>(values: impl Iterator<Item = T>, separator: char) -> String {
    let mut out = String::new();
    for value in values {
        if !out.is_empty() {
            out.push(separator);
        }
        let _ = write!(out, "{value}");
    }
    out
}

/// MD5 of version, suites, extensions, groups and point formats, each as sent.
pub(in crate::proto) fn ja3(hello: &ClientHello<'_>) -> String {
    let formats = hello.list(extension::POINT_FORMATS, 1);
    let text = format!(
        "{},{},{},{},{}",
        hello.version,
        list(sincere(hello.ciphers), '-'),
        list(hello.extensions.kinds(), '-'),
        list(sincere(hello.list(extension::GROUPS, 2)), '-'),
        list(formats.iter(), '-'),
    );
    hex(&Md5::digest(text))
}

/// MD5 of version, suite and extensions of the server.
pub(in crate::proto) fn ja3s(hello: &ServerHello<'_>) -> String {
    let text = format!(
        "{},{},{}",
        hello.version,
        hello.cipher,
        list(hello.extensions.kinds(), '-')
    );
    hex(&Md5::digest(text))
}

/// JA4 of a client; `protocol` is `t` over TCP, `q` over QUIC, `d` over DTLS.
pub(in crate::proto) fn ja4(hello: &ClientHello<'_>, protocol: char) -> String {
    let mut ciphers: Vec<u16> = sincere(hello.ciphers).collect();
    let mut extensions: Vec<u16> = hello.extensions.kinds().collect();
    let named = if extensions.contains(&extension::SERVER_NAME) {
        'd'
    } else {
        'i'
    };
    let head = format!(
        "{protocol}{}{named}{:02}{:02}{}",
        version(hello.highest_version()),
        ciphers.len().min(99),
        extensions.len().min(99),
        alpn(hello.alpn().next()),
    );
    ciphers.sort_unstable();
    extensions.retain(|kind| ![extension::SERVER_NAME, extension::ALPN].contains(kind));
    extensions.sort_unstable();
    let four = |numbers: Vec<u16>| list(numbers.iter().map(|number| format!("{number:04x}")), ',');
    let mut rest = four(extensions);
    let signatures: Vec<u16> = sincere(hello.list(extension::SIGNATURES, 2)).collect();
    if !signatures.is_empty() && !rest.is_empty() {
        rest.push('_');
        rest.push_str(&four(signatures));
    }
    format!("{head}_{}_{}", short(&four(ciphers)), short(&rest))
}

/// First twelve digits of SHA-256.
fn short(text: &str) -> String {
    if text.is_empty() {
        return NOTHING.to_owned();
    }
    let digest = Sha256::digest(text);
    hex(digest.get(..6).unwrap_or(&[]))
}

const fn version(number: u16) -> &'static str {
    match number {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// First and last letter of the first protocol; of its hexadecimal digits when either is no letter or digit.
fn alpn(first: Option<&[u8]>) -> String {
    let Some((&[head, ..], &[.., tail])) = first.map(|name| (name, name)) else {
        return "00".to_owned();
    };
    if head.is_ascii_alphanumeric() && tail.is_ascii_alphanumeric() {
        return [char::from(head), char::from(tail)].iter().collect();
    }
    format!("{:x}{:x}", head >> 4, tail & 0x0f)
}
