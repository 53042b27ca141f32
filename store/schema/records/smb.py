"""SMB sessions, shares and files."""

from __future__ import annotations

from typing import Final

from store.schema._column import FLAG, I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "smb",
    "One row per meaningful SMB request with its answer (Zeek smb_mapping.log, smb_files.log; Suricata smb events).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c(
            "command",
            NAME,
            "negotiate, session_setup, tree_connect, create, set_info, nbss_request or transform (hidden).",
        ),
        c(
            "action",
            NAME,
            "Of create what it did, of set_info rename or delete, of transform encrypted or compressed.",
            null=True,
        ),
        c("dialect", NAME, "Dialect agreed on: 2.02 to 3.11, or that of SMB1.", null=True, std="MS-SMB2 2.2.4"),
        c("user", TEXT, "User of the session, escaped; NULL when its login does not show one (Kerberos).", null=True),
        c("login_method", NAME, "Of session_setup: ntlm, kerberos, password (SMB1) or unknown.", null=True),
        c("share", TEXT, "Share, escaped, with / for \\.", null=True),
        c("share_type", NAME, "disk, pipe or print.", null=True),
        c("file_name", TEXT, "File, folder or pipe, escaped, with / for \\; empty: the share itself.", null=True),
        c("new_name", TEXT, "Name after a rename, escaped, with / for \\.", null=True),
        c("pattern", TEXT, "What the client first listed the folder for, escaped.", null=True),
        c("disposition", NAME, "supersede, open, create, open_if, overwrite or overwrite_if.", null=True),
        c("access_mask", I64, "Access asked for.", null=True, std="MS-SMB2 2.2.13.1"),
        c("delete_on_close", FLAG, "The file was opened to be deleted when closed.", null=True),
        c("file_size", I64, "Size when it was opened.", "B", null=True),
        c("bytes_read", I64, "Bytes read of the open file.", "B", null=True),
        c("bytes_written", I64, "Bytes written to the open file.", "B", null=True),
        c("called_name", TEXT, "NetBIOS name the session was asked for, escaped.", null=True, std="RFC 1002 4.3.2"),
        c("calling_name", TEXT, "NetBIOS name of who asked, escaped.", null=True, std="RFC 1002 4.3.2"),
        c("messages", I64, "Messages hidden by encryption or compression.", null=True),
        c("is_signed", FLAG, "The request is signed."),
        c("signing_required", FLAG, "Of negotiate: the server takes signed messages only.", null=True),
        c("nt_status", I64, "Status of the answer; NULL when none was seen.", null=True, std="MS-ERREF 2.3"),
        c("nt_status_name", NAME, "Its name; other for one out of our table.", null=True),
        c("rtt_ns", I64, "Response - query; NULL unless both were seen.", "ns", null=True),
        c("outcome", NAME, "Of session_setup: ok, negative, unknown; else, or when the login goes on: request."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("command", "share", "file_name", "nt_status_name"),
    # Logins by NTLM are rows of the table ntlm, whatever carried them.
    logins=Logins("'smb'", "outcome <> 'request' AND login_method IS DISTINCT FROM 'ntlm'", reply="nt_status_name"),
)
