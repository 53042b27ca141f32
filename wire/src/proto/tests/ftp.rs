//! FTP rows: pairing, logins, secrets.

use super::talk::{Talk, pick};
use crate::proto::{Hint, Secrets};

const COLUMNS: [&str; 6] = [
    "user",
    "command",
    "arg",
    "reply_code",
    "reply_msg",
    "outcome",
];

fn rows(talk: &mut Talk) -> Vec<String> {
    pick(&talk.out.ftp.finish().unwrap(), &COLUMNS)
}

/// A failed and a good login with multi-line replies; passwords are nowhere.
#[test]
fn logins() {
    let mut talk = Talk::tcp(21);
    assert_eq!(
        talk.answer(b"220-Welcome\r\n to this\r\n220 server\r\n"),
        Hint::ReceiverIsClient
    );
    assert_eq!(talk.ask(b"USER bob\r\n"), Hint::SenderIsClient);
    talk.answer(b"331 Password required for bob.\r\n");
    talk.ask(b"pass hunter2\r\n");
    talk.answer(b"530 Login hunter2 incorrect.\r\n");
    talk.ask(b"USER bob\r\nPASS s3cret\r\n");
    talk.answer(b"331 Go on\r\n230-Hello\r\n230-530 not this\r\n230 User logged in\r\n");
    talk.ask(b"CWD /tmp/\"x\"\x01\r\n");
    talk.answer(b"250 ok\r\n");
    talk.ask(b"PASS again\r\n");
    talk.end();
    let want = [
        "bob|USER|bob|331|Password required for bob.|request",
        "bob|PASS|-|530|-|negative",
        "bob|USER|bob|331|Go on|request",
        "bob|PASS|-|230|Hello|ok",
        "bob|CWD|/tmp/\\x22x\\x22\\x01|250|ok|request",
        "bob|PASS|-|-|-|unknown",
    ];
    assert_eq!(rows(&mut talk), want);
    assert_eq!((talk.app.name(), talk.app.basis()), (Some("ftp"), "parsed"));
    assert!(talk.weird().is_empty());
}

/// A lost reply costs its command the reply, and a lost command nothing more: later commands keep their own replies.
#[test]
fn losses() {
    let mut talk = Talk::tcp(21);
    talk.answer(b"220 ftp\r\n");
    talk.ask(b"CWD a\r\n");
    talk.seq[1] = talk.seq[1].wrapping_add(8);
    talk.ask(b"CWD b\r\n");
    // Read late, when the hole is given up.
    talk.answer(b"250 b\r\n");
    talk.ask(b"CWD c\r\n");
    talk.answer(b"250 c\r\n");
    // Long after: the hole is given up, what waits behind it is read.
    talk.frame += 100_000;
    talk.ask(b"CWD d\r\n");
    talk.answer(b"250 d\r\n");
    talk.seq[0] = talk.seq[0].wrapping_add(7);
    talk.answer(b"250 lost command\r\n");
    // Read late too, after its reply.
    talk.ask(b"CWD f\r\n");
    talk.answer(b"250 f\r\n");
    talk.frame += 100_000;
    talk.ask(b"CWD g\r\n");
    talk.answer(b"250 g\r\n");
    talk.end();
    let mut found = pick(&talk.out.ftp.finish().unwrap(), &["arg", "reply_msg"]);
    found.sort();
    assert_eq!(found, ["a|-", "b|b", "c|c", "d|d", "f|f", "g|g"]);
}

/// With the site's key the same password has the same hash, whoever tried it, and another one another; without a key none.
#[test]
fn hashes_of_passwords() {
    let columns = ["user", "command", "login_method", "secret_hash"];
    let play = |talk: &mut Talk| {
        talk.answer(b"220 ftp\r\n");
        for (user, password) in [("bob", "one"), ("eve", "one"), ("bob", "two")] {
            talk.ask(format!("USER {user}\r\n").as_bytes());
            talk.answer(b"331 go\r\n");
            talk.ask(format!("PASS {password}\r\n").as_bytes());
            talk.answer(b"530 no\r\n");
        }
        pick(&talk.out.ftp.finish().unwrap(), &columns)
    };
    let mut talk = Talk::tcp(21);
    assert_eq!(play(&mut talk)[1], "bob|PASS|password|-");
    let secrets = Secrets::under(&[7; 32]).unwrap();
    let (one, two) = (secrets.hash(b"one").unwrap(), secrets.hash(b"two").unwrap());
    let mut talk = Talk::tcp(21);
    talk.out.secrets = secrets;
    let want = [
        "bob|USER|-|-".to_owned(),
        format!("bob|PASS|password|{one}"),
        "eve|USER|-|-".to_owned(),
        format!("eve|PASS|password|{one}"),
        "bob|USER|-|-".to_owned(),
        format!("bob|PASS|password|{two}"),
    ];
    assert_eq!(play(&mut talk), want);
    assert_ne!(one, two);
}

