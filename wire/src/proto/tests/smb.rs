//! SMB, NTLM and remote calls: logins, shares, files and pipes of both versions; damage and bounds.

use super::smb_messages::{
    SHARE, SVCCTL, answer, ask, authenticate, bind, bind_ack, calls, close, connect, create,
    created, framed, request, sample, setup, two, was_written, wide, write,
};
use super::talk::{Talk, bytes, pick};
use crate::proto::Hint;

fn play(talk: &mut Talk, messages: &[(bool, Vec<u8>)]) {
    for (client, data) in messages {
        talk.send(*client, data);
    }
}

const SMB: [&str; 8] = [
    "command",
    "action",
    "user",
    "share",
    "file_name",
    "bytes_read",
    "bytes_written",
    "outcome",
];

/// A service is created over a pipe: who, where, and what.
#[test]
fn service_creation() {
    let mut talk = Talk::tcp(445);
    play(&mut talk, &sample());
    assert!(talk.weird().is_empty());
    assert_eq!(talk.app.name(), Some("smb"));
    let got = pick(&talk.end().out.smb.finish().unwrap(), &SMB);
    let pipe = format!(
        "create|opened|bob|//srv/IPC$|svcctl|{}|{}|request",
        bind_ack(0).len() + 28,
        72 + 64
    );
    let expected = [
        "negotiate|-|-|-|-|-|-|request",
        "session_setup|-|-|-|-|-|-|request",
        "session_setup|-|bob|-|-|-|-|ok",
        "tree_connect|-|bob|//srv/IPC$|-|-|-|request",
        pipe.as_str(),
    ];
    assert_eq!(got, expected);
    let columns = [
        "pipe",
        "interface",
        "opnum",
        "operation",
        "rtt_ns",
        "outcome",
    ];
    let got = pick(&talk.out.dce_rpc.finish().unwrap(), &columns);
    assert_eq!(got, ["svcctl|svcctl|12|RCreateServiceW|3000000|ok"]);
    let columns = [
        "user",
        "domain",
        "workstation",
        "server_nb_name",
        "server_dns_name",
        "client_os",
        "ntlm_kind",
        "outcome",
    ];
    let got = pick(&talk.out.ntlm.finish().unwrap(), &columns);
    let expected = "bob|DOM|WS\\xe2\\x80\\xae|SRV|-|10.0.17763|ntlmv2|ok";
    assert_eq!(got, [expected]);
}

/// A wrong password is a refused login of both tables; a weak response is named so.
#[test]
fn refused() {
    let mut talk = Talk::tcp(445);
    play(&mut talk, &sample()[..4]);
    talk.ask(&ask(1, 2, &setup(&authenticate("eve", 24))).1);
    talk.answer(&answer(1, 2, 0xc000_006d, &bytes("0900 0000 00000000")).1);
    talk.end();
    let columns = ["user", "nt_status_name", "outcome"];
    let got = pick(&talk.out.smb.finish().unwrap(), &columns);
    assert_eq!(got[2], "eve|STATUS_LOGON_FAILURE|negative");
    let got = pick(
        &talk.out.ntlm.finish().unwrap(),
        &["user", "ntlm_kind", "outcome"],
    );
    assert_eq!(got, ["eve|ntlmv1|negative"]);
}

/// The body of a file is passed over, even when most of it was not captured; only the numbers count.
#[test]
fn files_are_passed_over() {
    let mut talk = Talk::tcp(445);
    play(&mut talk, &sample()[..6]);
    talk.ask(&ask(3, 3, &connect("\\\\srv\\C$")).1);
    talk.answer(&answer(3, 3, 0, &bytes("1000 01 00 30000000 00000000 ff011f00")).1);
    talk.ask(&ask(5, 4, &create("a\\b.exe")).1);
    talk.answer(&answer(5, 4, 0, &created(8)).1);
    let long = ask(9, 5, &write(8, &vec![b'Z'; 50_000])).1;
    for piece in long[..1400].chunks(700) {
        talk.ask(piece);
    }
    // Of what follows the snap length leaves ten octets.
    let (seq, rest) = (talk.seq[0], long.len() as u32 - 1400);
    talk.raw(true, seq, &long[1400..1410], rest);
    talk.seq[0] = seq.wrapping_add(rest);
    talk.answer(&answer(9, 5, 0, &was_written(50_000)).1);
    let mut rename = bytes("2100 01 0a 20000000 6000 0000 00000000");
    rename.extend([8; 16]);
    rename.extend([0; 16]);
    rename.extend(bytes("0a000000"));
    rename.extend(wide("c.exe"));
    talk.ask(&ask(17, 6, &rename).1);
    talk.answer(&answer(17, 6, 0, &bytes("0200")).1);
    talk.end();
    assert_eq!(talk.weird(), ["stream_gap"]);
    let columns = [
        "command",
        "action",
        "file_name",
        "new_name",
        "bytes_written",
    ];
    let got = pick(&talk.out.smb.finish().unwrap(), &columns);
    assert_eq!(got[4], "set_info|rename|a/b.exe|c.exe|-");
    assert_eq!(got[5], "create|opened|a/b.exe|c.exe|50000");
}

