//! FTP command verbs: a closed list, because a verb becomes a dictionary word.
//!
//! Source: RFC 959 5.3.1, RFC 2228, RFC 2389, RFC 2428, RFC 3659, RFC 7151, IANA "FTP Commands and Extensions"; the `X`
//! verbs are RFC 1123 4.1.3.1.

const VERBS: [&str; 59] = [
    "ABOR", "ACCT", "ADAT", "ALLO", "APPE", "AUTH", "CCC", "CDUP", "CONF", "CWD", "DELE", "ENC",
    "EPRT", "EPSV", "FEAT", "HASH", "HELP", "HOST", "LANG", "LIST", "LPRT", "LPSV", "MDTM", "MFMT",
    "MIC", "MKD", "MLSD", "MLST", "MODE", "NLST", "NOOP", "OPTS", "PASS", "PASV", "PBSZ", "PORT",
    "PROT", "PWD", "QUIT", "REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE", "SIZE", "SMNT",
    "STAT", "STOR", "STOU", "STRU", "SYST", "TYPE", "USER", "XCUP", "XCWD", "XMKD", "XPWD",
];

/// Verb for anything not in the list.
pub(super) const OTHER: &str = "OTHER";

/// The listed verb equal to `word`, ASCII case ignored.
pub(super) fn verb(word: &[u8]) -> Option<&'static str> {
    VERBS
        .into_iter()
        .find(|verb| verb.as_bytes().eq_ignore_ascii_case(word))
}

/// The argument may be or hold a secret: passwords, accounts, security data, vendor commands that change passwords, and
/// lines that are no known command (a password typed at the wrong moment).
pub(super) fn is_secret(verb: &'static str) -> bool {
    matches!(
        verb,
        "PASS" | "ACCT" | "ADAT" | "CONF" | "ENC" | "MIC" | "SITE" | OTHER
    )
}

/// The mechanism of AUTH is TLS by one of its names (RFC 4217 17, and those in use before it).
pub(super) fn is_tls(mechanism: &str) -> bool {
    ["TLS", "TLS-C", "SSL", "TLS-P"]
        .iter()
        .any(|name| mechanism.eq_ignore_ascii_case(name))
}
