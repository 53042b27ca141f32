"""Suricata's protocol events and alerts as records."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from sensor.intake.eve_flow import ADDRESSES, EVENT, GOOD, PROTO, UID
from sensor.intake.recipe import Lookup, Recipe
from sensor.intake.tls_words import CLASS, version
from sensor.intake.zeek_records import NO_ADDRESS

COMMON: Final = {
    "flow_uid": "flow_uid",
    "ts": 'micros("timestamp")',
    "sender_ip": "src_ip",
    "receiver_ip": "dest_ip",
    "receiver_port": "int_of(dest_port)",
}


def _recipe(
    table: str,
    fields: tuple[str, ...],
    columns: dict[str, str],
    *,
    addresses: tuple[str, ...] = (),
    good: str = GOOD,
    where: str = "true",
    lookups: tuple[Lookup, ...] = (),
    source: str = "line",
    names: bool = False,
) -> Recipe:
    return Recipe(
        table,
        (*EVENT, *fields),
        COMMON | columns,
        addresses=(*ADDRESSES, *addresses),
        uid=UID,
        good=good,
        where=where,
        lookups=lookups,
        source=source,
        names=names,
    )


_REVERSED: Final = "array_to_string(list_reverse(string_split({}, ', ')), ',')"

TLS: Final = _recipe(
    "tls",
    (
        *("tls.subject", "tls.issuerdn", "tls.sni", "tls.version", "tls.notbefore", "tls.notafter"),
        *("tls.session_resumed", "tls.ja3.hash", "tls.ja3s.hash", "tls.ja4"),
    ),
    {
        "version": "our_version",
        "server_name": "tls_sni",
        "is_resumed": "coalesce(flag_of(tls_session_resumed), false)",
        "is_established": "true",
        "crypto_class": CLASS.replace("cipher_class", "CAST(NULL AS VARCHAR)"),
        "ja3": "tls_ja3_hash",
        "ja3s": "tls_ja3s_hash",
        "ja4": "tls_ja4",
        "cert_count": "CASE WHEN tls_subject IS NOT NULL THEN 1 END",
        "cert_subject": _REVERSED.format("tls_subject"),
        "cert_issuer": _REVERSED.format("tls_issuerdn"),
        "cert_not_before": "micros(tls_notbefore)",
        "cert_not_after": "micros(tls_notafter)",
        "is_self_signed": "tls_subject = tls_issuerdn",
    },
    lookups=(Lookup("tls_version", {"our_version": pa.string()}, version),),
    names=True,
)

HTTP: Final = _recipe(
    "http",
    (
        *("tx_id", "http.hostname", "http.url", "http.http_user_agent", "http.http_content_type", "http.http_refer"),
        *("http.http_method", "http.protocol", "http.status", "http.length"),
    ),
    {
        "trans_depth": "coalesce(int_of(tx_id), 0) + 1",
        "method": "http_http_method",
        "host": r"CASE WHEN contains(http_hostname, ':') THEN regexp_replace(http_hostname, ':[0-9]+$', '') "
        "ELSE http_hostname END",
        "uri": "without_password(http_url)",
        "referrer": "without_password(left(http_http_refer, 256))",
        "user_agent": "left(http_http_user_agent, 256)",
        "http_version": "CASE WHEN http_protocol IN ('HTTP/0.9', 'HTTP/1.0', 'HTTP/1.1') THEN substr(http_protocol, 6) "
        "WHEN http_protocol IS NOT NULL THEN 'other' END",
        "status_code": "int_of(http_status)",
        "response_body_len": "int_of(http_length)",
        "response_type": "http_http_content_type",
        "outcome": "'request'",
    },
    names=True,
)

SSH: Final = _recipe(
    "ssh",
    (
        *("ssh.client.proto_version", "ssh.client.software_version", "ssh.client.hassh.hash"),
        *("ssh.server.proto_version", "ssh.server.software_version", "ssh.server.hassh.hash"),
    ),
    {
        "ssh_version": "CASE WHEN starts_with(ssh_client_proto_version, '2') OR ssh_client_proto_version = '1.99' "
        "THEN 2 ELSE 1 END",
        "client_banner": "concat('SSH-', ssh_client_proto_version, '-', ssh_client_software_version)",
        "server_banner": "concat('SSH-', ssh_server_proto_version, '-', ssh_server_software_version)",
        "hassh": "ssh_client_hassh_hash",
        "hassh_server": "ssh_server_hassh_hash",
        "outcome": "'unknown'",
    },
)

_COMMAND: Final = "replace(replace(smb_command, 'SMB2_COMMAND_', ''), 'SMB1_COMMAND_', '')"
_IS_SETUP: Final = "smb_command LIKE '%SESSION_SETUP%'"
_SMB_FIELDS: Final = (
    *("smb.command", "smb.dialect", "smb.status", "smb.status_code", "smb.share", "smb.share_type", "smb.filename"),
    *("smb.disposition", "smb.ntlmssp.user", "smb.ntlmssp.domain", "smb.ntlmssp.host", "smb.kerberos.realm"),
    *("smb.size", "smb.rename.to", "smb.rename.from"),
)
_NTLM_OUTCOME: Final = (
    "CASE WHEN smb_status = 'STATUS_SUCCESS' THEN 'ok' WHEN smb_status IS NULL THEN 'unknown' ELSE 'negative' END"
)

SMB: Final = _recipe(
    "smb",
    _SMB_FIELDS,
    {
        "command": f"CASE {_COMMAND} WHEN 'NEGOTIATE_PROTOCOL' THEN 'negotiate' WHEN 'NEGOTIATE' THEN 'negotiate' WHEN "
        "'SESSION_SETUP' THEN 'session_setup' WHEN 'SESSION_SETUP_ANDX' THEN 'session_setup' WHEN 'TREE_CONNECT' THEN "
        "'tree_connect' WHEN 'TREE_CONNECT_ANDX' THEN 'tree_connect' WHEN 'SET_INFO' THEN 'set_info' ELSE 'create' END",
        "action": "CASE WHEN smb_rename_to IS NOT NULL THEN 'rename' END",
        "dialect": "nullif(smb_dialect, 'unknown')",
        "user": f"CASE WHEN {_IS_SETUP} THEN nullif(smb_ntlmssp_user, '') END",
        "login_method": f"CASE WHEN {_IS_SETUP} THEN CASE WHEN smb_ntlmssp_user IS NOT NULL THEN 'ntlm' WHEN "
        "smb_kerberos_realm IS NOT NULL THEN 'kerberos' ELSE 'unknown' END END",
        "share": r"replace(smb_share, '\', '/')",
        "share_type": "CASE lower(smb_share_type) WHEN 'file' THEN 'disk' ELSE lower(smb_share_type) END",
        "file_name": r"replace(coalesce(smb_rename_from, smb_filename), '\', '/')",
        "new_name": r"replace(smb_rename_to, '\', '/')",
        "disposition": "CASE WHEN smb_filename IS NOT NULL THEN lower(replace(smb_disposition, 'FILE_', '')) END",
        "file_size": "int_of(smb_size)",
        "nt_status": "TRY_CAST(smb_status_code AS BIGINT)",
        "nt_status_name": "smb_status",
        "outcome": f"CASE WHEN NOT ({_IS_SETUP}) OR smb_status = 'STATUS_MORE_PROCESSING_REQUIRED' THEN 'request' ELSE "
        f"{_NTLM_OUTCOME} END",
    },
    where="smb_command LIKE '%NEGOTIATE%' OR smb_command LIKE '%SESSION_SETUP%' OR smb_command LIKE '%TREE_CONNECT%' OR "
    "smb_command LIKE '%COMMAND_CREATE' OR smb_command LIKE '%NT_CREATE%' OR (smb_command LIKE '%SET_INFO' AND "
    "smb_rename_to IS NOT NULL)",
)

SMB_NTLM: Final = _recipe(
    "ntlm",
    _SMB_FIELDS,
    {
        "service": "'smb'",
        "user": "nullif(smb_ntlmssp_user, '')",
        "domain": "nullif(smb_ntlmssp_domain, '')",
        "workstation": "nullif(smb_ntlmssp_host, '')",
        "login_method": "'ntlm'",
        "nt_status": "TRY_CAST(smb_status_code AS BIGINT)",
        "outcome": _NTLM_OUTCOME,
    },
    where=f"{_IS_SETUP} AND smb_ntlmssp_user IS NOT NULL AND smb_status IS DISTINCT FROM "
    "'STATUS_MORE_PROCESSING_REQUIRED'",
)

KRB5: Final = _recipe(
    "kerberos",
    (
        *("krb5.msg_type", "krb5.cname", "krb5.realm", "krb5.sname", "krb5.encryption", "krb5.ticket_encryption"),
        *("krb5.error_code", "krb5.failed_request"),
    ),
    {
        "exchange": "CASE WHEN coalesce(krb5_failed_request, krb5_msg_type) LIKE '%AS\\_RE%' ESCAPE '\\' THEN 'AS' WHEN "
        "coalesce(krb5_failed_request, krb5_msg_type) LIKE '%TGS\\_RE%' ESCAPE '\\' THEN 'TGS' WHEN "
        "coalesce(krb5_failed_request, krb5_msg_type) LIKE '%AP\\_RE%' ESCAPE '\\' THEN 'AP' END",
        "user": "nullif(nullif(krb5_cname, ''), '<empty>')",
        "domain": "nullif(nullif(krb5_realm, ''), '<empty>')",
        "service_name": "nullif(nullif(krb5_sname, ''), '<empty>')",
        "login_method": "CASE WHEN coalesce(krb5_failed_request, krb5_msg_type) LIKE '%AS\\_RE%' ESCAPE '\\' THEN "
        "'kerberos' END",
        "outcome": "CASE WHEN coalesce(krb5_failed_request, krb5_msg_type) NOT LIKE '%AS\\_RE%' ESCAPE '\\' OR "
        "krb5_error_code IN ('KDC_ERR_PREAUTH_REQUIRED', 'KRB_ERR_RESPONSE_TOO_BIG', 'KDC_ERR_WRONG_REALM') THEN "
        "'request' WHEN krb5_error_code IS NULL THEN 'ok' ELSE 'negative' END",
        "is_success": "krb5_error_code IS NULL",
        "error_name": "krb5_error_code",
        "ticket_cipher": "nullif(krb5_ticket_encryption, '<none>')",
        "reply_cipher": "nullif(krb5_encryption, '<none>')",
    },
)

FTP: Final = _recipe(
    "ftp",
    ("ftp.command", "ftp.command_data", "ftp.completion_code", "ftp.reply"),
    {
        "login_method": "CASE WHEN upper(ftp_command) = 'PASS' THEN 'password' END",
        "command": "upper(ftp_command)",
        "arg": "CASE WHEN upper(ftp_command) NOT IN ('PASS', 'ACCT') THEN without_password(ftp_command_data) END",
        "user": "CASE WHEN upper(ftp_command) = 'USER' THEN ftp_command_data END",
        "reply_code": "int_of(list_of(ftp_completion_code)[-1])",
        "reply_msg": "left(list_of(ftp_reply)[1], 256)",
        "outcome": "CASE WHEN upper(ftp_command) <> 'PASS' THEN 'request' WHEN int_of(list_of(ftp_completion_code)[-1]) "
        "BETWEEN 200 AND 299 THEN 'ok' WHEN int_of(list_of(ftp_completion_code)[-1]) >= 400 THEN 'negative' ELSE "
        "'unknown' END",
    },
    good=f"{GOOD} AND ftp_command IS NOT NULL",
)

RDP: Final = _recipe(
    "rdp",
    ("rdp.event_type", "rdp.cookie", "rdp.protocol", "rdp.client.client_name", "rdp.client.desktop_width")
    + ("rdp.client.desktop_height",),
    {
        "ts": "ts",
        "user": "rdp_cookie",
        "security_protocol": "CASE WHEN rdp_protocol IN ('rdp', 'ssl', 'hybrid', 'hybrid_ex', 'rdstls') THEN "
        "rdp_protocol END",
        "client_name": "client_name",
        "desktop_width": "desktop_width",
        "desktop_height": "desktop_height",
        "has_response": "has_response",
    },
    # One row per connection: its events come together.
    source="(SELECT flow_uid, arg_min(src_ip, int_of(dest_port)) AS src_ip, min(dest_ip) AS dest_ip, "
    'min(dest_port) AS dest_port, min(micros("timestamp")) AS ts, max(rdp_cookie) AS rdp_cookie, '
    "max(rdp_protocol) AS rdp_protocol, max(rdp_client_client_name) AS client_name, "
    "max(int_of(rdp_client_desktop_width)) AS desktop_width, max(int_of(rdp_client_desktop_height)) AS desktop_height, "
    "bool_or(rdp_event_type = 'initial_response') AS has_response FROM line GROUP BY flow_uid) AS line",
)

_TYPES: Final = "['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform']"

DHCP: Final = _recipe(
    "dhcp",
    (
        *("dhcp.type", "dhcp.id", "dhcp.client_mac", "dhcp.assigned_ip", "dhcp.client_ip", "dhcp.relay_ip"),
        *("dhcp.dhcp_type", "dhcp.requested_ip", "dhcp.lease_time", "dhcp.hostname", "dhcp.dns_servers"),
    ),
    {
        "msg_type": f"nullif(list_position({_TYPES}, lower(dhcp_dhcp_type)), 0)",
        "xid": "int_of(dhcp_id)",
        "client_mac": "coalesce(TRY(unhex(replace(dhcp_client_mac, ':', ''))), '\\x00\\x00\\x00\\x00\\x00\\x00'::BLOB)",
        "client_ip": f"nullif(dhcp_client_ip, {NO_ADDRESS})",
        "assigned_ip": f"nullif(dhcp_assigned_ip, {NO_ADDRESS})",
        "requested_ip": f"nullif(dhcp_requested_ip, {NO_ADDRESS})",
        "server_ip": "CASE WHEN dhcp_type = 'reply' THEN src_ip END",
        "relay_ip": f"nullif(dhcp_relay_ip, {NO_ADDRESS})",
        "lease_s": "int_of(dhcp_lease_time)",
        "dns_servers": "list_of(dhcp_dns_servers)",
        "host_name": "dhcp_hostname",
    },
    addresses=("dhcp_client_ip", "dhcp_assigned_ip", "dhcp_requested_ip", "dhcp_relay_ip"),
)

SNMP: Final = _recipe(
    "snmp",
    ("snmp.version", "snmp.pdu_type", "snmp.vars", "snmp.usm"),
    {
        "snmp_version": "CASE int_of(snmp_version) WHEN 1 THEN '1' WHEN 3 THEN '3' ELSE '2c' END",
        "pdu_type": "snmp_pdu_type",
        "oids": "list_of(snmp_vars)[1:32]",
        "varbind_count": "len(list_of(snmp_vars))",
        "user": "snmp_usm",
        "outcome": "'request'",
    },
)

SMTP: Final = _recipe(
    "smtp",
    (
        *("tx_id", "smtp.helo", "smtp.mail_from", "smtp.rcpt_to", "email.from", "email.to", "email.subject"),
        *("email.date", "email.message_id"),
    ),
    {
        "command": "CASE WHEN smtp_mail_from IS NULL AND smtp_rcpt_to IS NULL THEN 'EHLO' ELSE 'MAIL' END",
        "trans_depth": "coalesce(int_of(tx_id), 0) + 1",
        "helo": "smtp_helo",
        "mail_from": "trim(smtp_mail_from, '<>')",
        "rcpt_to": "list_transform(list_of(smtp_rcpt_to)[1:100], lambda r: trim(r, '<>'))",
        "rcpt_count": "len(list_of(smtp_rcpt_to))",
        "from_field": "left(email_from, 256)",
        "to_field": "left(array_to_string(list_of(email_to), ','), 256)",
        "date_field": "email_date",
        "msg_id": "email_message_id",
        "subject": "left(email_subject, 256)",
        "outcome": "'request'",
    },
)

_DRAFT: Final = "starts_with(quic_version, 'ff0000')"

QUIC: Final = _recipe(
    "quic",
    ("quic.version", "quic.sni", "quic.ua", "quic.ja3.hash", "quic.ja3s.hash", "quic.ja4"),
    {
        "version": f"CASE WHEN {_DRAFT} THEN concat('draft-', TRY_CAST('0x' || substr(quic_version, 7) AS INTEGER)) "
        "WHEN ltrim(quic_version, '0') = '1' THEN '1' WHEN quic_version = '6b3343cf' THEN '2' ELSE quic_version END",
        "server_name": "quic_sni",
        "user_agent": "quic_ua",
        "ja3": "quic_ja3_hash",
        "ja3s": "quic_ja3s_hash",
        "ja4": "quic_ja4",
    },
    names=True,
)

ANOMALY: Final = Recipe(
    "weird",
    (*EVENT, "anomaly.event", "anomaly.type"),
    {
        "flow_uid": "CASE WHEN src_ip IS NOT NULL THEN flow_uid END",
        "ts": 'micros("timestamp")',
        "code": "lower(regexp_replace(coalesce(anomaly_event, anomaly_type), '[^A-Za-z0-9]+', '_', 'g'))",
    },
    addresses=ADDRESSES,
    uid=UID,
    good='"timestamp" IS NOT NULL AND coalesce(anomaly_event, anomaly_type) IS NOT NULL',
)

ALERT: Final = Recipe(
    "foreign_alert",
    (
        *EVENT,
        *("alert.action", "alert.gid", "alert.signature_id", "alert.rev", "alert.signature", "alert.category"),
        *("alert.severity", "alert.metadata.mitre_technique_id", "app_proto"),
    ),
    {
        "flow_uid": "CASE WHEN src_ip IS NOT NULL THEN flow_uid END",
        "ts": 'micros("timestamp")',
        "sender_ip": "src_ip",
        "sender_port": "int_of(src_port)",
        "receiver_ip": "dest_ip",
        "receiver_port": "int_of(dest_port)",
        "ip_proto": PROTO,
        "engine": "'suricata'",
        "rule_id": "CASE WHEN coalesce(int_of(alert_gid), 1) = 1 THEN alert_signature_id ELSE concat(alert_gid, ':', "
        "alert_signature_id) END",
        "rule_rev": "int_of(alert_rev)",
        "rule_name": "coalesce(alert_signature, alert_signature_id)",
        "category": "nullif(alert_category, '')",
        "severity_given": "int_of(alert_severity)",
        "action": "alert_action",
        "technique": "list_of(alert_metadata_mitre_technique_id)[1]",
    },
    addresses=ADDRESSES,
    uid=UID,
    good='"timestamp" IS NOT NULL AND alert_signature_id IS NOT NULL',
)
