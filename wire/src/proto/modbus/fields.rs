//! What a Modbus PDU addresses and carries.
//!
//! Source: MODBUS Application Protocol Specification V1.1b3, chapter 6.

use crate::proto::read;

/// Values kept of a message (`store/schema/`: at most 125; one PDU holds at most 125 registers).
const MAX_VALUES: usize = 125;

/// The numbers of one PDU; absent where the function has none or the PDU is too short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// First address named.
    pub(super) address: Option<u16>,
    /// Quantity named.
    pub(super) quantity: Option<u16>,
    /// Address acted upon: differs from `address` for read/write (23), whose write part matters more.
    pub(super) object: Option<u16>,
    /// Objects acted upon.
    pub(super) count: u16,
    /// Diagnostics sub-function, MEI type or UMAS function.
    pub(super) subfunc: Option<u16>,
    /// Values written or read.
    pub(super) values: Vec<i32>,
}

/// Read the fields of a request.
pub(super) fn request(pdu: &[u8]) -> Fields {
    let func = read::octet(pdu, 0).unwrap_or(0);
    let mut fields = Fields::default();
    match func {
        1..=4 => fields.range(pdu, 1),
        5 | 6 => {
            fields.single(pdu, 1);
            fields.quantity = Some(1);
            fields.values = read::be16(pdu, 3)
                .map(|value| one(func, value))
                .into_iter()
                .collect();
        }
        8 => fields.subfunc = read::be16(pdu, 1),
        15 => {
            fields.range(pdu, 1);
            fields.values = bits(pdu.get(6..).unwrap_or(&[]), fields.quantity);
        }
        16 => {
            fields.range(pdu, 1);
            fields.values = registers(pdu.get(6..).unwrap_or(&[]));
        }
        20 | 21 => file_group(&mut fields, pdu),
        22 => {
            fields.single(pdu, 1);
            fields.values = registers(pdu.get(3..7).unwrap_or(&[]));
        }
        23 => {
            fields.range(pdu, 1);
            fields.object = read::be16(pdu, 5);
            fields.count = read::be16(pdu, 7).unwrap_or(0);
            fields.values = registers(pdu.get(10..).unwrap_or(&[]));
        }
        24 => fields.single(pdu, 1),
        43 => fields.subfunc = read::octet(pdu, 1).map(u16::from),
        // After the function code: session, UMAS function.
        90 => fields.subfunc = read::octet(pdu, 2).map(u16::from),
        _ => {}
    }
    fields
}

/// Read the fields of a response; `asked` bounds the bits of a coil response and names what it answers.
pub(super) fn response(pdu: &[u8], asked: Option<&Fields>) -> Fields {
    let func = read::octet(pdu, 0).unwrap_or(0);
    let mut fields = Fields {
        values: Vec::new(),
        ..asked.cloned().unwrap_or_default()
    };
    let rest = |from: usize| pdu.get(from..).unwrap_or(&[]);
    match func {
        1 | 2 => fields.values = bits(rest(2), asked.and_then(|fields| fields.quantity)),
        3 | 4 | 23 => fields.values = registers(rest(2)),
        5 | 6 => {
            fields.single(pdu, 1);
            fields.values = read::be16(pdu, 3)
                .map(|value| one(func, value))
                .into_iter()
                .collect();
        }
        7 => fields.values = read::octet(pdu, 1).map(i32::from).into_iter().collect(),
        8 => {
            fields.subfunc = read::be16(pdu, 1);
            fields.values = registers(rest(3));
        }
        11 => fields.values = registers(rest(1)),
        15 | 16 => fields.range(pdu, 1),
        22 => fields.single(pdu, 1),
        24 => fields.values = registers(rest(5)),
        43 => fields.subfunc = read::octet(pdu, 1).map(u16::from),
        _ => {}
    }
    fields
}

impl Fields {
    fn range(&mut self, pdu: &[u8], at: usize) {
        self.address = read::be16(pdu, at);
        self.quantity = read::be16(pdu, at + 2);
        self.object = self.address;
        self.count = self.quantity.unwrap_or(0);
    }

    fn single(&mut self, pdu: &[u8], at: usize) {
        self.address = read::be16(pdu, at);
        self.object = self.address;
        self.count = u16::from(self.address.is_some());
    }
}

/// The first group of a file access: reference type, file, record, length, and for a write the data.
fn file_group(fields: &mut Fields, pdu: &[u8]) {
    fields.range(pdu, 5);
    if read::octet(pdu, 0) == Some(21) {
        let length = usize::from(fields.count) * 2;
        let data = pdu.get(9..).unwrap_or(&[]);
        fields.values = registers(data.get(..length).unwrap_or(data));
    }
}

/// A coil is on or off (FF00 or 0000), a register is its number.
fn one(func: u8, value: u16) -> i32 {
    match (func, value) {
        (5, 0xff00) => 1,
        _ => i32::from(value),
    }
}

fn registers(data: &[u8]) -> Vec<i32> {
    data.chunks_exact(2)
        .filter_map(|pair| read::be16(pair, 0))
        .map(i32::from)
        .take(MAX_VALUES)
        .collect()
}

/// Bits of packed coils, lowest first; all of them when the quantity is not known.
fn bits(data: &[u8], quantity: Option<u16>) -> Vec<i32> {
    let known = quantity.map_or(MAX_VALUES, |quantity| usize::from(quantity).min(MAX_VALUES));
    data.iter()
        .flat_map(|byte| (0..8).map(move |bit| i32::from(byte >> bit & 1)))
        .take(known)
        .collect()
}
