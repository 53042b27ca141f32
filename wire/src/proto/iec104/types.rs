//! ASDU types of IEC 60870-5-104: name, length and content of one information element.
//!
//! Source: IEC 60870-5-101:2003 7.2.1.1 (types), 7.2.6 (elements), 7.3 (layouts); IEC 60870-5-104:2006 chapter 8.

/// What the element of a type holds, as far as it becomes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// One bit of the first octet (SIQ, SCO).
    Single,
    /// Two bits of the first octet (DIQ, DCO, RCO, SEP).
    Double,
    /// Seven bits with sign: step position (VTI).
    Step,
    /// 32 bits (BSI).
    Bits,
    /// Fixed-point -1 … 1 (NVA).
    Normalised,
    /// 16 bits with sign (SVA).
    Scaled,
    /// IEEE 754 short.
    Float,
    /// Counter, 32 bits with sign (BCR).
    Counter,
    /// Status and change-detection bits (SCD): the status is the value.
    Status,
    /// The first octet as it is (SPE, OCI).
    Octet,
    /// A time (CP56Time2a).
    Time,
    /// Two octets without sign: name of a file, a delay, a test counter.
    Word,
    /// Nothing that is a value (qualifiers only).
    Nothing,
}

/// Where the qualifier of a type lies: octet of the element and how to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    /// None.
    Absent,
    /// SCO, DCO, RCO: select bit, qualifier in bits 2 to 6.
    Command,
    /// The octet at this place as it is (QOS, QOI, QCC, QRP, QPM, QPA, COI, FRQ, SRQ, SCQ, LSQ, AFQ).
    At(usize),
}

/// Direction a type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Process information from the station.
    Monitor,
    /// Commands, system commands, parameters.
    Control,
    /// File transfer: both directions.
    File,
}

/// Layout of one type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Name of the standard.
    pub(super) name: &'static str,
    /// Octets of one element without the object address; 0 = all that is left (file segment).
    pub(super) length: usize,
    /// Content.
    pub(super) element: Element,
    /// Qualifier.
    pub(super) qualifier: Qualifier,
}

const fn layout(
    name: &'static str,
    length: usize,
    element: Element,
    qualifier: Qualifier,
) -> Layout {
    Layout {
        name,
        length,
        element,
        qualifier,
    }
}

/// Layout of a type; `None` for reserved and private ones.
pub(super) const fn of(type_id: u8) -> Option<Layout> {
    match type_id {
        1..=40 => monitor(type_id),
        45..=64 => command(type_id),
        70 => Some(layout("M_EI_NA_1", 1, Element::Nothing, Qualifier::At(0))),
        100..=113 => system(type_id),
        120..=127 => file(type_id),
        _ => None,
    }
}

const fn monitor(type_id: u8) -> Option<Layout> {
    use Element::{Bits, Counter, Double, Float, Normalised, Octet, Scaled, Single, Status, Step};
    let (name, length, element) = match type_id {
        1 => ("M_SP_NA_1", 1, Single),
        2 => ("M_SP_TA_1", 4, Single),
        3 => ("M_DP_NA_1", 1, Double),
        4 => ("M_DP_TA_1", 4, Double),
        5 => ("M_ST_NA_1", 2, Step),
        6 => ("M_ST_TA_1", 5, Step),
        7 => ("M_BO_NA_1", 5, Bits),
        8 => ("M_BO_TA_1", 8, Bits),
        9 => ("M_ME_NA_1", 3, Normalised),
        10 => ("M_ME_TA_1", 6, Normalised),
        11 => ("M_ME_NB_1", 3, Scaled),
        12 => ("M_ME_TB_1", 6, Scaled),
        13 => ("M_ME_NC_1", 5, Float),
        14 => ("M_ME_TC_1", 8, Float),
        15 => ("M_IT_NA_1", 5, Counter),
        16 => ("M_IT_TA_1", 8, Counter),
        17 => ("M_EP_TA_1", 6, Double),
        18 => ("M_EP_TB_1", 7, Octet),
        19 => ("M_EP_TC_1", 7, Octet),
        20 => ("M_PS_NA_1", 5, Status),
        21 => ("M_ME_ND_1", 2, Normalised),
        30 => ("M_SP_TB_1", 8, Single),
        31 => ("M_DP_TB_1", 8, Double),
        32 => ("M_ST_TB_1", 9, Step),
        33 => ("M_BO_TB_1", 12, Bits),
        34 => ("M_ME_TD_1", 10, Normalised),
        35 => ("M_ME_TE_1", 10, Scaled),
        36 => ("M_ME_TF_1", 12, Float),
        37 => ("M_IT_TB_1", 12, Counter),
        38 => ("M_EP_TD_1", 10, Double),
        39 => ("M_EP_TE_1", 11, Octet),
        40 => ("M_EP_TF_1", 11, Octet),
        _ => return None,
    };
    Some(layout(name, length, element, Qualifier::Absent))
}

