"""Kerberos requests with their answers."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "kerberos",
    "One row per Kerberos request with its reply or error (Zeek kerberos.log).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Address of the key distribution centre; for AP of the service."),
        c("receiver_port", I32, "Server port."),
        c("exchange", NAME, "AS (login), TGS (ticket) or AP (its use); NULL: only an error was seen.", null=True),
        c("user", TEXT, "Client name: as asked for, else as answered; escaped.", null=True, std="RFC 4120 5.2.2"),
        c("domain", TEXT, "Realm of the client, escaped.", null=True),
        c("service_name", TEXT, "Service: of the issued ticket or error, else as asked for; escaped.", null=True),
        c("service_realm", TEXT, "Realm of the service, escaped.", null=True),
        c("login_method", NAME, "kerberos for AS; NULL: no login.", null=True),
        c("outcome", NAME, "Of a login (AS): ok, negative or unknown; else, or asked to go on otherwise: request."),
        c("is_success", FLAG, "TRUE: reply; FALSE: error; NULL: no answer was seen.", null=True),
        c("error_code", I32, "Error code; NULL without an error.", null=True, std="RFC 4120 7.5.9"),
        c("error_name", NAME, "Its name; NULL for an unknown one.", null=True),
        c("offered_etypes", pa.list_(I32), "Encryption types the client takes, in its order, at most 32.", std="IANA"),
        c("ticket_etype", I32, "Encryption type of the ticket issued (AP: used): the service's key.", null=True),
        c("ticket_cipher", NAME, "Its name; NULL for an unknown one.", null=True),
        c("reply_etype", I32, "Encryption type of the reply's own part: AS: the client's key.", null=True),
        c("reply_cipher", NAME, "Its name; NULL for an unknown one.", null=True),
        c(
            "has_preauth",
            FLAG,
            "AS: the request carries a proof of the key (types 2, 14 to 17, 136, 138, 151).",
            null=True,
        ),
        c("padata_types", pa.list_(I32), "Types of the request's pre-authentication data, at most 32.", std="IANA"),
        c(
            "kdc_options",
            I64,
            "Options of the request as 32 bits, the first the highest.",
            null=True,
            std="RFC 4120 5.4.1",
        ),
        c("is_forwardable", FLAG, "A forwardable ticket is asked for.", null=True),
        c("is_renewable", FLAG, "A renewable ticket is asked for.", null=True),
        c("valid_from", TIME, "Start of the lifetime asked for; NULL when not stated.", "us UTC", null=True),
        c("valid_till", TIME, "End of it; 1970: as long as allowed; at most year 2262.", "us UTC", null=True),
        c("rtt_ns", I64, "Answer - request; NULL unless both were seen.", "ns", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("exchange", "user", "service_name", "outcome"),
    logins=Logins("'kerberos'", "exchange = 'AS' AND outcome <> 'request'", reply="error_name"),
)
