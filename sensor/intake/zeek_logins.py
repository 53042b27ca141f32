"""Zeek's logs that tell who logged in where: ssh, ftp, kerberos, ntlm, rdp, and smb, dce_rpc, which carry logins."""

from __future__ import annotations

from typing import Final

from sensor.intake.recipe import Recipe
from sensor.intake.zeek_names import COMMON, ENDS

SSH: Final = Recipe(
    "ssh",
    (
        *ENDS,
        *("version", "auth_success", "auth_attempts", "client", "server", "cipher_alg", "mac_alg", "compression_alg"),
        *("kex_alg", "host_key_alg", "hassh", "hasshServer"),
    ),
    {
        **COMMON,
        "ssh_version": "int_of(version)",
        "client_banner": "client",
        "server_banner": "server",
        "kex_alg": "kex_alg",
        "host_key_alg": "host_key_alg",
        "cipher_alg": "cipher_alg",
        "mac_alg": "mac_alg",
        "compression_alg": "compression_alg",
        "hassh": "hassh",
        "hassh_server": "hasshServer",
        "auth_attempts": "nullif(int_of(auth_attempts), 0)",
        "outcome": "CASE flag_of(auth_success) WHEN true THEN 'ok' WHEN false THEN 'negative' ELSE 'unknown' END",
    },
)

FTP: Final = Recipe(
    "ftp",
    (*ENDS, "user", "command", "arg", "reply_code", "reply_msg"),
    {
        **COMMON,
        "user": "nullif(line.user, '<unknown>')",
        "login_method": "CASE WHEN upper(command) = 'PASS' THEN 'password' END",
        "command": "upper(command)",
        "arg": "CASE WHEN upper(command) NOT IN ('PASS', 'ACCT') THEN without_password(arg) END",
        "reply_code": "int_of(reply_code)",
        "reply_msg": "left(reply_msg, 256)",
        "outcome": "CASE WHEN upper(command) <> 'PASS' THEN 'request' WHEN int_of(reply_code) BETWEEN 200 AND 299 THEN "
        "'ok' WHEN int_of(reply_code) >= 400 THEN 'negative' ELSE 'unknown' END",
    },
    good="ts IS NOT NULL AND uid IS NOT NULL AND id_orig_h IS NOT NULL AND id_resp_h IS NOT NULL AND command IS NOT "
    "NULL",
)

KERBEROS: Final = Recipe(
    "kerberos",
    (
        *ENDS,
        *("request_type", "client", "service", "success", "error_code", "error_msg", "from", "till", "cipher"),
        *("forwardable", "renewable"),
    ),
    {
        **COMMON,
        "exchange": "nullif(request_type, '')",
        "user": "nullif(split_part(client, '/', 1), '')",
        "domain": "nullif(split_part(client, '/', -1), split_part(client, '/', 1))",
        "service_name": "nullif(service, '')",
        "login_method": "CASE WHEN request_type = 'AS' THEN 'kerberos' END",
        "outcome": "CASE WHEN request_type IS DISTINCT FROM 'AS' OR error_msg IN ('KDC_ERR_PREAUTH_REQUIRED', "
        "'KRB_ERR_RESPONSE_TOO_BIG', 'KDC_ERR_WRONG_REALM') THEN 'request' WHEN flag_of(success) THEN 'ok' "
        "WHEN flag_of(success) = false THEN 'negative' ELSE 'unknown' END",
        "is_success": "flag_of(success)",
        "error_code": "int_of(error_code)",
        "error_name": "nullif(error_msg, '')",
        "ticket_cipher": "nullif(cipher, '')",
        "is_forwardable": "flag_of(forwardable)",
        "is_renewable": "flag_of(renewable)",
        "valid_from": 'micros("from")',
        "valid_till": "micros(till)",
    },
)

