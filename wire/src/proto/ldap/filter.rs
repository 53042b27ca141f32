//! Search filters as text.
//!
//! Source: RFC 4511 4.5.1.7 (encoding), RFC 4515 3 and 4 (text).

use crate::proto::ber::{BOOLEAN, Element, Elements, OCTET_STRING, SEQUENCE};
use crate::proto::escape::{MAX_URI, escape};
use crate::proto::read::octet;

/// Levels of a filter that are read; Active Directory refuses more than 100, tools write some five.
const MAX_DEPTH: usize = 64;

/// A filter as text, without its end when it is longer than [`MAX_URI`] or deeper than [`MAX_DEPTH`].
pub(super) fn text(filter: Element<'_>) -> String {
    let mut out = String::new();
    let mut levels: Vec<Elements<'_>> = Vec::new();
    let mut next = Some(filter);
    loop {
        let fits = match next.map(|element| (element, group(element.tag))) {
            Some((element, Some(head))) if levels.len() < MAX_DEPTH => {
                levels.push(Elements::new(element.content));
                push(&mut out, head)
            }
            Some((_, Some(_))) => false,
            Some((element, None)) => push(&mut out, &item(element)),
            None => {
                levels.pop();
                push(&mut out, ")")
            }
        };
        let Some(level) = levels.last_mut().filter(|_| fits) else {
            return out;
        };
        next = level.next();
    }
}

/// How filters that hold others begin.
const fn group(tag: u8) -> Option<&'static str> {
    match tag {
        0xa0 => Some("(&"),
        0xa1 => Some("(|"),
        0xa2 => Some("(!"),
        _ => None,
    }
}

fn push(out: &mut String, text: &str) -> bool {
    let fits = out.len() + text.len() <= MAX_URI;
    if fits {
        out.push_str(text);
    }
    fits
}

/// One comparison.
fn item(element: Element<'_>) -> String {
    let relation = match element.tag {
        0xa3 => "=",
        0xa5 => ">=",
        0xa6 => "<=",
        0xa8 => "~=",
        0x87 => return format!("({}=*)", value(element.content)),
        0xa4 => return substrings(element.content),
        0xa9 => return extensible(element.content),
        _ => return "(?)".to_owned(),
    };
    let mut parts = Elements::new(element.content);
    let name = parts
        .field(OCTET_STRING)
        .map_or(&[][..], |name| name.content);
    let wanted = parts
        .field(OCTET_STRING)
        .map_or(&[][..], |part| part.content);
    format!("({}{relation}{})", value(name), value(wanted))
}

fn substrings(content: &[u8]) -> String {
    let mut parts = Elements::new(content);
    let name = parts
        .field(OCTET_STRING)
        .map_or(&[][..], |name| name.content);
    let mut text = format!("({}=", value(name));
    let mut ends = false;
    let list = parts.field(SEQUENCE).map_or(&[][..], |list| list.content);
    for part in Elements::new(list) {
        if part.tag != 0x80 {
            text.push('*');
        }
        text.push_str(&value(part.content));
        ends = part.tag == 0x82;
        if text.len() > MAX_URI {
            break;
        }
    }
    text.push_str(if ends { ")" } else { "*)" });
    text
}

fn extensible(content: &[u8]) -> String {
    let mut parts = Elements::new(content);
    let rule = parts.field(0x81);
    let name = parts.field(0x82);
    let wanted = parts.field(0x83).map_or(&[][..], |part| part.content);
    let of_dn = parts
        .field(0x84)
        .or_else(|| parts.field(BOOLEAN))
        .is_some_and(|flag| octet(flag.content, 0).is_some_and(|flag| flag != 0));
    let name = name.map_or_else(String::new, |name| value(name.content));
    let rule = rule.map_or_else(String::new, |rule| format!(":{}", value(rule.content)));
    let dn = if of_dn { ":dn" } else { "" };
    format!("({name}{dn}{rule}:={})", value(wanted))
}

/// A value as filters write it: what is special or not plain as backslash and two hexadecimal digits (RFC 4515 3).
fn value(raw: &[u8]) -> String {
    // Each backslash of an escaped text begins `\\xNN`.
    let text = escape(raw).replace("\\x", "\\");
    if !text.contains(['*', '(', ')']) {
        return text;
    }
    text.replace('*', "\\2a")
        .replace('(', "\\28")
        .replace(')', "\\29")
}
