//! Versions in use: their names, and what protects their first packets.
//!
//! Source: RFC 9001 5.2 (version 1), RFC 9369 3 (version 2), draft-ietf-quic-tls-22, -23, -29 and -33 section 5.2; Facebook mvfst
//! `quic/QuicConstants.h` (versions that follow drafts); Chromium `quic/core/crypto/crypto_utils.cc` (Google's salts).

/// Salt of initial secrets.
pub(super) type Salt = [u8; 20];

const V1: Salt =
    *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
const V2: Salt =
    *b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
const DRAFT_29: Salt =
    *b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99";
const DRAFT_23: Salt =
    *b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02";
const DRAFT_22: Salt =
    *b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a";
const Q050: Salt =
    *b"\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45";
const T050: Salt =
    *b"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10";
const T051: Salt =
    *b"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d";

/// Salts of mvfst versions that are not told apart here, the likely ones first.
const MVFST: [Salt; 4] = [DRAFT_23, V1, DRAFT_29, DRAFT_22];

/// Version 2.
const TWO: u32 = 0x6b33_43cf;

/// A version that is told by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proto) struct Version(pub(in crate::proto) u32);

/// What a long header starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Initial,
    Early,
    Handshake,
    Retry,
}

impl Version {
    /// Version 1 or 2, a draft, mvfst, or Google's with this form of header.
    pub(in crate::proto) const fn is_known(self) -> bool {
        matches!(
            self.0,
            1 | TWO
                | 0xff00_0001..=0xff00_0022
                | 0xface_b000..=0xface_b0ff
                | 0x5130_3434..=0x5130_3530
                | 0x5430_3530..=0x5430_3531
        )
    }

    /// Google's own handshake, not TLS.
    pub(super) const fn is_google(self) -> bool {
        matches!(self.0 >> 16, 0x5130)
    }

    /// Google's Q044 to Q049: lengths of the connection ids share an octet, and the first packets are not protected.
    pub(in crate::proto) const fn is_plain(self) -> bool {
        matches!(self.0, 0x5130_3434..=0x5130_3439)
    }

    /// A number that only provokes a negotiation (RFC 9000 15).
    pub(in crate::proto) const fn is_reserved(self) -> bool {
        self.0 & 0x0f0f_0f0f == 0x0a0a_0a0a
    }

    /// Salts that may be the one of this version.
    pub(super) const fn salts(self) -> &'static [Salt] {
        match self.0 {
            1 | 0xff00_0021 | 0xff00_0022 => &[V1],
            TWO => &[V2],
            0xff00_001d..=0xff00_0020 => &[DRAFT_29],
            0xff00_0017..=0xff00_001c => &[DRAFT_23],
            0xff00_0016 => &[DRAFT_22],
            0xface_b001 => &[DRAFT_22, DRAFT_23],
            0xface_b000..=0xface_b0ff => &MVFST,
            0x5130_3530 => &[Q050],
            0x5430_3530 => &[T050],
            0x5430_3531 => &[T051],
            _ => &[],
        }
    }

    /// Word in front of the labels of keys.
    pub(super) const fn label(self) -> &'static str {
        if self.0 == TWO { "quicv2" } else { "quic" }
    }

    /// What the two bits of a first octet mean.
    pub(super) const fn kind(self, first: u8) -> Kind {
        let bits = first >> 4 & 3;
        // Version 2 counts one further (RFC 9369 3.2).
        match if self.0 == TWO { (bits + 3) & 3 } else { bits } {
            0 => Kind::Initial,
            1 => Kind::Early,
            2 => Kind::Handshake,
            _ => Kind::Retry,
        }
    }

    /// Name for people.
    pub(super) fn name(self) -> &'static str {
        let draft = self.0.wrapping_sub(0xff00_0001);
        if let Some(name) = usize::try_from(draft).ok().and_then(|at| DRAFTS.get(at)) {
            return name;
        }
        match self.0 {
            1 => "1",
            TWO => "2",
            0xface_b001 => "mvfst-01",
            0xface_b002 => "mvfst-02",
            0xface_b00d => "mvfst-0d",
            0xface_b00e => "mvfst-0e",
            0xface_b00f => "mvfst-0f",
            0xface_b010 => "mvfst-10",
            0xface_b000..=0xface_b0ff => "mvfst",
            0x5430_3530 => "T050",
            0x5430_3531 => "T051",
            _ if self.is_google() => self.google(),
            _ if self.is_reserved() => "reserved",
            _ => "other",
        }
    }

    const fn google(self) -> &'static str {
        match self.0 {
            0x5130_3234 => "Q024",
            0x5130_3235 => "Q025",
            0x5130_3236 => "Q026",
            0x5130_3237 => "Q027",
            0x5130_3238 => "Q028",
            0x5130_3239 => "Q029",
            0x5130_3330 => "Q030",
            0x5130_3331 => "Q031",
            0x5130_3332 => "Q032",
            0x5130_3333 => "Q033",
            0x5130_3334 => "Q034",
            0x5130_3335 => "Q035",
            0x5130_3336 => "Q036",
            0x5130_3337 => "Q037",
            0x5130_3338 => "Q038",
            0x5130_3339 => "Q039",
            0x5130_3430 => "Q040",
            0x5130_3431 => "Q041",
            0x5130_3432 => "Q042",
            0x5130_3433 => "Q043",
            0x5130_3434 => "Q044",
            0x5130_3435 => "Q045",
            0x5130_3436 => "Q046",
            0x5130_3437 => "Q047",
            0x5130_3438 => "Q048",
            0x5130_3439 => "Q049",
            0x5130_3530 => "Q050",
            _ => "Q0xx",
        }
    }
}

/// Names of drafts 1 to 34.
const DRAFTS: [&str; 34] = [
    "draft-01", "draft-02", "draft-03", "draft-04", "draft-05", "draft-06", "draft-07", "draft-08",
    "draft-09", "draft-10", "draft-11", "draft-12", "draft-13", "draft-14", "draft-15", "draft-16",
    "draft-17", "draft-18", "draft-19", "draft-20", "draft-21", "draft-22", "draft-23", "draft-24",
    "draft-25", "draft-26", "draft-27", "draft-28", "draft-29", "draft-30", "draft-31", "draft-32",
    "draft-33", "draft-34",
];
