"""What workplace computers do all day without a person asking for it."""

from __future__ import annotations

from zoo.site import CHROME, DAY, DC, DEAD, HOSTS, HOUR, PRINTER, Day, moved


def update_polling(day: Day) -> None:
    """Every host asks its vendor for updates once an hour; twice a day there is one."""
    for host in HOSTS:
        for moment in day.every(HOUR, 0.1):
            found = day.dice.random() < 0.08
            day.web(moment, host, "203.0.113.10", "update.example.com", down=40_000_000 if found else 4000)


def telemetry(day: Day) -> None:
    """Every host reports to its vendor every five minutes, nearly to the second."""
    for host in HOSTS[:20]:
        for moment in day.every(300, 0.02):
            day.web(moment, host, "203.0.113.20", "telemetry.example.net", up=1800, down=300)


def time_service(day: Day) -> None:
    """Every host asks three public time servers, at intervals of a power of two seconds."""
    for host in HOSTS:
        for server in ("198.51.100.5", "198.51.100.6", "198.51.100.7"):
            for moment in day.every(1024, 0.01):
                day.traffic.udp(moment, host, server, 123, answered=True, app_proto="ntp", src_port=123)


def chat_keepalive(day: Day) -> None:
    """Most hosts keep one connection to a chat service open all day."""
    for host in HOSTS[:45]:
        day.web(
            30 + day.dice.random(), host, "203.0.113.30", "chat.example.com", up=90_000, down=400_000, duration_s=DAY
        )


def cloud_sync(day: Day) -> None:
    """Half the hosts synchronise folders: small exchanges every minute, sometimes a large upload; LAN broadcasts."""
    for host in HOSTS[:30]:
        for moment in day.working(60):
            size = int(10 ** day.dice.uniform(3, 7.3))
            day.web(moment, host, "203.0.113.40", "sync.example.com", up=size, down=3000)
        for moment in day.every(30, 0.05, end=HOUR):
            day.traffic.udp(moment, host, "255.255.255.255", 17500, answered=False, dst_home=True)


def delivery_optimisation(day: Day) -> None:
    """Hosts fetch updates from each other; a third of the neighbours are switched off."""
    off = set(day.dice.sample(HOSTS, 20))
    for host in HOSTS[:25]:
        for neighbour in day.dice.sample(HOSTS, 18):
            second = day.dice.uniform(60, 9 * HOUR)
            if neighbour in off:
                day.traffic.unanswered(second, host, neighbour, 7680)
            elif neighbour != host:
                day.traffic.add(second, host, neighbour, 7680, **moved(20_000, 8_000_000), duration_s=30.0)


def peer_to_peer(day: Day) -> None:
    """One host shares files with hundreds of peers outside, of which many are gone."""
    for moment in day.working(400):
        peer = f"198.51.100.{day.dice.randrange(1, 255)}"
        port = day.dice.randrange(20000, 65000)
        alive = day.dice.random() < 0.6
        day.traffic.udp(moment, HOSTS[3], peer, port, answered=alive, app_proto="bittorrent" if alive else None)


def multicast_storm(day: Day) -> None:
    """Every host announces itself by mDNS and SSDP, which nobody answers."""
    for host in HOSTS:
        for moment in day.every(120, 0.3, end=3 * HOUR):
            for group, port, name in (("224.0.0.251", 5353, "mdns"), ("239.255.255.250", 1900, "ssdp")):
                day.traffic.udp(moment, host, group, port, answered=False, dst_home=True, app_proto=name)


def search_suffixes(day: Day) -> None:
    """Names without a domain are tried under each search suffix; browsers probe random single labels at start."""
    for host in HOSTS:
        for moment in day.working(12):
            for name in ("wpad.corp.example.com", f"fileserver{day.dice.randrange(4)}.branch.example.com"):
                day.asks(moment, host, name, None)
        for n in range(3):
            label = "".join(day.dice.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(11))
            day.asks(90 + n, host, label, None)
            day.asks(91 + n, host, f"{label}.corp.example.com", None)


def captive_portal(day: Day) -> None:
    """A laptop checks every ten seconds whether the internet is there, over HTTP, and is sent to a portal."""
    for moment in day.every(10, 0.05, end=2 * HOUR):
        day.asks(moment, HOSTS[7], "connectivity-check.example.com", "10.0.0.1")
        uid = day.traffic.add(
            moment, HOSTS[7], "10.0.0.1", 80, app_proto="http", server_name="connectivity-check.example.com"
        )
        day.traffic.record(
            "http",
            moment,
            HOSTS[7],
            "10.0.0.1",
            flow_uid=uid,
            receiver_port=80,
            method="GET",
            uri="/generate_204",
            host="connectivity-check.example.com",
            status_code=302,
            user_agent="CaptiveNetworkSupport",
            outcome="request",
        )


def dead_server(day: Day) -> None:
    """Every host keeps trying a server that was switched off last year."""
    for host in HOSTS:
        for moment in day.every(300, 0.2, end=9 * HOUR):
            day.traffic.unanswered(moment, host, DEAD, 8080)


def printing(day: Day) -> None:
    """Every host watches the printer by SNMP and prints now and then."""
    for host in HOSTS:
        for moment in day.every(600, 0.1):
            day.traffic.udp(moment, host, PRINTER, 161, answered=True, app_proto="snmp")
        for moment in day.working(2):
            day.traffic.add(moment, host, PRINTER, 9100, **moved(2_000_000, 300), duration_s=8.0)


def logon_morning(day: Day) -> None:
    """Between 8:00 and 8:30 everybody logs on: Kerberos, LDAP and SMB with the domain controller, a few mistypings."""
    for host in HOSTS:
        second = 60 + day.dice.uniform(0, 1800)
        for n, (port, name) in enumerate(
            ((88, "krb5"), (389, "ldap"), (445, "smb"), (135, "dce_rpc"), (49155, "dce_rpc"))
        ):
            day.traffic.add(second + n, host, DC, port, app_proto=name, **moved(4000, 9000))
        for n in range(day.dice.choice((0, 0, 0, 1, 2))):
            day.traffic.login(second + 2 * n, host, DC, ok=False, user=f"user{host[-2:]}", port=88, service="kerberos")
        day.traffic.login(second + 10, host, DC, ok=True, user=f"user{host[-2:]}", port=88, service="kerberos")
        day.asks(second, host, "_ldap._tcp.dc._msdcs.corp.example.com", DC, kind="SRV")


def new_laptops(day: Day) -> None:
    """Ten new laptops arrive, with a browser nobody had before, and use what everybody uses."""
    newer = CHROME.replace("1516", "1517")
    for n in range(10):
        for moment in day.working(20):
            day.web(moment, f"10.0.1.{200 + n}", "203.0.113.50", "www.example.org", ja4=newer)


def reputation_lookups(day: Day) -> None:
    """The virus scanner of every host asks for file hashes by DNS: long names, all different."""
    for host in HOSTS[:40]:
        for moment in day.working(25):
            digest = f"{day.dice.getrandbits(128):032x}"
            day.asks(moment, host, f"{digest}.hashes.av.example.net", "127.0.0.2", kind="TXT")
