//! Sample conversations for the tests that damage messages.

use super::dns::{in_stream, samples};
use super::iec104::{STARTDT_ACT, STARTDT_CON, info};
use super::modbus::frame;
use super::small::dhcp;
use super::talk::bytes;
use super::tls::{tlcp, tls13};

/// A conversation: server port, transport, and messages (from the client?, bytes).
pub struct Dialogue {
    pub port: u16,
    pub proto: u8,
    pub messages: Vec<(bool, Vec<u8>)>,
}

/// One conversation of every parser.
#[expect(clippy::too_many_lines, reason = "one list of all conversations")]
pub fn all() -> Vec<Dialogue> {
    let text = |client: bool, text: &str| (client, text.as_bytes().to_vec());
    let logins = super::logins::samples().into_iter();
    let logins = logins.map(|(port, messages)| Dialogue {
        port,
        proto: 6,
        messages,
    });
    let mut all = vec![
        Dialogue {
            port: 21,
            proto: 6,
            messages: vec![
                text(false, "220-Welcome\r\n220 ready\r\n"),
                text(true, "USER bob\r\n"),
                text(false, "331 go\r\n"),
                text(true, "PASS x\r\nPWD\r\n"),
                text(false, "230 ok\r\n257 \"/\"\r\n"),
            ],
        },
        Dialogue {
            port: 25,
            proto: 6,
            messages: super::smtp::sample(),
        },
        Dialogue {
            port: 110,
            proto: 6,
            messages: super::pop3::sample(),
        },
        Dialogue {
            port: 143,
            proto: 6,
            messages: super::imap::sample(),
        },
        Dialogue {
            port: 23,
            proto: 6,
            messages: super::telnet::sample(),
        },
        Dialogue {
            port: 53,
            proto: 6,
            messages: samples()
                .map(|(client, data)| (client, in_stream(&data)))
                .collect(),
        },
        Dialogue {
            port: 443,
            proto: 6,
            messages: tls13(),
        },
        Dialogue {
            port: 8443,
            proto: 6,
            messages: in_pieces(&tlcp()),
        },
        Dialogue {
            port: 22,
            proto: 6,
            messages: super::ssh::short(),
        },
        Dialogue {
            port: 80,
            proto: 6,
            messages: super::http::sample(),
        },
        Dialogue {
            port: 88,
            proto: 6,
            messages: super::kerberos::sample(),
        },
        Dialogue {
            port: 389,
            proto: 6,
            messages: super::ldap::sample(),
        },
        Dialogue {
            port: 3389,
            proto: 6,
            messages: super::rdp::sample(),
        },
        Dialogue {
            port: 135,
            proto: 6,
            messages: super::smb_messages::calls(),
        },
        Dialogue {
            port: 445,
            proto: 6,
            messages: super::smb_messages::sample(),
        },
        Dialogue {
            port: 502,
            proto: 6,
            messages: vec![
                (true, frame(1, 4, &bytes("01 0001 0003"))),
                (false, frame(1, 4, &bytes("01 01 05"))),
                (true, frame(2, 4, &bytes("10 0010 0002 04 000a 0102"))),
                (false, frame(2, 4, &bytes("10 0010 0002"))),
                (
                    true,
                    frame(3, 4, &bytes("17 0003 0001 000e 0002 04 00ff 0001")),
                ),
                (false, frame(3, 4, &bytes("97 02"))),
                (true, frame(4, 4, &bytes("15 09 06 0004 0007 0001 06af"))),
                (false, frame(4, 4, &bytes("18 0006 0002 01b8 1284"))),
            ],
        },
        Dialogue {
            port: 2404,
            proto: 6,
            messages: vec![
                (true, bytes(STARTDT_ACT)),
                (false, bytes(STARTDT_CON)),
                (true, info(0, 0, &bytes("64 01 06 00 0100 000000 14"))),
                (
                    false,
                    info(
                        0,
                        1,
                        &bytes("0b 83 14 00 0100 100000 0100 00 0200 00 0300 00"),
                    ),
                ),
                (
                    false,
                    info(
                        1,
                        1,
                        &bytes("24 01 03 00 0100 010000 0000484200 00 00 1e 0c 18 0b 19"),
                    ),
                ),
                (
                    true,
                    info(1, 2, &bytes("2d 02 06 05 0300 100000 81 200000 01")),
                ),
                (
                    false,
                    info(2, 2, &bytes("7d 01 0d 00 0100 010000 0700 01 02 aabb")),
                ),
            ],
        },
        Dialogue {
            port: 4433,
            proto: 17,
            messages: super::quic::short(),
        },
        Dialogue {
            port: 5684,
            proto: 17,
            messages: super::dtls::handshake_of(0xfefd),
        },
        Dialogue {
            port: 67,
            proto: 17,
            messages: vec![
                (true, dhcp(1, &[53, 1, 1, 12, 2, b'p', b'c', 255])),
                (
                    false,
                    dhcp(
                        2,
                        &bytes("35 01 05 36 04 0a000002 01 04 ffffff00 03 04 0a000001 ff"),
                    ),
                ),
            ],
        },
        Dialogue {
            port: 161,
            proto: 17,
            messages: super::snmp::sample(),
        },
        Dialogue {
            port: 547,
            proto: 17,
            messages: super::dhcpv6::sample(),
        },
        Dialogue {
            port: 123,
            proto: 17,
            messages: super::ntp::sample(),
        },
    ];
    all.extend(logins);
    all
}

/// Messages as they come in small segments.
fn in_pieces(messages: &[(bool, Vec<u8>)]) -> Vec<(bool, Vec<u8>)> {
    let pieces = messages
        .iter()
        .flat_map(|(client, data)| data.chunks(200).map(move |piece| (*client, piece.to_vec())));
    pieces.collect()
}

/// Deterministic pseudo-random numbers: xorshift64* (Vigna 2016).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: u64) -> usize {
        (self.next() % limit) as usize
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}
