//! Real captures, where `TAISHI_DATA` says where they are: counts that another dissector found (tshark 4.0.17), and no panic
//! anywhere. The walker below knows just enough of Ethernet, IP, TCP and UDP for that; it is no decoder.

use super::talk::pick;
use crate::proto::{App, Context, Records};
use arrow_array::RecordBatch;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Key of a flow: lower end, higher end, protocol.
type Key = (([u8; 16], u16), ([u8; 16], u16), u8);

/// What a capture gave.
#[derive(Default)]
struct Seen {
    out: Records,
    names: BTreeMap<&'static str, usize>,
    unnamed: usize,
}

fn data() -> Option<PathBuf> {
    let found = std::env::var_os("TAISHI_DATA").map(PathBuf::from);
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
        payload,
        payload_len: (total - head) as u32,
    })
}

/// Play a capture; a SYN without ACK starts a flow anew.
fn walk(path: &Path) -> Seen {
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
        match app.name() {
            Some(name) => *seen.names.entry(name).or_default() += 1,
            None => seen.unnamed += 1,
        }
    }
    seen
}

/// How often each value occurs.
fn tally(values: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// Count rows of the named columns.
fn counts(batch: &RecordBatch, columns: &[&str]) -> Vec<String> {
    tally(pick(batch, columns))
        .into_iter()
        .map(|(row, count)| format!("{count} x {row}"))
        .collect()
}

/// Exchanges of the Modbus captures: as many per function and exception as tshark shows requests and answers.
#[test]
fn modbus_exchanges() {
    let Some(data) = data() else {
        return;
    };
    let mut small = walk(&data.join("ics/modbus/modbusSmall.pcap"));
    let columns = ["func", "is_matched", "exception"];
    assert_eq!(
        counts(&small.out.modbus.finish().unwrap(), &columns),
        ["8 x 15|true|-", "8 x 1|true|-"]
    );
    let mut odd = walk(&data.join("ics/modbus/modbus_test_data_part1.pcap"));
    let want = [
        "2 x 17|true|-",
        "5 x 1|false|5",
        "5 x 1|false|6",
        "2 x 1|true|-",
        "1 x 3|true|-",
        "1 x 42|false|-",
        "2 x 43|false|-",
        "2 x 5|true|-",
        "1 x 6|true|-",
        "4 x 8|true|-",
        "4 x 8|true|11",
    ];
    assert_eq!(counts(&odd.out.modbus.finish().unwrap(), &columns), want);
    let mut plant =
        walk(&data.join("labelled/pcapforge/ot-modbus-coil-manipulation_easy/capture.pcap"));
    let want = [
        "898 x 1|true|-",
        "900 x 2|true|-",
        "1078 x 3|true|-",
        "1078 x 4|true|-",
        "2 x 5|true|-",
    ];
    assert_eq!(counts(&plant.out.modbus.finish().unwrap(), &columns), want);
    let ics = plant.out.ics.finish().unwrap();
    let commands = counts(&ics, &["is_command", "from_master"]);
    assert_eq!(
        commands,
        ["3956 x false|false", "3954 x false|true", "2 x true|true"]
    );
    assert_eq!(plant.out.weird.len(), 0);
}

/// Addresses, quantities and values of the ICSNPP log, for the functions whose values it logs as numbers.
#[test]
fn modbus_values() {
    let Some(data) = data() else {
        return;
    };
    let folder = data.join("oracles/icsnpp/icsnpp-modbus");
    let log = std::fs::read_to_string(folder.join("baseline/analyzer.basic/modbus_detailed.log"))
        .unwrap();
    let names = [
        ("1", "READ_COILS"),
        ("2", "READ_DISCRETE_INPUTS"),
        ("3", "READ_HOLDING_REGISTERS"),
        ("4", "READ_INPUT_REGISTERS"),
        ("5", "WRITE_SINGLE_COIL"),
        ("6", "WRITE_SINGLE_REGISTER"),
        ("15", "WRITE_MULTIPLE_COILS"),
        ("16", "WRITE_MULTIPLE_REGISTERS"),
    ];
    let fields = |line: &str| {
        line.split('\t')
            .map(|field| if field == "-" { "" } else { field }.to_owned())
            .collect::<Vec<_>>()
    };
    let known = |field: &str| {
        names
            .iter()
            .find(|(_, name)| *name == field)
            .map(|(func, _)| *func)
    };
    let mut want: Vec<String> = log
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(fields)
        .filter_map(|f| {
            let func = known(&f[8])?;
            // Zeek repeats the value written as the response of a single write and leaves it out of multiple ones.
            Some([&f[6], &f[7], func, &f[9], &f[10], &f[11], &f[12]].join("|"))
        })
        .collect();
    let mut seen = walk(&folder.join("modbus_example.pcap"));
    let columns = [
        "tid",
        "unit",
        "func",
        "address",
        "quantity",
        "request_values",
        "response_values",
    ];
    let rows = pick(&seen.out.modbus.finish().unwrap(), &columns);
    let mut got: Vec<String> = rows
        .into_iter()
        .filter(|row| {
            names
                .iter()
                .any(|(func, _)| row.split('|').nth(2) == Some(*func))
        })
        .collect();
    want.sort();
    got.sort();
    assert_eq!(got, want);
}

/// APDUs of the IEC 104 captures: as many per format as tshark shows, and the commands among them.
#[test]
fn iec104_apdus() {
    let Some(data) = data() else {
        return;
    };
    let mut field = walk(&data.join("ics/iec104/090813_diverse.pcap"));
    let formats = counts(&field.out.iec104.finish().unwrap(), &["apci_type"]);
    assert_eq!(formats, ["72 x I", "10 x S", "4 x U"]);
    let mut attack =
        walk(&data.join("labelled/pcapforge/ot-iec104-command-injection_easy/capture.pcap"));
    let formats = counts(&attack.out.iec104.finish().unwrap(), &["apci_type"]);
    assert_eq!(formats, ["505 x I", "89 x S", "4 x U"]);
    let ics = attack.out.ics.finish().unwrap();
    let commands: Vec<String> = counts(&ics, &["is_command", "func_name", "subfunc", "cot"])
        .into_iter()
        .filter(|row| row.contains("true|"))
        .collect();
    let want = [
        "1 x true|C_CI_NA_1|5|6",
        "1 x true|C_CI_NA_1|69|6",
        "1 x true|C_CS_NA_1|-|6",
        "1 x true|C_IC_NA_1|20|6",
        "1 x true|C_SC_NA_1|0|6",
        "1 x true|C_SC_NA_1|128|6",
    ];
    assert_eq!(commands, want);
    assert_eq!((field.out.weird.len(), attack.out.weird.len()), (0, 0));
}

/// Every capture there is: no panic.
#[test]
fn no_capture_panics() {
    let Some(data) = data() else {
        return;
    };
    let mut folders = vec![data];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|kind| kind == "pcap" || kind == "pcapng" || kind == "cap")
            {
                walk(&path);
                count += 1;
            }
        }
    }
    assert!(count > 0, "no captures found");
}
