//! What the Python cases cannot see: eviction, lateness, memory, independence of the hash seed.

use super::limits::{Options, SECOND};
use super::table::Table;
use crate::packet::{Packet, Tcp};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;

const ID: [u8; 32] = [7; 32];

fn address(n: u32) -> [u8; 16] {
    let [a, b, c, d] = n.to_be_bytes();
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
}

fn syn(ts_ns: i64, ordinal: u64, source: u32) -> Packet {
    Packet {
        ts_ns,
        ordinal,
        ip_version: 4,
        proto: 6,
        src: address(0x0a00_0000 + source),
        dst: address(0xc0a8_0001),
        sport: 40_000,
        dport: 80,
        has_ports: true,
        has_tcp: true,
        tcp: Tcp {
            flags: 2,
            seq: source,
            window: 1024,
            wscale: 255,
            ..Tcp::default()
        },
        wire_len: 60,
        ip_len: 40,
        vlan_outer: -1,
        vlan_inner: -1,
        mpls_label: -1,
        ..Packet::default()
    }
}

fn feed(table: &mut Table, packet: &Packet) {
    let keyed = table.key(packet);
    table.update(packet, &[], &keyed);
}

fn end_reasons(table: &mut Table) -> Vec<String> {
    let batch = table.out.flow.finish().expect("columns agree");
    let column = batch.column_by_name("end_reason").expect("declared");
    let column = column.as_dictionary::<arrow_array::types::Int32Type>();
    let words = column.values().as_string::<i32>();
    column
        .keys()
        .iter()
        .map(|key| {
            words
                .value(usize::try_from(key.unwrap_or(0)).unwrap_or(0))
                .to_owned()
        })
        .collect()
}

/// A full table evicts one flow for each new one, counts it and says so in the row.
#[test]
fn full_table_evicts() {
    let options = Options {
        max_flows: 1000,
        ..Options::default()
    };
    let mut table = Table::new(options, &ID, [1, 2]);
    for n in 0..5000_u32 {
        feed(&mut table, &syn(i64::from(n) * 1_000_000, n.into(), n));
    }
    assert_eq!(table.live(), 1000);
    let reasons = end_reasons(&mut table);
    let evicted = reasons
        .iter()
        .filter(|reason| *reason == "resource")
        .count();
    assert_eq!(u64::try_from(evicted), Ok(table.counters.evicted));
    assert_eq!(reasons.len() + table.live(), 5000);
}

/// A flow is written at most a second after its deadline, while others keep the clock going.
#[test]
fn expiry_is_prompt() {
    let mut table = Table::new(Options::default(), &ID, [1, 2]);
    for n in 0..20_000_u32 {
        feed(&mut table, &syn(i64::from(n) * 7_000_000, n.into(), n));
    }
    assert!(
        table.counters.max_lateness <= SECOND,
        "{} ns late",
        table.counters.max_lateness
    );
    assert!(table.counters.rows > 15_000);
}

/// The seed of the hash changes neither rows nor their order.
#[test]
fn seed_changes_nothing() {
    let run = |seed| {
        let options = Options {
            max_flows: 500,
            ..Options::default()
        };
        let mut table = Table::new(options, &ID, seed);
        for n in 0..4000_u32 {
            feed(
                &mut table,
                &syn(i64::from(n) * 50_000_000, n.into(), n * 7919 % 1500),
            );
        }
        let mut from = 0;
        while !table.finish(&mut from, 100) {}
        table.out.flow.finish().expect("columns agree")
    };
    assert_eq!(run([1, 2]), run([0xdead_beef, 0x1234_5678]));
}

/// Packets are conserved whatever the clock does.
#[test]
fn packets_are_conserved() {
    let mut table = Table::new(Options::default(), &ID, [1, 2]);
    for n in 0..3000_u32 {
        let jitter = if n % 100 == 99 { -900 * SECOND } else { 0 };
        feed(
            &mut table,
            &syn(i64::from(n) * SECOND + jitter, n.into(), n % 50),
        );
    }
    let mut from = 0;
    while !table.finish(&mut from, 100) {}
    let batch = table.out.flow.finish().expect("columns agree");
    let pkts = batch.column_by_name("src_pkts").expect("declared");
    let sum: i64 = pkts.as_primitive::<Int64Type>().values().iter().sum();
    assert_eq!(sum, 3000);
}

/// Two million one-packet flows take less than 450 B each.
#[test]
fn flood_memory_is_bounded() {
    let mut table = Table::new(
        Options {
            emit: false,
            ..Options::default()
        },
        &ID,
        [1, 2],
    );
    let flows = 200_000_u32;
    for n in 0..flows {
        feed(&mut table, &syn(i64::from(n) * 1000, n.into(), n));
    }
    let each = table.bytes() / usize::try_from(flows).unwrap_or(1);
    assert!(each <= 450, "{each} B per flow");
}
