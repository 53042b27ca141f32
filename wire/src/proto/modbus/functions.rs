//! Function codes of Modbus: names, kinds, and which shape a PDU has.
//!
//! Source: MODBUS Application Protocol Specification V1.1b3, chapter 6; function 90 (UMAS) as observed on Schneider PLCs
//! (Wireshark: packet-modbus, "Unity (Schneider)").

use crate::proto::read;

/// Bit that marks an exception response (chapter 7).
pub(super) const EXCEPTION: u8 = 0x80;

/// What the length and the counts of a PDU say about its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Only a request looks like this.
    Request,
    /// Only a response looks like this.
    Response,
    /// Requests and responses look alike, or the function is private.
    Either,
    /// Exception response.
    Exception,
    /// A standard function with a length that fits neither.
    Broken,
}

/// Name of a function (Zeek's and ICSNPP's spelling).
pub(super) const fn name(func: u8) -> &'static str {
    match func {
        1 => "READ_COILS",
        2 => "READ_DISCRETE_INPUTS",
        3 => "READ_HOLDING_REGISTERS",
        4 => "READ_INPUT_REGISTERS",
        5 => "WRITE_SINGLE_COIL",
        6 => "WRITE_SINGLE_REGISTER",
        7 => "READ_EXCEPTION_STATUS",
        8 => "DIAGNOSTICS",
        11 => "GET_COMM_EVENT_COUNTER",
        12 => "GET_COMM_EVENT_LOG",
        15 => "WRITE_MULTIPLE_COILS",
        16 => "WRITE_MULTIPLE_REGISTERS",
        17 => "REPORT_SLAVE_ID",
        20 => "READ_FILE_RECORD",
        21 => "WRITE_FILE_RECORD",
        22 => "MASK_WRITE_REGISTER",
        23 => "READ_WRITE_MULTIPLE_REGISTERS",
        24 => "READ_FIFO_QUEUE",
        43 => "ENCAP_INTERFACE_TRANSPORT",
        90 => "UMAS",
        _ => "unknown",
    }
}

/// The function is in the table above.
pub(super) fn is_known(func: u8) -> bool {
    name(func) != "unknown"
}

/// Changes the station or its behaviour: writes, diagnostics (restart, listen-only), Schneider's private control function.
pub(super) const fn is_command(func: u8) -> bool {
    matches!(func, 5 | 6 | 8 | 15 | 16 | 21 | 22 | 23 | 90)
}

/// Judge a PDU (function code first).
pub(super) fn shape(pdu: &[u8]) -> Shape {
    let Some(func) = read::octet(pdu, 0) else {
        return Shape::Broken;
    };
    if func & EXCEPTION != 0 {
        let code = read::octet(pdu, 1).unwrap_or(0);
        let fits = pdu.len() == 2 && code != 0 && func != EXCEPTION;
        return if fits {
            Shape::Exception
        } else {
            Shape::Broken
        };
    }
    let (request, response) = match func {
        0 => (false, false),
        1..=4 => (
            reads(pdu),
            counted(pdu) && (func < 3 || pdu.len().is_multiple_of(2)),
        ),
        5 | 6 => (pdu.len() == 5, pdu.len() == 5),
        7 => (pdu.len() == 1, pdu.len() == 2),
        8 => (pdu.len() >= 3, pdu.len() >= 3),
        11 => (pdu.len() == 1, pdu.len() == 5),
        12 | 17 => (pdu.len() == 1, counted(pdu)),
        15 | 16 => (writes(pdu), pdu.len() == 5),
        20 => (
            file_request(pdu),
            counted(pdu) && read::octet(pdu, 3) == Some(6),
        ),
        21 => (file_write(pdu), file_write(pdu)),
        22 => (pdu.len() == 7, pdu.len() == 7),
        23 => (
            reads_writes(pdu),
            counted(pdu) && pdu.len().is_multiple_of(2),
        ),
        24 => (pdu.len() == 3, queue(pdu)),
        43 => identification(pdu),
        _ => (true, true),
    };
    match (request, response) {
        (true, true) => Shape::Either,
        (true, false) => Shape::Request,
        (false, true) => Shape::Response,
        (false, false) => Shape::Broken,
    }
}

/// Address and quantity: at most 2000 bits or 125 registers (6.1, 6.3).
fn reads(pdu: &[u8]) -> bool {
    let limit = if read::octet(pdu, 0) < Some(3) {
        2000
    } else {
        125
    };
    pdu.len() == 5 && read::be16(pdu, 3).is_some_and(|quantity| (1..=limit).contains(&quantity))
}

/// A byte count and exactly that many bytes.
fn counted(pdu: &[u8]) -> bool {
    read::octet(pdu, 1).is_some_and(|count| count > 0 && pdu.len() == 2 + usize::from(count))
}

/// Address, quantity, byte count, values (6.11, 6.12).
fn writes(pdu: &[u8]) -> bool {
    let (Some(quantity), Some(count)) = (read::be16(pdu, 3), read::octet(pdu, 5)) else {
        return false;
    };
    let (quantity, count) = (usize::from(quantity), usize::from(count));
    let needed = if read::octet(pdu, 0) == Some(15) {
        quantity.div_ceil(8)
    } else {
        quantity * 2
    };
    quantity > 0 && count == needed && pdu.len() == 6 + count
}

/// Groups of seven bytes, each with reference type 6 (6.14).
fn file_request(pdu: &[u8]) -> bool {
    counted(pdu) && (pdu.len() - 2).is_multiple_of(7) && read::octet(pdu, 2) == Some(6)
}

fn file_write(pdu: &[u8]) -> bool {
    counted(pdu) && pdu.len() >= 11 && read::octet(pdu, 2) == Some(6)
}

/// Read address and quantity, write address, quantity, byte count, values (6.17).
fn reads_writes(pdu: &[u8]) -> bool {
    let (Some(quantity), Some(count)) = (read::be16(pdu, 7), read::octet(pdu, 9)) else {
        return false;
    };
    usize::from(count) == usize::from(quantity) * 2 && pdu.len() == 10 + usize::from(count)
}

fn queue(pdu: &[u8]) -> bool {
    read::be16(pdu, 1).is_some_and(|count| count >= 2 && pdu.len() == 3 + usize::from(count))
}

/// Read Device Identification is told apart by its length (6.21); other MEI types are not.
fn identification(pdu: &[u8]) -> (bool, bool) {
    match read::octet(pdu, 1) {
        Some(0x0e) => (pdu.len() == 4, pdu.len() >= 7),
        Some(_) => (true, true),
        None => (false, false),
    }
}
