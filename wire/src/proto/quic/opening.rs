//! Opening protected packets: with the keys at hand, or with those that follow from the packet itself; a bounded number of times.
//!
//! Source: RFC 9001 5.2 (secrets of Initial packets), RFC 9000 17.2.5 (Retry renews them).

use super::header::Packet;
use super::keys::Keys;

/// Packets opened, or tried to, per connection (range 4 .. 64): hellos take one to four packets each way, all of which may come
/// twice. One try costs some 10 us.
const MAX_TRIES: u8 = 20;

/// The keys of one connection, and what was tried.
#[derive(Default)]
pub(super) struct Opener {
    keys: Option<Box<Keys>>,
    tries: u8,
}

/// A packet in the clear.
pub(super) struct Opened {
    pub(super) text: Vec<u8>,
    /// With new keys: what the client said before is void.
    pub(super) is_anew: bool,
}

impl Opener {
    /// Open a packet with the keys at hand, else with those that follow from its own connection id: the client begins anew after
    /// a Retry, or with another version.
    pub(super) fn open(&mut self, packet: &Packet<'_>, from_client: bool) -> Option<Opened> {
        if self.is_spent() {
            return None;
        }
        let mut dcid = packet.dcid;
        if let Some(keys) = self.keys.as_ref() {
            let is_same = keys.version == packet.version;
            if is_same {
                self.tries += 1;
                if let Some(text) = keys.side(from_client).open(packet) {
                    return Some(Opened {
                        text,
                        is_anew: false,
                    });
                }
            }
            if !from_client {
                dcid = &keys.dcid;
            }
            if is_same && keys.dcid == dcid {
                return None;
            }
        } else if !from_client {
            return None;
        }
        // Who answers a client without a connection id says nothing to derive keys from.
        if dcid.is_empty() {
            return None;
        }
        let (text, keys) = derived(packet, dcid, from_client, &mut self.tries)?;
        self.keys = Some(Box::new(keys));
        Some(Opened {
            text,
            is_anew: true,
        })
    }

    /// As many packets were tried as may be.
    pub(super) fn is_spent(&self) -> bool {
        self.tries >= MAX_TRIES
    }

    /// Packets came, and none of them could be opened.
    pub(super) fn has_failed(&self) -> bool {
        self.tries > 0 && self.keys.is_none()
    }

    /// The handshake was seen: the keys are of no more use.
    pub(super) fn forget(&mut self) {
        self.keys = None;
    }

    /// Bytes of memory held beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        self.keys.as_ref().map_or(0, |_| size_of::<Keys>())
    }
}

/// Try the keys that follow from a connection id, under each salt of the version.
fn derived(
    packet: &Packet<'_>,
    dcid: &[u8],
    from_client: bool,
    tries: &mut u8,
) -> Option<(Vec<u8>, Keys)> {
    for salt in packet.version.salts() {
        *tries += 1;
        let keys = Keys::derive(packet.version, salt, dcid)?;
        if let Some(text) = keys.side(from_client).open(packet) {
            return Some((text, keys));
        }
    }
    None
}
