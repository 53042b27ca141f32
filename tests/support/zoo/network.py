"""What the network itself does: addresses that move, gateways that fail over, calls and pictures in real time."""

from __future__ import annotations

from zoo.site import DAY, GATEWAY, HOSTS, HOUR, Day, moved

from detectors.addresses import ip_bytes
from tests.detectors.conftest import mac_of


def voice(day: Day) -> None:
    """Telephones register once a minute and send sound over changing high ports."""
    for host in HOSTS[:20]:
        for moment in day.every(60, 0.02, end=9 * HOUR):
            day.traffic.udp(moment, host, "10.0.0.120", 5060, answered=True, app_proto="sip")
        for moment in day.working(6):
            peer = day.dice.choice(HOSTS)
            port = 2 * day.dice.randrange(8000, 16000)
            day.traffic.udp(
                moment,
                host,
                peer,
                port,
                answered=True,
                app_proto="rtp",
                **moved(1_000_000, 1_000_000),
                duration_s=120.0,
            )


def video_conference(day: Day) -> None:
    """Ten people send their picture to a conference service: hundreds of megabytes up over UDP."""
    for host in HOSTS[:10]:
        for moment in day.working(3):
            day.asks(moment - 1, host, "turn.meet.example.com", "203.0.113.80")
            day.traffic.udp(
                moment,
                host,
                "203.0.113.80",
                3478,
                answered=True,
                app_proto="stun",
                server_name=None,
                **moved(250_000_000, 350_000_000),
                duration_s=2400.0,
            )


def video_streaming(day: Day) -> None:
    """Films over QUIC from many edge servers of one delivery network."""
    for host in HOSTS[:25]:
        for moment in day.working(10):
            edge = f"203.0.113.{day.dice.randrange(100, 140)}"
            name = f"r{day.dice.randrange(30)}---sn-{day.dice.getrandbits(40):010x}.video.example.com"
            day.asks(moment - 1, host, name, edge)
            day.traffic.udp(
                moment,
                host,
                edge,
                443,
                answered=True,
                app_proto="quic",
                server_name=name,
                **moved(300_000, 60_000_000),
                duration_s=600.0,
            )


def dhcp_churn(day: Day) -> None:
    """Two hundred telephones of guests come, ask for an address that somebody had, and go."""
    for number in range(200):
        second = day.dice.uniform(60, 9 * HOUR)
        ip, mac = f"10.0.5.{number % 60 + 10}", bytes([6, 1, 2, 3, 4, number])
        columns = {"client_mac": mac, "xid": number, "assigned_ip": ip_bytes(ip), "server_ip": ip_bytes(GATEWAY)}
        for kind in (1, 2, 3, 5):  # DISCOVER, OFFER, REQUEST, ACK (RFC 2132 9.6)
            sender, receiver = (GATEWAY, ip) if kind in {2, 5} else ("0.0.0.0", "255.255.255.255")
            day.traffic.record(
                "dhcp",
                second,
                sender,
                receiver,
                **columns,
                host_name=f"phone{number}",
                lease_s=3600,
                router_ip=ip_bytes(GATEWAY),
                requested_ip=ip_bytes(ip),
                msg_type=kind,
            )
        for n in range(3):
            day.traffic.record(
                "arp",
                second + 1 + n,
                "0.0.0.0",
                ip,
                arp_op=1,
                sender_mac=mac,
                target_ip=ip_bytes(ip),
                target_mac=bytes(6),
            )
        day.traffic.record(
            "arp", second + 5, ip, ip, arp_op=1, sender_mac=mac, target_ip=ip_bytes(ip), target_mac=bytes(6)
        )
        day.traffic.add(
            second + 9, ip, "203.0.113.50", 443, src_mac=mac, app_proto="tls", server_name="www.example.org"
        )


def gateway_failover(day: Day) -> None:
    """The second router takes over the gateway's virtual address; for a minute nothing answers."""
    virtual = bytes.fromhex("00005e000101")
    for n in range(5):
        day.traffic.record(
            "arp",
            1000 + n,
            GATEWAY,
            GATEWAY,
            arp_op=2,
            sender_mac=virtual,
            target_ip=ip_bytes(GATEWAY),
            target_mac=b"\xff" * 6,
        )
    for host in HOSTS:
        for moment in day.every(20, 0.4, start=960, end=1020):
            day.traffic.unanswered(moment, host, f"203.0.113.{day.dice.randrange(1, 30)}", 443)
        day.traffic.record(
            "arp",
            1030,
            host,
            GATEWAY,
            arp_op=1,
            sender_mac=mac_of(host),
            target_ip=ip_bytes(GATEWAY),
            target_mac=bytes(6),
        )
        for moment in day.every(120, 0.4, start=1100, end=3 * HOUR):
            day.web(moment, host, f"203.0.113.{day.dice.randrange(1, 30)}", f"site{day.dice.randrange(30)}.example.com")


def address_translation(day: Day) -> None:
    """Behind one address a hundred guests surf: thousands of peers, one in ten gone."""
    for moment in day.working(3000):
        number = day.dice.randrange(1, 250)
        if day.dice.random() < 0.1:
            day.traffic.unanswered(moment, "10.0.5.1", f"192.0.2.{number}", 443)
        else:
            day.web(moment, "10.0.5.1", f"198.51.100.{number}", f"guest{number}.example.org", down=30_000)


def things(day: Day) -> None:
    """Three cameras keep a line to their maker: the same small message every minute."""
    for number in range(3):
        for moment in day.every(60, 0.01):
            day.web(
                moment,
                f"10.0.6.{number + 1}",
                "203.0.113.90",
                "iot.vendor.example.net",
                up=120,
                down=90,
                ja4="t12d0909h1_x",
            )


def router_discovery(day: Day) -> None:
    """The router looks for every address of its network after a restart, as routers do."""
    for number in range(1, 120):
        day.traffic.record(
            "arp",
            50 + number * 0.4,
            GATEWAY,
            f"10.0.1.{number}",
            arp_op=1,
            sender_mac=mac_of(GATEWAY),
            target_ip=ip_bytes(f"10.0.1.{number}"),
            target_mac=bytes(6),
        )
        if f"10.0.1.{number}" in HOSTS:
            day.traffic.record(
                "arp",
                50.1 + number * 0.4,
                f"10.0.1.{number}",
                GATEWAY,
                arp_op=2,
                sender_mac=mac_of(f"10.0.1.{number}"),
                target_ip=ip_bytes(GATEWAY),
                target_mac=mac_of(GATEWAY),
            )
    for host in HOSTS:
        for moment in day.every(1200, 0.2, end=9 * HOUR):
            day.web(moment, host, "203.0.113.50", "www.example.org", src_mac=mac_of(host))


def weekend(day: Day) -> None:
    """Three weeks of office traffic with empty weekends."""
    for number in range(21):
        if number % 7 in {5, 6}:
            continue
        for host in HOSTS[:25]:
            for moment in day.working(6):
                day.web(number * DAY + moment, host, "203.0.113.50", "www.example.org", down=200_000)
