//! Keys of Initial packets, which whoever sees the first packet can derive, and packets opened with them.
//!
//! Source: RFC 9001 5.2 to 5.4, RFC 9369 3.3.

use super::header::Packet;
use super::version::{Salt, Version};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;

/// Octets of the tag.
const TAG: usize = 16;
/// Octets that header protection takes its sample from; it starts where a packet number of four octets would end.
const SAMPLE: usize = 16;
const LONGEST_NUMBER: usize = 4;

/// Keys of one side.
pub(super) struct Side {
    packets: Aes128Gcm,
    iv: [u8; 12],
    headers: Aes128,
}

/// Keys of both sides.
pub(super) struct Keys {
    pub(super) version: Version,
    /// Connection id they are derived from.
    pub(super) dcid: Vec<u8>,
    client: Side,
    server: Side,
}

/// HKDF-Expand-Label with an empty context (RFC 8446 7.1).
fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &[&str]) -> Option<[u8; N]> {
    let label = label.concat();
    let mut info = Vec::with_capacity(10 + label.len());
    info.extend_from_slice(&u16::try_from(N).ok()?.to_be_bytes());
    info.push(u8::try_from(6 + label.len()).ok()?);
    info.extend_from_slice(b"tls13 ");
    info.extend_from_slice(label.as_bytes());
    info.push(0);
    let mut out = [0; N];
    secret.expand(&info, &mut out).ok()?;
    Some(out)
}

impl Side {
    fn derive(initial: &Hkdf<Sha256>, version: Version, who: &str) -> Option<Self> {
        let secret: [u8; 32] = expand(initial, &[who])?;
        let secret = Hkdf::<Sha256>::from_prk(&secret).ok()?;
        let word = version.label();
        let key: [u8; 16] = expand(&secret, &[word, " key"])?;
        let headers: [u8; 16] = expand(&secret, &[word, " hp"])?;
        Some(Self {
            packets: Aes128Gcm::new(&key.into()),
            iv: expand(&secret, &[word, " iv"])?,
            headers: Aes128::new(&headers.into()),
        })
    }

    /// What a packet says; `None` when it was not made with this key.
    pub(super) fn open(&self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        let mut data = packet.data.to_vec();
        let at = packet.number_at;
        let from = at + LONGEST_NUMBER;
        let mut mask: [u8; SAMPLE] = data.get(from..from + SAMPLE)?.try_into().ok()?;
        let block: &mut aes_gcm::aes::Block = (&mut mask).into();
        self.headers.encrypt_block(block);
        let [first_mask, number_mask @ ..] = mask;
        let first = data.first_mut()?;
        *first ^= first_mask & 0x0f;
        let length = usize::from(*first & 3) + 1;
        let mut number = 0_u64;
        for (octet, mask) in data.get_mut(at..at + length)?.iter_mut().zip(number_mask) {
            *octet ^= mask;
            number = number << 8 | u64::from(*octet);
        }
        let mut nonce = self.iv;
        for (octet, part) in nonce.iter_mut().skip(4).zip(number.to_be_bytes()) {
            *octet ^= part;
        }
        let (header, body) = data.split_at_mut_checked(at + length)?;
        let (text, tag) = body.split_at_mut_checked(body.len().checked_sub(TAG)?)?;
        let tag: [u8; TAG] = (&*tag).try_into().ok()?;
        self.packets
            .decrypt_inout_detached(&nonce.into(), header, text.into(), &tag.into())
            .ok()?;
        Some(text.to_vec())
    }
}

impl Keys {
    /// Keys that follow from the connection id a client chose.
    pub(super) fn derive(version: Version, salt: &Salt, dcid: &[u8]) -> Option<Self> {
        let (_, initial) = Hkdf::<Sha256>::extract(Some(salt), dcid);
        Some(Self {
            version,
            dcid: dcid.to_vec(),
            client: Side::derive(&initial, version, "client in")?,
            server: Side::derive(&initial, version, "server in")?,
        })
    }

    /// Keys of one side.
    pub(super) fn side(&self, is_client: bool) -> &Side {
        if is_client {
            &self.client
        } else {
            &self.server
        }
    }
}

/// An Initial packet with that header (up to its length) and text; its number is 2, on four octets.
#[cfg(test)]
pub(in crate::proto) fn seal(
    version: u32,
    dcid: &[u8],
    from_client: bool,
    header: &[u8],
    text: &[u8],
) -> Vec<u8> {
    let version = Version(version);
    let salt = version.salts().first().expect("a version with a salt");
    let keys = Keys::derive(version, salt, dcid).expect("labels are short");
    let side = keys.side(from_client);
    let length = u16::try_from(LONGEST_NUMBER + text.len() + TAG).expect("short");
    let mut head = [header, &(0x4000 | length).to_be_bytes(), &[0, 0, 0, 2]].concat();
    let at = head.len() - LONGEST_NUMBER;
    let mut nonce = side.iv;
    nonce[11] ^= 2;
    let mut body = text.to_vec();
    let tag = side
        .packets
        .encrypt_inout_detached(&nonce.into(), &head, body.as_mut_slice().into())
        .expect("short");
    body.extend_from_slice(&tag);
    let mut mask: [u8; SAMPLE] = body[..SAMPLE].try_into().expect("long enough");
    side.headers.encrypt_block((&mut mask).into());
    head[0] ^= mask[0] & 0x0f;
    for (octet, mask) in head[at..].iter_mut().zip(&mask[1..]) {
        *octet ^= mask;
    }
    [head, body].concat()
}

#[cfg(test)]
mod tests {
    use super::{Hkdf, Sha256, expand};

    /// The client's secret and key of RFC 9001 appendix A.1.
    #[test]
    fn keys_of_the_standard() {
        let dcid = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
        let salt = super::Version(1).salts()[0];
        let (_, initial) = Hkdf::<Sha256>::extract(Some(&salt), &dcid);
        let secret: [u8; 32] = expand(&initial, &["client in"]).unwrap();
        assert_eq!(secret[..4], [0xc0, 0x0c, 0xf1, 0x51]);
        let secret = Hkdf::<Sha256>::from_prk(&secret).unwrap();
        let key: [u8; 16] = expand(&secret, &["quic key"]).unwrap();
        assert_eq!(key[..4], [0x1f, 0x36, 0x96, 0x13]);
        let headers: [u8; 16] = expand(&secret, &["quic hp"]).unwrap();
        assert_eq!(headers[..4], [0x9f, 0x50, 0x44, 0x9e]);
    }
}
