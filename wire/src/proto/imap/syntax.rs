//! Words of IMAP: tags, commands, statuses, strings, and the announcement of a literal.
//!
//! Source: RFC 9051 4 (data formats), 9 (formal syntax); RFC 7888 (literals that do not wait), RFC 3516 (literal8).

use crate::proto::line::{listed, word};

const VERBS: [&str; 50] = [
    "APPEND",
    "AUTHENTICATE",
    "CANCELUPDATE",
    "CAPABILITY",
    "CHECK",
    "CLOSE",
    "COMPARATOR",
    "COMPRESS",
    "CONVERSIONS",
    "CONVERT",
    "COPY",
    "CREATE",
    "DELETE",
    "DELETEACL",
    "ENABLE",
    "ESEARCH",
    "EXAMINE",
    "EXPUNGE",
    "FETCH",
    "GENURLAUTH",
    "GETACL",
    "GETMETADATA",
    "GETQUOTA",
    "GETQUOTAROOT",
    "ID",
    "IDLE",
    "LIST",
    "LISTRIGHTS",
    "LOGIN",
    "LOGOUT",
    "LSUB",
    "MOVE",
    "MYRIGHTS",
    "NAMESPACE",
    "NOOP",
    "NOTIFY",
    "RENAME",
    "SEARCH",
    "SELECT",
    "SETACL",
    "SETMETADATA",
    "SETQUOTA",
    "SORT",
    "STARTTLS",
    "STATUS",
    "STORE",
    "SUBSCRIBE",
    "THREAD",
    "UID",
    "UNSUBSCRIBE",
];
/// Letters of a tag that are compared: clients use 2 to 10, and a longer one is nobody's.
pub(super) const MAX_TAG: usize = 64;
/// Digits of a literal's length: an APPEND of 4 GiB has ten (RFC 9051 9, number64 of literal8 beyond that is nobody's mail).
const MAX_DIGITS: usize = 10;

/// Tag, verb and arguments of a command; `None` when it is none.
pub(super) fn command(line: &[u8]) -> Option<(&[u8], &'static str, &[u8])> {
    let (tag, rest) = tagged(line)?;
    let (verb, arguments) = word(rest);
    Some((tag, listed(&VERBS, verb)?, arguments))
}

/// Tag and what follows it.
fn tagged(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|byte| *byte == b' ')?;
    let tag = line.get(..end)?;
    let is_tag = |byte: &u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'*' | b'+' | b'"' | b'\\')
    };
    let fits = (1..=MAX_TAG).contains(&tag.len()) && tag.iter().all(is_tag);
    Some((tag, line.get(end + 1..)?)).filter(|_| fits)
}

/// Tag, status and words of the reply that ends a command.
pub(super) fn completion(line: &[u8]) -> Option<(&[u8], &'static str, &[u8])> {
    let (tag, rest) = tagged(line)?;
    let (status, words) = word(rest);
    Some((tag, listed(&["OK", "NO", "BAD"], status)?, words))
}

/// A line that only a server begins like this.
pub(super) fn is_of_server(line: &[u8]) -> bool {
    line.starts_with(b"* ") || line == b"+" || line.starts_with(b"+ ") || completion(line).is_some()
}

/// A literal announced at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// Its octets.
    pub(super) length: usize,
    /// Its sender waits until the other side asks for it.
    pub(super) waits: bool,
    /// Where its announcement begins in the line.
    pub(super) at: usize,
}

/// The literal that follows a line.
pub(super) fn literal(line: &[u8]) -> Option<Literal> {
    let inside = line.strip_suffix(b"}")?;
    let (inside, waits) = match inside.strip_suffix(b"+").or(inside.strip_suffix(b"-")) {
        Some(inside) => (inside, false),
        None => (inside, true),
    };
    let at = inside.iter().rposition(|byte| *byte == b'{')?;
    let digits = inside.get(at + 1..)?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = digits.iter().fold(0_usize, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(usize::from(digit - b'0'))
    });
    let is_eight = at
        .checked_sub(1)
        .and_then(|before| inside.get(before))
        .is_some_and(|byte| *byte == b'~');
    Some(Literal {
        length,
        waits,
        at: at - usize::from(is_eight),
    })
}

