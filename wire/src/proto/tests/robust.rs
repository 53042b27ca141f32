//! Damage: cut, flipped, shuffled, split and noisy conversations never panic and stay bounded.

use super::dialogues::{Dialogue, Noise, all};
use super::talk::{Row, Talk, rows};
use crate::proto::Records;
use crate::proto::memory::Memory;

fn open(dialogue: &Dialogue) -> Talk {
    let mut talk = Talk::tcp(dialogue.port);
    talk.proto = dialogue.proto;
    talk
}

/// All rows of a conversation without times and frame numbers, sorted.
fn outcome(talk: &mut Talk) -> Vec<Row> {
    talk.end();
    let out = &mut talk.out;
    let batches = [
        out.ftp.finish(),
        out.http.finish(),
        out.ics.finish(),
        out.iec104.finish(),
        out.imap.finish(),
        out.pop3.finish(),
        out.telnet.finish(),
        out.kerberos.finish(),
        out.ldap.finish(),
        out.rdp.finish(),
        out.modbus.finish(),
        out.quic.finish(),
        out.remote_login.finish(),
        out.smtp.finish(),
        out.tls.finish(),
        out.dhcp.finish(),
        out.dhcpv6.finish(),
        out.ntp.finish(),
        out.dns.finish(),
        out.dce_rpc.finish(),
        out.ntlm.finish(),
        out.smb.finish(),
        out.snmp.finish(),
    ];
    let mut all: Vec<Row> = batches
        .into_iter()
        .flat_map(|batch| rows(&batch.unwrap()))
        .collect();
    for row in &mut all {
        row.remove("ts");
        row.remove("rtt_ns");
    }
    all.sort();
    all
}

/// Rows of one message stay few: a bound on what damage can produce.
fn assert_bounded(talk: &mut Talk, bytes: usize) {
    talk.end();
    let out = &talk.out;
    let count = out.ftp.len()
        + out.http.len()
        + out.ics.len()
        + out.iec104.len()
        + out.imap.len()
        + out.pop3.len()
        + out.telnet.len()
        + out.kerberos.len()
        + out.ldap.len()
        + out.rdp.len()
        + out.modbus.len()
        + out.remote_login.len()
        + out.dhcp.len()
        + out.dhcpv6.len()
        + out.ntp.len()
        + out.dns.len()
        + out.quic.len()
        + out.smtp.len()
        + out.dce_rpc.len()
        + out.ntlm.len()
        + out.smb.len()
        + out.snmp.len()
        + out.ssh.len()
        + out.tls.len();
    assert!(count <= 8 + bytes, "{count} rows from {bytes} bytes");
    assert!(out.weird.len() <= 12);
}

/// Each message cut at each byte, with and without the rest counted as snapped off.
#[test]
fn truncated_everywhere() {
    for dialogue in all() {
        for (at, (_, victim)) in dialogue.messages.iter().enumerate() {
            for cut in 0..victim.len() {
                let mut talk = open(&dialogue);
                let mut total = 0;
                for (index, (client, data)) in dialogue.messages.iter().enumerate() {
                    let short = if index == at { &data[..cut] } else { data };
                    total += short.len();
                    let side = usize::from(!client);
                    let seq = talk.seq[side];
                    talk.seq[side] = seq.wrapping_add(data.len() as u32);
                    let wire = if cut % 2 == 0 {
                        data.len()
                    } else {
                        short.len()
                    };
                    talk.raw(*client, seq, short, wire as u32);
                }
                assert_bounded(&mut talk, total);
            }
        }
    }
}

