"""Zeek's other logs that have a table here: smtp, dhcp, snmp, ntp, weird, and notice as alerts of another tool."""

from __future__ import annotations

from typing import Final

from sensor.intake.recipe import Recipe
from sensor.intake.zeek_names import COMMON, ENDS

NO_ADDRESS: Final = r"'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\x00\x00\x00\x00'::BLOB"
BROADCAST: Final = r"'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF'::BLOB"

SMTP: Final = Recipe(
    "smtp",
    (
        *ENDS,
        *("trans_depth", "helo", "mailfrom", "rcptto", "date", "from", "to", "msg_id", "subject", "last_reply", "tls"),
    ),
    {
        **COMMON,
        "command": 'CASE WHEN mailfrom IS NOT NULL OR rcptto IS NOT NULL OR msg_id IS NOT NULL OR "from" IS NOT NULL '
        "THEN 'MAIL' WHEN flag_of(tls) THEN 'STARTTLS' ELSE 'EHLO' END",
        "trans_depth": "int_of(trans_depth)",
        "helo": "helo",
        "mail_from": "mailfrom",
        "rcpt_to": "list_of(rcptto)[1:100]",
        "rcpt_count": "len(list_of(rcptto))",
        "from_field": 'left("from", 256)',
        "to_field": "left(array_to_string(list_of(\"to\"), ','), 256)",
        "date_field": '"date"',
        "msg_id": "msg_id",
        "subject": "left(subject, 256)",
        "reply_code": "TRY_CAST(left(last_reply, 3) AS INTEGER)",
        "reply_msg": "left(substr(last_reply, 5), 256)",
        "is_tls": "flag_of(tls)",
        "outcome": "'request'",
    },
)

_TYPES: Final = "['DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM']"
_IS_SERVER: Final = "message IN ('OFFER', 'ACK', 'NAK')"
_SERVER: Final = "coalesce(server_addr, id_resp_h)"
_CLIENT: Final = "coalesce(client_addr, id_orig_h)"

DHCP: Final = Recipe(
    "dhcp",
    (
        *("ts", "uid", "uids", "id.orig_h", "id.resp_h", "client_addr", "server_addr", "mac", "host_name"),
        *("client_fqdn", "domain", "requested_addr", "assigned_addr", "assigned_ip", "lease_time", "msg_types"),
        *("client_message", "server_message", "trans_id"),
    ),
    {
        "flow_uid": "flow_uid",
        "ts": "micros(line.ts)",
        "sender_ip": f"CASE WHEN {_IS_SERVER} THEN coalesce({_SERVER}, {NO_ADDRESS}) ELSE coalesce({_CLIENT}, "
        f"{NO_ADDRESS}) END",
        "receiver_ip": f"CASE WHEN {_IS_SERVER} THEN coalesce({_CLIENT}, {BROADCAST}) ELSE coalesce({_SERVER}, "
        f"{BROADCAST}) END",
        "msg_type": f"nullif(list_position({_TYPES}, message), 0)",
        "xid": "int_of(trans_id)",
        "client_mac": "coalesce(TRY(unhex(replace(mac, ':', ''))), '\\x00\\x00\\x00\\x00\\x00\\x00'::BLOB)",
        "client_ip": f"CASE WHEN NOT {_IS_SERVER} THEN client_addr END",
        "assigned_ip": f"CASE WHEN {_IS_SERVER} AND message <> 'NAK' THEN coalesce(assigned_addr, assigned_ip) END",
        "requested_ip": f"CASE WHEN NOT {_IS_SERVER} THEN requested_addr END",
        "server_ip": f"CASE WHEN {_IS_SERVER} THEN {_SERVER} END",
        "lease_s": f"CASE WHEN {_IS_SERVER} THEN TRY_CAST(TRY_CAST(lease_time AS DOUBLE) AS BIGINT) END",
        "host_name": f"CASE WHEN NOT {_IS_SERVER} THEN host_name END",
        "client_fqdn": f"CASE WHEN NOT {_IS_SERVER} THEN client_fqdn END",
        "domain_name": f"CASE WHEN {_IS_SERVER} THEN domain END",
        "message": f"CASE WHEN {_IS_SERVER} THEN server_message ELSE client_message END",
    },
    addresses=(
        *("id_orig_h", "id_resp_h", "client_addr", "server_addr", "requested_addr", "assigned_addr", "assigned_ip"),
    ),
    uid="coalesce(list_of(uids)[1], uid)",
    good="ts IS NOT NULL AND coalesce(list_of(uids)[1], uid) IS NOT NULL",
    # One row per message; the log has one line per exchange (before Zeek 2.6 without its messages: an answer).
    source="(SELECT line.*, unnest(CASE WHEN msg_types IS NULL OR msg_types = '' THEN ['ACK'] ELSE list_of(msg_types) "
    "END) AS message FROM line) AS line",
)

