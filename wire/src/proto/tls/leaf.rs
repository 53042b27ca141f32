//! The server's own certificate.
//!
//! Source: RFC 5280 4.1 (fields), RFC 4514 2 (names as text), RFC 8410 and RFC 5480 (algorithms), GB/T 35275 (SM2).

use super::fingerprint::hex;
use super::oids;
use crate::proto::escape::{escape, join};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, SubjectPublicKeyInfo, X509Name};

/// DNS names looked at: far more than what fits into a row.
const MAX_NAMES: usize = 1000;

/// What a row tells of a certificate.
pub(super) struct Leaf {
    /// Of the bytes as sent.
    pub(super) sha256: String,
    /// `None` when the bytes are no certificate.
    pub(super) fields: Option<Fields>,
}

/// Fields of a certificate that could be read.
pub(super) struct Fields {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// Nanoseconds since 1970; beyond what they can say: the last they can.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) key_alg: &'static str,
    pub(super) key_bits: Option<i32>,
    pub(super) sig_alg: &'static str,
    pub(super) is_self_signed: bool,
    pub(super) names: Option<String>,
    pub(super) name_count: i32,
}

impl Leaf {
    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        let fields = self.fields.as_ref().map_or(0, |fields| {
            let names = fields.names.as_ref().map_or(0, String::capacity);
            fields.subject.capacity() + fields.issuer.capacity() + names
        });
        self.sha256.capacity() + fields
    }

    /// Read a certificate.
    pub(super) fn read(der: &[u8]) -> Self {
        Self {
            sha256: hex(&Sha256::digest(der)),
            fields: X509Certificate::from_der(der)
                .ok()
                .map(|(_, certificate)| Fields::of(&certificate)),
        }
    }
}

impl Fields {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        let (key_alg, key_bits) = key(certificate.public_key());
        let names = dns_names(certificate);
        Self {
            subject: text(subject),
            issuer: text(issuer),
            not_before: nanoseconds(certificate.validity().not_before),
            not_after: nanoseconds(certificate.validity().not_after),
            key_alg,
            key_bits,
            sig_alg: oids::signature(&certificate.signature_algorithm.algorithm.to_id_string()),
            is_self_signed: subject.as_raw() == issuer.as_raw(),
            name_count: i32::try_from(names.len()).unwrap_or(i32::MAX),
            names: (!names.is_empty()).then(|| join(names.into_iter())),
        }
    }
}

fn nanoseconds(time: ASN1Time) -> i64 {
    time.timestamp().saturating_mul(1_000_000_000)
}

/// A name as RFC 4514 writes it, last part first; characters with a meaning there are escaped as all others are here.
fn text(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|part| part.iter().map(attribute).collect::<Vec<_>>().join("+"))
        .collect();
    parts.reverse();
    let mut out = String::new();
    for part in parts {
        let comma = if out.is_empty() { "" } else { "," };
        if out.len() + comma.len() + part.len() > crate::proto::escape::MAX_TEXT {
            break;
        }
        out.push_str(comma);
        out.push_str(&part);
    }
    out
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let value = attribute.attr_value();
    let content = if value.tag().0 == 30 {
        // BMPString: UTF-16, big-endian.
        let (units, _) = value.data.as_chunks::<2>();
        let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
        escape(String::from_utf16_lossy(&units).as_bytes())
    } else {
        escape(value.data)
    };
    let content = content.replace(',', "\\x2c").replace('+', "\\x2b");
    let id = attribute.attr_type().to_id_string();
    match oids::attribute(&id) {
        Some(name) => format!("{name}={content}"),
        None => format!("{id}={content}"),
    }
}

/// Algorithm and size of a key.
fn key(info: &SubjectPublicKeyInfo<'_>) -> (&'static str, Option<i32>) {
    let algorithm = info.algorithm.algorithm.to_id_string();
    let curve = info
        .algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok())
        .map(|oid| oid.to_id_string());
    let (name, bits) = oids::key(&algorithm, curve.as_deref());
    let bits = bits.or_else(|| match info.parsed() {
        Ok(PublicKey::RSA(key)) => Some(bit_length(key.modulus)),
        Ok(PublicKey::EC(point)) => i32::try_from(point.key_size()).ok(),
        Ok(PublicKey::DSA(_)) => info.algorithm.parameters.as_ref().and_then(dsa_bits),
        _ => None,
    });
    (name, bits.filter(|bits| *bits > 0))
}

/// Size of the prime, the first number of the parameters (RFC 3279 2.3.2).
fn dsa_bits(parameters: &x509_parser::der_parser::asn1_rs::Any<'_>) -> Option<i32> {
    let (field, length) = crate::proto::read::ber_length(parameters.data, 1)?;
    let prime = parameters.data.get(1 + field..)?.get(..length)?;
    Some(bit_length(prime))
}

/// Bits of a positive number.
fn bit_length(number: &[u8]) -> i32 {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let first = number.get(zeros).map_or(0, |octet| octet.leading_zeros());
    let bits = 8 * number.len().saturating_sub(zeros);
    i32::try_from(bits.saturating_sub(first as usize)).unwrap_or(i32::MAX)
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let of_dns = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(escape(name.as_bytes()).replace(',', "\\x2c")),
            _ => None,
        });
    of_dns.take(MAX_NAMES).collect()
}
