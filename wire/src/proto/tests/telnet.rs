//! Telnet rows: logins at the prompts of many systems, typed in many ways.

use super::talk::{Talk, pick};
use crate::proto::Secrets;

const LOGIN: [&str; 4] = ["user", "login_method", "outcome", "refusal"];

fn rows(talk: &mut Talk, columns: &[&str]) -> Vec<String> {
    pick(&talk.out.telnet.finish().unwrap(), columns)
}

/// A conversation: lines that begin with `>` are typed, others are shown.
fn play(talk: &mut Talk, lines: &[&str]) {
    for line in lines {
        match line.strip_prefix('>') {
            Some(keys) => talk.ask(keys.as_bytes()),
            None => talk.answer(line.as_bytes()),
        };
    }
}

fn negotiated() -> Talk {
    let mut talk = Talk::tcp(23);
    talk.out.secrets = Secrets::under(&[7; 32]).unwrap();
    talk.answer(b"\xff\xfd\x18\xff\xfd\x27\xff\xfb\x01\xff\xfb\x03");
    talk.ask(b"\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfd\x03");
    talk
}

fn hash(secret: &[u8]) -> String {
    Secrets::under(&[7; 32]).unwrap().hash(secret).unwrap()
}

/// A conversation with a refused and a good login.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let text = |client: bool, text: &[u8]| (client, text.to_vec());
    vec![
        text(false, b"\xff\xfd\x18\xff\xfd\x27\xff\xfb\x01"),
        text(true, b"\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01"),
        text(false, b"\xff\xfa\x18\x01\xff\xf0\xff\xfa\x27\x01\xff\xf0"),
        text(
            true,
            b"\xff\xfa\x18\x00XTERM\xff\xf0\xff\xfa\x27\x00\x00USER\x01tim\xff\xf0",
        ),
        text(false, b"Debian 12\r\n\r\nhost login: "),
        text(true, b"ro"),
        text(false, b"ro"),
        text(true, b"ot\r\0"),
        text(false, b"ot\r\nPassword: "),
        text(true, b"hunter2\r\0"),
        text(false, b"\r\nLogin incorrect\r\nhost login: "),
        text(true, b"bob\r\n"),
        text(false, b"bob\r\nPassword: "),
        text(true, b"s3cret\r\n"),
        text(false, b"\r\nLast login: today\r\nbob@host:~$ "),
        text(true, b"ls\r\n"),
    ]
}

/// A refused and a good login, with what was negotiated; the session behind them is not read.
#[test]
fn session() {
    let mut talk = Talk::tcp(23);
    talk.out.secrets = Secrets::under(&[7; 32]).unwrap();
    for (client, data) in sample() {
        talk.send(client, &data);
    }
    assert!(talk.app.is_done());
    talk.end();
    let batch = talk.out.telnet.finish().unwrap();
    let want = [
        "root|password|negative|Login incorrect",
        "bob|password|ok|-",
    ];
    assert_eq!(pick(&batch, &LOGIN), want);
    let columns = ["banner", "prompt", "terminal_type", "environ_user"];
    let want = "Debian 12|host login:|XTERM|tim";
    assert_eq!(pick(&batch, &columns), [want, want]);
    assert_eq!(
        pick(&batch, &["secret_hash"]),
        [hash(b"hunter2"), hash(b"s3cret")]
    );
    assert_eq!(
        (talk.app.name(), talk.app.basis()),
        (Some("telnet"), "parsed")
    );
    assert!(talk.weird().is_empty());
}

