"""What is said of each protocol out of its records: data for ``reporting.scan.spoken``, which asks the lake.

A topic is one table, or a part of it. Its numbers are aggregates over that part, all taken in one pass; a tally lists
the most frequent values of an expression. A number that is 0 and a tally without values are not said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Number:
    """An aggregate, and the words around it.

    Attributes:
        kind: name for programs, unique in its topic.
        sql: the aggregate, an integer.
        en: ``{n}`` is the number, ``{share}`` its part of ``of``.
        zh: the same in Chinese.
        of: aggregate that is the whole; empty when no share is said.
    """

    kind: str
    sql: str
    en: str
    zh: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """The most frequent values of an expression, as text; ``where`` narrows the rows, ``most`` bounds the list."""

    kind: str
    sql: str
    en: str
    zh: str
    where: str = "true"
    most: int = 3


@dataclass(frozen=True, slots=True)
class Topic:
    """One protocol, the table that holds its records, and what is said of them."""

    protocol: str
    table: str
    facts: tuple[Number | Tally, ...]
    where: str = "true"


_ASKED: Final = "count(*) FILTER (has_query)"


def _names(service: str) -> Topic:
    """Return what is said of names looked up on the local network."""
    facts = (
        Number("queries", _ASKED, "queries {n}", "查询 {n}"),
        Number("names", "count(DISTINCT query) FILTER (has_query)", "names {n}", "名称 {n}"),
        Tally("asked", "query", "most asked", "最常查询", "has_query"),
    )
    return Topic(service, "dns", facts, f"service = '{service}'")


def _mailbox(service: str) -> Topic:
    """Return what is said of mailboxes that were read."""
    facts = (
        Tally("commands", "command", "commands", "命令", most=4),
        Number("fetched", "coalesce(sum(msgs_retrieved), 0)::BIGINT", "mails fetched {n}", "收取邮件 {n}"),
        Number("tls", "count(*) FILTER (is_tls)", "STARTTLS {n}", "STARTTLS {n}"),
    )
    return Topic(service, service, facts)


_CRYPTO: Final = (
    Tally("versions", "version", "version", "版本", most=6),
    Number(
        "national",
        "count(*) FILTER (crypto_class = 'national')",
        "national cryptography {n} ({share})",
        "国密 {n}（{share}）",
        "count(version)",
    ),
)

_CERTIFIED: Final = "count(cert_sha256)"

TOPICS: Final = (
    Topic(
        "dns",
        "dns",
        (
            Number("queries", _ASKED, "queries {n}", "查询 {n}"),
            Number("names", "count(DISTINCT query) FILTER (has_query)", "names {n}", "域名 {n}"),
            Number(
                "nxdomain",
                "count(*) FILTER (rcode = 3)",
                "no such name {share}",
                "域名不存在 {share}",
                "count(*) FILTER (has_response)",
            ),
            Number(
                "unanswered",
                "count(*) FILTER (has_query AND NOT has_response)",
                "unanswered {share}",
                "无应答 {share}",
                _ASKED,
            ),
            Tally("resolvers", "ip_text(receiver_ip)", "resolvers", "解析服务器", "has_query"),
        ),
        "service = 'dns'",
    ),
    *(_names(service) for service in ("mdns", "llmnr", "netbios-ns")),
    Topic(
        "tls",
        "tls",
        (
            *_CRYPTO,
            Number(
                "obsolete",
                "count(*) FILTER (crypto_class = 'obsolete')",
                "obsolete {n} ({share})",
                "过时 {n}（{share}）",
                "count(version)",
            ),
            Number("null_cipher", "count(*) FILTER (crypto_class = 'none')", "without encryption {n}", "不加密 {n}"),
            Number("unanswered", "count(*) FILTER (version IS NULL)", "unanswered {n}", "无应答 {n}"),
            Number(
                "self_signed",
                "count(*) FILTER (is_self_signed)",
                "self-signed certificate {n} ({share})",
                "自签名证书 {n}（{share}）",
                _CERTIFIED,
            ),
            Number(
                "expired",
                "count(*) FILTER (cert_not_after < ts OR cert_not_before > ts)",
                "certificate out of its time {n} ({share})",
                "证书不在有效期 {n}（{share}）",
                _CERTIFIED,
            ),
            Tally("servers", "server_name", "servers", "服务器"),
        ),
    ),
    Topic("quic", "quic", (*_CRYPTO, Tally("servers", "server_name", "servers", "服务器"))),
    Topic(
        "http",
        "http",
        (
            Number("requests", "count(method)", "requests {n}", "请求 {n}"),
            Tally("methods", "method", "methods", "方法", most=4),
            Number(
                "errors",
                "count(*) FILTER (status_code >= 400)",
                "refused or failed {share}",
                "被拒或出错 {share}",
                "count(status_code)",
            ),
            Number("agents", "count(DISTINCT user_agent)", "user agents {n}", "客户端标识 {n}"),
            Tally("servers", "host", "servers", "服务器"),
        ),
    ),
    Topic(
        "ssh",
        "ssh",
        (
            Number("old", "count(*) FILTER (ssh_version = 1)", "protocol 1: {n}", "协议 1：{n}"),
            Tally("servers", "regexp_replace(server_banner, '^SSH-[0-9.]+-', '')", "servers", "服务端"),
            Tally("clients", "regexp_replace(client_banner, '^SSH-[0-9.]+-', '')", "clients", "客户端"),
        ),
    ),
    Topic(
        "smb",
        "smb",
        (
            Tally("dialects", "dialect", "version", "版本", "command = 'negotiate'", 4),
            Number(
                "unsigned",
                "count(*) FILTER (command = 'negotiate' AND NOT signing_required)",
                "signing not required {n}",
                "不强制签名 {n}",
            ),
            Number("hidden", "count(*) FILTER (action = 'encrypted')", "encrypted {n}", "加密 {n}"),
            Number("files", "count(*) FILTER (command = 'create')", "files opened {n}", "打开文件 {n}"),
            Tally("shares", "share", "shares", "共享", "command = 'tree_connect'"),
        ),
    ),
    Topic(
        "dce_rpc",
        "dce_rpc",
        (
            Number("calls", "count(operation)", "calls {n}", "调用 {n}"),
            Tally("operations", "interface || ' ' || operation", "operations", "操作"),
        ),
    ),
    Topic(
        "kerberos",
        "kerberos",
        (
            Tally("exchanges", "exchange", "exchanges", "交换", most=3),
            Tally("errors", "error_name", "errors", "错误"),
            Tally("ciphers", "ticket_cipher", "tickets", "票据算法"),
        ),
    ),
    Topic(
        "ldap",
        "ldap",
        (
            Tally("operations", "operation", "operations", "操作", most=4),
            Number(
                "anonymous",
                "count(*) FILTER (bind_kind IN ('anonymous', 'unauthenticated'))",
                "anonymous binds {n}",
                "匿名绑定 {n}",
            ),
        ),
    ),
    Topic("rdp", "rdp", (Tally("security", "security_protocol", "security", "安全层"),)),
    Topic("ftp", "ftp", (Tally("commands", "command", "commands", "命令", most=4),)),
    Topic(
        "smtp",
        "smtp",
        (
            Number("mails", "count(*) FILTER (command = 'MAIL')", "mails {n}", "邮件 {n}"),
            Number("tls", "count(*) FILTER (is_tls)", "STARTTLS {n}", "STARTTLS {n}"),
        ),
    ),
    *(_mailbox(service) for service in ("pop3", "imap")),
    Topic("telnet", "telnet", (Number("attempts", "count(*)", "login attempts {n}", "登录尝试 {n}"),)),
    Topic("remote_login", "remote_login", (Tally("services", "service", "services", "服务", most=6),)),
    Topic(
        "snmp",
        "snmp",
        (
            Tally("versions", "snmp_version", "version", "版本", most=3),
            Number(
                "open",
                "count(*) FILTER (snmp_version <> '3' OR security_level = 'noAuthNoPriv')",
                "without proof of the user {n}",
                "无用户鉴别 {n}",
            ),
            Number("writes", "count(*) FILTER (pdu_type = 'set_request')", "set requests {n}", "写请求 {n}"),
            Tally("agents", "display_string", "agents", "代理"),
        ),
    ),
    Topic(
        "dhcp",
        "dhcp",
        (
            Number("clients", "count(DISTINCT client_mac)", "clients {n}", "客户端 {n}"),
            Tally("servers", "ip_text(server_ip)", "servers", "服务器"),
            Tally("hosts", "host_name", "hosts", "主机名"),
        ),
    ),
    Topic(
        "ntp",
        "ntp",
        (
            Tally("modes", "mode_name", "modes", "模式", most=4),
            Tally("servers", "ip_text(sender_ip)", "servers", "服务器", "ntp_mode = 4"),
        ),
    ),
    Topic(
        "modbus",
        "modbus",
        (
            Number("requests", "count(*)", "requests {n}", "请求 {n}"),
            Tally("functions", "CAST(func AS VARCHAR)", "functions", "功能码", most=4),
            Number("exceptions", "count(exception)", "exceptions {n}", "异常 {n}"),
        ),
    ),
    Topic(
        "iec104",
        "iec104",
        (
            Number("frames", "count(*)", "frames {n}", "帧 {n}"),
            Tally("types", "CAST(type_id AS VARCHAR)", "types", "类型标识", most=4),
        ),
    ),
)
"""In the order in which they are said."""
