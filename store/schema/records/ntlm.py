"""NTLM logins inside of any protocol."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "ntlm",
    "One row per NTLM login, whichever protocol carries it (Zeek ntlm.log); no response or hash of one is kept.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("service", NAME, "Protocol that carries the login."),
        c("user", TEXT, "User, escaped; NULL: an anonymous login, or none was sent.", null=True),
        c("domain", TEXT, "Domain or computer that knows the user, escaped.", null=True),
        c("workstation", TEXT, "Name the client gives itself, escaped.", null=True),
        c("server_nb_name", TEXT, "NetBIOS name of the server, escaped.", null=True, std="MS-NLMP 2.2.2.1"),
        c("server_nb_domain", TEXT, "NetBIOS domain of the server, escaped.", null=True, std="MS-NLMP 2.2.2.1"),
        c("server_dns_name", TEXT, "DNS name of the server, escaped.", null=True, std="MS-NLMP 2.2.2.1"),
        c("server_dns_domain", TEXT, "DNS domain of the server, escaped.", null=True, std="MS-NLMP 2.2.2.1"),
        c("server_dns_forest", TEXT, "DNS forest of the server, escaped.", null=True, std="MS-NLMP 2.2.2.1"),
        c("client_os", TEXT, "Windows version of the client: major.minor.build.", null=True, std="MS-NLMP 2.2.2.10"),
        c("server_os", TEXT, "Windows version of the server: major.minor.build.", null=True, std="MS-NLMP 2.2.2.10"),
        c("ntlm_kind", NAME, "Kind of the response: ntlmv2, ntlmv1 (weak), lm (weaker) or anonymous.", null=True),
        c("login_method", NAME, "Always ntlm."),
        c("nt_status", I64, "Status of the answer; NULL when none was seen.", null=True, std="MS-ERREF 2.3"),
        c("outcome", NAME, "ok, negative or unknown, as the carrier's answer says."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("user", "domain", "workstation", "outcome"),
    # Without a name nobody proves anything: anonymous sessions are no logins.
    logins=Logins("service", '"user" IS NOT NULL', reply="printf('0x%08x', nt_status)"),
)
