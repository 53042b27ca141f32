//! IEC 60870-5-104: APDUs, and who commands whom.
//!
//! The controlling station is who sends STARTDT or activates commands; who reports process information is the
//! controlled one. Port 2404 decides only while nothing was learned.
//! Source: IEC 60870-5-104:2006; IEC 60870-5-101:2003 chapter 7.

mod asdu;
mod frame;
mod rows;
mod types;

pub(super) use frame::{PORT, count};

use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::weird::Weird;
use asdu::Asdu;
use frame::Apci;
use types::Kind;

/// Causes of transmission (IEC 60870-5-101:2003 7.2.3).
mod cause {
    pub(super) const ACTIVATION: u8 = 6;
    pub(super) const ACTIVATION_CON: u8 = 7;
    pub(super) const DEACTIVATION: u8 = 8;
    pub(super) const DEACTIVATION_CON: u8 = 9;
    pub(super) const TERMINATION: u8 = 10;
    pub(super) const FILE: u8 = 13;
    /// 44 to 47: unknown type, cause, common address, object address.
    pub(super) const UNKNOWN: std::ops::RangeInclusive<u8> = 44..=47;
}

/// One conversation.
#[derive(Default)]
pub(super) struct Iec104 {
    /// The controlling station is the lower key end, and what said so.
    master_is_lo: Option<(bool, Basis)>,
}

/// What the roles rest on, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Basis {
    /// Direction of an ASDU.
    Asdu,
    /// STARTDT or STOPDT.
    Start,
}

impl Iec104 {
    fn learn(&mut self, lo: bool, basis: Basis) {
        if self.master_is_lo.is_none_or(|(_, known)| known < basis) {
            self.master_is_lo = Some((lo, basis));
        }
    }

    fn is_from_master(&self, message: &Message<'_>) -> bool {
        match self.master_is_lo {
            Some((lo, _)) => lo == message.from_lo,
            None => message.sender.port != PORT && message.receiver.port == PORT,
        }
    }

    fn unnumbered(&mut self, control: u8, message: &Message<'_>, sink: &mut Sink<'_>) {
        let function = frame::u_function(control);
        match function {
            Some("startdt_act" | "stopdt_act") => self.learn(message.from_lo, Basis::Start),
            Some("startdt_con" | "stopdt_con") => self.learn(!message.from_lo, Basis::Start),
            // Either side tests the line.
            Some(_) => {}
            None => sink.weird(Weird::IEC104_BAD_UFORMAT, &message.meta),
        }
        rows::unnumbered(message, function, sink.out);
    }

    fn information(
        &mut self,
        (tx, rx): (u16, u16),
        data: &[u8],
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        let asdu = Asdu::parse(data);
        let objects = asdu.map(|asdu| asdu.objects());
        let list = objects.as_ref().map_or(&[][..], |objects| &objects.list);
        rows::information(message, (tx, rx), asdu.as_ref(), list, sink.out);
        let Some(asdu) = asdu else {
            sink.weird(Weird::IEC104_BAD_ASDU, &message.meta);
            return;
        };
        if let Some(sender_is_master) = sender_is_master(&asdu) {
            self.learn(sender_is_master == message.from_lo, Basis::Asdu);
        }
        if types::of(asdu.type_id).is_none() {
            sink.weird(Weird::IEC104_UNKNOWN_TYPE, &message.meta);
        } else if objects.as_ref().is_none_or(|objects| !objects.is_sound) {
            sink.weird(Weird::IEC104_BAD_ASDU, &message.meta);
        }
        rows::objects(message, &asdu, list, self.is_from_master(message), sink.out);
    }
}

/// What an ASDU says about its sender.
fn sender_is_master(asdu: &Asdu<'_>) -> Option<bool> {
    match (types::kind(asdu.type_id), asdu.cause) {
        (Kind::Monitor, _) => types::of(asdu.type_id).map(|_| false),
        (Kind::Control, cause::ACTIVATION | cause::DEACTIVATION) => Some(true),
        (Kind::Control, cause::ACTIVATION_CON | cause::DEACTIVATION_CON | cause::TERMINATION) => {
            Some(false)
        }
        _ => None,
    }
}

impl Dialogue for Iec104 {
    const BAD: Weird = Weird::IEC104_BAD_FRAME;

    fn cut(&self, data: &[u8], _from_lo: bool, lost: bool) -> Cut {
        frame::cut(data, lost)
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        match frame::apci(message.data) {
            Some(Apci::U { control }) => self.unnumbered(control, message, sink),
            Some(Apci::S { rx }) => rows::supervisory(message, rx, sink.out),
            Some(Apci::I { tx, rx, asdu }) => self.information((tx, rx), asdu, message, sink),
            None => sink.weird(Weird::IEC104_BAD_FRAME, &message.meta),
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, _sides: &Pair<Side>, _sink: &mut Sink<'_>) {}

    /// Only STARTDT and STOPDT say who connected (flow-semantics.md 4.4).
    fn bytes(&self) -> usize {
        0
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.master_is_lo
            .and_then(|(lo, basis)| (basis == Basis::Start).then_some(lo))
    }
}
