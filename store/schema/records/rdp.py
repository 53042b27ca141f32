"""RDP connections."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I32, IP, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "rdp",
    "One row per RDP connection (Zeek rdp.log).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("user", TEXT, "Name in the client's cookie (mstshash), cut by it at some 9 letters; escaped.", null=True),
        c("routing_token", TEXT, "Load balancing token of the client (msts), escaped.", null=True),
        c(
            "requested_protocols",
            I32,
            "Bits of the request: 1 TLS, 2 CredSSP, 4 RDSTLS, 8 CredSSP with early result.",
            null=True,
        ),
        c("security_protocol", NAME, "Chosen by the server: rdp, ssl, hybrid, rdstls, hybrid_ex or rdsaad.", null=True),
        c("failure_code", I32, "Why the server refuses to negotiate; NULL when it does not.", null=True),
        c("failure_name", NAME, "Its name; NULL for an unknown one.", null=True, std="MS-RDPBCGR 2.2.1.2.2"),
        c("is_restricted_admin", FLAG, "The client asks to log in without handing over credentials.", null=True),
        c("client_name", TEXT, "Computer name of the client, escaped; as all below only without TLS.", null=True),
        c("client_build", I32, "Build number of the client.", null=True),
        c("client_product_id", TEXT, "Product identifier of the client, escaped.", null=True),
        c("keyboard_layout", I32, "Keyboard layout: low 16 bits are the Windows language identifier.", null=True),
        c("desktop_width", I32, "Width of the screen, pixels.", null=True),
        c("desktop_height", I32, "Height of the screen, pixels.", null=True),
        c("color_depth", I32, "Colour depth asked for.", "bits", null=True),
        c("channels", pa.list_(TEXT), "Virtual channels that the client asks for, at most 31, escaped."),
        c("encryption_method", NAME, "none, 40bit, 56bit, 128bit or fips.", null=True, std="MS-RDPBCGR 2.2.1.4.3"),
        c(
            "encryption_level",
            NAME,
            "none, low, client-compatible, high or fips.",
            null=True,
            std="MS-RDPBCGR 2.2.1.4.3",
        ),
        c("has_response", FLAG, "FALSE: the server did not answer."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("user", "security_protocol", "client_name"),
)
