"""HTTP/1 requests with their responses."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "http",
    "One row per HTTP/1 request with its response (Zeek http.log).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("trans_depth", I32, "Ordinal of the request in its connection, from 1."),
        c("method", TEXT, "Method, escaped; NULL for a response whose request was not seen.", null=True),
        c("host", TEXT, "Host field without the port, escaped.", null=True, std="RFC 9110 7.2"),
        c("uri", TEXT, "Request target, escaped, at most 2048 bytes; a password in it is left out.", null=True),
        c("referrer", TEXT, "Referer field, escaped, at most 256 bytes.", null=True),
        c("user_agent", TEXT, "User-Agent field, escaped, at most 256 bytes.", null=True),
        c("http_version", NAME, "Version of the request: 0.9, 1.0, 1.1 or other.", null=True),
        c("reply_version", NAME, "Version of the response: 1.0, 1.1 or other.", null=True),
        c("status_code", I32, "Final status; NULL when no response was seen.", null=True, std="RFC 9110 15"),
        c("status_msg", TEXT, "Reason phrase, escaped, at most 256 bytes.", null=True),
        c("request_body_len", I64, "Body bytes of the request, without chunk framing.", "B"),
        c("response_body_len", I64, "Body bytes of the response as sent, without chunk framing.", "B"),
        c("request_type", TEXT, "Content-Type of the request, escaped.", null=True),
        c("response_type", TEXT, "Content-Type of the response, escaped.", null=True),
        c("response_coding", TEXT, "Content-Encoding of the response, escaped.", null=True),
        c("auth_kind", NAME, "Credentials: basic, bearer, digest, kerberos, negotiate, ntlm, other.", null=True),
        c("user", TEXT, "User name of Basic or Digest credentials, escaped; never a password.", null=True),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c("proxied", TEXT, "Fields that proxies add, name: value, escaped, at most 256 bytes.", null=True),
        c("rtt_ns", I64, "First request byte to first byte of the final response.", "ns", null=True),
        c("outcome", NAME, "Of credentials: ok (2xx, 3xx), negative (401, 407) or unknown; without any: request."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("method", "host", "uri", "status_code"),
    # The legs of NTLM and Negotiate are refused one by one until the last: their own records tell the outcome.
    logins=Logins(
        "'http'",
        "auth_kind IN ('basic', 'bearer', 'digest', 'other')",
        "auth_kind",
        reply="concat_ws(' ', status_code, status_msg)",
        once=True,
    ),
)
