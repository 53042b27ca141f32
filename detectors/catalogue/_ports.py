"""Which ports a protocol is used on by custom, and which protocols call at fixed times by design."""

from __future__ import annotations

from typing import Final

USUAL_PORTS: Final = {
    "tls": frozenset(
        {
            *(443, 465, 563, 587, 636, 853, 989, 990, 992, 993, 994, 995, 1433, 2083, 2087, 2096, 2376, 2484, 3269),
            *(
                3306,
                3389,
                4282,
                4285,
                4287,
                4433,
                4443,
                4843,
                5061,
                5223,
                5228,
                5269,
                5349,
                5432,
                5671,
                5986,
                6443,
                6514,
                6697,
                7443,
            ),
            *(8140, 8443, 8531, 8883, 9200, 9443, 10443, 12443, 19998, 19999, 21, 25, 110, 143, 389, 3268, 5222),
        }
    ),
    "http": frozenset(
        {
            *(80, 81, 591, 631, 2080, 2869, 3000, 3128, 4000, 5000, 5357, 5985, 7001, 8000, 8001, 8008, 8009, 8080),
            *(8081, 8082, 8088, 8090, 8180, 8443, 8530, 8880, 8888, 9000, 9080, 9090, 9200, 47001, 49152, 88, 82, 1900),
        }
    ),
    "ssh": frozenset({22, 830, 2022, 2222, 22222}),
    "rdp": frozenset({3389}),
    "smb": frozenset({139, 445}),
    "ftp": frozenset({21, 990, 2121}),
    "smtp": frozenset({25, 465, 587, 2525}),
    "dns": frozenset({53, 5353, 5355, 853}),
    "telnet": frozenset({23, 2323, 992}),
    "quic": frozenset({443, 80, 784, 853, 8443, 4433}),
}
"""Ports on which a protocol surprises nobody: IANA's registry, STARTTLS services, and the alternates of common servers.

IANA's Service Name and Transport Protocol Port Number Registry, RFC 2818, 7858, 8314; the others are the documented
defaults: Tomcat, CrashPlan (4282, 4285, 4287), WSUS (8530, 8531), Kubernetes (6443), Elasticsearch (9200), MQTT (8883).
"""

BY_DESIGN: Final = (
    *("dns", "mdns", "llmnr", "netbios-ns", "netbios-dgm", "ntp", "dhcp", "dhcpv6", "ssdp", "ws-discovery", "snmp"),
    *("syslog", "stun", "turn", "rtp", "rtcp", "sip", "isakmp", "l2tp", "radius", "bfd", "vrrp", "ptp", "netflow"),
    *("modbus", "iec104", "dnp3", "bacnet", "enip", "s7comm", "mms", "opcua", "coap", "mqtt", "goose", "sv", "c37118"),
    *("bittorrent", "kerberos", "ldap", "epmap", "wireguard", "openvpn", "rtsp", "bgp"),
)
"""Protocols that repeat themselves at fixed times because they were made to (detectors.md, first paragraph, 4): name
service, time, discovery, management, keep-alives of calls and tunnels, polls of industrial stations, directory and
tickets, swarms. What hides in them is other detectors' matter (tunnels in DNS, the protocol on the wrong port)."""


def quoted(names: tuple[str, ...]) -> str:
    """Return names as an SQL list."""
    return "(" + ", ".join(f"'{name}'" for name in names) + ")"