/// Strings of a part of a line: atoms and quoted strings; parentheses only part them.
pub(super) fn strings(part: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    let mut rest = part;
    while strings.len() < most {
        rest = match rest {
            [] => break,
            [b' ' | b'\t' | b'(' | b')', after @ ..] => {
                rest = after;
                continue;
            }
            [b'"', after @ ..] => {
                let (string, after) = quoted(after);
                strings.push(string);
                after
            }
            _ => {
                let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'(' | b')');
                let end = rest.iter().position(ends).unwrap_or(rest.len());
                let (atom, after) = rest.split_at(end);
                strings.push(atom.to_vec());
                after
            }
        };
    }
    strings
}

/// A quoted string without its escapes, and what follows its end.
fn quoted(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut string = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return (string, rest),
            [b'"', after @ ..] => return (string, after),
            [b'\\', escaped, after @ ..] => {
                string.push(*escaped);
                after
            }
            [byte, after @ ..] => {
                string.push(*byte);
                after
            }
        };
    }
}

/// `name` and `version` of an ID list, as far as they are there (RFC 2971 3.3).
pub(super) fn program(list: &[Vec<u8>]) -> Option<Vec<u8>> {
    let value = |name: &[u8]| {
        let pairs = list.chunks_exact(2);
        pairs
            .filter_map(|pair| pair.split_first())
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| value.first())
            .filter(|value| !value.eq_ignore_ascii_case(b"NIL"))
    };
    let known = [value(b"name"), value(b"version")];
    let texts: Vec<&[u8]> = known.into_iter().flatten().map(Vec::as_slice).collect();
    (!texts.is_empty()).then(|| texts.join(&b' '))
}

#[cfg(test)]
mod tests {
    use super::{Literal, command, completion, literal, program, strings};

    /// All forms of a literal's announcement, and what only looks like one.
    #[test]
    fn literals() {
        let found = |length, waits, at| Some(Literal { length, waits, at });
        assert_eq!(literal(b"a LOGIN {5}"), found(5, true, 8));
        assert_eq!(literal(b"{310+}"), found(310, false, 0));
        assert_eq!(literal(b"x ~{7}"), found(7, true, 2));
        for other in [
            &b"{}"[..],
            b"{x}",
            b"5}",
            b"{5} ",
            b"{12345678901}",
            b"{-5}",
            b"",
        ] {
            assert_eq!(literal(other), None, "{other:?}");
        }
    }

    /// Atoms, quoted strings with escapes, and lists come apart; an open quote reaches to the end.
    #[test]
    fn words() {
        let split = |text: &[u8]| -> Vec<String> {
            strings(text, 9)
                .iter()
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect()
        };
        assert_eq!(split(br#"bob "a \"b\\" ("#), ["bob", r#"a "b\"#]);
        assert_eq!(split(br#"("name" NIL) "open"#), ["name", "NIL", "open"]);
        assert_eq!(split(b"\"\" x"), ["", "x"]);
        assert_eq!(strings(b"a b c", 2).len(), 2);
        let list = strings(br#"("os" NIL "NAME" "Mail" "version" "1.2")"#, 9);
        assert_eq!(program(&list).unwrap(), b"Mail 1.2");
        assert_eq!(program(&strings(b"NIL", 9)), None);
    }

    /// Tags are what RFC 9051 lets them be, and what clients use beyond it.
    #[test]
    fn tags() {
        assert_eq!(
            command(b". login a b").unwrap(),
            (&b"."[..], "LOGIN", &b"a b"[..])
        );
        assert!(command(b"* LOGIN").is_none() && command(b"DONE").is_none());
        assert!(command(b"a FROB x").is_none() && command(b" LOGIN a").is_none());
        assert_eq!(completion(b"a1 no [X] y").unwrap().1, "NO");
        assert!(completion(b"* OK hello").is_none());
    }
}
