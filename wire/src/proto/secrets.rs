//! Secrets of logins as keyed hashes: enough to see one password tried for many users, or many passwords for one user;
//! without the site's key nobody can say which password it was, and the same password gives another hash elsewhere.
//!
//! Source: RFC 2104 (HMAC), FIPS 180-4 (SHA-256); docs/adr/0020-keyed-hashes-of-secrets.md.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// Hashes secrets under the key of the site; without a key there are no hashes.
#[derive(Clone, Default)]
pub struct Secrets {
    key: Option<Hmac<Sha256>>,
}

impl Secrets {
    /// Octets of a key at least: below 128 bits it could be guessed (RFC 2104 3 wants the length of the hash).
    pub const MIN_KEY: usize = 16;
    /// Octets of a key at most: the block of SHA-256, what is longer gets hashed first (RFC 2104 2).
    pub const MAX_KEY: usize = 64;

    /// Hash under `key`; `None` when its length is not one of [`Self::MIN_KEY`] to [`Self::MAX_KEY`].
    #[must_use]
    pub fn under(key: &[u8]) -> Option<Self> {
        if !(Self::MIN_KEY..=Self::MAX_KEY).contains(&key.len()) {
            return None;
        }
        let key = Hmac::new_from_slice(key).ok()?;
        Some(Self { key: Some(key) })
    }

    /// First 16 hexadecimal digits of the HMAC-SHA256 of a secret; `None` without a key. With 64 bits two of a million passwords
    /// share a hash with a chance of 3e-8.
    #[must_use]
    pub fn hash(&self, secret: &[u8]) -> Option<String> {
        let mut mac = self.key.clone()?;
        mac.update(secret);
        let whole = mac.finalize().into_bytes();
        let kept = whole.first_chunk().copied().map(u64::from_be_bytes)?;
        Some(format!("{kept:016x}"))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.key.is_some() {
            "Secrets(keyed)"
        } else {
            "Secrets(no key)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    /// RFC 4231 4.4 (test case 3) and 4.6 (5, cut to 128 bits there): the first 64 bits.
    #[test]
    fn published_values() {
        let third = Secrets::under(&[0xaa; 20]).unwrap();
        assert_eq!(third.hash(&[0xdd; 50]).unwrap(), "773ea91e36800e46");
        let fifth = Secrets::under(&[0x0c; 20]).unwrap();
        let hash = fifth.hash(b"Test With Truncation");
        assert_eq!(hash.unwrap(), "a3b6167473100ee0");
    }

    /// No key, no hash; a key of another length is none; what is printed says nothing of the key.
    #[test]
    fn keys() {
        assert_eq!(Secrets::default().hash(b"x"), None);
        assert!(Secrets::under(&[1; 15]).is_none() && Secrets::under(&[1; 65]).is_none());
        let secrets = Secrets::under(&[0x41; 16]).unwrap();
        assert!(secrets.hash(b"") != secrets.hash(b"x"));
        assert_eq!(format!("{secrets:?}"), "Secrets(keyed)");
        assert_eq!(format!("{:?}", Secrets::default()), "Secrets(no key)");
    }
}