/// Requests in one frame: the second names the file that the first opens.
#[test]
fn chains() {
    let chain = |parts: [Vec<u8>; 2]| {
        let [mut first, second] = parts;
        first.resize(first.len().next_multiple_of(8), 0);
        let next = (first.len() as u32).to_le_bytes();
        first[20..24].copy_from_slice(&next);
        framed(&[first, second].concat())
    };
    let mut talk = Talk::tcp(445);
    play(&mut talk, &sample()[..8]);
    talk.ask(&chain([
        two(5, 4, None, &create("srvsvc")),
        two(6, 5, None, &close(0xff)),
    ]));
    talk.answer(&chain([
        two(5, 4, Some(0), &created(8)),
        two(6, 5, Some(0), &[0; 60]),
    ]));
    let got = pick(&talk.out.smb.finish().unwrap(), &["command", "file_name"]);
    assert_eq!(got.last().unwrap(), "create|srvsvc");
    assert_eq!(got.len(), 5);
}

/// After a loss reading goes on at the next frame; what hides its content is counted.
#[test]
fn losses_and_transforms() {
    let mut talk = Talk::tcp(445);
    play(&mut talk, &sample()[..4]);
    talk.seq[0] = talk.seq[0].wrapping_add(333);
    talk.ask(&[9; 50]);
    talk.ask(&ask(3, 3, &connect(SHARE)).1);
    talk.answer(&answer(3, 3, 0, &bytes("1000 02 00 30000000")).1);
    for _ in 0..3 {
        talk.ask(&framed(&[b"\xfdSMB".to_vec(), vec![1; 90]].concat()));
    }
    talk.ask(&framed(&[b"\xfcSMB".to_vec(), vec![1; 10]].concat()));
    talk.end();
    assert_eq!(talk.weird(), ["stream_gap"]);
    let got = pick(
        &talk.out.smb.finish().unwrap(),
        &["command", "action", "messages"],
    );
    assert_eq!(got[2], "tree_connect|-|-");
    assert_eq!(
        got[3..],
        ["transform|encrypted|3", "transform|compressed|1"]
    );
}

/// A frame of something else, and a header of nothing, are noted.
#[test]
fn bad_frames() {
    let mut talk = Talk::tcp(445);
    play(&mut talk, &sample()[..2]);
    talk.ask(&framed(b"\xfeSMB\x41\0 no header at all"));
    talk.ask(&[0x99; 40]);
    assert_eq!(talk.weird(), ["smb_bad_header", "smb_bad_frame"]);
}

/// NetBIOS names, then SMB1 with a password in clear, a share and a pipe.
#[test]
fn first_version() {
    let mut talk = Talk::tcp(139);
    let name = |text: &str| {
        let padded = format!("{text:<15}\0");
        let letters = padded
            .bytes()
            .flat_map(|octet| [b'A' + (octet >> 4), b'A' + (octet & 15)]);
        [&[32][..], &letters.collect::<Vec<u8>>(), &[0]].concat()
    };
    let names = [&bytes("81000044")[..], &name("SRV"), &name("WS")].concat();
    assert_eq!(talk.ask(&names), Hint::SenderIsClient);
    talk.answer(&bytes("82000000"));
    let one = |command: u8, reply: bool, rest: &[u8]| {
        let mut message = vec![0xff, b'S', b'M', b'B', command, 0, 0, 0, 0];
        message.extend([if reply { 0x80 } else { 0 }, 0, 0x40]);
        message.extend([0; 12]);
        message.extend(bytes("0300 0100 0700 0200"));
        message.extend(rest);
        framed(&message)
    };
    talk.ask(&one(0x72, false, b"\0\x0c\0\x02NT LM 0.12\0"));
    talk.answer(&one(0x72, true, &[&[17, 0, 0, 3][..], &[0; 33]].concat()));
    let mut login = vec![13, 0xff, 0, 0, 0];
    login.extend([0; 10]);
    login.extend(bytes("0500 0000 00000000 00000000 0f00"));
    login.extend(b"pass\0bob\0DOM\0\0\0");
    talk.ask(&one(0x73, false, &login));
    talk.answer(&one(0x73, true, &bytes("03 ff000000 0000 0000")));
    let connect = [
        &bytes("04 ff000000 0000 0100 0f00")[..],
        b"\0\\\\SRV\\IPC$\0IPC\0",
    ]
    .concat();
    talk.ask(&one(0x75, false, &connect));
    talk.answer(&one(
        0x75,
        true,
        &[&bytes("03 ff000000 0000 0400")[..], b"IPC\0"].concat(),
    ));
    talk.end();
    assert!(talk.weird().is_empty());
    let columns = [
        "command",
        "called_name",
        "dialect",
        "user",
        "login_method",
        "share",
        "share_type",
        "outcome",
    ];
    let got = pick(&talk.out.smb.finish().unwrap(), &columns);
    let expected = [
        "nbss_request|SRV|-|-|-|-|-|request",
        "negotiate|-|NT LM 0.12|-|-|-|-|request",
        "session_setup|-|NT LM 0.12|bob|password|-|-|ok",
        "tree_connect|-|NT LM 0.12|bob|-|//SRV/IPC$|pipe|request",
    ];
    assert_eq!(got, expected);
}