/// What systems say, what is typed (`>`), and the logins that come of it.
const SYSTEMS: [(&[&str], &str); 16] = [
    (
        &[
            "\r\nUser Access Verification\r\n\r\nUsername: ",
            ">a\r\n",
            "a\r\nPassword: ",
            ">x\r\n",
            "\r\n% Login invalid\r\n\r\nUsername: ",
        ],
        "a|password|negative|% Login invalid",
    ),
    (
        &[
            "\r\nUser Access Verification\r\n\r\nPassword: ",
            ">x\r\n",
            "\r\nPassword: ",
            ">y\r\n",
            "\r\n% Bad passwords\r\n",
        ],
        "-|password|negative|-;-|password|negative|% Bad passwords",
    ),
    (
        &[
            "\r\nUser Access Verification\r\n\r\nPassword: ",
            ">x\r\n",
            "\r\nRouter>",
        ],
        "-|password|ok|-",
    ),
    (
        &[
            "(none) login: ",
            ">root\r\n",
            "root\r\nPassword: ",
            ">\r\n",
            "\r\n\r\nBusyBox v1.19 built-in shell (ash)\r\n\r\n# ",
        ],
        "root|password|ok|-",
    ),
    (
        &[
            "Username:",
            ">a\r\n",
            "a\r\nPassword:",
            ">x\r\n",
            "\r\nError: Local authentication is rejected\r\n",
        ],
        "a|password|negative|Error: Local authentication is rejected",
    ),
    (
        &[
            "Welcome to Microsoft Telnet Service \r\n\n\rlogin: ",
            ">a\r\n",
            "a\r\npassword: ",
            ">x\r\n",
            "\r\nThe handle is invalid.\r\n\nLogin Failed\r\n\n\rlogin: ",
        ],
        "a|password|negative|Login Failed",
    ),
    (
        &[
            "用户名：",
            ">管理员\r\n",
            "管理员\r\n密码：",
            ">x\r\n",
            "\r\n用户名或密码错误\r\n",
        ],
        "管理员|password|negative|用户名或密码错误",
    ),
    (
        &[
            "login: ",
            ">a\r\n",
            "a\r\nPassword: ",
            ">x\r\n",
            "\r\nYou are required to change your password immediately.\r\nNew password: ",
        ],
        "a|password|ok|-",
    ),
    (
        &["Benutzer: ", ">a\r\n", "a\r\nPassword: ", ">x\r\n", "\r\n"],
        "-|password|unknown|-",
    ),
    (
        &[
            "login: ",
            ">a\r\n",
            "a\r\nKennwort: ",
            ">x\r\n",
            "\r\n$ ",
            ">l",
        ],
        "a|password|ok|-",
    ),
    (
        &["login: ", ">guest\r\n", "guest\r\n$ ", ">l"],
        "guest|-|ok|-",
    ),
    (
        &[
            "login: ",
            ">a\r\n",
            "a\r\nPassword: ",
            ">x\r\n",
            "\r\nMenu: 1 status 2 exit\r\nChoice [1]",
            ">1",
        ],
        "a|password|ok|-",
    ),
    (
        &[
            "login: ",
            ">a\r\n",
            "a\r\nPassword: ",
            ">x\r\n",
            "\r\nbye\r\n",
        ],
        "a|password|unknown|-",
    ),
    (
        &[
            "login: ",
            ">a\r\n",
            "a\r\nPassword: ",
            ">x\r\n",
            "\r\nPassword: ",
        ],
        "a|password|negative|-",
    ),
    (
        &[
            "login: ",
            ">\r\n",
            "\r\nlogin: ",
            ">a\r\n",
            "a\r\nPassword: ",
        ],
        "a|-|unknown|-",
    ),
    (&["Password required, but none set\r\n", ">\r\n"], ""),
];

/// The words of BusyBox, Linux, Cisco, Huawei and Windows, in English and Chinese.
#[test]
fn systems() {
    for (lines, want) in SYSTEMS {
        let mut talk = negotiated();
        play(&mut talk, lines);
        talk.end();
        assert_eq!(rows(&mut talk, &LOGIN).join(";"), want, "{lines:?}");
    }
}

/// Key by key with echo, corrections and all kinds of line ends.
#[test]
fn typing() {
    let mut talk = negotiated();
    talk.answer(b"login: ");
    for key in b"rooz\x7ft\r" {
        talk.ask(&[*key]);
        match key {
            0x7f => talk.answer(b"\x08 \x08"),
            b'\r' => talk.answer(b"\r\nPassword: "),
            key => talk.answer(&[*key]),
        };
    }
    talk.ask(b"\0");
    for key in b"wrong\x15huntex\x08r2\r" {
        talk.ask(&[*key]);
    }
    talk.ask(b"\n");
    talk.answer(b"\r\n");
    talk.answer(b"Login incorrect\r\n");
    talk.end();
    let batch = talk.out.telnet.finish().unwrap();
    let want = ["root|password|negative|Login incorrect"];
    assert_eq!(pick(&batch, &LOGIN), want);
    assert_eq!(pick(&batch, &["secret_hash"]), [hash(b"hunter2")]);
}

/// A tool that sends name and password at once is understood; what it sends behind them becomes no user.
#[test]
fn typed_ahead() {
    let mut talk = negotiated();
    talk.answer(b"login: ");
    talk.ask(b"root\r\nhunter2\r\nenable\r\nhunter3\r\n");
    talk.answer(b"root\r\nPassword: ");
    talk.answer(b"\r\nLogin incorrect\r\nlogin: ");
    talk.answer(b"\r\nPassword: ");
    talk.end();
    let batch = talk.out.telnet.finish().unwrap();
    let want = ["root|password|negative|Login incorrect"];
    assert_eq!(pick(&batch, &LOGIN), want);
    assert_eq!(pick(&batch, &["secret_hash"]), [hash(b"hunter2")]);
    assert!(!format!("{batch:?}").contains("hunter"));
}

