//! What servers say when they ask for a login, refuse it, or let in. No standard tells; the words are those of the programs named.
//!
//! Source: util-linux login-utils/login.c and agetty.c, BusyBox loginutils/{login,getty}.c, OpenBSD login(1), Linux-PAM modules
//! pam_unix and pam_lastlog; Cisco IOS Security Configuration Guide ("% Login invalid", "% Bad passwords", "% Authentication
//! failed"), Huawei VRP ("Local authentication is rejected"), H3C Comware ("% Login failed!"), Microsoft Telnet Server ("Login
//! Failed", "Logon failure"); Chinese devices in UTF-8 and GB 18030.

use crate::proto::read::contains_word;

/// Longest line that is a prompt, octets: host names have 64 at most (Linux HOST_NAME_MAX), words around them fewer.
const MAX_PROMPT: usize = 160;

/// Ends of a line that asks for a user, before the colon.
const USER: [&[u8]; 17] = [
    b"login",
    b"logon",
    b"login name",
    b"login as",
    b"username",
    b"user name",
    b"user",
    b"user id",
    b"userid",
    b"account",
    "用户名".as_bytes(),
    "用户".as_bytes(),
    "账号".as_bytes(),
    "帐号".as_bytes(),
    b"\xd3\xc3\xbb\xa7\xc3\xfb",
    b"\xd5\xcb\xba\xc5",
    b"\xd5\xca\xba\xc5",
];
/// Ends of a line that asks for a password, before the colon.
const PASSWORD: [&[u8]; 8] = [
    b"password",
    b"passwd",
    b"pass",
    b"passcode",
    "密码".as_bytes(),
    "口令".as_bytes(),
    b"\xc3\xdc\xc2\xeb",
    b"\xbf\xda\xc1\xee",
];
/// Words of a line that asks for another password after the right one (pam_unix, passwd(1)).
const CHANGE: [&[u8]; 5] = [
    b"new password",
    b"current",
    b"old password",
    b"retype",
    "新密码".as_bytes(),
];
/// Words of a refusal.
const REFUSED: [&[u8]; 31] = [
    b"login incorrect",
    b"login invalid",
    b"login failed",
    b"login fail",
    b"login failure",
    b"logon failure",
    b"login refused",
    b"invalid login",
    b"incorrect login",
    b"bad password",
    b"bad secrets",
    b"password incorrect",
    b"incorrect password",
    b"invalid password",
    b"wrong password",
    b"password error",
    b"password is incorrect",
    b"password is wrong",
    b"password is invalid",
    b"invalid user",
    b"unknown user",
    b"user does not exist",
    b"authentication fail",
    b"authentication is rejected",
    b"access denied",
    b"permission denied",
    b"maximum number of tries",
    "登录失败".as_bytes(),
    "密码错误".as_bytes(),
    "认证失败".as_bytes(),
    "口令错误".as_bytes(),
];
/// The Chinese ones in GB 18030.
const REFUSED_GB: [&[u8]; 4] = [
    b"\xb5\xc7\xc2\xbc\xca\xa7\xb0\xdc",
    b"\xc3\xdc\xc2\xeb\xb4\xed\xce\xf3",
    b"\xc8\xcf\xd6\xa4\xca\xa7\xb0\xdc",
    b"\xbf\xda\xc1\xee\xb4\xed\xce\xf3",
];
/// Words said to who is let in: pam_lastlog, login(1).
const LET_IN: [&[u8]; 4] = [
    b"last login",
    b"last failed login",
    b"welcome",
    b"you have new mail",
];

/// What a server asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    User,
    Password,
    /// Another password, after the right one.
    NewPassword,
    /// Something else: it ends as a question does.
    Other,
}

/// A line as far as it was sent, when it ends with a colon.
fn question(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    ["：".as_bytes(), b":", b"\xa3\xba"]
        .iter()
        .find_map(|colon| line.strip_suffix(*colon))
        .map(<[u8]>::trim_ascii)
}

/// What a line asks for.
pub(super) fn asks(line: &[u8]) -> Option<Asks> {
    let words = question(line)?;
    let is_told = LET_IN.iter().any(|word| contains_word(words, word));
    if words.len() > MAX_PROMPT || is_told {
        return None;
    }
    let is_password = PASSWORD.iter().any(|word| ends_with(words, word))
        || contains_word(words, b"password for ");
    if is_password && CHANGE.iter().any(|word| contains_word(words, word)) {
        Some(Asks::NewPassword)
    } else if is_password {
        Some(Asks::Password)
    } else if USER.iter().any(|word| ends_with(words, word)) {
        Some(Asks::User)
    } else {
        Some(Asks::Other)
    }
}