/// A message of SMB1: command, status, is it an answer, what follows the header.
fn one(command: u8, status: u32, reply: bool, rest: &[u8]) -> Vec<u8> {
    let mut message = vec![0xff, b'S', b'M', b'B', command];
    message.extend(status.to_le_bytes());
    message.extend([if reply { 0x80 } else { 0 }, 0, 0x40]);
    message.extend([0; 12]);
    message.extend(bytes("0300 0100 0700 0200"));
    message.extend(rest);
    framed(&message)
}

/// Logins of SMB1 by responses without a token are rows of `ntlm`, each one; without a user they say so.
#[test]
fn bare_responses() {
    let mut talk = Talk::tcp(139);
    for (user, lm, nt, status) in [
        ("bob", 24, 24, 0xc000_006d_u32),
        ("bob", 24, 60, 0),
        ("amy", 24, 0, 0),
        ("", 1, 0, 0),
    ] {
        let mut login = vec![13, 0xff, 0, 0, 0];
        login.extend([0; 10]);
        login.extend([lm as u8, 0, nt as u8, 0]);
        login.extend([0; 8]);
        let names = format!("{user}\0DOM\0Unix\0Samba\0");
        login.extend(((lm + nt + names.len()) as u16).to_le_bytes());
        login.extend(vec![7; lm + nt]);
        login.extend(names.as_bytes());
        talk.ask(&one(0x73, 0, false, &login));
        talk.answer(&one(0x73, status, true, &bytes("03 ff000000 0000 0000")));
    }
    talk.end();
    let columns = [
        "service",
        "user",
        "domain",
        "ntlm_kind",
        "nt_status",
        "outcome",
    ];
    let got = pick(&talk.out.ntlm.finish().unwrap(), &columns);
    let want = [
        "smb|bob|DOM|ntlmv1|3221225581|negative",
        "smb|bob|DOM|ntlmv2|0|ok",
        "smb|amy|DOM|lm|0|ok",
        "smb|-|DOM|anonymous|0|ok",
    ];
    assert_eq!(got, want);
    let got = pick(
        &talk.out.smb.finish().unwrap(),
        &["login_method", "outcome"],
    );
    assert_eq!(got, ["ntlm|negative", "ntlm|ok", "ntlm|ok", "ntlm|ok"]);
}

/// Calls over TCP at any port: the mapped endpoint, a fault, a refused bind.
#[test]
fn calls_over_tcp() {
    let mut talk = Talk::tcp(50_000);
    play(&mut talk, &calls());
    talk.ask(&bind(SVCCTL));
    talk.answer(&bind_ack(2));
    talk.ask(&request(7, 3, 9));
    talk.end();
    let columns = [
        "interface",
        "operation",
        "mapped_interface",
        "mapped_port",
        "nt_status",
        "outcome",
    ];
    let got = pick(&talk.out.dce_rpc.finish().unwrap(), &columns);
    let expected = [
        "epmapper|ept_map|svcctl|49155|-|ok",
        "epmapper|-|-|-|469827590|exception",
        "svcctl|bind|-|-|514|exception",
        "svcctl|RLockServiceDatabase|-|-|-|unknown",
    ];
    assert_eq!(got, expected);
    assert_eq!((talk.app.name(), talk.weird().len()), (Some("dcerpc"), 0));
}

/// Requests that nobody answers, and files that nobody closes, stay bounded and become rows.
#[test]
fn bounds() {
    let mut talk = Talk::tcp(445);
    play(&mut talk, &sample()[..8]);
    for id in 10..4010_u64 {
        talk.ask(&ask(5, id, &create("f")).1);
        if id % 2 == 0 {
            let mut body = created(1);
            body[64..72].copy_from_slice(&id.to_le_bytes());
            talk.answer(&answer(5, id, 0, &body).1);
        }
    }
    talk.end();
    let batch = talk.out.smb.finish().unwrap();
    assert_eq!(batch.num_rows(), 4 + 4000);
}
