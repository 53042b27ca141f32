//! HTTP rows: pairing, bodies, credentials, damage.

use super::smb_messages::{authenticate, challenge};
use super::talk::{Talk, pick};
use crate::proto::Secrets;

fn rows(talk: &mut Talk, columns: &[&str]) -> Vec<String> {
    pick(&talk.out.http.finish().unwrap(), columns)
}

const SHORT: [&str; 6] = [
    "trans_depth",
    "method",
    "uri",
    "status_code",
    "request_body_len",
    "response_body_len",
];

/// A conversation with every kind of body.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    let text = |client: bool, text: &str| (client, text.as_bytes().to_vec());
    vec![
        text(
            true,
            "POST /a?b HTTP/1.1\r\nHost: x:80\r\nAuthorization: Basic Ym9iOnB3\r\nContent-Length: 3\r\n\r\nabc",
        ),
        text(false, "HTTP/1.1 100 Continue\r\n\r\n"),
        text(
            false,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nabcd\r\n0\r\nT: 1\r\n\r\n",
        ),
        text(
            true,
            "HEAD /h HTTP/1.1\r\nVia: p\r\n\r\nGET http://u:p@y/ HTTP/1.0\r\n\r\n",
        ),
        text(
            false,
            "HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\nHTTP/1.0 404 Not\r\n\r\nuntil close",
        ),
    ]
}

/// What a page view says, and the name in the flow row.
#[test]
fn fields() {
    let mut talk = Talk::tcp(8080);
    talk.ask(
        b"GET /a?q=\x7f\"x\" HTTP/1.1\r\nhost: Example.org:8080\r\nUser-Agent: curl/8\r\nREFERER: http://bob:pw@r/\r\nX-Forwarded-For: 1.2.3.4\r\nvia: p\r\nAccept: text/html,\r\n\tx\r\n\r\n",
    );
    assert_eq!(talk.app.labels(), (Some("Example.org"), None));
    talk.answer(
        b"HTTP/1.0 404 Not Found\r\nContent-Type: text/html; charset=x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nab",
    );
    talk.answer(b"cd");
    let columns = [
        "method",
        "host",
        "uri",
        "referrer",
        "user_agent",
        "http_version",
        "reply_version",
        "status_code",
        "status_msg",
        "response_type",
        "response_coding",
        "response_body_len",
        "proxied",
        "rtt_ns",
        "outcome",
    ];
    let want = "GET|Example.org|/a?q=\\x7f\\x22x\\x22|http://bob@r/|curl/8|1.1|1.0|404|Not Found|text/html; charset=x|gzip|4|\
                X-Forwarded-For: 1.2.3.4; Via: p|1000000|request";
    assert_eq!(rows(&mut talk, &columns), [want]);
    assert!(talk.weird().is_empty());
    assert_eq!(
        (talk.app.name(), talk.app.basis()),
        (Some("http"), "parsed")
    );
}