/// Random bits flipped, messages shuffled, repeated and dropped.
#[test]
fn damaged_at_random() {
    let mut noise = Noise(0x5eed);
    for round in 0..400 {
        for dialogue in all() {
            let mut talk = open(&dialogue);
            let mut sent = Vec::new();
            for (client, data) in &dialogue.messages {
                let side = usize::from(!client);
                let seq = talk.seq[side];
                talk.seq[side] = seq.wrapping_add(data.len() as u32);
                let mut data = data.clone();
                for _ in 0..round % 4 {
                    let at = noise.below(data.len() as u64);
                    data[at] ^= 1 << noise.below(8);
                }
                sent.push((*client, seq, data));
            }
            for _ in 0..round % 5 {
                let (one, other) = (
                    noise.below(sent.len() as u64),
                    noise.below(sent.len() as u64),
                );
                sent.swap(one, other);
                let again = sent[noise.below(sent.len() as u64)].clone();
                sent.push(again);
            }
            let total = sent.iter().map(|(_, _, data)| data.len()).sum();
            for (client, seq, data) in sent {
                talk.raw(client, seq, &data, data.len() as u32);
            }
            assert_bounded(&mut talk, total);
        }
    }
}

/// The same bytes cut into other segments, each twice, with neighbours exchanged, give the same rows.
#[test]
fn segmentation_changes_nothing() {
    let mut noise = Noise(0xfeed);
    for dialogue in all().into_iter().filter(|dialogue| dialogue.proto == 6) {
        let mut talk = open(&dialogue);
        for (client, data) in &dialogue.messages {
            talk.send(*client, data);
        }
        let want = outcome(&mut talk);
        for _ in 0..100 {
            let mut talk = open(&dialogue);
            for (index, (client, data)) in dialogue.messages.iter().enumerate() {
                // A stream whose very first segments come out of order has no beginning to put them behind.
                send_cut(&mut talk, *client, data, &mut noise, index > 1);
            }
            assert_eq!(outcome(&mut talk), want);
            assert!(!talk.weird().contains(&"stream_gap".to_owned()));
        }
    }
}

fn send_cut(talk: &mut Talk, client: bool, data: &[u8], noise: &mut Noise, cut: bool) {
    let side = usize::from(!client);
    let seq = talk.seq[side];
    talk.seq[side] = seq.wrapping_add(data.len() as u32);
    let at = if cut {
        noise.below(data.len() as u64)
    } else {
        0
    };
    let overlap = noise.below(at as u64 + 1);
    let (head, tail) = (&data[..at], &data[at - overlap..]);
    let mut parts = vec![(seq, head), (seq.wrapping_add((at - overlap) as u32), tail)];
    if noise.below(2) == 0 && cut && talk.app.name().is_some() {
        parts.swap(0, 1);
    }
    parts.push(parts[0]);
    for (seq, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        talk.raw(client, seq, part, part.len() as u32);
    }
}

/// A megabyte of noise into each running parser: bounded rows, no panic.
#[test]
fn noise_into_parsers() {
    let mut noise = Noise(77);
    for dialogue in all() {
        let mut talk = open(&dialogue);
        for (client, data) in &dialogue.messages {
            talk.send(*client, data);
        }
        for _ in 0..1000 {
            let length = 1 + noise.below(1400);
            let data = noise.bytes(length);
            talk.send(noise.below(2) == 0, &data);
        }
        let rows = talk.out.ics.len()
            + talk.out.modbus.len()
            + talk.out.iec104.len()
            + talk.out.dhcp.len();
        assert!(rows < 400, "port {}: {rows} rows", dialogue.port);
        assert_bounded(&mut talk, 1_000_000);
    }
}

/// Conversations that together hold more than there is give up what waits, say so once, and read on; new ones are only named.
#[test]
fn memory_is_shared_and_bounded() {
    let mut out = Records {
        memory: Memory::new(40_000),
        ..Records::default()
    };
    let mut talks: Vec<Talk> = (0..16).map(|_| Talk::tcp(21)).collect();
    let mut greedy = 0;
    for talk in &mut talks {
        std::mem::swap(&mut talk.out, &mut out);
        talk.answer(b"220 ftp ready\r\n");
        let ahead = talk.seq[0].wrapping_add(5000);
        talk.raw(true, ahead, &[b'x'; 3500], 3500);
        assert!(talk.out.memory.used() <= 40_000);
        greedy += usize::from(talk.weird().contains(&"parser_memory".to_owned()));
        assert_eq!(talk.app.name(), Some("ftp"));
        std::mem::swap(&mut talk.out, &mut out);
    }
    assert!(greedy > 0, "nobody was refused");
    drop(talks);
    assert_eq!(out.memory.used(), 0);
}
