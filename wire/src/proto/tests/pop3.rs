//! POP3 rows: logins, capabilities, hand-over to TLS, what was fetched, damage.

use super::talk::{Talk, pick};
use crate::proto::{Hint, Secrets};

const LOGIN: [&str; 6] = [
    "command",
    "user",
    "login_method",
    "outcome",
    "reply_status",
    "reply_msg",
];
const LAST: [&str; 5] = [
    "command",
    "user",
    "msgs_retrieved",
    "msgs_deleted",
    "bytes_retrieved",
];

fn rows(talk: &mut Talk, columns: &[&str]) -> Vec<String> {
    pick(&talk.out.pop3.finish().unwrap(), columns)
}

fn greeted() -> Talk {
    let mut talk = Talk::tcp(110);
    talk.answer(b"+OK POP3 ready <1.2@mx>\r\n");
    talk
}

/// A conversation with all kinds of commands.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let text = |client: bool, text: &str| (client, text.as_bytes().to_vec());
    vec![
        text(false, "+OK POP3 ready\r\n"),
        text(true, "CAPA\r\n"),
        text(
            false,
            "+OK list\r\nTOP\r\nIMPLEMENTATION Dovecot 2\r\n.\r\n",
        ),
        text(true, "USER bob\r\n"),
        text(false, "+OK go\r\n"),
        text(true, "PASS x\r\n"),
        text(false, "-ERR [AUTH] no\r\n"),
        text(true, "AUTH PLAIN\r\n"),
        text(false, "+ \r\n"),
        text(true, "AGJvYgBodW50ZXIy\r\n"),
        text(false, "+OK in\r\n"),
        text(true, "LIST\r\nRETR 1\r\nDELE 1\r\n"),
        text(
            false,
            "+OK\r\n1 8\r\n.\r\n+OK 8\r\na\r\n..b\r\n.\r\n+OK\r\n",
        ),
        text(true, "QUIT\r\n"),
        text(false, "+OK bye\r\n"),
    ]
}

/// A session from its greeting to its end: one row per login, CAPA, and end.
#[test]
fn session() {
    let mut talk = Talk::tcp(110);
    let hints: Vec<Hint> = sample()
        .iter()
        .map(|(client, data)| talk.send(*client, data))
        .collect();
    assert_eq!(hints[..2], [Hint::ReceiverIsClient, Hint::SenderIsClient]);
    talk.end();
    let batch = talk.out.pop3.finish().unwrap();
    let want = [
        "CAPA|-|-|request|OK|list",
        "PASS|bob|password|negative|ERR|no",
        "AUTH|bob|plain|ok|OK|in",
        "QUIT|bob|-|request|OK|bye",
    ];
    assert_eq!(pick(&batch, &LOGIN), want);
    let columns = ["banner", "server_version", "capabilities", "response_code"];
    let dovecot = "POP3 ready|Dovecot 2";
    let want = [
        format!("{dovecot}|TOP,IMPLEMENTATION Dovecot 2|-"),
        format!("{dovecot}||AUTH"),
        format!("{dovecot}||-"),
        format!("{dovecot}||-"),
    ];
    assert_eq!(pick(&batch, &columns), want);
    assert_eq!(pick(&batch, &LAST)[3], "QUIT|bob|1|1|8");
    assert_eq!(
        (talk.app.name(), talk.app.basis()),
        (Some("pop3"), "parsed")
    );
    assert!(talk.weird().is_empty());
}

/// Passwords become hashes and stand nowhere else, also when the server repeats them; only refused credentials are negative.
#[test]
fn logins() {
    let secrets = Secrets::under(&[7; 32]).unwrap();
    let mut talk = greeted();
    talk.out.secrets = secrets.clone();
    talk.lines(&[
        ("user bob", "+OK"),
        ("pass hunter2", "-ERR hunter2 is wrong"),
        ("USER bob", "+OK"),
        ("PASS  two  words ", "-ERR [IN-USE] busy"),
        ("USER nobody", "-ERR never heard of"),
        (
            "USER bob",
            "-ERR [AUTH] Plaintext authentication disallowed",
        ),
        ("APOP tim c4c9334bac560ecc979e58001b3e22fb", "-ERR denied"),
        ("AUTH", "-ERR 1 argument required"),
        ("AUTH XMAGIC", "-ERR unknown"),
        ("AUTH LOGIN", "+ VXNlcm5hbWU6"),
        ("ZXZl", "+ UGFzc3dvcmQ6"),
        ("aHVudGVyMg==", "-ERR [SYS/TEMP] later"),
        ("AUTH PLAIN", "+ "),
        ("*", "-ERR cancelled"),
        ("AUTH PLAIN AGJvYgBodW50ZXIy", "+OK"),
        ("hunter2", "-ERR unknown command hunter2"),
        ("USER eve", "+OK"),
    ]);
    talk.ask(b"QUIT\r\n");
    talk.end();
    let batch = talk.out.pop3.finish().unwrap();
    let want = [
        "PASS|bob|password|negative|ERR|-",
        "PASS|bob|password|unknown|ERR|busy",
        "USER|nobody|password|negative|ERR|never heard of",
        "USER|bob|password|unknown|ERR|Plaintext authentication disallowed",
        "APOP|tim|apop|negative|ERR|denied",
        "AUTH|-|other|unknown|ERR|unknown",
        "AUTH|eve|login|unknown|ERR|later",
        "AUTH|-|plain|unknown|ERR|cancelled",
        "AUTH|bob|plain|ok|OK|",
        "QUIT|bob|-|request|-|-",
        "USER|eve|password|request|OK|",
    ];
    assert_eq!(pick(&batch, &LOGIN), want);
    let hash = |secret: &[u8]| secrets.hash(secret).unwrap();
    let hashes = pick(&batch, &["secret_hash"]);
    assert_eq!(hashes[0], hash(b"hunter2"));
    assert_eq!(hashes[1], hash(b" two  words "));
    assert_eq!(hashes[6], hash(b"hunter2"));
    assert_eq!(hashes[8], hash(b"hunter2"));
    assert!([2, 3, 4, 5, 7, 9, 10].iter().all(|at| hashes[*at] == "-"));
    assert!(!format!("{batch:?}").contains("hunter2"));
}

