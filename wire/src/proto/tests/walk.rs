//! Just enough of Ethernet, IP, TCP and UDP to play a capture into the protocol layer; it is no decoder.

use crate::proto::{App, Context, Records};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Key of a flow: lower end, higher end, protocol.
type Key = (([u8; 16], u16), ([u8; 16], u16), u8);

/// What a capture gave.
#[derive(Default)]
pub struct Seen {
    pub out: Records,
    pub names: BTreeMap<&'static str, usize>,
}

pub fn data() -> Option<PathBuf> {
    let found = std::env::var_os("TAISHI_DATA")
        .filter(|name| !name.is_empty())
        .map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: TAISHI_DATA does not name the folder of test captures");
    }
    found
}

fn number(bytes: &[u8], little: bool) -> usize {
    let four: [u8; 4] = bytes.try_into().unwrap();
    (if little {
        u32::from_le_bytes(four)
    } else {
        u32::from_be_bytes(four)
    }) as usize
}

/// Frames of a pcap or pcapng file: (original length, bytes).
fn frames(file: &[u8]) -> Vec<(usize, &[u8])> {
    let mut found = Vec::new();
    if file.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
        let mut at = 0;
        while at + 12 <= file.len() {
            let size = number(&file[at + 4..at + 8], true);
            if size < 12 || at + size > file.len() {
                break;
            }
            if number(&file[at..at + 4], true) == 6 {
                let captured = number(&file[at + 20..at + 24], true);
                let wire = number(&file[at + 24..at + 28], true);
                found.extend(
                    file.get(at + 28..at + 28 + captured)
                        .map(|data| (wire, data)),
                );
            }
            at += size;
        }
        return found;
    }
    let little =
        file.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]) || file.starts_with(&[0x4d, 0x3c, 0xb2, 0xa1]);
    let mut at = 24;
    while at + 16 <= file.len() {
        let captured = number(&file[at + 8..at + 12], little);
        let wire = number(&file[at + 12..at + 16], little);
        let Some(data) = file.get(at + 16..at + 16 + captured) else {
            break;
        };
        found.push((wire, data));
        at += 16 + captured;
    }
    found
}

fn mapped(v4: &[u8]) -> [u8; 16] {
    let mut ip = [0; 16];
    ip[10..12].fill(0xff);
    ip[12..].copy_from_slice(v4);
    ip
}

fn be(data: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([data[at], data[at + 1]])
}

/// The transport part of an unfragmented Ethernet/IPv4 frame.
fn context(data: &[u8], frame_no: u64) -> Option<Context<'_>> {
    let mut at = 12;
    while be(data, at) == 0x8100 {
        at += 4;
    }
    let ethertype = be(data, at);
    let ip = data.get(at + 2..)?;
    if ethertype != 0x0800 || ip.len() < 20 || be(ip, 6) & 0x3fff != 0 {
        return None;
    }
    let rest = ip.get(usize::from(ip[0] & 15) * 4..)?;
    let total = usize::from(be(ip, 2)).checked_sub(usize::from(ip[0] & 15) * 4)?;
    let head = match ip[9] {
        6 => usize::from(*rest.get(12)? >> 4) * 4,
        17 => 8,
        _ => return None,
    };
    let payload = rest.get(head..total.min(rest.len()))?;
    let ends = [
        (mapped(&ip[12..16]), be(rest, 0)),
        (mapped(&ip[16..20]), be(rest, 2)),
    ];
    Some(Context {
        flow_uid: [0; 16],
        ts_ns: frame_no as i64 * 1_000_000,
        frame_no,
        proto: ip[9],
        ethertype: 0,
        from_lo: ends[0] <= ends[1],
        sender_ip: ends[0].0,
        receiver_ip: ends[1].0,
        sender_port: ends[0].1,
        receiver_port: ends[1].1,
        sender_mac: data.get(6..12)?.try_into().ok(),
        seq: (ip[9] == 6).then(|| u32::from_be_bytes(rest[4..8].try_into().unwrap())),
        begin: None,
        peer_begin: None,
        payload,
        payload_len: (total - head) as u32,
        icmp: None,
    })
}

/// Play a capture; a SYN without ACK starts a flow anew.
pub fn walk(path: &Path) -> Seen {
    let file = std::fs::read(path).unwrap();
    let mut seen = Seen::default();
    let mut flows: HashMap<Key, App> = HashMap::new();
    for (number, (_, data)) in frames(&file).into_iter().enumerate() {
        let Some(ctx) = (data.len() > 34)
            .then(|| context(data, number as u64))
            .flatten()
        else {
            continue;
        };
        if ctx.payload_len == 0 {
            continue;
        }
        let ends = (
            (ctx.sender_ip, ctx.sender_port),
            (ctx.receiver_ip, ctx.receiver_port),
        );
        let key = (ends.0.min(ends.1), ends.0.max(ends.1), ctx.proto);
        flows
            .entry(key)
            .or_default()
            .on_payload(&ctx, &mut seen.out);
    }
    for app in flows.values_mut() {
        app.on_end(0, &mut seen.out);
        if let Some(name) = app.name() {
            *seen.names.entry(name).or_default() += 1;
        }
    }
    seen
}
