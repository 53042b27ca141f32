//! Words for the numbers of SMB.

/// Dialect of SMB2 and SMB3 ([MS-SMB2] 2.2.4); the wildcard means that the client shall ask again.
pub(super) const fn dialect(revision: u16) -> &'static str {
    match revision {
        0x0202 => "2.02",
        0x0210 => "2.10",
        0x0300 => "3.00",
        0x0302 => "3.02",
        0x0311 => "3.11",
        0x02ff => "2.??",
        _ => "other",
    }
}

/// Type of a share ([MS-SMB2] 2.2.10).
pub(super) const fn share_type(code: u8) -> &'static str {
    match code {
        1 => "disk",
        2 => "pipe",
        3 => "print",
        _ => "other",
    }
}

/// What to do when the file exists, or does not ([MS-SMB2] 2.2.13).
pub(super) const fn disposition(code: u32) -> &'static str {
    match code {
        0 => "supersede",
        1 => "open",
        2 => "create",
        3 => "open_if",
        4 => "overwrite",
        5 => "overwrite_if",
        _ => "other",
    }
}

/// What was done ([MS-SMB2] 2.2.14).
pub(super) const fn created(code: u32) -> &'static str {
    match code {
        0 => "superseded",
        1 => "opened",
        2 => "created",
        3 => "overwritten",
        _ => "other",
    }
}