/// A pipelined name and password are one login, and so are several.
#[test]
fn pipelined() {
    let mut talk = greeted();
    talk.ask(b"USER a\r\nPASS 1\r\nUSER b\r\nPASS 2\r\n");
    talk.answer(b"+OK\r\n-ERR no\r\n-ERR who\r\n-ERR no\r\n");
    talk.end();
    let want = [
        "PASS|a|password|negative|ERR|no",
        "PASS|b|password|negative|ERR|no",
    ];
    assert_eq!(rows(&mut talk, &LOGIN), want);
}

/// After STLS the streams are read as TLS; refused, the session goes on.
#[test]
fn starttls() {
    let mut talk = greeted();
    talk.lines(&[("STLS", "+OK begin")]);
    for (client, data) in super::tls::tls13() {
        talk.send(client, &data);
    }
    talk.end();
    let columns = ["command", "is_tls", "reply_status"];
    assert_eq!(rows(&mut talk, &columns), ["STLS|true|OK"]);
    assert_eq!(talk.out.tls.len(), 1);
    assert_eq!(talk.app.name(), Some("pop3"));
    let mut talk = greeted();
    talk.lines(&[("STLS", "-ERR no"), ("QUIT", "+OK")]);
    talk.end();
    assert_eq!(
        rows(&mut talk, &columns),
        ["STLS|false|ERR", "QUIT|false|OK"]
    );
}

/// Bytes missing from a mail count as bytes of it, and cost neither its end nor the next command.
#[test]
fn losses() {
    let mut talk = greeted();
    talk.lines(&[("APOP bob x", "+OK in")]);
    talk.ask(b"RETR 1\r\n");
    let seq = talk.seq[1];
    talk.raw(false, seq, b"+OK\r\nabc", 1005);
    talk.seq[1] = seq.wrapping_add(1005);
    talk.ask(b"DELE 1\r\n");
    talk.answer(b"+OK gone\r\n");
    talk.ask(b"RSET\r\n");
    talk.answer(b"+OK\r\n");
    talk.ask(b"DELE 2\r\n");
    talk.answer(b"+OK gone\r\n");
    talk.end();
    assert_eq!(rows(&mut talk, &LAST)[1], "END|bob|1|1|1000");
}

/// One side alone tells what it can; a greeting alone is one row; giant and broken lines end in no row of their own.
#[test]
fn little_and_strange() {
    let mut talk = Talk::tcp(110);
    talk.ask(b"USER bob\r\n");
    talk.ask(b"PASS x\r\n");
    talk.ask(b"QUIT\r\n");
    talk.end();
    let want = ["PASS|bob|password|unknown|-|-", "QUIT|-|-|request|-|-"];
    assert_eq!(rows(&mut talk, &LOGIN), want);
    let mut talk = greeted();
    talk.end();
    let columns = ["command", "banner"];
    assert_eq!(rows(&mut talk, &columns), ["END|POP3 ready <1.2@mx>"]);
    let mut talk = greeted();
    talk.ask(&[b"USER ", &[b'x'; 6000][..]].concat());
    talk.ask(b"xx\r\n");
    talk.answer(b"-ERR too long\r\n");
    talk.ask(b"USER b\xff\x01\"b\r\n");
    talk.answer(b"+OK\r\nno reply at all\r\n");
    talk.ask(b"PASS y\r\n");
    talk.answer(&[b"-ERR ", &[b'z'; 5000][..], b"\r\n"].concat());
    talk.end();
    let got = rows(&mut talk, &LOGIN);
    assert_eq!(got.len(), 1, "{got:?}");
    let want = "PASS|b\\xff\\x01\\x22b|password|negative|ERR|";
    assert_eq!(got[0], format!("{want}{}", "z".repeat(256)));
    assert_eq!(talk.weird(), ["pop3_bad_line", "pop3_bad_reply"]);
}