/// A preliminary reply waits for the final one; pipelined commands keep their order.
#[test]
fn transfers_and_pipelining() {
    let mut talk = Talk::tcp(21);
    talk.answer(b"220 ready\r\n");
    talk.ask(b"TYPE I\r\nRETR a.bin\r\nNOOP\r\n");
    talk.answer(b"200 binary\r\n150 opening\r\n");
    talk.answer(b"226 done\r\n200 noop\r\n");
    talk.ask(b"RETR b.bin\r\n");
    talk.answer(b"150 opening\r\n");
    talk.end();
    let want = [
        "-|TYPE|I|200|binary|request",
        "-|RETR|a.bin|226|done|request",
        "-|NOOP|-|200|noop|request",
        "-|RETR|b.bin|150|opening|request",
    ];
    assert_eq!(rows(&mut talk), want);
}

/// Lines that are no command may be a password typed at the wrong moment: no argument, no echo.
#[test]
fn secrets_stay_out() {
    let mut talk = Talk::tcp(21);
    talk.answer(b"220 ready\r\n");
    for line in [
        "hunter2",
        "SITE CHPWD hunter2",
        "ACCT hunter2",
        "ADAT hunter2",
        "PASS\thunter2",
    ] {
        talk.ask(format!("{line}\r\n").as_bytes());
        talk.answer(format!("500 '{line}' not understood\r\n").as_bytes());
    }
    let got = rows(&mut talk);
    assert_eq!(got.len(), 5);
    assert!(got.iter().all(|row| !row.contains("hunter2")), "{got:?}");
    assert_eq!(got[0], "-|OTHER|-|500|-|request");
}

/// On a private port the greeting must say FTP, or be followed by USER; mail and news greet the same way.
#[test]
fn private_ports() {
    let mut talk = Talk::tcp(2121);
    assert_eq!(
        talk.answer(b"220 (vsFTPd 3.0.3)\r\n"),
        Hint::ReceiverIsClient
    );
    assert_eq!(talk.app.name(), Some("ftp"));
    let mut talk = Talk::tcp(2122);
    talk.answer(b"220 hello\r\n");
    assert_eq!(talk.app.name(), None);
    talk.ask(b"USER anonymous\r\n");
    talk.answer(b"331 go\r\n");
    assert_eq!(talk.app.name(), Some("ftp"));
    assert_eq!(rows(&mut talk), ["anonymous|USER|anonymous|331|go|request"]);
    let mut talk = Talk::tcp(2525);
    talk.answer(b"220 mx.example ESMTP\r\n");
    assert_eq!(talk.app.name(), Some("smtp"));
    let mut talk = Talk::tcp(6667);
    talk.ask(b"USER a b c :d\r\n");
    assert_eq!(talk.app.name(), Some("irc"));
}

/// After AUTH TLS nothing is read any more.
#[test]
fn encrypted_control() {
    let mut talk = Talk::tcp(21);
    talk.answer(b"220 ready\r\n");
    talk.ask(b"AUTH TLS\r\n");
    talk.answer(b"234 proceed\r\n");
    assert!(!talk.app.is_done());
    for (client, data) in super::tls::tls13() {
        talk.send(client, &data);
    }
    talk.end();
    assert_eq!(rows(&mut talk), ["-|AUTH|TLS|234|proceed|request"]);
    assert_eq!((talk.out.tls.len(), talk.app.name()), (1, Some("ftp")));
    let mut talk = Talk::tcp(21);
    talk.answer(b"220 ready\r\n");
    talk.ask(b"AUTH GSSAPI\r\n");
    talk.answer(b"334 proceed\r\n");
    assert!(talk.app.is_done());
}

/// Lines split over segments and delivered out of order are put together.
#[test]
fn split_lines() {
    let mut talk = Talk::tcp(21);
    talk.answer(b"220 ready\r\n");
    let seq = talk.seq[0];
    talk.raw(true, seq, b"US", 2);
    talk.raw(true, seq + 6, b"ob\r\n", 4);
    talk.raw(true, seq + 2, b"ER b", 4);
    talk.answer(b"33");
    talk.answer(b"1 ok\r\n");
    assert_eq!(rows(&mut talk), ["bob|USER|bob|331|ok|request"]);
}

/// A line that tries to overflow a buffer is one command, noted, and the next line is read as usual.
#[test]
fn overlong_lines() {
    let mut talk = Talk::tcp(21);
    talk.answer(b"220 ready\r\n");
    talk.ask(b"RETR ");
    for _ in 0..20 {
        talk.ask(&[b'A'; 1000]);
    }
    talk.ask(b"\r\nNOOP\r\n");
    talk.answer(b"500 too long\r\n200 ok\r\n");
    let got = rows(&mut talk);
    assert_eq!(got.len(), 2);
    assert!(got[0].starts_with("-|RETR|AAAA") && got[0].ends_with("A|500|too long|request"));
    assert_eq!(got[1], "-|NOOP|-|200|ok|request");
    assert_eq!(talk.weird(), ["ftp_bad_line"]);
}