NTLM: Final = Recipe(
    "ntlm",
    (
        *ENDS,
        *("username", "hostname", "domainname", "server_nb_computer_name", "server_dns_computer_name"),
        *("server_tree_name", "success", "status"),
    ),
    {
        **COMMON,
        "service": "CASE int_of(id_resp_p) WHEN 445 THEN 'smb' WHEN 139 THEN 'smb' WHEN 80 THEN 'http' WHEN 389 THEN "
        "'ldap' WHEN 3389 THEN 'rdp' WHEN 25 THEN 'smtp' ELSE 'dcerpc' END",
        "user": "nullif(username, '')",
        "domain": "nullif(domainname, '')",
        "workstation": "nullif(hostname, '')",
        "server_nb_name": "server_nb_computer_name",
        "server_dns_name": "server_dns_computer_name",
        "server_dns_forest": "server_tree_name",
        "login_method": "'ntlm'",
        "outcome": "CASE flag_of(success) WHEN true THEN 'ok' WHEN false THEN 'negative' ELSE CASE WHEN status = "
        "'SUCCESS' THEN 'ok' WHEN status IS NOT NULL THEN 'negative' ELSE 'unknown' END END",
    },
)

RDP: Final = Recipe(
    "rdp",
    (*ENDS, "cookie", "result", "security_protocol", "client_name", "client_dig_product_id", "desktop_width")
    + ("desktop_height", "requested_color_depth", "encryption_method"),
    {
        **COMMON,
        "user": "nullif(cookie, '')",
        "security_protocol": "CASE WHEN lower(security_protocol) IN ('rdp', 'ssl', 'hybrid', 'hybrid_ex', 'rdstls') "
        "THEN lower(security_protocol) END",
        "client_name": "client_name",
        "client_product_id": "client_dig_product_id",
        "desktop_width": "int_of(desktop_width)",
        "desktop_height": "int_of(desktop_height)",
        "color_depth": "TRY_CAST(regexp_extract(requested_color_depth, '[0-9]+') AS INTEGER)",
        "has_response": "security_protocol IS NOT NULL OR encryption_method IS NOT NULL",
    },
)

_SLASHED: Final = r"replace({}, '\', '/')"

SMB_MAPPING: Final = Recipe(
    "smb",
    (*ENDS, "path", "share_type"),
    {
        **COMMON,
        "command": "'tree_connect'",
        "share": _SLASHED.format("path"),
        "share_type": "nullif(lower(share_type), '')",
        "outcome": "'request'",
    },
)

SMB_FILES: Final = Recipe(
    "smb",
    (*ENDS, "action", "path", "name", "size", "prev_name"),
    {
        **COMMON,
        "command": "CASE WHEN ends_with(action, '_OPEN') THEN 'create' ELSE 'set_info' END",
        "action": "CASE WHEN ends_with(action, '_OPEN') THEN NULL WHEN ends_with(action, '_DELETE') THEN 'delete' "
        "ELSE 'rename' END",
        "share": _SLASHED.format("path"),
        "share_type": "CASE WHEN contains(action, 'PIPE') THEN 'pipe' WHEN contains(action, 'PRINT') THEN 'print' ELSE "
        "'disk' END",
        "file_name": _SLASHED.format("coalesce(prev_name, name)"),
        "new_name": "CASE WHEN prev_name IS NOT NULL THEN " + _SLASHED.format("name") + " END",
        "file_size": "int_of(size)",
        "outcome": "'request'",
    },
    where="action LIKE '%\\_OPEN' ESCAPE '\\' OR action LIKE '%\\_DELETE' ESCAPE '\\' OR action LIKE '%\\_RENAME' "
    "ESCAPE '\\'",
)

DCE_RPC: Final = Recipe(
    "dce_rpc",
    (*ENDS, "rtt", "named_pipe", "endpoint", "operation"),
    {
        **COMMON,
        "pipe": "CASE WHEN int_of(named_pipe) IS NULL THEN " + _SLASHED.format("named_pipe") + " END",
        "interface": "nullif(nullif(endpoint, ''), 'unknown')",
        "operation": "CASE WHEN NOT starts_with(operation, 'unknown') THEN operation END",
        "rtt_ns": "nanos(rtt)",
        "outcome": "CASE WHEN rtt IS NULL THEN 'unknown' ELSE 'ok' END",
    },
)
