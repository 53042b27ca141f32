//! Names of modes and of what asks a server about itself.

/// Mode (RFC 5905 figure 10).
pub(super) const fn mode(mode: u8) -> &'static str {
    match mode {
        1 => "symmetric-active",
        2 => "symmetric-passive",
        3 => "client",
        4 => "server",
        5 => "broadcast",
        6 => "control",
        _ => "private",
    }
}

/// Operation of a control message (RFC 9327 section 2).
pub(super) const fn control(opcode: u8) -> Option<&'static str> {
    Some(match opcode {
        1 => "read-status",
        2 => "read-variables",
        3 => "write-variables",
        4 => "read-clock",
        5 => "write-clock",
        6 => "set-trap",
        7 => "trap",
        8 => "configure",
        9 => "save-configuration",
        10 => "read-mru",
        11 => "read-list",
        12 => "request-nonce",
        31 => "unset-trap",
        _ => return None,
    })
}

/// Request of a private message (ntpd, `include/ntp_request.h`).
pub(super) const fn private(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "peer-list",
        1 => "peer-list-sum",
        2 => "peer-info",
        3 => "peer-stats",
        4 => "sys-info",
        5 => "sys-stats",
        6 => "io-stats",
        7 => "mem-stats",
        8 => "loop-info",
        9 => "timer-stats",
        10 => "config",
        11 => "unconfig",
        12 => "set-sys-flag",
        13 => "clear-sys-flag",
        16 => "get-restrict",
        17 => "restrict-add-flags",
        18 => "restrict-sub-flags",
        19 => "unrestrict",
        20 | 42 => "monlist",
        21 => "reset-stats",
        22 => "reset-peer",
        23 => "reread-keys",
        26 => "trust-key",
        27 => "untrust-key",
        28 => "auth-info",
        29 => "traps",
        30 => "add-trap",
        31 => "clear-trap",
        32 => "request-key",
        33 => "control-key",
        34 => "control-stats",
        35 => "leap-info",
        36 => "clock-info",
        37 => "set-clock-fudge",
        38 => "kernel-info",
        39 => "get-clock-bug-info",
        41 => "set-precision",
        43 => "host-list",
        _ => return None,
    })
}