/// Passwords of the Basic scheme and of URIs are nowhere; the status says how the login ended.
#[test]
fn credentials() {
    let mut talk = Talk::tcp(80);
    let secrets = Secrets::under(&[7; 32]).unwrap();
    talk.out.secrets = secrets.clone();
    let ask = |talk: &mut Talk, value: &str, reply: &str| {
        talk.ask(format!("GET / HTTP/1.1\r\nAuthorization: {value}\r\n\r\n").as_bytes());
        talk.answer(format!("HTTP/1.1 {reply}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    };
    ask(&mut talk, "Basic Ym9iOmh1bnRlcjI=", "401 No");
    ask(&mut talk, "basic Ym9iOmh1bnRlcjI=", "200 OK");
    ask(&mut talk, "Basic aHVudGVyMg==", "500 No");
    ask(
        &mut talk,
        "Digest realm=\"x\", username=\"eve\", uri=\"/\"",
        "302 F",
    );
    ask(&mut talk, "Bearer hunter2", "200 OK");
    ask(&mut talk, "hunter2", "407 No");
    talk.ask(b"GET http://bob:hunter2@x/?http://a:b@c HTTP/1.1\r\n\r\n");
    talk.end();
    let batch = talk.out.http.finish().unwrap();
    let (hash, last) = (pick(&batch, &["secret_hash"]), secrets.hash(b"hunter2"));
    let (last, none) = (last.unwrap(), "-".to_owned());
    assert_eq!(hash[..3], [last.clone(), last, none.clone()]);
    assert!(hash[3..].iter().all(|hash| *hash == none));
    let got = pick(&batch, &["uri", "auth_kind", "user", "outcome"]);
    let want = [
        "/|basic|bob|negative",
        "/|basic|bob|ok",
        "/|basic|-|unknown",
        "/|digest|eve|ok",
        "/|bearer|-|ok",
        "/|other|-|negative",
        "http://bob@x/?http://a:b@c|-|-|request",
    ];
    assert_eq!(got, want);
}

/// Bodies by length, by chunks, and until the connection closes; HEAD, 100, 204 and 304 have none.
#[test]
fn bodies_and_pipelining() {
    let mut talk = Talk::tcp(80);
    talk.ask(b"POST /1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    talk.answer(b"HTTP/1.1 100 Continue\r\n\r\n");
    talk.ask(b"GET /");
    talk.answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00a;x=y\r\n01234",
    );
    talk.answer(b"56789\r\n0\r\nTrailer: x\r\n\r\n");
    talk.ask(b"\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\nGET /4 HTTP/1.1\r\n\r\nGET /5 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not\r\nContent-Length: 99\r\n\r\n");
    talk.answer(b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 this is content");
    talk.end();
    let want = [
        "1|POST|/1|200|5|13",
        "2|HEAD|/2|200|0|0",
        "3|GET|/3|304|0|0",
        "4|GET|/4|204|0|0",
        "5|GET|/5|200|0|28",
    ];
    assert_eq!(rows(&mut talk, &SHORT), want);
    assert!(talk.weird().is_empty());
}

/// After CONNECT or 101 the connection carries something else; a refused CONNECT goes on.
#[test]
fn switched() {
    let mut talk = Talk::tcp(3128);
    talk.ask(b"CONNECT a:443 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 407 Auth\r\nContent-Length: 1\r\n\r\nx");
    talk.ask(b"CONNECT a:443 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01");
    assert!(talk.app.is_done());
    talk.end();
    assert_eq!(
        rows(&mut talk, &SHORT),
        ["1|CONNECT|a:443|407|0|1", "2|CONNECT|a:443|200|0|0"]
    );
    let mut talk = Talk::tcp(80);
    talk.ask(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
    talk.answer(b"HTTP/1.1 101 Switching\r\n\r\n");
    assert!(talk.app.is_done());
    assert_eq!(rows(&mut talk, &SHORT), ["1|GET|/ws|101|0|0"]);
}

/// Broken framing is noted, and the next message is found again.
#[test]
fn damage() {
    let mut talk = Talk::tcp(80);
    talk.ask(b"GET /1 HTTP/1.1\r\nno colon\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx");
    assert_eq!(talk.weird(), ["http_bad_field", "http_bad_length"]);
    talk.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\n");
    assert_eq!(talk.weird(), ["http_bad_chunk"]);
    talk.ask(b"\x01\x02 garbage\r\nthis is / text HTTP\r\nGET /2 HTTP/1.1\r\n\r\n");
    assert_eq!(talk.weird(), ["http_bad_message"]);
    talk.answer(b"noise\r\nHTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
    talk.end();
    let want = ["1|GET|/1|200|1|0", "2|GET|/2|200|0|0"];
    assert_eq!(rows(&mut talk, &SHORT), want);
}

/// A head longer than is read whole gives a row of what was read; the next request is read as usual.
#[test]
fn long_heads() {
    let mut talk = Talk::tcp(80);
    talk.ask(b"GET /1 HTTP/1.1\r\nHost: a\r\nCookie: ");
    for _ in 0..40 {
        talk.ask(&[b'A'; 1000]);
    }
    talk.ask(b"\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    talk.ask(b"GET /");
    talk.ask(&[b'B'; 5000]);
    talk.ask(b" HTTP/1.1\r\n\r\n");
    talk.end();
    let got = rows(&mut talk, &["host", "uri"]);
    assert_eq!(got[..2], ["a|/1", "-|/2"]);
    assert_eq!(got[2].len(), 2 + 2048);
    assert_eq!(talk.weird(), ["http_long_head"]);
}

/// Lost bytes of a body, and responses nobody was seen asking for.
#[test]
fn gaps() {
    let mut talk = Talk::tcp(80);
    talk.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    assert_eq!(talk.weird(), ["http_unasked_response"]);
    talk.ask(b"GET /1 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n0123456789");
    let seq = talk.seq[1];
    talk.raw(false, seq, b"01234", 2990);
    talk.seq[1] = seq.wrapping_add(2990);
    talk.ask(b"GET /2 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 404 No\r\nContent-Length: 2990\r\n\r\n");
    let seq = talk.seq[1];
    talk.raw(false, seq, b"01234", 2000);
    talk.seq[1] = seq.wrapping_add(2000);
    talk.answer(&[b'x'; 990]);
    talk.ask(b"GET /3 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    talk.end();
    let want = [
        "1|-|-|200|0|2",
        "2|GET|/1|200|0|3000",
        "3|GET|/2|404|0|2990",
        "4|GET|/3|404|0|0",
    ];
    assert_eq!(rows(&mut talk, &SHORT), want);
    assert_eq!(talk.weird(), ["stream_gap"]);
}

/// More requests than may wait: rows all the same.
#[test]
fn many_pending() {
    let mut talk = Talk::tcp(80);
    for _ in 0..100 {
        talk.ask(b"GET / HTTP/1.1\r\n\r\n");
    }
    talk.end();
    assert_eq!(rows(&mut talk, &SHORT).len(), 100);
}

/// Late retransmissions of a large download, and a loss larger than an unscaled window, leave the next response readable.
#[test]
fn large_downloads() {
    let mut talk = Talk::tcp(80);
    talk.ask(b"GET /1 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n");
    let first = talk.seq[1];
    for _ in 0..200 {
        talk.answer(&[b'x'; 1000]);
    }
    talk.raw(false, first, &[b'x'; 1000], 1000);
    talk.seq[1] = talk.seq[1].wrapping_add(100_000);
    for _ in 0..100 {
        talk.answer(&[b'x'; 1000]);
    }
    talk.raw(false, first, &[b'x'; 1000], 1000);
    talk.ask(b"GET /2 HTTP/1.1\r\n\r\n");
    talk.answer(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    let want = ["1|GET|/1|200|0|400000", "2|GET|/2|404|0|0"];
    assert_eq!(rows(&mut talk, &SHORT), want);
}

fn base64(data: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in data.chunks(3) {
        let bits = part
            .iter()
            .fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet))
            << (8 * (3 - part.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize] as char;
            text.push(if at <= part.len() { letter } else { '=' });
        }
    }
    text
}

fn with_token(field: &str, scheme: &str, token: &[u8]) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: x\r\n{field}: {scheme} {}\r\n\r\n",
        base64(token)
    )
}

/// The legs of an NTLM login; `code` answers the last one, none: nobody does.
fn legs(talk: &mut Talk, scheme: &str, at_proxy: bool, code: Option<u16>) {
    let (asks, tells) = if at_proxy {
        (
            "Proxy-Authorization",
            "Proxy-Authenticate: Basic realm=x\r\nProxy-Authenticate",
        )
    } else {
        (
            "Authorization",
            "WWW-Authenticate: Basic realm=x\r\nWWW-Authenticate",
        )
    };
    talk.ask(with_token(asks, scheme, b"NTLMSSP\0\x01\0\0\0").as_bytes());
    let refused = if at_proxy { 407 } else { 401 };
    let token = base64(&challenge());
    let told =
        format!("HTTP/1.1 {refused} No\r\n{tells}: {scheme} {token}\r\nContent-Length: 0\r\n\r\n");
    talk.answer(told.as_bytes());
    talk.ask(with_token(asks, scheme, &authenticate("bob", 24)).as_bytes());
    if let Some(code) = code {
        let answer = format!("HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n");
        talk.answer(answer.as_bytes());
    }
}

/// An NTLM login is one row, bare or inside of Negotiate, at a server or a proxy; whom it was for refuses it.
#[test]
fn ntlm_logins() {
    let cases = [
        ("NTLM", false, Some(200), "ok"),
        ("Negotiate", false, Some(401), "negative"),
        ("negotiate", false, Some(404), "ok"),
        ("NTLM", false, Some(503), "unknown"),
        ("NTLM", false, Some(407), "unknown"),
        ("NTLM", true, Some(407), "negative"),
        ("NTLM", true, Some(401), "ok"),
        ("NTLM", false, None, "unknown"),
    ];
    let columns = [
        "service",
        "user",
        "domain",
        "server_nb_name",
        "ntlm_kind",
        "outcome",
    ];
    for (scheme, at_proxy, code, outcome) in cases {
        let mut talk = Talk::tcp(80);
        legs(&mut talk, scheme, at_proxy, code);
        talk.end();
        let got = pick(&talk.out.ntlm.finish().unwrap(), &columns);
        assert_eq!(
            got,
            [format!("http|bob|DOM|SRV|ntlmv1|{outcome}")],
            "{scheme} {code:?}"
        );
    }
}

/// Several logins on one connection stay apart; one that ends in its midst has no user.
#[test]
fn ntlm_logins_one_after_the_other() {
    let mut talk = Talk::tcp(80);
    legs(&mut talk, "NTLM", false, Some(401));
    legs(&mut talk, "NTLM", false, Some(200));
    talk.ask(with_token("Authorization", "NTLM", b"NTLMSSP\0\x01\0\0\0").as_bytes());
    talk.ask(with_token("Authorization", "Negotiate", b"no such token").as_bytes());
    talk.end();
    let got = pick(&talk.out.ntlm.finish().unwrap(), &["user", "outcome"]);
    assert_eq!(got, ["bob|negative", "bob|ok", "-|unknown"]);
}
