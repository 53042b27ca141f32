//! SMTP rows: mails, logins, hand-over to TLS, damage.

use super::talk::{Talk, pick};
use crate::proto::{Hint, Secrets};

const MAIL: [&str; 9] = [
    "command",
    "mail_from",
    "rcpt_to",
    "from_field",
    "to_field",
    "message_id",
    "subject",
    "reply_code",
    "reply_msg",
];
const LOGIN: [&str; 5] = ["command", "user", "login_method", "outcome", "reply_code"];

fn rows(talk: &mut Talk, columns: &[&str]) -> Vec<String> {
    pick(&talk.out.smtp.finish().unwrap(), columns)
}

fn greeted() -> Talk {
    let mut talk = Talk::tcp(25);
    talk.answer(b"220 mx ESMTP\r\n");
    talk.ask(b"EHLO pc.example\r\n");
    talk.answer(b"250-mx\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN\r\n");
    talk
}

/// A conversation with all kinds of commands.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let text = |client: bool, text: &str| (client, text.as_bytes().to_vec());
    vec![
        text(false, "220 mx ESMTP\r\n"),
        text(true, "EHLO pc\r\n"),
        text(false, "250-mx\r\n250 CHUNKING\r\n"),
        text(true, "AUTH LOGIN\r\n"),
        text(false, "334 VXNlcm5hbWU6\r\n"),
        text(true, "Ym9i\r\n"),
        text(false, "334 UGFzc3dvcmQ6\r\n"),
        text(true, "aHVudGVyMg==\r\n"),
        text(false, "235 welcome\r\n"),
        text(
            true,
            "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n",
        ),
        text(false, "250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n"),
        text(
            true,
            "From: A <a@b>\r\nSubject: one\r\n two\r\n\r\nbody\r\n..\r\n.\r\n",
        ),
        text(false, "250 queued\r\n"),
        text(
            true,
            "MAIL FROM:<>\r\nRCPT TO:<c@d>\r\nBDAT 20\r\nSubject: x\r\n\r\nbody!!",
        ),
        text(true, "BDAT 4 LAST\r\n.\r\n!QUIT\r\n"),
        text(
            false,
            "250 ok\r\n250 ok\r\n250 more\r\n250 done\r\n221 bye\r\n",
        ),
    ]
}

/// Envelope, unfolded fields and the last reply of each mail; bodies and rejected recipients do not disturb.
#[test]
fn mails() {
    let mut talk = Talk::tcp(25);
    for (client, data) in sample() {
        talk.send(client, &data);
    }
    talk.end();
    let batch = talk.out.smtp.finish().unwrap();
    let want = [
        "AUTH|-||-|-|-|-|235|welcome",
        "MAIL|a@b|c@d,e@f|A <a@b>|-|-|one two|250|queued",
        "MAIL||c@d|-|-|-|x|250|done",
    ];
    assert_eq!(pick(&batch, &MAIL), want);
    let columns = ["trans_depth", "helo", "rcpt_count", "mail_len", "user"];
    let want = ["-|pc|0|-|bob", "1|pc|2|50|bob", "2|pc|1|24|bob"];
    assert_eq!(pick(&batch, &columns), want);
    assert_eq!(
        (talk.app.name(), talk.app.basis()),
        (Some("smtp"), "parsed")
    );
    assert!(talk.weird().is_empty());
}

/// Each mechanism shows its user; passwords become hashes and stand nowhere else; only refused credentials are negative.
#[test]
fn logins() {
    let secrets = Secrets::under(&[7; 32]).unwrap();
    let mut talk = greeted();
    talk.out.secrets = secrets.clone();
    let play = |talk: &mut Talk, lines: &[&str], last: &str| {
        for (at, line) in lines.iter().enumerate() {
            talk.ask(format!("{line}\r\n").as_bytes());
            let reply = if at + 1 < lines.len() { "334 " } else { last };
            talk.answer(format!("{reply}\r\n").as_bytes());
        }
    };
    play(&mut talk, &["AUTH PLAIN AGJvYgBodW50ZXIy"], "535 no");
    play(&mut talk, &["auth plain", "AGJvYgBodW50ZXIy"], "535 no");
    play(
        &mut talk,
        &["AUTH LOGIN", "ZXZl", "aHVudGVyMg=="],
        "535 5.7.8 bad",
    );
    play(&mut talk, &["AUTH LOGIN ZXZl", "*"], "501 cancelled");
    play(
        &mut talk,
        &[
            "AUTH CRAM-MD5",
            "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
        ],
        "454 later",
    );
    play(
        &mut talk,
        &["AUTH XOAUTH2 dXNlcj1ib2JAeAFhdXRoPUJlYXJlciBodW50ZXIyAQE="],
        "535 no",
    );
    play(
        &mut talk,
        &["AUTH SCRAM-SHA-256 bixhPSxuPXVzZXIscj1yT3ByTkdmd0ViZQ=="],
        "504 unknown",
    );
    play(&mut talk, &["AUTH hunter2"], "504 what");
    play(&mut talk, &["AUTH PLAIN AGJvYgBodW50ZXIy"], "235 in");
    talk.ask(b"AUTH LOGIN\r\n");
    talk.end();
    let batch = talk.out.smtp.finish().unwrap();
    let want = [
        "AUTH|bob|plain|negative|535",
        "AUTH|bob|plain|negative|535",
        "AUTH|eve|login|negative|535",
        "AUTH|eve|login|unknown|501",
        "AUTH|tim|cram-md5|unknown|454",
        "AUTH|bob@x|xoauth2|negative|535",
        "AUTH|user|scram-sha-256|unknown|504",
        "AUTH|-|other|unknown|504",
        "AUTH|bob|plain|ok|235",
        "AUTH|-|login|unknown|-",
    ];
    assert_eq!(pick(&batch, &LOGIN), want);
    let (hash, none) = (secrets.hash(b"hunter2").unwrap(), "-".to_owned());
    let hashes = pick(&batch, &["secret_hash"]);
    assert!([0, 1, 2, 5, 8].iter().all(|at| hashes[*at] == hash));
    assert!([3, 4, 6, 7, 9].iter().all(|at| hashes[*at] == none));
    assert!(!format!("{batch:?}").contains("hunter2"));
}

