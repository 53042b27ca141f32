//! The corpora of `wire/fuzz`: seeds are made here from the conversations of the other tests, and every file of a corpus,
//! seed or finding, is played into its target.
//!
//! `TAISHI_WRITE_CORPUS=1 cargo test corpus` writes the seeds anew.

use super::dialogues::{Dialogue, all};
use super::frames::capture;
use super::recognition::{datagrams, streams};
use super::signatures::first;
use super::talk::bytes;
use crate::fuzz::TARGETS;
use crate::proto::fuzz::script::{AGAIN, CUT, ENDS, FROM_LO, LATE, MOVED};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Target and name of a seed, and its bytes.
type Seeds = BTreeMap<(&'static str, String), Vec<u8>>;

fn corpus(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target)
}

fn packet(flags: u8, parameter: u8, data: &[u8]) -> Vec<u8> {
    assert!(data.len() < 256);
    let mut packet = vec![flags, parameter, data.len() as u8];
    packet.extend_from_slice(data);
    packet
}

/// A conversation as a script: in order; with every second message in two, the later part first; and with losses.
fn scripts(dialogue: &Dialogue) -> [(&'static str, Vec<u8>); 3] {
    let (mut plain, mut shuffled, mut lossy) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (client, data)) in dialogue.messages.iter().enumerate() {
        let side = if *client { FROM_LO } else { 0 };
        let half = data.len() / 2;
        let (head, tail) = data.split_at(half);
        plain.extend(packet(side, half as u8, data));
        if at % 2 == 0 {
            shuffled.extend(packet(side, 0, data));
        } else {
            shuffled.extend(packet(side | MOVED | AGAIN, half as u8, tail));
            shuffled.extend(packet(side, 0, head));
            shuffled.extend(packet(side | LATE, 0, tail));
        }
        match at % 3 {
            0 => lossy.extend(packet(side, 0, data)),
            1 => lossy.extend(packet(side | CUT, tail.len() as u8, head)),
            _ => lossy.extend(packet(side | ENDS, 0, data)),
        }
    }
    [("plain", plain), ("shuffled", shuffled), ("lossy", lossy)]
}

/// First messages of all signatures.
fn further(seeds: &mut Seeds) {
    let recognised = streams().into_iter().chain(datagrams());
    for (at, (proto, from, to, client, data, name, _)) in recognised.enumerate() {
        let transport = u8::from(proto == 17);
        let side = if client { FROM_LO } else { 0 };
        let ends = [from.to_be_bytes(), to.to_be_bytes()].concat();
        let short = &data[..data.len().min(255)];
        let seed = [&[transport][..], &ends, &packet(side, 0, short)].concat();
        seeds.insert(("fuzz_recognise", format!("{at:02}_{name}")), seed);
    }
    for (at, (proto, from, to, client, data, name, _)) in first().into_iter().enumerate() {
        let side = if client { FROM_LO } else { 0 };
        let ends = [from.to_be_bytes(), to.to_be_bytes()].concat();
        let short = &data[..data.len().min(255)];
        let seed = [&[u8::from(proto == 17)][..], &ends, &packet(side, 0, short)].concat();
        seeds.insert(("fuzz_recognise", format!("further_{at:02}_{name}")), seed);
    }
}

/// Packets and segments that are no conversation.
fn parts(seeds: &mut Seeds) {
    let arp = "00 0001 0800 06 04 0001 02000000000a 0a000001 000000000000 0a000002";
    seeds.insert(("fuzz_arp", "request".to_owned()), bytes(arp));
    // Offset, captured, missing, what follows: in order; later first; overlapping; cut and late.
    for (name, text) in [
        ("in_order", "0000 40 00 f0  0040 40 00 f0  0080 08 00 70"),
        (
            "later_first",
            "0000 10 00 f0  0020 10 00 f0  0030 08 00 f0  0010 10 00 f0",
        ),
        (
            "overlap",
            "0000 20 00 70  0030 20 00 f0  0010 30 00 f0  0000 60 00 f0",
        ),
        (
            "cut_and_late",
            "0000 20 10 f0  0040 10 00 f1  0050 08 f8 f1  0150 08 00 f3",
        ),
    ] {
        seeds.insert(("fuzz_stream", name.to_owned()), bytes(text));
    }
}

