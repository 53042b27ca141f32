//! IMAP rows: logins with all kinds of strings, mailboxes, hand-over to TLS, what was fetched, damage.

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
    pick(&talk.out.imap.finish().unwrap(), columns)
}

fn greeted() -> Talk {
    let mut talk = Talk::tcp(143);
    talk.answer(b"* OK [CAPABILITY IMAP4rev1] ready\r\n");
    talk
}

/// A conversation with all kinds of commands.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let text = |client: bool, text: &str| (client, text.as_bytes().to_vec());
    vec![
        text(false, "* OK IMAP ready\r\n"),
        text(true, "a1 CAPABILITY\r\n"),
        text(false, "* CAPABILITY IMAP4rev2 ID\r\na1 OK done\r\n"),
        text(true, "a2 ID (\"name\" \"Mail\" \"version\" \"1.2\")\r\n"),
        text(false, "* ID (\"name\" \"Dovecot\")\r\na2 OK\r\n"),
        text(true, "a3 LOGIN {3}\r\n"),
        text(false, "+ go\r\n"),
        text(true, "bob {7+}\r\nhunter2\r\n"),
        text(false, "a3 NO [AUTHENTICATIONFAILED] no\r\n"),
        text(true, "a4 AUTHENTICATE PLAIN\r\n"),
        text(false, "+ \r\n"),
        text(true, "AGJvYgBodW50ZXIy\r\n"),
        text(false, "a4 OK in\r\n"),
        text(true, "a5 SELECT \"Sent \\\"x\\\"\"\r\n"),
        text(false, "* 2 EXISTS\r\na5 OK [READ-WRITE] open\r\n"),
        text(true, "a6 FETCH 1:2 (FLAGS BODY[])\r\na7 EXPUNGE\r\n"),
        text(
            false,
            "* 1 FETCH (FLAGS () BODY[] {9}\r\na7 OK x\r\n UID 4)\r\n* 2 FETCH (FLAGS ())\r\na6 OK\r\n",
        ),
        text(false, "* 1 EXPUNGE\r\na7 OK\r\n"),
        text(true, "a8 APPEND x {12}\r\na9 LOGIN a b\r\na10 LOGOUT\r\n"),
        text(false, "+ go\r\na8 OK\r\n* BYE\r\na10 OK bye\r\n"),
    ]
}

/// A session from its greeting to its end; literals hide what looks like commands and replies.
#[test]
fn session() {
    let mut talk = Talk::tcp(143);
    let hints: Vec<Hint> = sample()
        .iter()
        .map(|(client, data)| talk.send(*client, data))
        .collect();
    assert_eq!(hints[..2], [Hint::ReceiverIsClient, Hint::SenderIsClient]);
    talk.end();
    let batch = talk.out.imap.finish().unwrap();
    let want = [
        "CAPABILITY|-|-|request|OK|done",
        "ID|-|-|request|OK|",
        "LOGIN|bob|password|negative|NO|no",
        "AUTHENTICATE|bob|plain|ok|OK|in",
        "SELECT|bob|-|request|OK|open",
        "LOGOUT|bob|-|request|OK|bye",
    ];
    assert_eq!(pick(&batch, &LOGIN), want);
    let columns = [
        "banner",
        "server_version",
        "client_app",
        "capabilities",
        "mailbox",
        "response_code",
    ];
    let want = [
        "IMAP ready|-|-|IMAP4rev2,ID|-|-",
        "IMAP ready|Dovecot|Mail 1.2||-|-",
        "IMAP ready|Dovecot|Mail 1.2||-|AUTHENTICATIONFAILED",
        "IMAP ready|Dovecot|Mail 1.2||-|-",
        "IMAP ready|Dovecot|Mail 1.2||Sent \\x22x\\x22|READ-WRITE",
        "IMAP ready|Dovecot|Mail 1.2||-|-",
    ];
    assert_eq!(pick(&batch, &columns), want);
    assert_eq!(pick(&batch, &LAST)[5], "LOGOUT|bob|1|1|9");
    assert_eq!(
        (talk.app.name(), talk.app.basis()),
        (Some("imap"), "parsed")
    );
    assert!(talk.weird().is_empty());
}

