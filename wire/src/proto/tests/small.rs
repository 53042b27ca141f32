//! ARP, DHCP, escaping, port names.

use super::talk::{Talk, bytes, hex, ip, pick};
use crate::proto::escape::{MAX_TEXT, escape, join};
use crate::proto::{App, Hint, port_guess};

/// The state of a flow stays small.
#[test]
fn app_is_small() {
    assert!(size_of::<App>() <= 16, "{} bytes", size_of::<App>());
}

/// Every ARP packet is a row; a cut one is an oddity, once.
#[test]
fn arp_rows() {
    let mut talk = Talk::udp(0, 0);
    (talk.proto, talk.ethertype) = (0, 0x0806);
    let request = bytes("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002");
    talk.ask(&request);
    talk.ask(&request);
    talk.ask(&request[..20]);
    talk.ask(&request[..27]);
    assert_eq!(talk.weird(), ["arp_bad"]);
    let got = pick(
        &talk.out.arp.finish().unwrap(),
        &["arp_op", "sender_mac", "sender_ip", "target_ip"],
    );
    let row = format!("1|020000000001|{}|{}", hex(&ip(1)), hex(&ip(2)));
    assert_eq!(got, [row.clone(), row]);
    assert_eq!((talk.app.name(), talk.app.is_done()), (None, false));
}

/// Build a DHCP message.
pub fn dhcp(op: u8, options: &[u8]) -> Vec<u8> {
    let mut message = vec![0; 240];
    message[..4].copy_from_slice(&[op, 1, 6, 0]);
    message[16..20].copy_from_slice(&[10, 0, 0, 9]);
    message[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
    message[236..240].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    message.extend_from_slice(options);
    message
}

/// DHCP fields become columns, host names are escaped, the operation says who the client is.
#[test]
fn dhcp_rows() {
    let mut talk = Talk::udp(68, 67);
    let discover = dhcp(1, &[53, 1, 1, 12, 4, b'p', b'c', 7, b'"', 255]);
    assert_eq!(talk.ask(&discover), Hint::SenderIsClient);
    let ack = dhcp(
        2,
        &bytes("35 01 05 36 04 0a000002 01 04 ffffff00 03 08 0a000001 0a0000fe ff"),
    );
    assert_eq!(talk.answer(&ack), Hint::ReceiverIsClient);
    talk.answer(&dhcp(2, &[53, 1, 5, 12, 200, 1]));
    let columns = [
        "msg_type",
        "client_mac",
        "assigned_ip",
        "server_ip",
        "subnet_mask",
        "router_ip",
        "host_name",
    ];
    let got = pick(&talk.out.dhcp.finish().unwrap(), &columns);
    let assigned = hex(&ip(9));
    assert_eq!(
        got[0],
        format!("1|020000000009|{assigned}|-|-|-|pc\\x07\\x22")
    );
    assert_eq!(
        got[1],
        format!(
            "5|020000000009|{assigned}|{}|4294967040|{}|-",
            hex(&ip(2)),
            hex(&ip(1))
        )
    );
    assert_eq!(got.len(), 3);
    assert_eq!(talk.weird(), ["dhcp_bad_option"]);
    assert_eq!(
        (talk.app.name(), talk.app.basis(), talk.app.is_done()),
        (Some("dhcp"), "parsed", false)
    );
}

/// Nothing that a terminal, a browser or a reader would obey passes, and the length is bounded.
#[test]
fn escaping() {
    assert_eq!(
        escape(b"a\x1b[31m\\\"'\n"),
        "a\\x1b[31m\\x5c\\x22\\x27\\x0a"
    );
    assert_eq!(escape("文件 é".as_bytes()), "文件 é");
    assert_eq!(escape(b"\xff\xfe"), "\\xff\\xfe");
    assert_eq!(
        escape("a\u{202e}b\u{85}".as_bytes()),
        "a\\xe2\\x80\\xaeb\\xc2\\x85"
    );
    assert_eq!(escape(&[b'x'; 1000]).len(), MAX_TEXT);
    assert_eq!(escape(&[0; 1000]).len(), MAX_TEXT);
    assert!(escape("态".repeat(300).as_bytes()).len() <= MAX_TEXT);
    assert!(join(0..1000).len() <= MAX_TEXT && join(0..3) == "0,1,2");
}

/// Port names are a closed table per transport.
#[test]
fn port_names() {
    assert_eq!(port_guess(6, 22), Some("ssh"));
    assert_eq!(port_guess(17, 514), Some("syslog"));
    assert_eq!(port_guess(6, 2404), Some("iec104"));
    assert_eq!(port_guess(1, 22), None);
    assert_eq!(port_guess(6, 49152), None);
}
