//! Operations and results of LDAP messages.
//!
//! Source: RFC 4511 4.2 to 4.14; Sicily binds [MS-ADTS] 5.1.1.1.3.

use super::filter;
use super::names::{self, START_TLS};
use crate::proto::ber::{self, BOOLEAN, ENUMERATED, Elements, INTEGER, OCTET_STRING, SEQUENCE};
use crate::proto::escape::escape;
use crate::proto::secrets::Secrets;

/// Attributes named in a row: what tools ask for, up to some fifty.
const MAX_ATTRIBUTES: usize = 64;

/// One request.
#[derive(Debug, Default)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) version: Option<i32>,
    pub(super) bind_kind: Option<&'static str>,
    pub(super) mechanism: Option<String>,
    pub(super) login_method: Option<&'static str>,
    pub(super) user: Option<String>,
    /// Keyed hash of the password.
    pub(super) secret: Option<String>,
    pub(super) object: Option<String>,
    pub(super) argument: Option<String>,
    pub(super) scope: Option<&'static str>,
    pub(super) deref: Option<&'static str>,
    pub(super) filter: Option<String>,
    /// Attribute names one behind the other, and where each ends.
    pub(super) attributes: (String, Vec<i32>),
    pub(super) starts_tls: bool,
}

impl Operation {
    /// Bytes of text held.
    pub(super) fn bytes(&self) -> usize {
        let texts = [
            &self.mechanism,
            &self.user,
            &self.secret,
            &self.object,
            &self.argument,
            &self.filter,
        ];
        let texts = texts.into_iter().flatten().map(String::capacity);
        let (names, ends) = &self.attributes;
        texts.sum::<usize>() + names.capacity() + ends.capacity() * size_of::<i32>()
    }
}

/// What a message is.
#[derive(Debug)]
pub(super) enum Read {
    Request(Operation),
    /// Unbind and abandon.
    Unanswered(Operation),
    /// A final answer, and the operation it ends.
    Done(&'static str, Outcome),
    /// One entry found.
    Entry,
    /// References, and answers after which more follow.
    Other,
}

/// How an operation ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) code: Option<i32>,
    pub(super) diagnostic: Option<String>,
}

/// Tags of operations.
pub(super) const fn is_operation(tag: u8) -> bool {
    matches!(tag, 0x60 | 0x61 | 0x42 | 0x63..=0x69 | 0x6b..=0x6f | 0x73 | 0x4a | 0x50 | 0x77..=0x79)
}

/// Read an operation; `None` when it cannot be.
pub(super) fn read(tag: u8, content: &[u8], secrets: &Secrets) -> Option<Read> {
    let operation = match tag {
        0x60 => bind(content, secrets)?,
        0x63 => search(content)?,
        0x66 => modify(content)?,
        0x68 => add(content)?,
        0x4a => about("delete", content),
        0x6c => rename(content)?,
        0x6e => compare(content)?,
        0x77 => extended(content)?,
        0x42 => return Some(Read::Unanswered(named("unbind"))),
        0x50 => {
            let mut operation = named("abandon");
            operation.argument = ber::number(content).map(|id| id.to_string());
            return Some(Read::Unanswered(operation));
        }
        0x64 => return Some(Read::Entry),
        _ => return Some(answer(tag, content)),
    };
    Some(Read::Request(operation))
}

fn answer(tag: u8, content: &[u8]) -> Read {
    let name = match tag {
        0x61 => "bind",
        0x65 => "search",
        0x67 => "modify",
        0x69 => "add",
        0x6b => "delete",
        0x6d => "modify-dn",
        0x6f => "compare",
        0x78 => "extended",
        _ => return Read::Other,
    };
    let mut fields = Elements::new(content);
    let code = fields.number(ENUMERATED);
    fields.field(OCTET_STRING);
    let text = fields.field(OCTET_STRING).map(|text| text.content);
    Read::Done(
        name,
        Outcome {
            code: code.and_then(|code| i32::try_from(code).ok()),
            diagnostic: text
                .map(|text| escape(text.trim_ascii_end()))
                .filter(|text| !text.is_empty()),
        },
    )
}

fn named(name: &'static str) -> Operation {
    Operation {
        name,
        ..Operation::default()
    }
}

fn about(name: &'static str, object: &[u8]) -> Operation {
    Operation {
        object: (!object.is_empty()).then(|| escape(object)),
        ..named(name)
    }
}

fn with_argument(operation: Operation, argument: &[u8]) -> Operation {
    Operation {
        argument: (!argument.is_empty()).then(|| escape(argument)),
        ..operation
    }
}