/// Strings of all kinds, in any number of pieces, give one user and one hash; the password stands nowhere.
#[test]
fn strings() {
    let secrets = Secrets::under(&[7; 32]).unwrap();
    let forms: [&[u8]; 7] = [
        b"a LOGIN bob hunter2\r\n",
        b"a login \"bob\" \"hunter2\"\r\n",
        b". LOGIN {3}\r\nbob {7}\r\nhunter2\r\n",
        b"a LOGIN {3+}\r\nbob {7+}\r\nhunter2\r\n",
        b"a LOGIN bob {7-}\r\nhunter2\r\n",
        b"a LOGIN {3+}\r\nbob hunter2\r\n",
        b"a LOGIN \"\\b\\o\\b\" \"hunter\\2\"\r\n",
    ];
    for form in forms {
        for size in [1, 5, form.len()] {
            let mut talk = greeted();
            talk.out.secrets = secrets.clone();
            for piece in form.chunks(size) {
                talk.ask(piece);
            }
            let tag = char::from(form[0]);
            talk.answer(format!("{tag} NO hunter2 is no password\r\n").as_bytes());
            talk.end();
            let batch = talk.out.imap.finish().unwrap();
            let want = "LOGIN|bob|password|negative|NO|-";
            assert_eq!(pick(&batch, &LOGIN), [want], "{}", form.escape_ascii());
            let hash = secrets.hash(b"hunter2").unwrap();
            assert_eq!(pick(&batch, &["secret_hash"]), [hash]);
            assert!(!format!("{batch:?}").contains("hunter2"));
        }
    }
}

/// Only refused credentials are negative; mechanisms show their users, with and without a first answer.
#[test]
fn outcomes() {
    let mut talk = greeted();
    talk.lines(&[
        ("1 LOGIN bob x", "1 NO [UNAVAILABLE] later"),
        ("2 LOGIN bob x", "2 NO LOGIN is disabled"),
        ("3 LOGIN bob", "3 BAD arguments"),
        ("4 AUTHENTICATE XMAGIC", "4 NO unknown"),
        ("5 AUTHENTICATE PLAIN AGV2ZQB4", "5 NO no"),
        ("6 AUTHENTICATE CRAM-MD5", "+ PDEyPg=="),
        (
            "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
            "6 NO no",
        ),
        ("7 AUTHENTICATE LOGIN", "+ VXNlcm5hbWU6"),
        ("*", "7 BAD cancelled"),
        ("8 AUTHENTICATE EXTERNAL =", "8 NO no"),
    ]);
    talk.ask(b"9 LOGIN bob x\r\n");
    talk.end();
    let want = [
        "LOGIN|bob|password|unknown|NO|later",
        "LOGIN|bob|password|unknown|NO|LOGIN is disabled",
        "LOGIN|bob|password|unknown|BAD|arguments",
        "AUTHENTICATE|-|other|unknown|NO|unknown",
        "AUTHENTICATE|eve|plain|negative|NO|no",
        "AUTHENTICATE|tim|cram-md5|negative|NO|no",
        "AUTHENTICATE|-|login|unknown|BAD|cancelled",
        "AUTHENTICATE|-|external|negative|NO|no",
        "LOGIN|bob|password|unknown|-|-",
    ];
    assert_eq!(rows(&mut talk, &LOGIN), want);
}