const fn command(type_id: u8) -> Option<Layout> {
    use Element::{Bits, Double, Float, Normalised, Scaled, Single};
    use Qualifier::{Absent, At, Command};
    Some(match type_id {
        45 => layout("C_SC_NA_1", 1, Single, Command),
        46 => layout("C_DC_NA_1", 1, Double, Command),
        47 => layout("C_RC_NA_1", 1, Double, Command),
        48 => layout("C_SE_NA_1", 3, Normalised, At(2)),
        49 => layout("C_SE_NB_1", 3, Scaled, At(2)),
        50 => layout("C_SE_NC_1", 5, Float, At(4)),
        51 => layout("C_BO_NA_1", 4, Bits, Absent),
        58 => layout("C_SC_TA_1", 8, Single, Command),
        59 => layout("C_DC_TA_1", 8, Double, Command),
        60 => layout("C_RC_TA_1", 8, Double, Command),
        61 => layout("C_SE_TA_1", 10, Normalised, At(2)),
        62 => layout("C_SE_TB_1", 10, Scaled, At(2)),
        63 => layout("C_SE_TC_1", 12, Float, At(4)),
        64 => layout("C_BO_TA_1", 11, Bits, Absent),
        _ => return None,
    })
}

const fn system(type_id: u8) -> Option<Layout> {
    use Element::{Float, Normalised, Nothing, Scaled, Time, Word};
    use Qualifier::{Absent, At};
    Some(match type_id {
        100 => layout("C_IC_NA_1", 1, Nothing, At(0)),
        101 => layout("C_CI_NA_1", 1, Nothing, At(0)),
        102 => layout("C_RD_NA_1", 0, Nothing, Absent),
        103 => layout("C_CS_NA_1", 7, Time, Absent),
        104 => layout("C_TS_NA_1", 2, Word, Absent),
        105 => layout("C_RP_NA_1", 1, Nothing, At(0)),
        106 => layout("C_CD_NA_1", 2, Word, Absent),
        107 => layout("C_TS_TA_1", 9, Word, Absent),
        110 => layout("P_ME_NA_1", 3, Normalised, At(2)),
        111 => layout("P_ME_NB_1", 3, Scaled, At(2)),
        112 => layout("P_ME_NC_1", 5, Float, At(4)),
        113 => layout("P_AC_NA_1", 1, Nothing, At(0)),
        _ => return None,
    })
}

const fn file(type_id: u8) -> Option<Layout> {
    use Element::Word;
    use Qualifier::{Absent, At};
    Some(match type_id {
        120 => layout("F_FR_NA_1", 6, Word, At(5)),
        121 => layout("F_SR_NA_1", 7, Word, At(6)),
        122 => layout("F_SC_NA_1", 4, Word, At(3)),
        123 => layout("F_LS_NA_1", 5, Word, At(3)),
        124 => layout("F_AF_NA_1", 4, Word, At(3)),
        125 => layout("F_SG_NA_1", 0, Word, Absent),
        126 => layout("F_DR_TA_1", 13, Word, At(5)),
        127 => layout("F_SC_NB_1", 16, Word, Absent),
        _ => return None,
    })
}

/// Direction a type belongs to; unknown types by the range the standard gives them (7.2.1.1).
pub(super) const fn kind(type_id: u8) -> Kind {
    match type_id {
        45..=69 | 100..=119 => Kind::Control,
        120..=127 => Kind::File,
        _ => Kind::Monitor,
    }
}
