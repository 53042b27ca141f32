//! Rows of `remote_login`: who logged in at databases, caches, proxies and screens, and how it ended.

use super::talk::{Talk, bytes, pick};

const COLUMNS: [&str; 7] = [
    "service",
    "user",
    "login_target",
    "server_version",
    "login_method",
    "refusal",
    "outcome",
];

/// Play messages (from the client?, bytes) and return the rows.
fn play(port: u16, messages: &[(bool, Vec<u8>)]) -> Vec<String> {
    let mut talk = Talk::tcp(port).played(messages);
    talk.end();
    assert!(talk.weird().is_empty());
    pick(&talk.out.remote_login.finish().unwrap(), &COLUMNS)
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn packet(seq: u8, body: &[u8]) -> Vec<u8> {
    join(&[&(body.len() as u32).to_le_bytes()[..3], &[seq], body])
}

fn mysql(answer: &[u8]) -> Vec<(bool, Vec<u8>)> {
    let tail = bytes("0b000000 0102030405060708 00 fff7 ff 0200 ff81 15 00000000000000000000 00");
    let greeting = packet(0, &join(&[&[10], b"8.0.36\0", &tail]));
    let capabilities = (0x200_u32 | 8 | 0x8000 | 0x8_0000).to_le_bytes();
    let login = [
        &capabilities[..],
        &[0, 0, 0, 1, 33],
        &[0; 23],
        b"bob\0\x02zzshop\0caching_sha2_password\0",
    ];
    vec![
        (false, greeting),
        (true, packet(1, &login.concat())),
        (false, packet(2, answer)),
    ]
}

/// From the client?, bytes.
type Sent = (bool, Vec<u8>);

/// One short conversation of every parser: server port and messages.
pub fn samples() -> Vec<(u16, Vec<Sent>)> {
    let text = |client: bool, text: &str| (client, text.as_bytes().to_vec());
    let postgresql = vec![
        (true, bytes("00000008 04d2162f")),
        text(false, "N"),
        (true, join(&[&bytes("00000012 00030000"), b"user\0bob\0\0"])),
        (false, bytes("52 0000000c 00000005 01020304")),
        (true, join(&[&bytes("70 00000008"), b"md5\0"])),
        (
            false,
            join(&[&bytes("45 0000001a"), b"SFATAL\0C28P01\0Mwrong\0\0"]),
        ),
    ];
    let tds = vec![
        (
            true,
            bytes("12 01 001a 0000 0000 00 000b 0006 01 0011 0001 ff 0f0007d0 0000 02"),
        ),
        (
            false,
            bytes("04 01 001a 0000 0100 00 000b 0006 01 0011 0001 ff 0f0007d0 0000 02"),
        ),
        (true, tds_login()),
        (
            false,
            tds_packet(
                4,
                &join(&[&bytes("aa 0c00 18480000 01 0e 0200"), &wide("no")]),
            ),
        ),
    ];
    let redis = vec![
        text(true, "*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$2\r\nzz\r\n"),
        text(false, "-WRONGPASS no\r\n"),
        text(true, "PING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n"),
        text(false, "+PONG\r\n*2\r\n$1\r\na\r\n:1\r\n"),
    ];
    let vnc = vec![
        text(false, "RFB 003.008\n"),
        text(true, "RFB 003.008\n"),
        (false, vec![1, 2]),
        (true, vec![2]),
        (false, vec![7; 16]),
        (true, vec![8; 16]),
        (false, join(&[&bytes("00000001 00000002"), b"no"])),
    ];
    let socks = vec![
        (true, bytes("05 01 02")),
        (false, bytes("05 02")),
        (true, bytes("01 03 626f62 02 7a7a")),
        (false, bytes("01 00")),
        (true, bytes("05 01 00 03 03 612e62 0050")),
        (false, bytes("05 05 00 01 00000000 0000")),
    ];
    vec![
        (3306, mysql(&[0, 0, 0, 2, 0, 0, 0])),
        (5432, postgresql),
        (1433, tds),
        (6379, redis),
        (5900, vnc),
        (1080, socks),
    ]
}

/// MySQL: accepted, refused, and gone over to TLS.
#[test]
fn mysql_logins() {
    let row = "mysql|bob|shop|8.0.36|caching_sha2_password";
    assert_eq!(
        play(3306, &mysql(&[0, 0, 0, 2, 0, 0, 0])),
        [format!("{row}|-|ok")]
    );
    let refused = join(&[&[0xff, 0x15, 0x04], b"#28000Access denied"]);
    assert_eq!(
        play(3306, &mysql(&refused)),
        [format!("{row}|1045 Access denied|negative")]
    );
    let mut tls = mysql(&[0]);
    tls.truncate(1);
    tls.push((
        true,
        packet(1, &join(&[&0x0a00_u32.to_le_bytes(), &[0; 28]])),
    ));
    assert_eq!(play(3306, &tls), ["mysql|-|-|8.0.36|tls|-|unknown"]);
}

/// PostgreSQL: accepted with its version, refused by code, and gone over to TLS.
#[test]
fn postgresql_logins() {
    let start = join(&[
        &bytes("00000020 00030000"),
        b"user\0bob\0database\0shop\0\0",
    ]);
    let md5 = bytes("52 0000000c 00000005 01020304");
    let secret = join(&[&bytes("70 00000008"), b"md5\0"]);
    let ready = join(&[
        &bytes("52 00000008 00000000 53 00000018"),
        b"server_version\x0016.1\0",
        &bytes("5a 00000005 49"),
    ]);
    let ask = [(true, start), (false, md5), (true, secret)];
    let accepted = [&ask[..], &[(false, ready)]].concat();
    assert_eq!(play(5432, &accepted), ["postgresql|bob|shop|16.1|md5|-|ok"]);
    let error = join(&[&bytes("45 0000001a"), b"SFATAL\0C28P01\0Mwrong\0\0"]);
    let refused = [&ask[..], &[(false, error)]].concat();
    assert_eq!(
        play(5432, &refused),
        ["postgresql|bob|shop|-|md5|28P01 wrong|negative"]
    );
    let tls = [(true, bytes("00000008 04d2162f")), (false, b"S".to_vec())];
    assert_eq!(play(5432, &tls), ["postgresql|-|-|-|tls|-|unknown"]);
}

/// Redis: every attempt is a row, and a command obeyed without a login is one too.
#[test]
fn redis_logins() {
    let auth = b"*3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$2\r\nzz\r\n".to_vec();
    let messages = [
        (true, auth.clone()),
        (false, b"-WRONGPASS no\r\n".to_vec()),
        (true, auth),
        (false, b"+OK\r\n".to_vec()),
    ];
    let got = play(6379, &messages);
    assert_eq!(
        got,
        [
            "redis|bob|-|-|password|WRONGPASS no|negative",
            "redis|bob|-|-|password|-|ok"
        ]
    );
    let open = [
        (true, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n".to_vec()),
        (false, b"$1\r\nb\r\n".to_vec()),
    ];
    assert_eq!(play(6379, &open), ["redis|-|-|-|none|-|request"]);
}

/// VNC: the result of a challenge, and a screen without a password.
#[test]
fn vnc_logins() {
    let version = b"RFB 003.008\n".to_vec();
    let opening = |kind: u8| {
        vec![
            (false, version.clone()),
            (true, version.clone()),
            (false, vec![1, kind]),
            (true, vec![kind]),
        ]
    };
    let mut refused = opening(2);
    refused.extend([
        (false, vec![7; 16]),
        (true, vec![8; 16]),
        (false, join(&[&bytes("00000001 00000002"), b"no"])),
    ]);
    assert_eq!(
        play(5900, &refused),
        ["rfb|-|-|RFB 003.008|challenge|no|negative"]
    );
    let mut open = opening(1);
    open.push((false, vec![0; 4]));
    assert_eq!(play(5900, &open), ["rfb|-|-|RFB 003.008|none|-|request"]);
}

/// SOCKS: user, where to, and the answer.
#[test]
fn socks_logins() {
    let greeting = [
        (true, bytes("05 01 02")),
        (false, bytes("05 02")),
        (true, bytes("01 03 626f62 02 7a7a")),
    ];
    let refused = [&greeting[..], &[(false, bytes("01 01"))]].concat();
    assert_eq!(play(1080, &refused), ["socks|bob|-|-|password|-|negative"]);
    let rest = [
        (false, bytes("01 00")),
        (true, bytes("05 01 00 03 03 612e62 0050")),
        (false, bytes("05 05 00 01 00000000 0000")),
    ];
    let accepted = [&greeting[..], &rest].concat();
    assert_eq!(
        play(1080, &accepted),
        ["socks|bob|a.b:80|-|password|5 connection refused|ok"]
    );
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn tds_packet(kind: u8, body: &[u8]) -> Vec<u8> {
    join(&[
        &[kind, 1],
        &(body.len() as u16 + 8).to_be_bytes(),
        &[0, 0, 1, 0],
        body,
    ])
}

fn tds_login() -> Vec<u8> {
    let mut login = vec![0_u8; 94];
    login[7] = 0x74;
    let texts = [
        (36, "pc"),
        (40, "sa"),
        (44, "zz"),
        (48, "app"),
        (52, "srv"),
        (68, "shop"),
    ];
    for (at, text) in texts {
        let from = login.len() as u16;
        login[at..at + 2].copy_from_slice(&from.to_le_bytes());
        login[at + 2..at + 4].copy_from_slice(&(text.len() as u16).to_le_bytes());
        login.extend(wide(text));
    }
    let length = login.len() as u32;
    login[..4].copy_from_slice(&length.to_le_bytes());
    tds_packet(0x10, &login)
}

/// SQL Server: a login in the clear that is refused; the password is in no column.
#[test]
fn tds_logins() {
    let error = join(&[&bytes("aa 0c00 18480000 01 0e 0200"), &wide("no")]);
    let got = play(1433, &[(true, tds_login()), (false, tds_packet(4, &error))]);
    assert_eq!(got, ["ms-sql-s|sa|shop|-|password|18456 no|negative"]);
    let samples = samples();
    let (port, messages) = samples.iter().find(|(port, _)| *port == 1433).unwrap();
    assert_eq!(
        play(*port, messages),
        ["ms-sql-s|sa|shop|15.0.2000|password|18456 no|negative"]
    );
}