/// A text ends with a line that asks for a user or a password.
pub(in crate::proto) fn asks_for_login(text: &[u8]) -> bool {
    let start = text.iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
    let line = text.get(start.map_or(0, |at| at + 1)..).unwrap_or(&[]);
    matches!(asks(line), Some(Asks::User | Asks::Password))
}

/// `line` ends with `word`, and no letter stands before it.
fn ends_with(line: &[u8], word: &[u8]) -> bool {
    let Some(at) = line.len().checked_sub(word.len()) else {
        return false;
    };
    let (before, end) = line.split_at(at);
    let is_part = before.last().is_some_and(u8::is_ascii_alphabetic)
        && word.first().is_some_and(u8::is_ascii_alphabetic);
    end.eq_ignore_ascii_case(word) && !is_part
}

/// A line refuses a login.
pub(super) fn refuses(line: &[u8]) -> bool {
    let mut words = REFUSED.iter().chain(&REFUSED_GB);
    words.any(|word| contains_word(line, word))
        && !LET_IN.iter().any(|word| contains_word(line, word))
}

/// A text lets in: it says so, or ends as the prompt of a shell does (bash, ash, csh, Cisco, Windows).
pub(super) fn lets_in(text: &[u8]) -> bool {
    is_shell(text) || LET_IN.iter().any(|word| contains_word(text, word))
}

/// A text ends as the prompt of a shell does.
pub(super) fn is_shell(text: &[u8]) -> bool {
    let end = text.trim_ascii().last();
    matches!(end, Some(b'$' | b'#' | b'>' | b'%'))
}

#[cfg(test)]
mod tests {
    use super::{Asks, asks, lets_in, refuses};

    /// Prompts of many systems, and lines that only look like one.
    #[test]
    fn prompts() {
        for (line, want) in [
            (&b"login: "[..], Some(Asks::User)),
            (b"ubuntu login:", Some(Asks::User)),
            (b"Username:", Some(Asks::User)),
            (b"User Name : ", Some(Asks::User)),
            ("用户名：".as_bytes(), Some(Asks::User)),
            (b"\xd3\xc3\xbb\xa7\xc3\xfb:", Some(Asks::User)),
            (b"Password: ", Some(Asks::Password)),
            (b"root's Password:", Some(Asks::Password)),
            (b"Password for root@x:", Some(Asks::Password)),
            ("密码:".as_bytes(), Some(Asks::Password)),
            (b"\xc3\xdc\xc2\xeb\xa3\xba", Some(Asks::Password)),
            (b"New password: ", Some(Asks::NewPassword)),
            (b"(current) UNIX password:", Some(Asks::NewPassword)),
            (b"Kennwort:", Some(Asks::Other)),
            (b"superuser:", Some(Asks::Other)),
            (b"Last login:", None),
            (b"Last failed login:", None),
            (b"login", None),
            (b"", None),
        ] {
            assert_eq!(asks(line), want, "{}", line.escape_ascii());
        }
        assert_eq!(asks(&[&[b'x'; 200][..], b" login:"].concat()), None);
    }

    /// Refusals are told from greetings that speak of failed logins before.
    #[test]
    fn refusals() {
        for line in [
            &b"Login incorrect"[..],
            b"% Login invalid",
            b"% Bad passwords",
            b"Error: Authentication fail",
            "用户名或密码错误".as_bytes(),
            b"\xc3\xdc\xc2\xeb\xb4\xed\xce\xf3",
        ] {
            assert!(refuses(line), "{}", line.escape_ascii());
        }
        for line in [
            &b"Last login: Mon Oct 1"[..],
            b"There was 1 failed login attempt since the last successful login.",
            b"Welcome",
            b"",
        ] {
            assert!(!refuses(line), "{}", line.escape_ascii());
        }
        assert!(lets_in(b"router#") && lets_in(b"C:\\Users\\x> ") && lets_in(b"Last login: x"));
        assert!(!lets_in(b"") && !lets_in(b"bye"));
    }
}