fn bind(content: &[u8], secrets: &Secrets) -> Option<Operation> {
    let mut fields = Elements::new(content);
    let version = fields.number(INTEGER)?;
    let name = fields.content(OCTET_STRING)?;
    let mut bind = Operation {
        version: i32::try_from(version).ok(),
        user: (!name.is_empty()).then(|| escape(name)),
        ..named("bind")
    };
    let proof = fields.next()?;
    match proof.tag {
        0x80 => {
            let (kind, method) = match (name.is_empty(), proof.content.is_empty()) {
                (true, true) => ("anonymous", "anonymous"),
                (false, true) => ("unauthenticated", "anonymous"),
                (_, false) => ("simple", "password"),
            };
            bind.bind_kind = Some(kind);
            bind.login_method = Some(method);
            // The hash of a part would be that of another password.
            let password = Some(proof).filter(|proof| proof.is_whole && method == "password");
            bind.secret = password.and_then(|proof| secrets.hash(proof.content));
        }
        0xa3 => {
            let mut sasl = Elements::new(proof.content);
            let mechanism = sasl.field(OCTET_STRING)?.content;
            bind.bind_kind = Some("sasl");
            bind.mechanism = Some(escape(mechanism));
            bind.login_method = Some(names::mechanism(mechanism));
            if mechanism.eq_ignore_ascii_case(b"PLAIN")
                && let Some(credentials) = sasl.field(OCTET_STRING)
            {
                // authorization identity, name and password between NULs (RFC 4616 2).
                let mut parts = credentials.content.splitn(3, |byte| *byte == 0).skip(1);
                bind.user = parts.next().map(escape).or(bind.user);
                let password = parts.next().filter(|_| credentials.is_whole);
                bind.secret = password.and_then(|password| secrets.hash(password));
            }
        }
        0x89..=0x8b => {
            bind.bind_kind = Some("sicily");
            // The first form only asks which packages there are.
            bind.login_method = (proof.tag != 0x89).then_some("sicily");
        }
        _ => return None,
    }
    Some(bind)
}

fn search(content: &[u8]) -> Option<Operation> {
    let mut fields = Elements::new(content);
    let base = fields.content(OCTET_STRING)?;
    let scope = fields.number(ENUMERATED)?;
    let deref = fields.number(ENUMERATED)?;
    fields.number(INTEGER)?;
    fields.number(INTEGER)?;
    fields.field(BOOLEAN)?;
    let filter = fields.next()?;
    let list = fields.field(SEQUENCE).map_or(&[][..], |list| list.content);
    let mut attributes = (String::new(), Vec::new());
    for one in Elements::new(list).take(MAX_ATTRIBUTES) {
        attributes.0.push_str(&escape(one.content));
        let end = i32::try_from(attributes.0.len()).unwrap_or(i32::MAX);
        attributes.1.push(end);
    }
    Some(Operation {
        scope: match scope {
            0 => Some("base"),
            1 => Some("one"),
            2 => Some("sub"),
            3 => Some("subordinates"),
            _ => None,
        },
        deref: match deref {
            0 => Some("never"),
            1 => Some("searching"),
            2 => Some("finding"),
            3 => Some("always"),
            _ => None,
        },
        filter: Some(filter::text(filter)),
        attributes,
        ..about("search", base)
    })
}

/// Names of the attributes changed, with how; values may be secrets and are left out.
fn modify(content: &[u8]) -> Option<Operation> {
    let mut fields = Elements::new(content);
    let object = fields.content(OCTET_STRING)?;
    let changes = fields.field(SEQUENCE)?.content;
    let mut changed = Vec::new();
    for change in Elements::new(changes).take(MAX_ATTRIBUTES) {
        let mut change = Elements::new(change.content);
        let how: &[u8] = match change.number(ENUMERATED)? {
            0 => b"add(",
            1 => b"delete(",
            2 => b"replace(",
            3 => b"increment(",
            _ => b"?(",
        };
        let name = change.next()?;
        let name = ber::within(name.content, &[OCTET_STRING])?;
        changed.push([how, name, b")"].concat());
    }
    Some(with_argument(about("modify", object), &changed.join(&b',')))
}

/// Names of the attributes that a new entry has.
fn add(content: &[u8]) -> Option<Operation> {
    let mut fields = Elements::new(content);
    let object = fields.content(OCTET_STRING)?;
    let list = fields.field(SEQUENCE)?.content;
    let names = Elements::new(list).take(MAX_ATTRIBUTES);
    let names = names.filter_map(|one| ber::within(one.content, &[OCTET_STRING]));
    let names: Vec<&[u8]> = names.collect();
    Some(with_argument(about("add", object), &names.join(&b',')))
}

fn rename(content: &[u8]) -> Option<Operation> {
    let mut fields = Elements::new(content);
    let object = fields.content(OCTET_STRING)?;
    let name = fields.content(OCTET_STRING)?;
    fields.field(BOOLEAN);
    let parent = fields.field(0x80).map_or(&[][..], |parent| parent.content);
    let comma: &[u8] = if parent.is_empty() { b"" } else { b"," };
    let target = [name, comma, parent].concat();
    Some(with_argument(about("modify-dn", object), &target))
}

fn compare(content: &[u8]) -> Option<Operation> {
    let mut fields = Elements::new(content);
    let object = fields.content(OCTET_STRING)?;
    let name = ber::within(fields.field(SEQUENCE)?.content, &[OCTET_STRING])?;
    Some(with_argument(about("compare", object), name))
}

fn extended(content: &[u8]) -> Option<Operation> {
    let name = Elements::new(content).field(0x80)?.content;
    let mut operation = about("extended", name);
    operation.starts_tls = name == START_TLS;
    Some(operation)
}
