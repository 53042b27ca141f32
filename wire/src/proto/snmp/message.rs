//! Messages of SNMP as they lie in their bytes.
//!
//! Source: RFC 1157 4.1 (version 1), RFC 1901 3 (2c), RFC 3412 6 and RFC 3414 2.4 (3), RFC 3416 3 (PDUs).

use crate::proto::ber::{Elements, INTEGER, OCTET_STRING, SEQUENCE, within};
use crate::proto::read::octet;

/// OBJECT IDENTIFIER.
pub(super) const OBJECT: u8 = 0x06;
/// IpAddress and TimeTicks of the application (RFC 2578 2).
const IP_ADDRESS: u8 = 0x40;
pub(super) const TIME_TICKS: u8 = 0x43;
/// Security model that names users and proves them by keys (RFC 3411 5).
const USM: i64 = 3;

/// Version of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2c,
    V3,
}

impl Version {
    /// As rows have it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "1",
            Self::V2c => "2c",
            Self::V3 => "3",
        }
    }
}

/// Kind of a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Get,
    GetNext,
    Response,
    Set,
    TrapV1,
    GetBulk,
    Inform,
    TrapV2,
    Report,
}

impl Kind {
    /// By its tag.
    pub(super) const fn of(tag: u8) -> Option<Self> {
        Some(match tag {
            0xa0 => Self::Get,
            0xa1 => Self::GetNext,
            0xa2 => Self::Response,
            0xa3 => Self::Set,
            0xa4 => Self::TrapV1,
            0xa5 => Self::GetBulk,
            0xa6 => Self::Inform,
            0xa7 => Self::TrapV2,
            0xa8 => Self::Report,
            _ => return None,
        })
    }

    /// As rows have it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get_request",
            Self::GetNext => "get_next_request",
            Self::Response => "response",
            Self::Set => "set_request",
            Self::TrapV1 => "trap_v1",
            Self::GetBulk => "get_bulk_request",
            Self::Inform => "inform_request",
            Self::TrapV2 => "trap_v2",
            Self::Report => "report",
        }
    }

    /// It answers.
    pub(super) const fn is_answer(self) -> bool {
        matches!(self, Self::Response | Self::Report)
    }

    /// It tells something of its own accord.
    pub(super) const fn notifies(self) -> bool {
        matches!(self, Self::TrapV1 | Self::TrapV2 | Self::Inform)
    }

    /// Nobody answers it.
    pub(super) const fn is_trap(self) -> bool {
        matches!(self, Self::TrapV1 | Self::TrapV2)
    }
}

/// What only traps of version 1 have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trap<'a> {
    pub(super) enterprise: &'a [u8],
    pub(super) agent: &'a [u8],
    pub(super) generic: i64,
    pub(super) specific: i64,
    /// Hundredths of a second since the start.
    pub(super) ticks: i64,
}

/// A PDU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pdu<'a> {
    pub(super) kind: Kind,
    /// All its contents: the same when it is sent again.
    pub(super) content: &'a [u8],
    pub(super) request_id: Option<i64>,
    /// Error and the variable at fault; of GetBulk non-repeaters and max-repetitions.
    pub(super) numbers: Option<(i64, i64)>,
    pub(super) trap: Option<Trap<'a>>,
    /// Variables, one behind the other.
    pub(super) variables: &'a [u8],
    /// None of them is missing.
    pub(super) is_whole: bool,
}

/// Header of a message of version 3.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) id: i64,
    pub(super) flags: u8,
    /// Engine and user, where the security model is that of users.
    pub(super) user: Option<(&'a [u8], &'a [u8])>,
    pub(super) context: &'a [u8],
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read<'a> {
    pub(super) version: Version,
    /// Secret of versions 1 and 2c.
    pub(super) community: Option<&'a [u8]>,
    /// Header of version 3.
    pub(super) header: Option<Header<'a>>,
    /// `None`: encrypted.
    pub(super) pdu: Option<Pdu<'a>>,
}

/// Read a message; `None` when it is none.
pub(super) fn read(data: &[u8]) -> Option<Read<'_>> {
    let mut fields = Elements::new(within(data, &[SEQUENCE])?);
    match fields.number(INTEGER)? {
        0 => plain(Version::V1, fields),
        1 => plain(Version::V2c, fields),
        3 => secured(fields),
        _ => None,
    }
}

fn plain(version: Version, mut fields: Elements<'_>) -> Option<Read<'_>> {
    let community = fields.content(OCTET_STRING)?;
    Some(Read {
        version,
        community: Some(community),
        header: None,
        pdu: Some(pdu(fields)?),
    })
}

fn secured(mut fields: Elements<'_>) -> Option<Read<'_>> {
    let mut global = Elements::new(fields.content(SEQUENCE)?);
    let id = global.number(INTEGER)?;
    global.number(INTEGER)?;
    let flags = octet(global.content(OCTET_STRING)?, 0)?;
    let model = global.number(INTEGER)?;
    let parameters = fields.content(OCTET_STRING)?;
    let user = if model == USM {
        Some(user(parameters)?)
    } else {
        None
    };
    let data = fields.next()?;
    let (context, pdu) = match data.tag {
        SEQUENCE => {
            let mut scoped = Elements::new(data.content);
            scoped.content(OCTET_STRING)?;
            let context = scoped.content(OCTET_STRING)?;
            (context, Some(pdu(scoped)?))
        }
        OCTET_STRING => (&[][..], None),
        _ => return None,
    };
    Some(Read {
        version: Version::V3,
        community: None,
        header: Some(Header {
            id,
            flags,
            user,
            context,
        }),
        pdu,
    })
}

/// Engine and user of the security parameters.
fn user(parameters: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Elements::new(within(parameters, &[SEQUENCE])?);
    let engine = fields.content(OCTET_STRING)?;
    fields.number(INTEGER)?;
    fields.number(INTEGER)?;
    Some((engine, fields.content(OCTET_STRING)?))
}

fn pdu(mut fields: Elements<'_>) -> Option<Pdu<'_>> {
    let whole = fields.next()?;
    let kind = Kind::of(whole.tag)?;
    let mut fields = Elements::new(whole.content);
    let (mut request_id, mut numbers, mut found) = (None, None, None);
    if kind == Kind::TrapV1 {
        found = Some(trap(&mut fields)?);
    } else {
        request_id = Some(fields.number(INTEGER)?);
        numbers = Some((fields.number(INTEGER)?, fields.number(INTEGER)?));
    }
    let list = fields.field(SEQUENCE);
    Some(Pdu {
        kind,
        content: whole.content,
        request_id,
        numbers,
        trap: found,
        variables: list.map_or(&[], |list| list.content),
        is_whole: list.is_some_and(|list| list.is_whole),
    })
}

fn trap<'a>(fields: &mut Elements<'a>) -> Option<Trap<'a>> {
    Some(Trap {
        enterprise: fields.content(OBJECT)?,
        agent: fields.content(IP_ADDRESS)?,
        generic: fields.number(INTEGER)?,
        specific: fields.number(INTEGER)?,
        ticks: fields.number(TIME_TICKS)?,
    })
}
