//! SSH rows: offers, fingerprints, logins by size.

use super::talk::{Talk, pick};
use crate::proto::Hint;

fn list(names: &str) -> Vec<u8> {
    [&(names.len() as u32).to_be_bytes()[..], names.as_bytes()].concat()
}

/// A packet in clear: its message number and what follows.
fn packet(number: u8, rest: &[u8]) -> Vec<u8> {
    let padding = [0; 4];
    let length = (2 + rest.len() + padding.len()) as u32;
    [&length.to_be_bytes()[..], &[4, number], rest, &padding].concat()
}

/// An offer of ten lists.
fn offer(lists: [&str; 8]) -> Vec<u8> {
    let mut rest = vec![7; 16];
    for names in lists {
        rest.extend(list(names));
    }
    rest.extend([0; 8 + 1 + 4]);
    packet(20, &rest)
}

const CLIENT: [&str; 8] = [
    "curve25519-sha256,ecdh-sha2-nistp256,ext-info-c",
    "ssh-ed25519,ssh-rsa",
    "aes128-ctr,aes256-ctr",
    "aes128-ctr,aes256-ctr",
    "hmac-sha2-256",
    "hmac-sha2-256",
    "none,zlib",
    "none,zlib",
];
const SERVER: [&str; 8] = [
    "ecdh-sha2-nistp256,curve25519-sha256",
    "ssh-rsa",
    "aes256-ctr",
    "aes128-ctr",
    "hmac-sha1,hmac-sha2-256",
    "hmac-sha2-256",
    "none",
    "none",
];
const COLUMNS: [&str; 10] = [
    "ssh_version",
    "client_banner",
    "server_banner",
    "kex_alg",
    "host_key_alg",
    "cipher_alg",
    "mac_alg",
    "compression_alg",
    "auth_attempts",
    "outcome",
];

/// A handshake up to the first answer to a login, small enough for a fuzzing seed.
pub fn short() -> Vec<(bool, Vec<u8>)> {
    let few = ["kx", "hk", "c", "c", "m", "m", "none", "none"];
    vec![
        (false, b"SSH-2.0-srv\r\n".to_vec()),
        (true, b"SSH-2.0-cli\r\n".to_vec()),
        (true, offer(few)),
        (false, offer(few)),
        (true, packet(30, b"pub")),
        (false, [packet(31, b"pub"), packet(21, b"")].concat()),
        (true, [packet(21, b""), vec![1; 44]].concat()),
        (false, vec![2; 44]),
        (true, vec![3; 60]),
        (false, vec![4; 28]),
    ]
}

fn handshake(talk: &mut Talk) {
    talk.answer(b"SSH-2.0-OpenSSH_9.6 \x1b[31m\r\n");
    talk.ask(b"SSH-2.0-cli\r\n");
    talk.ask(&offer(CLIENT));
    talk.answer(&offer(SERVER));
    talk.ask(&packet(30, b"public"));
    // EXT_INFO comes with NEWKEYS and is no answer.
    let mut keys = [packet(31, b"public"), packet(21, b"")].concat();
    keys.extend([9; 100]);
    talk.answer(&keys);
    let mut ask = packet(21, b"");
    ask.extend([1; 52]);
    talk.ask(&ask);
    talk.answer(&[2; 52]);
}

fn end(talk: &mut Talk) -> String {
    talk.end();
    let got = pick(&talk.out.ssh.finish().unwrap(), &COLUMNS);
    assert_eq!(got.len(), 1);
    got[0].clone()
}

const HANDSHAKE: &str = "2|SSH-2.0-cli|SSH-2.0-OpenSSH_9.6 \\x1b[31m|curve25519-sha256|ssh-rsa|aes256-ctr/aes128-ctr|\
                         hmac-sha2-256|none";

/// Refusals are of one size, success is 16 bytes shorter than the acceptance of the service.
#[test]
fn logins() {
    let mut talk = Talk::tcp(22);
    handshake(&mut talk);
    for length in [84, 84, 84] {
        talk.ask(&[3; 100]);
        talk.answer(&vec![4; length]);
    }
    assert_eq!(end(&mut talk), format!("{HANDSHAKE}|2|negative"));
    let mut talk = Talk::tcp(22);
    handshake(&mut talk);
    for length in [700, 84, 84, 36, 84] {
        talk.ask(&[3; 100]);
        talk.answer(&vec![4; length]);
    }
    assert_eq!(end(&mut talk), format!("{HANDSHAKE}|2|ok"));
    assert!(talk.weird().is_empty());
    let mut talk = Talk::tcp(22);
    handshake(&mut talk);
    assert_eq!(end(&mut talk), format!("{HANDSHAKE}|-|unknown"));
}

/// Sizes after lost bytes mean nothing.
#[test]
fn gaps_blind() {
    let mut talk = Talk::tcp(22);
    handshake(&mut talk);
    talk.answer(&[4; 84]);
    talk.answer(&[4; 84]);
    let seq = talk.seq[1];
    talk.raw(false, seq, &[4; 10], 84);
    talk.seq[1] = seq.wrapping_add(84);
    talk.answer(&[4; 36]);
    assert_eq!(end(&mut talk), format!("{HANDSHAKE}|1|unknown"));
    assert_eq!(talk.weird(), ["stream_gap"]);
}

/// Fingerprints are those of the method's definition; on any port the messages say who is who.
#[test]
fn fingerprints() {
    let mut talk = Talk::tcp(60_022);
    handshake(&mut talk);
    assert_eq!(talk.ask(b"x"), Hint::SenderIsClient);
    talk.end();
    let got = pick(
        &talk.out.ssh.finish().unwrap(),
        &["hassh", "hassh_server", "receiver_port"],
    );
    // md5sum of "curve25519-sha256,ecdh-sha2-nistp256,ext-info-c;aes128-ctr,aes256-ctr;hmac-sha2-256;none,zlib" and of
    // "ecdh-sha2-nistp256,curve25519-sha256;aes128-ctr;hmac-sha2-256;none".
    assert_eq!(
        got,
        ["291f191b1551e7c12e4a6428cbbab3e0|44f0dd58a83a4967ec05aac7780727ff|60022"]
    );
}

/// A giant length, an offer that does not end, a banner without end: noted, one row, no more read of that side.
#[test]
fn damage() {
    let mut talk = Talk::tcp(22);
    talk.ask(b"SSH-2.0-a\r\n");
    talk.answer(b"SSH-2.0-b\r\n");
    talk.ask(&[0x7f; 64]);
    assert_eq!(talk.weird(), ["ssh_bad_packet"]);
    let mut bad = vec![7; 16];
    bad.extend([0xff; 40]);
    talk.answer(&packet(20, &bad));
    assert_eq!(talk.weird(), ["ssh_bad_kexinit"]);
    assert_eq!(end(&mut talk), "2|SSH-2.0-a|SSH-2.0-b|-|-|-|-|-|-|unknown");
    let mut talk = Talk::tcp(22);
    let mut long = b"SSH-2.0-".to_vec();
    long.extend([b'A'; 3000]);
    talk.answer(&long);
    assert_eq!(talk.weird(), ["ssh_bad_banner", "ssh_bad_packet"]);
    assert!(end(&mut talk).starts_with("2|-|SSH-2.0-AAA"));
    let mut talk = Talk::tcp(22);
    talk.answer(b"SSH-1.5-old\n");
    assert!(end(&mut talk).starts_with("1|-|SSH-1.5-old|-"));
}