SNMP: Final = Recipe(
    "snmp",
    (
        *ENDS,
        *(
            "version",
            "get_requests",
            "get_bulk_requests",
            "get_responses",
            "set_requests",
            "display_string",
            "up_since",
        ),
    ),
    {
        **COMMON,
        "snmp_version": "coalesce(nullif(version, ''), '1')",
        "pdu_type": "CASE WHEN int_of(set_requests) > 0 THEN 'set_request' WHEN int_of(get_bulk_requests) > 0 THEN "
        "'get_bulk_request' WHEN int_of(get_requests) > 0 THEN 'get_request' WHEN int_of(get_responses) > 0 THEN "
        "'response' END",
        "display_string": "display_string",
        "up_since": "micros(up_since)",
        "login_method": "CASE WHEN version IN ('1', '2c') AND int_of(get_responses) > 0 THEN 'community' END",
        "outcome": "CASE WHEN int_of(get_responses) > 0 THEN 'ok' ELSE 'unknown' END",
    },
)

_POWER: Final = "CASE WHEN TRY_CAST({0} AS DOUBLE) > 0 THEN round(log2(TRY_CAST({0} AS DOUBLE))) END"
_MODES: Final = "['symmetric active', 'symmetric passive', 'client', 'server', 'broadcast', 'control', 'private']"

NTP: Final = Recipe(
    "ntp",
    (
        *ENDS,
        *("version", "mode", "stratum", "poll", "precision", "root_delay", "root_disp", "ref_id", "xmt_time"),
    ),
    {
        "flow_uid": "flow_uid",
        "ts": "micros(line.ts)",
        # The log does not say who sent the message; of an answer it was the server.
        "sender_ip": "CASE WHEN int_of(mode) IN (2, 4) THEN id_resp_h ELSE id_orig_h END",
        "receiver_ip": "CASE WHEN int_of(mode) IN (2, 4) THEN id_orig_h ELSE id_resp_h END",
        "ntp_version": "int_of(version)",
        "ntp_mode": "int_of(mode)",
        "mode_name": f"coalesce(({_MODES})[int_of(mode)], 'reserved')",
        "stratum": "int_of(stratum)",
        "ref_id": "ref_id",
        "poll": _POWER.format("poll"),
        "precision": _POWER.format("precision"),
        "root_delay_ns": "nanos(root_delay)",
        "root_dispersion_ns": "nanos(root_disp)",
        "xmit_time": "micros(xmt_time)",
    },
)

WEIRD: Final = Recipe(
    "weird",
    ("ts", "uid", "name"),
    {
        "flow_uid": "CASE WHEN uid IS NOT NULL THEN flow_uid END",
        "ts": "micros(line.ts)",
        "code": "lower(regexp_replace(name, '[^A-Za-z0-9]+', '_', 'g'))",
    },
    addresses=(),
    good="ts IS NOT NULL AND name IS NOT NULL",
)

NOTICE: Final = Recipe(
    "foreign_alert",
    (*ENDS, "proto", "note", "msg", "sub", "src", "dst", "p", "actions"),
    {
        "flow_uid": "CASE WHEN uid IS NOT NULL THEN flow_uid END",
        "ts": "micros(line.ts)",
        "sender_ip": "coalesce(src, id_orig_h)",
        "sender_port": "int_of(id_orig_p)",
        "receiver_ip": "coalesce(dst, id_resp_h)",
        "receiver_port": "coalesce(int_of(p), int_of(id_resp_p))",
        "ip_proto": "CASE proto WHEN 'tcp' THEN 6 WHEN 'udp' THEN 17 WHEN 'icmp' THEN 1 END",
        "engine": "'zeek'",
        "rule_id": "note",
        "rule_name": "note",
        "category": "split_part(note, '::', 1)",
        "action": "nullif(array_to_string(list_of(actions), ','), '')",
        "message": "concat_ws(' · ', nullif(msg, ''), nullif(sub, ''))",
    },
    addresses=("id_orig_h", "id_resp_h", "src", "dst"),
    good="ts IS NOT NULL AND note IS NOT NULL",
)