/// A server that shows the password, or stars for it, said nothing by that; what it repeats is not stored.
#[test]
fn echoes() {
    for echo in ["hunter2\r\n", "*******\r\n", "\r\n"] {
        let mut talk = negotiated();
        play(
            &mut talk,
            &["login: ", ">a\r\n", "a\r\nPassword: ", ">hunter2\r\n", echo],
        );
        play(&mut talk, &[">\r\n"]);
        talk.end();
        assert_eq!(rows(&mut talk, &LOGIN), ["a|password|unknown|-"], "{echo}");
    }
    let mut talk = negotiated();
    let refused = "hunter2\r\nhunter2: invalid password\r\n";
    play(
        &mut talk,
        &[
            "login: ",
            ">a\r\n",
            "a\r\nPassword: ",
            ">hunter2\r\n",
            refused,
        ],
    );
    talk.end();
    assert_eq!(rows(&mut talk, &LOGIN), ["a|password|negative|-"]);
}

/// Banners that only look like prompts ask nothing, before the login and behind it.
#[test]
fn banners() {
    let mut talk = negotiated();
    let motd =
        "\r\nLast failed login: today\r\nThere was 1 failed login attempt\r\nCurrent user: a\r\n";
    play(
        &mut talk,
        &[
            "Support account: call 555\r\nlogin: ",
            ">a\r\n",
            "a\r\nPassword: ",
            ">x\r\n",
            motd,
            "a> ",
            ">l",
        ],
    );
    talk.end();
    assert_eq!(rows(&mut talk, &LOGIN), ["a|password|ok|-"]);
}

/// A server at its port that does not negotiate is known by its prompt; TLS may begin inside.
#[test]
fn without_options_and_with_tls() {
    let mut talk = Talk::tcp(23);
    play(
        &mut talk,
        &[
            "\r\nhost login: ",
            ">a\r\n",
            "Password: ",
            ">x\r\n",
            "\r\nLogin incorrect\r\n",
        ],
    );
    talk.end();
    let want = ["a|password|negative|Login incorrect"];
    assert_eq!(rows(&mut talk, &LOGIN), want);
    let mut talk = Talk::tcp(23);
    talk.answer(b"\xff\xfd\x2e\xff\xfd\x18");
    talk.ask(b"\xff\xfb\x2e\xff\xfa\x2e\x01\xff\xf0");
    talk.answer(b"\xff\xfa\x2e\x01\xff\xf0");
    for (client, data) in super::tls::tls13() {
        talk.send(client, &data);
    }
    talk.end();
    assert_eq!(talk.out.tls.len(), 1);
    assert_eq!(rows(&mut talk, &LOGIN).len(), 0);
}

/// Giant lines, invalid text and losses: bounded, escaped, and no part of a password becomes a hash.
#[test]
fn strange() {
    let mut talk = negotiated();
    talk.answer(b"\xfe\x01\x1b[31mhi\x1b[0m\r\nlogin: ");
    talk.ask(b"r\xfe\x02\"\r\n");
    talk.answer(b"Password: ");
    talk.ask(&[&[b'x'; 5000][..], b"\r\n"].concat());
    talk.answer(&vec![b'z'; 70_000]);
    talk.end();
    let batch = talk.out.telnet.finish().unwrap();
    assert_eq!(pick(&batch, &LOGIN), ["r\\xfe\\x22|password|ok|-"]);
    assert_eq!(pick(&batch, &["banner", "secret_hash"]), ["\\xfehi|-"]);
    let mut talk = negotiated();
    talk.answer(b"login: ");
    let seq = talk.seq[0];
    talk.raw(true, seq, b"ro", 20);
    talk.seq[0] = seq.wrapping_add(20);
    talk.ask(b"unter2\r\n");
    talk.answer(b"\r\nLogin incorrect\r\n");
    talk.end();
    assert_eq!(rows(&mut talk, &LOGIN).len(), 0);
    let mut quiet = Talk::tcp(23);
    quiet.answer(b"\xff\xfb\x01\xff\xfb\x03");
    for _ in 0..70 {
        quiet.answer(&[b'.'; 1000]);
    }
    assert!(quiet.app.is_done());
}
