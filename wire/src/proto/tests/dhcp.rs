//! DHCPv4: options, where they lie, and what they say.

use super::small::dhcp;
use super::talk::{Talk, bytes, hex, ip, pick};

const COLUMNS: [&str; 16] = [
    "msg_type",
    "xid",
    "client_ip",
    "requested_ip",
    "relay_ip",
    "lease_s",
    "dns_servers",
    "host_name",
    "client_fqdn",
    "domain_name",
    "client_id",
    "vendor_class",
    "param_list",
    "circuit_id",
    "remote_id",
    "message",
];

fn option(code: u8, value: &[u8]) -> Vec<u8> {
    [&[code, value.len() as u8][..], value].concat()
}

/// What one client message gives.
fn read(message: &[u8]) -> Vec<String> {
    let mut talk = Talk::udp(68, 67);
    talk.ask(message);
    assert!(talk.weird().is_empty());
    let row = pick(&talk.out.dhcp.finish().unwrap(), &COLUMNS).remove(0);
    row.split('|').map(str::to_owned).collect()
}

/// Every option that is a column, and the fields of the header.
#[test]
fn options_become_columns() {
    let options = [
        option(53, &[3]),
        option(50, &[10, 0, 0, 7]),
        option(51, &[0, 0, 14, 16]),
        option(6, &[10, 0, 0, 2, 10, 0, 0, 3, 9]),
        option(12, b"pc-7\0"),
        option(81, &[&[0, 0, 0][..], b"pc-7.example.org"].concat()),
        option(15, b"example.org"),
        option(61, &[1, 2, 0, 0, 0, 0, 9]),
        option(60, b"MSFT 5.0"),
        option(55, &[1, 3, 6, 15, 252]),
        option(82, b"\x01\x04eth1\x02\x02\x1bx\x09\x00\x01\x09"),
        option(56, b"no lease"),
        vec![255],
    ];
    let mut message = dhcp(1, &options.concat());
    message[4..8].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
    message[12..16].copy_from_slice(&[10, 0, 0, 5]);
    message[24..28].copy_from_slice(&[10, 0, 0, 1]);
    let want = [
        "3",
        "3735928559",
        &hex(&ip(5)),
        &hex(&ip(7)),
        &hex(&ip(1)),
        "3600",
        "10.0.0.2,10.0.0.3",
        "pc-7",
        "pc-7.example.org",
        "example.org",
        "01:02:00:00:00:00:09",
        "MSFT 5.0",
        "1,3,6,15,252",
        "eth1",
        "\\x1bx",
        "no lease",
    ];
    assert_eq!(read(&message), want);
}

/// Options lent to the fields of file and server name are read, those behind the cookie first.
#[test]
fn overloaded_fields() {
    let mut message = dhcp(2, &[option(53, &[2]), option(52, &[3]), vec![255]].concat());
    let file = [option(15, b"in-file"), vec![255]].concat();
    message[108..108 + file.len()].copy_from_slice(&file);
    let name = [option(60, b"in-sname"), vec![255]].concat();
    message[44..44 + name.len()].copy_from_slice(&name);
    let row = read(&message);
    assert_eq!((&row[9][..], &row[11][..]), ("in-file", "in-sname"));
    // The same fields without option 52 are names of files and servers.
    message[243..246].copy_from_slice(&[0; 3]);
    let row = read(&message);
    assert_eq!((&row[9][..], &row[11][..]), ("-", "-"));
    // Lent fields that are no options are an oddity.
    let mut message = dhcp(2, &[option(53, &[2]), option(52, &[1]), vec![255]].concat());
    message[108..236].fill(0x41);
    let mut talk = Talk::udp(68, 67);
    talk.answer(&message);
    assert_eq!(talk.weird(), ["dhcp_bad_option"]);
}

/// Names in DNS labels, whole, cut, and with a pointer where none may be.
#[test]
fn names_in_labels() {
    let fqdn = |name: &[u8]| {
        let value = [&[5, 0, 0][..], name].concat();
        let options = [option(53, &[1]), option(81, &value), vec![255]].concat();
        read(&dhcp(1, &options))[8].clone()
    };
    assert_eq!(fqdn(b"\x02pc\x03lan\0"), "pc.lan");
    assert_eq!(fqdn(b"\x02pc\x09lan"), "pc");
    assert_eq!(fqdn(b"\xc0\x0c"), "");
    assert_eq!(fqdn(&bytes("ff")), "");
    let options = [option(53, &[1]), option(81, &[4, 0]), vec![255]].concat();
    assert_eq!(read(&dhcp(1, &options))[8], "-");
}

/// What the snap length cut off is no mistake of the sender.
#[test]
fn cut_by_the_snap_length() {
    let message = dhcp(
        1,
        &[option(53, &[1]), option(12, b"pc"), vec![255]].concat(),
    );
    let mut talk = Talk::udp(68, 67);
    talk.raw(true, 0, &message[..246], message.len() as u32);
    assert!(talk.weird().is_empty());
    talk.raw(true, 0, &message[..246], 246);
    assert_eq!(talk.weird(), ["dhcp_bad_option"]);
    assert_eq!(talk.out.dhcp.len(), 2);
}
