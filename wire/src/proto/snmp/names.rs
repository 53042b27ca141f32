//! Names of the numbers of SNMP.

/// Error of an answer (RFC 3416 3).
pub(super) fn error(status: i64) -> Option<&'static str> {
    const NAMES: [&str; 19] = [
        "noError",
        "tooBig",
        "noSuchName",
        "badValue",
        "readOnly",
        "genErr",
        "noAccess",
        "wrongType",
        "wrongLength",
        "wrongEncoding",
        "wrongValue",
        "noCreation",
        "inconsistentValue",
        "resourceUnavailable",
        "commitFailed",
        "undoFailed",
        "authorizationError",
        "notWritable",
        "inconsistentName",
    ];
    NAMES.get(usize::try_from(status).ok()?).copied()
}

/// Counter that a report shows, by its object identifier: what the receiver counted the message as (RFC 3414 5, RFC 3412 5, RFC 3413 3).
pub(super) fn report(oid: &str) -> &'static str {
    match oid {
        "1.3.6.1.6.3.15.1.1.1.0" => "usmStatsUnsupportedSecLevels",
        "1.3.6.1.6.3.15.1.1.2.0" => "usmStatsNotInTimeWindows",
        "1.3.6.1.6.3.15.1.1.3.0" => "usmStatsUnknownUserNames",
        "1.3.6.1.6.3.15.1.1.4.0" => "usmStatsUnknownEngineIDs",
        "1.3.6.1.6.3.15.1.1.5.0" => "usmStatsWrongDigests",
        "1.3.6.1.6.3.15.1.1.6.0" => "usmStatsDecryptionErrors",
        "1.3.6.1.6.3.11.2.1.1.0" => "snmpUnknownSecurityModels",
        "1.3.6.1.6.3.11.2.1.2.0" => "snmpInvalidMsgs",
        "1.3.6.1.6.3.11.2.1.3.0" => "snmpUnknownPDUHandlers",
        "1.3.6.1.6.3.12.1.4.0" => "snmpUnavailableContexts",
        "1.3.6.1.6.3.12.1.5.0" => "snmpUnknownContexts",
        _ => "other",
    }
}

/// Level of security that the flags of a message state (RFC 3412 6.4); encrypted without a signature is not allowed.
pub(super) const fn level(flags: u8) -> Option<&'static str> {
    match flags & 3 {
        0 => Some("noAuthNoPriv"),
        1 => Some("authNoPriv"),
        3 => Some("authPriv"),
        _ => None,
    }
}
