//! Names of the numbers and identifiers in LDAP messages.

/// Name of a result code.
///
/// Source: RFC 4511 4.1.9 and appendix A; 118 and up RFC 3909, 4528, 4370.
pub(super) const fn result(code: i32) -> Option<&'static str> {
    Some(match code {
        0 => "success",
        1 => "operationsError",
        2 => "protocolError",
        3 => "timeLimitExceeded",
        4 => "sizeLimitExceeded",
        5 => "compareFalse",
        6 => "compareTrue",
        7 => "authMethodNotSupported",
        8 => "strongerAuthRequired",
        10 => "referral",
        11 => "adminLimitExceeded",
        12 => "unavailableCriticalExtension",
        13 => "confidentialityRequired",
        14 => "saslBindInProgress",
        16 => "noSuchAttribute",
        17 => "undefinedAttributeType",
        18 => "inappropriateMatching",
        19 => "constraintViolation",
        20 => "attributeOrValueExists",
        21 => "invalidAttributeSyntax",
        32 => "noSuchObject",
        33 => "aliasProblem",
        34 => "invalidDNSyntax",
        36 => "aliasDereferencingProblem",
        48 => "inappropriateAuthentication",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        54 => "loopDetect",
        64 => "namingViolation",
        65 => "objectClassViolation",
        66 => "notAllowedOnNonLeaf",
        67 => "notAllowedOnRDN",
        68 => "entryAlreadyExists",
        69 => "objectClassModsProhibited",
        71 => "affectsMultipleDSAs",
        80 => "other",
        118 => "canceled",
        119 => "noSuchOperation",
        120 => "tooLate",
        121 => "cannotCancel",
        122 => "assertionFailed",
        123 => "authorizationDenied",
        _ => return None,
    })
}

/// Identifier of the extended operation that begins TLS (RFC 4511 4.14).
pub(super) const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Name of a SASL mechanism, lower case, as a way to log in.
///
/// Source: IANA SASL Mechanisms; GSS-SPNEGO [MS-ADTS] 5.1.1.1.
pub(super) fn mechanism(name: &[u8]) -> &'static str {
    const KNOWN: [&str; 12] = [
        "anonymous",
        "cram-md5",
        "digest-md5",
        "external",
        "gs2-krb5",
        "gss-spnego",
        "gssapi",
        "ntlm",
        "plain",
        "scram-sha-1",
        "scram-sha-256",
        "scram-sha-512",
    ];
    let found = KNOWN
        .iter()
        .find(|known| known.as_bytes().eq_ignore_ascii_case(name));
    found.copied().unwrap_or("sasl")
}
