//! Neighbour discovery: routers, neighbours, redirects, options.

use super::talk::{Talk, bytes, hex, pick};
use crate::proto::IcmpHead;

fn send(talk: &mut Talk, kind: u8, rest: &str, data: &str) {
    let rest = bytes(rest).try_into().unwrap();
    let data = bytes(data);
    talk.proto = 58;
    talk.icmp = Some(IcmpHead {
        kind,
        code: 0,
        rest,
    });
    talk.raw(false, 0, &data, data.len() as u32);
}

const SOURCE: &str = "01 01 020000000001";
const PREFIX: &str = "03 04 40 c0 00278d00 00093a80 00000000 20010db8000000000000000000000000";
const TARGET: &str = "fe800000000000000000000000000001";

/// A router advertisement with everything in it.
#[test]
fn router_advertisement() {
    let mut talk = Talk::udp(0, 0);
    let servers = "19 03 0000 00000258 20010db8000000000000000000000053";
    let domain = "1f 02 0000 00000258 036c616e00000000";
    let options =
        format!("00000000 00000000 {SOURCE} {PREFIX} 05 01 0000 000005dc {servers} {domain}");
    send(&mut talk, 134, "40 c8 0708", &options);
    assert!(talk.weird().is_empty());
    let columns = [
        "ndp_name",
        "target_ip",
        "link_mac",
        "hop_limit",
        "is_managed",
        "is_other",
        "preference",
        "router_lifetime_s",
        "mtu",
        "prefixes",
        "prefix_flags",
        "prefix_valid_s",
        "dns_servers",
        "dns_lifetime_s",
        "domain_name",
    ];
    let want = "router-advertisement|-|020000000001|64|true|true|high|1800|1500|2001:db8::/64|LA|2592000|2001:db8::53|\
                600|lan";
    assert_eq!(pick(&talk.out.ndp.finish().unwrap(), &columns), [want]);
}

/// Neighbours, a router solicitation without options, and a redirect.
#[test]
fn neighbours() {
    let mut talk = Talk::udp(0, 0);
    send(&mut talk, 133, "00000000", "");
    send(&mut talk, 135, "00000000", &format!("{TARGET} {SOURCE}"));
    let target = "02 01 0200000000ff";
    send(&mut talk, 136, "60000000", &format!("{TARGET} {target}"));
    let destination = "20010db8000000000000000000000009";
    send(
        &mut talk,
        137,
        "00000000",
        &format!("{TARGET} {destination}"),
    );
    assert!(talk.weird().is_empty());
    let columns = [
        "ndp_name",
        "target_ip",
        "destination_ip",
        "link_mac",
        "is_router",
        "is_solicited",
        "is_override",
    ];
    let (at, to) = (hex(&bytes(TARGET)), hex(&bytes(destination)));
    assert_eq!(
        pick(&talk.out.ndp.finish().unwrap(), &columns),
        [
            "router-solicitation|-|-|-|-|-|-".to_owned(),
            format!("neighbour-solicitation|{at}|-|020000000001|-|-|-"),
            format!("neighbour-advertisement|{at}|-|0200000000ff|false|true|true"),
            format!("redirect|{at}|{to}|-|-|-|-"),
        ]
    );
}

/// Messages and options that do not fit are an oddity; every length is survived.
#[test]
fn damage() {
    for broken in [
        "fe80",
        &format!("{TARGET} 01 00 020000000001"),
        &format!("{TARGET} 01 02 020000000001"),
        &format!("{TARGET} 01"),
    ] {
        let mut talk = Talk::udp(0, 0);
        send(&mut talk, 135, "00000000", broken);
        assert_eq!(talk.weird(), ["ndp_bad_message"], "{broken}");
    }
    let whole = bytes(&format!("00000000 00000000 {SOURCE} {PREFIX}"));
    for length in 0..whole.len() {
        let mut talk = Talk::udp(0, 0);
        talk.proto = 58;
        talk.icmp = Some(IcmpHead {
            kind: 134,
            code: 0,
            rest: [64, 0, 0, 0],
        });
        talk.raw(false, 0, &whole[..length], whole.len() as u32);
        assert!(talk.weird().is_empty() && talk.out.ndp.len() <= 1);
    }
}