fn seeds() -> Seeds {
    let mut seeds = Seeds::new();
    for dialogue in all() {
        let target = match dialogue.port {
            21 => "fuzz_ftp",
            53 => "fuzz_dns",
            443 | 8443 => "fuzz_tls",
            22 => "fuzz_ssh",
            23 => "fuzz_telnet",
            25 => "fuzz_smtp",
            80 => "fuzz_http",
            88 => "fuzz_kerberos",
            161 => "fuzz_snmp",
            110 => "fuzz_pop3",
            143 => "fuzz_imap",
            389 => "fuzz_ldap",
            3389 => "fuzz_rdp",
            135 => "fuzz_dcerpc",
            445 => "fuzz_smb",
            502 => "fuzz_modbus",
            1080 => "fuzz_socks",
            1433 => "fuzz_tds",
            2404 => "fuzz_iec104",
            3306 => "fuzz_mysql",
            5432 => "fuzz_postgresql",
            5900 => "fuzz_vnc",
            6379 => "fuzz_redis",
            4433 => "fuzz_quic",
            5684 => "fuzz_dtls",
            _ => {
                if dialogue.port == 123 {
                    for (how, script) in scripts(&dialogue) {
                        seeds.insert(("fuzz_ntp", how.to_owned()), script);
                    }
                    continue;
                }
                let target = if dialogue.port == 547 {
                    "fuzz_dhcpv6"
                } else {
                    "fuzz_dhcp"
                };
                for (at, (_, data)) in dialogue.messages.iter().enumerate() {
                    let seed = [&[0][..], data].concat();
                    seeds.insert((target, format!("message_{at}")), seed);
                }
                continue;
            }
        };
        let of_target = target.trim_start_matches("fuzz_");
        let name = if dialogue.port == 8443 {
            "tlcp"
        } else {
            of_target
        };
        for (how, script) in scripts(&dialogue) {
            let how = match name {
                "tlcp" => format!("tlcp_{how}"),
                _ => how.to_owned(),
            };
            seeds.insert((target, how), [&[0][..], &script].concat());
        }
        let [(_, plain), _, (_, lossy)] = scripts(&dialogue);
        let ends = [bytes("00 9c40"), dialogue.port.to_be_bytes().to_vec()].concat();
        let seed = |script: &[u8]| [&ends[..], script].concat();
        seeds.insert(("fuzz_recognise", format!("{name}_plain")), seed(&plain));
        seeds.insert(("fuzz_recognise", format!("{name}_lossy")), seed(&lossy));
        seeds.insert(("fuzz_meter", name.to_owned()), capture(&dialogue));
    }
    further(&mut seeds);
    // Version, then packets that begin with type, code and four octets.
    for (name, text) in [
        (
            "ping",
            "00  01 00 0a 0800 beef0001 61626364  00 00 0a 0000 beef0001 61626365",
        ),
        (
            "unreachable",
            "00  00 00 22 0303 00000000 45000030000100004011 0000 0a000001 0a000002 c000003500100000",
        ),
        (
            "router",
            "01  00 00 36 8600 40c80708 0000000000000000 0101020000000001 0304 40c0 00278d00 00093a80 00000000 \
             20010db8000000000000000000000000",
        ),
        (
            "neighbours",
            "01  01 00 16 8700 00000000 fe800000000000000000000000000001 00 00 1e 8800 60000000 \
             fe800000000000000000000000000001 02010200000000ff",
        ),
    ] {
        seeds.insert(("fuzz_icmp", name.to_owned()), bytes(text));
    }
    for (name, nt) in [("v1", 24), ("v2", 48)] {
        let message = super::smb_messages::authenticate("bob", nt);
        seeds.insert(("fuzz_ntlm", name.to_owned()), message);
    }
    parts(&mut seeds);
    seeds
}

/// Seeds in the repository are those that the generators make.
#[test]
fn corpus_seeds_are_generated() {
    let write = std::env::var_os("TAISHI_WRITE_CORPUS").is_some();
    for ((target, name), data) in seeds() {
        let path = corpus(target).join(&name);
        if write {
            fs::create_dir_all(corpus(target)).unwrap();
            fs::write(&path, &data).unwrap();
        }
        let kept = fs::read(&path).unwrap_or_default();
        assert_eq!(
            kept, data,
            "{target}/{name}: TAISHI_WRITE_CORPUS=1 cargo test corpus"
        );
    }
}

/// No file of any corpus breaks a promise, and no target is without a corpus.
#[test]
fn corpus_is_played() {
    for (target, run) in TARGETS {
        let mut files: Vec<_> = fs::read_dir(corpus(target))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{target} has no corpus");
        for path in files {
            println!("{}", path.display());
            run(&fs::read(path).unwrap());
        }
    }
}

/// Every target is a program of `wire/fuzz` that calls the function of its name, and there are no others.
#[test]
fn corpus_targets_are_programs() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target}"
        );
        let path = folder.join(format!("fuzz_targets/{target}.rs"));
        let call = format!("_wire::fuzz::{}(input)", target.trim_start_matches("fuzz_"));
        assert!(
            fs::read_to_string(path).unwrap().contains(&call),
            "{target}"
        );
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    assert_eq!(
        fs::read_dir(folder.join("corpus")).unwrap().count(),
        TARGETS.len()
    );
}
