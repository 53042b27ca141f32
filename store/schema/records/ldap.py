"""LDAP operations with their results."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "ldap",
    "One row per LDAP operation with its result (Zeek ldap.log and ldap_search.log); also over UDP.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("message_id", I32, "Number of the message, which its result repeats.", std="RFC 4511 4.1.1.1"),
        c("operation", NAME, "bind, unbind, search, modify, add, delete, modify-dn, compare, abandon or extended."),
        c("ldap_version", I32, "bind: protocol version.", null=True, std="RFC 4511 4.2"),
        c(
            "bind_kind",
            NAME,
            "bind: simple, anonymous, unauthenticated (a name, no password), sasl or sicily.",
            null=True,
        ),
        c("sasl_mechanism", TEXT, "bind: SASL mechanism, escaped.", null=True, std="RFC 4422"),
        c(
            "user",
            TEXT,
            "bind: name, most often a distinguished name; escaped; NULL when it is in the mechanism.",
            null=True,
        ),
        c(
            "login_method",
            NAME,
            "bind: password, anonymous, ntlm, sicily or the SASL mechanism, lower case.",
            null=True,
        ),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c("outcome", NAME, "Of a login (bind): ok, negative or unknown; else, or asked to go on: request."),
        c(
            "object",
            TEXT,
            "Entry the operation is about: base of a search; extended: its identifier. Escaped.",
            null=True,
        ),
        c(
            "argument",
            TEXT,
            "modify: how and which attributes; add: which; modify-dn: new name. Escaped, no values.",
            null=True,
        ),
        c("scope", NAME, "search: base, one, sub or subordinates.", null=True, std="RFC 4511 4.5.1.2"),
        c("deref_aliases", NAME, "search: never, searching, finding or always.", null=True, std="RFC 4511 4.5.1.3"),
        c("filter", TEXT, "search: filter as text, at most 2048 bytes.", null=True, std="RFC 4515"),
        c("attributes", pa.list_(TEXT), "search: attributes asked for, at most 64, escaped."),
        c("result_count", I32, "search: entries that came.", null=True),
        c("result_code", I32, "Result; NULL when none was seen.", null=True, std="RFC 4511 4.1.9"),
        c("result_name", NAME, "Its name; NULL for an unknown one.", null=True),
        c("diagnostic", TEXT, "Message of the server to go with it, escaped.", null=True),
        c("rtt_ns", I64, "Final result - request; NULL unless both were seen.", "ns", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("operation", "user", "object", "filter", "result_name"),
    # Whoever binds without a password proves nothing; logins by NTLM are rows of the table ntlm, whatever carried them.
    logins=Logins(
        "'ldap'",
        "operation = 'bind' AND outcome <> 'request' AND login_method NOT IN ('anonymous', 'ntlm')",
        reply="concat_ws(' ', result_name, diagnostic)",
    ),
)