/// After STARTTLS the streams are read as TLS; a refused literal does not come; PREAUTH and a greeting alone are told.
#[test]
fn turns() {
    let mut talk = greeted();
    talk.lines(&[(". STARTTLS", ". OK begin")]);
    for (client, data) in super::tls::tls13() {
        talk.send(client, &data);
    }
    talk.end();
    let columns = ["command", "is_tls", "reply_status"];
    assert_eq!(rows(&mut talk, &columns), ["STARTTLS|true|OK"]);
    assert_eq!(talk.out.tls.len(), 1);
    assert_eq!(talk.app.name(), Some("imap"));
    let mut talk = greeted();
    talk.lines(&[("1 LOGIN {3000}", "1 NO too long"), ("2 LOGOUT", "2 OK")]);
    talk.end();
    assert_eq!(
        rows(&mut talk, &columns),
        ["LOGIN|false|NO", "LOGOUT|false|OK"]
    );
    let mut talk = Talk::tcp(143);
    talk.answer(b"* PREAUTH IMAP4rev1 as bob\r\n");
    talk.end();
    let columns = ["command", "outcome", "banner"];
    let want = ["PREAUTH|request|IMAP4rev1 as bob"];
    assert_eq!(rows(&mut talk, &columns), want);
    let mut talk = greeted();
    talk.lines(&[("1 COMPRESS DEFLATE", "1 OK")]);
    assert!(talk.app.is_done());
    talk.end();
    assert_eq!(rows(&mut talk, &columns).len(), 1);
}

/// Where a part of a login is missing nothing of the rest becomes its user.
#[test]
fn losses() {
    let mut talk = greeted();
    talk.out.secrets = Secrets::under(&[7; 32]).unwrap();
    let seq = talk.seq[0];
    talk.raw(true, seq, b"1 LOGIN {9+}\r\nbob", 23);
    talk.seq[0] = seq.wrapping_add(23);
    talk.ask(b" {7+}\r\nhunter2\r\n");
    talk.answer(b"1 NO no\r\n");
    talk.ask(&[b"2 LOGIN ", &[b'x'; 6000][..]].concat());
    talk.ask(b" {7+}\r\nhunter2\r\n");
    talk.answer(b"2 BAD what\r\n");
    talk.ask(b"3 LOGIN bob {2000+}\r\n");
    talk.ask(&[b'y'; 2000]);
    talk.ask(b"\r\n");
    talk.answer(b"3 NO no\r\n");
    let seq = talk.seq[1];
    talk.raw(false, seq, b"* 1 FETCH (RFC822 {1000}\r\nabc", 1026);
    talk.seq[1] = seq.wrapping_add(1026);
    talk.answer(b")\r\n");
    talk.end();
    let batch = talk.out.imap.finish().unwrap();
    let want = [
        "LOGIN|-|password|unknown|NO|no",
        "LOGIN|-|password|unknown|BAD|what",
        "LOGIN|-|password|unknown|NO|no",
        "END|-|-|request|-|-",
    ];
    assert_eq!(pick(&batch, &LOGIN), want);
    assert_eq!(pick(&batch, &LAST)[3], "END|-|1|0|1000");
    assert!(!format!("{batch:?}").contains("hunter2"));
    assert!(talk.weird().contains(&"imap_bad_line".to_owned()));
}

/// A long line of the server keeps the literal at its end, wherever it is cut.
#[test]
fn long_lines() {
    for size in [100, 1400, 4100] {
        let mut talk = greeted();
        talk.ask(b"1 FETCH 1 (ENVELOPE BODY[])\r\n");
        let head = [b"* 1 FETCH (BODY[] X ", &[b'e'; 9000][..], b" {12}\r\n"].concat();
        for piece in [&head[..], b"1 OK not yet", b")\r\n1 OK done\r\n2 OK\r\n"]
            .concat()
            .chunks(size)
        {
            talk.answer(piece);
        }
        talk.ask(b"2 LOGOUT\r\n");
        talk.end();
        assert_eq!(rows(&mut talk, &LAST), ["LOGOUT|-|1|0|12"], "{size}");
    }
}
