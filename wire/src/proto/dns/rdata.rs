//! The data of answer records as text, in the words of Zeek's dns.log where it has any.
//!
//! Source: RFC 1035 3.3, RFC 2782 (SRV), RFC 4034 (DNSSEC), RFC 9460 (SVCB, HTTPS), RFC 1876 (LOC), RFC 1002 4.2 (NB, NBSTAT); Zeek,
//! scripts/base/protocols/dns/main.zeek (which words stand for which record).

use super::header::Record;
use super::name::{Name, push_escaped, trimmed};
use crate::proto::escape::MAX_TEXT;
use crate::proto::read::{be16, octet};
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Append the text of a record of `data`; `false` when its data is not what its type wants.
///
/// `name` is a buffer. The text may be longer than what a row holds.
pub(super) fn write(
    out: &mut String,
    data: &[u8],
    record: &Record,
    netbios: bool,
    name: &mut Name,
) -> bool {
    let rdata = data.get(record.start..record.end).unwrap_or(&[]);
    // Names may be compressed with pointers to anywhere before, but must not run out of the record's own data.
    let within = data.get(..record.end).unwrap_or(data);
    let mut at_name = |out: &mut String, at: usize| name.read(within, at).map(|_| name.write(out));
    let start = record.start;
    let done = match record.kind {
        32 if netbios => addresses(out, rdata),
        33 if netbios => node_status(out, rdata),
        1 => v4(out, rdata),
        28 => v6(out, rdata),
        2 | 5 | 6 | 12 | 39 => at_name(out, start),
        15 => at_name(out, start + 2),
        33 => at_name(out, start + 6),
        16 => strings(out, "TXT", rdata),
        99 => strings(out, "SPF", rdata),
        13 => strings(out, "HINFO", rdata),
        64 | 65 => {
            let word = if record.kind == 64 { "SVCB" } else { "HTTPS" };
            be16(rdata, 0).and_then(|priority| {
                put(out, format_args!("{word} {priority} "))?;
                let before = out.len();
                at_name(out, start + 2)?;
                if out.len() == before {
                    out.push('.');
                }
                Some(())
            })
        }
        46..=48 | 43 | 50 | 51 => dnssec(out, record, rdata, &mut at_name),
        29 => location(out, rdata),
        kind => put(out, format_args!("<unknown type={kind}>")),
    };
    done.is_some()
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) -> Option<()> {
    out.write_fmt(text).ok()
}

fn v4(out: &mut String, rdata: &[u8]) -> Option<()> {
    let octets: [u8; 4] = rdata.try_into().ok()?;
    // An octet at a time: the formatter of addresses pads, which costs more than all the rest of the record.
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        decimal(out, octet);
    }
    Some(())
}

fn decimal(out: &mut String, number: u8) {
    if number >= 100 {
        out.push(char::from(b'0' + number / 100));
    }
    if number >= 10 {
        out.push(char::from(b'0' + number / 10 % 10));
    }
    out.push(char::from(b'0' + number % 10));
}

fn v6(out: &mut String, rdata: &[u8]) -> Option<()> {
    let octets: [u8; 16] = rdata.try_into().ok()?;
    put(out, format_args!("{}", Ipv6Addr::from(octets)))
}

/// Character strings (RFC 1035 3.3), each with its length.
fn strings(out: &mut String, word: &str, mut rdata: &[u8]) -> Option<()> {
    let start = out.len();
    while let Some((length, rest)) = rdata.split_first() {
        let (text, rest) = rest.split_at_checked(usize::from(*length))?;
        let blank = if out.len() > start { " " } else { "" };
        put(out, format_args!("{blank}{word} {length} "))?;
        push_escaped(out, text);
        if out.len() - start > MAX_TEXT {
            break;
        }
        rdata = rest;
    }
    Some(())
}

fn dnssec(
    out: &mut String,
    record: &Record,
    rdata: &[u8],
    at_name: &mut impl FnMut(&mut String, usize) -> Option<()>,
) -> Option<()> {
    match record.kind {
        43 => {
            let (algorithm, digest) = (octet(rdata, 2)?, octet(rdata, 3)?);
            put(out, format_args!("DS {algorithm} {digest}"))
        }
        46 => {
            put(out, format_args!("RRSIG {} ", be16(rdata, 0)?))?;
            let before = out.len();
            at_name(out, record.start + 18)?;
            if out.len() == before {
                out.push_str("<Root>");
            }
            Some(())
        }
        47 => {
            out.push_str("NSEC ");
            at_name(out, record.owner)?;
            out.push(' ');
            at_name(out, record.start)
        }
        48 => put(out, format_args!("DNSKEY {}", octet(rdata, 3)?)),
        50 => put(out, format_args!("NSEC3")),
        _ => put(out, format_args!("NSEC3PARAM")),
    }
}

/// Size and precisions of a place, in their packed form (RFC 1876 2).
fn location(out: &mut String, rdata: &[u8]) -> Option<()> {
    let &[_, size, across, up, ..] = rdata else {
        return None;
    };
    put(out, format_args!("LOC:  {size} {across} {up}"))
}

/// Addresses of a NetBIOS name: flags and address each (RFC 1002 4.2.13).
fn addresses(out: &mut String, rdata: &[u8]) -> Option<()> {
    let start = out.len();
    for entry in rdata.chunks_exact(6) {
        let address: [u8; 4] = entry.get(2..)?.try_into().ok()?;
        let blank = if out.len() > start { " " } else { "" };
        put(out, format_args!("{blank}{}", Ipv4Addr::from(address)))?;
        if out.len() - start > MAX_TEXT {
            break;
        }
    }
    (out.len() > start).then_some(())
}

/// Names of a NetBIOS node with their suffixes (RFC 1002 4.2.18).
fn node_status(out: &mut String, rdata: &[u8]) -> Option<()> {
    let (count, rest) = rdata.split_first()?;
    let start = out.len();
    for entry in rest.chunks_exact(18).take(usize::from(*count)) {
        let (name, tail) = entry.split_at_checked(15)?;
        let blank = if out.len() > start { " " } else { "" };
        out.push_str(blank);
        push_escaped(out, trimmed(name));
        put(out, format_args!("<{:02x}>", tail.first()?))?;
        if out.len() - start > MAX_TEXT {
            break;
        }
    }
    (out.len() > start).then_some(())
}
