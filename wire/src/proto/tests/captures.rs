//! Real captures, where `TAISHI_DATA` says where they are: counts that other dissectors found (tshark 4.0.17, ICSNPP), and
//! no panic anywhere.

use super::talk::pick;
use super::walk::{data, walk};
use arrow_array::RecordBatch;
use std::collections::BTreeMap;

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

/// The password guesses of a capture, each refused: 30 USER and 30 replies 530 by tshark.
#[test]
fn ftp_guesses() {
    let Some(data) = data() else {
        return;
    };
    let mut seen = walk(&data.join("attack/bruteforce/bruteforce.pcap"));
    let got = counts(
        &seen.out.ftp.finish().unwrap(),
        &["command", "reply_code", "outcome"],
    );
    let want = [
        "30 x PASS|530|negative",
        "30 x QUIT|221|request",
        "30 x USER|331|request",
    ];
    assert_eq!(got, want);
}

/// Flows named by content: all of the kind that a capture was made of.
#[test]
fn named_flows() {
    let Some(data) = data() else {
        return;
    };
    let cases = [
        ("ics/dnp3/openics_DNP3-ReadRequest.pcap", "dnp3"),
        ("ics/enip/enip_test.pcap", "enip"),
        ("ics/bacnet/bacnet_test.pcap", "bacnet"),
        ("ics/s7comm/snap7_s300_stop.pcapng", "s7comm"),
        ("attack/bruteforce/malicious-ssh-bruteforce.pcap", "ssh"),
        ("oracles/arkime/ftp.pcap", "ftp"),
    ];
    for (name, service) in cases {
        let seen = walk(&data.join(name));
        assert!(seen.names.contains_key(service), "{name}: {:?}", seen.names);
    }
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