/// After STARTTLS the streams are read as TLS; the flow keeps its name.
#[test]
fn starttls() {
    let mut talk = greeted();
    talk.ask(b"STARTTLS\r\n");
    talk.answer(b"220 go ahead\r\n");
    for (client, data) in super::tls::tls13() {
        talk.send(client, &data);
    }
    talk.end();
    let columns = ["command", "helo", "is_tls", "reply_code"];
    assert_eq!(rows(&mut talk, &columns), ["STARTTLS|pc.example|true|220"]);
    assert_eq!(talk.out.tls.len(), 1);
    assert_eq!(talk.app.name(), Some("smtp"));
    let mut talk = greeted();
    talk.ask(b"STARTTLS\r\n");
    talk.answer(b"454 not now\r\n");
    talk.ask(b"QUIT\r\n");
    talk.end();
    assert_eq!(rows(&mut talk, &columns), ["STARTTLS|pc.example|false|454"]);
}

/// A connection with nothing but a hello is one row; a refused DATA and a reset leave the mail with its last reply.
#[test]
fn what_comes_to_nothing() {
    let mut talk = greeted();
    assert_eq!(talk.ask(b"QUIT\r\n"), Hint::SenderIsClient);
    talk.end();
    let columns = ["command", "helo", "outcome"];
    assert_eq!(rows(&mut talk, &columns), ["EHLO|pc.example|request"]);
    let mut talk = greeted();
    talk.ask(b"MAIL FROM:<a@b>\r\nDATA\r\n");
    talk.answer(b"250 ok\r\n554 nobody\r\n");
    talk.ask(b"RSET\r\n");
    talk.answer(b"250 reset\r\n");
    talk.ask(b"MAIL FROM: x@y BODY=8BITMIME\r\n");
    talk.answer(b"501 what\r\n");
    talk.ask(b"mail from:<z@y>\r\nRSET\r\n");
    talk.answer(b"250 ok\r\n250 reset\r\n");
    talk.ask(b"QUIT\r\n");
    talk.end();
    let columns = ["mail_from", "reply_code", "reply_msg"];
    let want = ["a@b|554|nobody", "x@y|501|what", "z@y|250|ok"];
    assert_eq!(rows(&mut talk, &columns), want);
}

/// Bytes missing from a body, and with them its end, cost neither the mail nor the next one.
#[test]
fn losses() {
    let mut talk = greeted();
    talk.ask(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
    talk.answer(b"250 ok\r\n250 ok\r\n354 go\r\n");
    let seq = talk.seq[0];
    talk.raw(true, seq, b"Subject: s\r\n\r\nabc", 1000);
    talk.seq[0] = seq.wrapping_add(1000);
    talk.answer(b"250 queued\r\n");
    talk.ask(b"MAIL FROM:<e@f>\r\n");
    talk.answer(b"250 ok\r\n");
    talk.end();
    let columns = ["mail_from", "subject", "reply_msg", "mail_len"];
    assert_eq!(
        rows(&mut talk, &columns),
        ["a@b|s|queued|1000", "e@f|-|ok|0"]
    );
}

/// Only one side was captured: mails are told all the same.
#[test]
fn one_side() {
    let mut talk = Talk::tcp(25);
    talk.ask(b"HELO me\r\n");
    talk.ask(b"MAIL FROM:<a@b>\r\n");
    talk.ask(b"RCPT TO:<c@d>\r\n");
    talk.ask(b"DATA\r\n");
    talk.ask(b"Subject: 1\r\n\r\n.\r\n");
    talk.ask(b"MAIL FROM:<e@f>\r\nRCPT TO:<c@d>\r\nDATA\r\nnot a field\r\n.\r\nQUIT\r\n");
    talk.end();
    let columns = ["mail_from", "subject", "reply_code", "mail_len"];
    assert_eq!(rows(&mut talk, &columns), ["a@b|1|-|17", "e@f|-|-|16"]);
}
