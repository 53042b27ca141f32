//! DHCPv6: messages, what is in them, and relays around them.

use super::talk::{Talk, bytes, hex, pick};
use crate::proto::Hint;

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let length = (value.len() as u16).to_be_bytes();
    [&code.to_be_bytes()[..], &length, value].concat()
}

fn message(kind: u8, options: &[Vec<u8>]) -> Vec<u8> {
    [&[kind, 0x12, 0x34, 0x56][..], &options.concat()].concat()
}

fn relay(kind: u8, inner: &[u8]) -> Vec<u8> {
    let ends = bytes("20010db8000000000000000000000001 fe80000000000000000000000000000a");
    let options = [option(18, b"port 3"), option(9, inner)].concat();
    [&[kind, 0][..], &ends, &options].concat()
}

fn client_duid() -> Vec<u8> {
    option(1, &bytes("0001 0001 1c39cf88 080027fe8f95"))
}

fn solicit() -> Vec<u8> {
    let fqdn = option(39, b"\x01\x04pc-7\x07example\x00");
    let vendor = option(16, &bytes("00000137 0008 4d53465420352e30"));
    let requested = option(6, &bytes("0018 0017 0011 0027"));
    message(1, &[client_duid(), fqdn, vendor, requested])
}

fn advertise() -> Vec<u8> {
    let address = option(
        5,
        &bytes("20010db8000000000000000000000064 00000e10 00001c20"),
    );
    let prefix = option(
        26,
        &bytes("00000e10 00002a30 38 20010db8110000000000000000000000"),
    );
    let status = option(13, b"\0\x02full");
    let times = bytes("00000001 00000708 00000b40");
    let servers = option(23, &bytes("20010db8000000000000000000000053"));
    let domain = option(24, b"\x03lan\0");
    let server = option(2, &bytes("0003 0001 5254000000fe"));
    message(
        2,
        &[
            client_duid(),
            server,
            option(3, &[times.clone(), address].concat()),
            option(25, &[times, prefix, status].concat()),
            servers,
            domain,
        ],
    )
}

/// A conversation of every kind of message.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    vec![
        (true, solicit()),
        (false, advertise()),
        (true, relay(12, &relay(12, &solicit()))),
        (false, relay(13, &advertise())),
    ]
}

const COLUMNS: [&str; 16] = [
    "msg_type",
    "xid",
    "relays",
    "client_duid",
    "client_mac",
    "server_mac",
    "addresses",
    "prefixes",
    "lease_s",
    "dns_servers",
    "client_fqdn",
    "domain_name",
    "vendor_id",
    "vendor_class",
    "param_list",
    "status_code",
];

/// Messages become rows, addresses and names included.
#[test]
fn messages_become_rows() {
    let mut talk = Talk::udp(546, 547);
    assert_eq!(talk.ask(&solicit()), Hint::SenderIsClient);
    // Roles are settled by the first message; later ones go to the parser.
    assert_eq!(talk.answer(&advertise()), Hint::None);
    assert!(talk.weird().is_empty());
    let got = pick(&talk.out.dhcpv6.finish().unwrap(), &COLUMNS);
    let duid = "00:01:00:01:1c:39:cf:88:08:00:27:fe:8f:95";
    assert_eq!(
        got,
        [
            format!(
                "1|1193046|0|{duid}|080027fe8f95|-|||-||pc-7.example|-|311|MSFT 5.0|24,23,17,39|-"
            ),
            format!(
                "2|1193046|0|{duid}|080027fe8f95|5254000000fe|2001:db8::64|2001:db8:1100::/56|7200|\
                 2001:db8::53|-|lan|-|-|-|2"
            ),
        ]
    );
    assert_eq!(
        (talk.app.name(), talk.app.basis()),
        (Some("dhcpv6"), "parsed")
    );
}

/// Relayed messages are unwrapped up to the limit of relays, without their depth costing anything.
#[test]
fn relays() {
    let mut talk = Talk::udp(547, 547);
    talk.ask(&relay(12, &relay(12, &solicit())));
    let columns = ["msg_type", "relays", "relay_ip", "peer_ip", "circuit_id"];
    let got = pick(&talk.out.dhcpv6.finish().unwrap(), &columns);
    let (link, peer) = (
        hex(&bytes("20010db8000000000000000000000001")),
        hex(&bytes("fe80000000000000000000000000000a")),
    );
    assert_eq!(got, [format!("1|2|{link}|{peer}|port 3")]);
    let mut deep = solicit();
    for _ in 0..200 {
        deep = relay(12, &deep);
    }
    talk.ask(&deep);
    assert_eq!(talk.weird(), ["dhcpv6_too_many_relays"]);
    let got = pick(&talk.out.dhcpv6.finish().unwrap(), &["msg_type", "relays"]);
    assert_eq!(got, ["12|9"]);
}

/// Options that do not add up are no DHCPv6 at first, and an oddity once it is known; cut ones are neither.
#[test]
fn options_that_do_not_fit() {
    let whole = solicit();
    let mut talk = Talk::udp(546, 547);
    talk.ask(&whole[..whole.len() - 1]);
    assert_eq!(talk.app.name(), None);
    talk.raw(true, 0, &whole[..whole.len() - 1], whole.len() as u32);
    assert_eq!(talk.app.name(), Some("dhcpv6"));
    assert!(talk.weird().is_empty());
    talk.ask(&whole[..whole.len() - 1]);
    assert_eq!(talk.weird(), ["dhcpv6_bad_option"]);
    let mut elsewhere = Talk::udp(546, 5470);
    elsewhere.ask(&whole);
    assert_eq!(elsewhere.app.name(), None);
}
