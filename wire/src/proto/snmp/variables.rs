//! Variables of a PDU: their names, how many, and the values of those that say what the agent is.
//!
//! Source: RFC 3416 3 (VarBindList), RFC 3418 2 (system group, snmpTrapOID), RFC 3584 3.1 (traps of version 1).

use super::message::{OBJECT, Pdu, TIME_TICKS, Trap};
use super::oid::dotted;
use crate::proto::ber::{Elements, OCTET_STRING, SEQUENCE};
use crate::proto::escape::escape;

/// Variables named in a row: managers ask for some ten or twenty at once, as many as fit a datagram at most.
const MAX_NAMED: usize = 32;
const SYS_DESCR: &str = "1.3.6.1.2.1.1.1.0";
const SYS_UP_TIME: &str = "1.3.6.1.2.1.1.3.0";
const SYS_NAME: &str = "1.3.6.1.2.1.1.5.0";
const TRAP_OID: &str = "1.3.6.1.6.3.1.1.4.1.0";
/// Generic traps of version 1 become coldStart .1 to egpNeighborLoss .6; 6 is of the enterprise (RFC 3584 3.1).
const STANDARD_TRAPS: &str = "1.3.6.1.6.3.1.1.5";
const ENTERPRISE_SPECIFIC: i64 = 6;

/// What a list of variables says.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// Names one behind the other, and where each ends.
    pub(super) names: (String, Vec<i32>),
    /// How many there are, when none is missing.
    pub(super) count: Option<i32>,
    /// Name of the first.
    pub(super) first: Option<String>,
    /// sysUpTime, hundredths of a second.
    pub(super) ticks: Option<i64>,
    pub(super) descr: Option<String>,
    pub(super) name: Option<String>,
    pub(super) trap: Option<String>,
}

impl Variables {
    /// Of a PDU; the names are kept when `named`.
    pub(super) fn read(pdu: &Pdu<'_>, named: bool) -> Self {
        let mut found = Self::default();
        let mut count = 0_usize;
        for one in Elements::new(pdu.variables) {
            count += 1;
            let mut fields = Elements::new(one.content);
            let name = fields.content(OBJECT).filter(|_| one.tag == SEQUENCE);
            if let Some(name) = name.and_then(dotted) {
                found.take(&name, &mut fields);
                if named && found.names.1.len() < MAX_NAMED {
                    found.names.0.push_str(&name);
                    let end = i32::try_from(found.names.0.len()).unwrap_or(i32::MAX);
                    found.names.1.push(end);
                }
                found.first.get_or_insert(name);
            }
        }
        found.count = i32::try_from(count).ok().filter(|_| pdu.is_whole);
        if let Some(trap) = &pdu.trap {
            found.ticks = Some(trap.ticks);
            found.trap = translated(trap);
        }
        found
    }

    fn take(&mut self, name: &str, value: &mut Elements<'_>) {
        match name {
            SYS_DESCR => self.descr = value.content(OCTET_STRING).map(escape),
            SYS_NAME => self.name = value.content(OCTET_STRING).map(escape),
            SYS_UP_TIME => self.ticks = value.number(TIME_TICKS),
            TRAP_OID => self.trap = value.content(OBJECT).and_then(dotted),
            _ => {}
        }
    }

    /// When the agent came up, seen from a message at `ts_ns`. Some agents leave out the zero before a number with its first bit set.
    pub(super) fn up_since(&self, ts_ns: i64) -> Option<i64> {
        const TICK_NS: i64 = 10_000_000;
        let ticks = self.ticks?.rem_euclid(1 << 32);
        ts_ns.checked_sub(ticks.checked_mul(TICK_NS)?)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.first, &self.descr, &self.name, &self.trap];
        let texts = texts.into_iter().flatten().map(String::capacity);
        texts.sum::<usize>() + self.names.0.capacity() + self.names.1.capacity() * size_of::<i32>()
    }
}

/// A trap of version 1 by the name that version 2 has for it.
fn translated(trap: &Trap<'_>) -> Option<String> {
    match trap.generic {
        generic @ 0..ENTERPRISE_SPECIFIC => Some(format!("{STANDARD_TRAPS}.{}", generic + 1)),
        ENTERPRISE_SPECIFIC => Some(format!("{}.0.{}", dotted(trap.enterprise)?, trap.specific)),
        _ => None,
    }
}
