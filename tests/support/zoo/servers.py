"""What servers and their keepers do: watch, save, deliver, and be talked to by everybody."""

from __future__ import annotations

from zoo.site import BACKUP, CI, DATABASE, DAY, HOSTS, HOUR, MAIL, MONITOR, PROXY, RESOLVER, VPN, WEB, Day, moved


def monitoring(day: Day) -> None:
    """A monitoring system asks every host each five minutes by SNMP and HTTPS; three hosts are long gone."""
    for number, host in enumerate(HOSTS):
        for moment in day.every(300, 0.01):
            gone = number < 3
            day.traffic.udp(moment, MONITOR, host, 161, answered=not gone, app_proto=None if gone else "snmp")
            if gone:
                day.traffic.unanswered(moment + 1, MONITOR, host, 443)
            else:
                day.traffic.add(moment + 1, MONITOR, host, 443, app_proto="tls")


def backup(day: Day) -> None:
    """At night every host sends its changes to the backup server, 50 MB to 4 GB."""
    for number, host in enumerate(HOSTS):
        size = int(10 ** day.dice.uniform(7.7, 9.6))
        day.traffic.add(14 * HOUR + number * 90, host, BACKUP, 10000, **moved(size, 200_000), duration_s=80.0)


def offsite_backup(day: Day) -> None:
    """The backup server copies itself to a provider outside every night, as it did the nights before."""
    for night in range(20):
        size = int(4e9 * day.dice.uniform(0.8, 1.2))
        day.web(
            night * DAY + 16 * HOUR,
            BACKUP,
            "203.0.113.60",
            "vault.example.net",
            up=size,
            down=900_000,
            duration_s=4000.0,
        )


def authorised_scanner(day: Day) -> None:
    """A declared scanner tries a hundred ports on every host."""
    day.traffic.role("10.0.0.70", "scanner")
    for number, host in enumerate(HOSTS):
        for port in range(1, 101):
            second = 100 + number * 30 + port * 0.2
            if port in {22, 80}:
                day.traffic.add(second, "10.0.0.70", host, port)
            else:
                day.traffic.refused(second, "10.0.0.70", host, port)


def mail_server(day: Day) -> None:
    """The mail server takes mail from five hundred strangers and retries at servers that are gone."""
    for moment in day.every(60, 0.5):
        sender = f"198.51.100.{day.dice.randrange(1, 255)}"
        day.traffic.add(moment, sender, MAIL, 25, app_proto="smtp", **moved(30_000, 600))
        day.asks(moment, MAIL, f"{sender.split('.')[3]}.100.51.198.bl.example.org", None)
        day.asks(moment, MAIL, f"{sender.split('.')[3]}.100.51.198.in-addr.arpa", "mx.example.org", kind="PTR")
    for number in range(40):
        for moment in day.every(2 * HOUR, 0.2):
            day.traffic.unanswered(moment, MAIL, f"192.0.2.{number + 1}", 25)


def continuous_integration(day: Day) -> None:
    """The build server opens two thousand short SSH sessions a day with keys; one key was withdrawn last week."""
    for moment in day.every(43, 0.3):
        target = f"10.0.0.{day.dice.randrange(100, 105)}"
        day.traffic.add(moment, CI, target, 22, app_proto="ssh", **moved(3200, 3600), duration_s=1.2)
        day.traffic.login(moment, CI, target, ok=True, user=None, port=22, service="ssh", basis="size", outcome="ok")
    for moment in day.every(3600, 0.01):
        day.traffic.login(moment, CI, "10.0.0.105", ok=False, user=None, port=22, service="ssh", basis="size")


def expired_password(day: Day) -> None:
    """A job logs in every five minutes with a password that was changed yesterday."""
    for moment in day.every(300, 0.01):
        day.traffic.add(moment, "10.0.0.110", DATABASE, 5432, app_proto="postgresql", duration_s=0.1)
        day.traffic.login(moment, "10.0.0.110", DATABASE, ok=False, user="report", port=5432, service="postgresql")


def vpn_concentrator(day: Day) -> None:
    """Forty people work from home all day through the VPN server."""
    for number in range(40):
        day.traffic.add(
            day.dice.uniform(60, 3600),
            f"198.51.100.{number + 1}",
            VPN,
            443,
            app_proto="openvpn",
            **moved(40_000_000, 300_000_000),
            duration_s=8 * HOUR,
        )


def database_pool(day: Day) -> None:
    """An application keeps thirty connections to its database for days."""
    for number in range(30):
        day.traffic.add(
            10 + number,
            "10.0.0.41",
            DATABASE,
            3306,
            app_proto="mysql",
            **moved(9_000_000, 80_000_000),
            duration_s=3 * DAY,
        )


def public_web_server(day: Day) -> None:
    """A web server takes visits and health checks from outside, and the daily noise of the internet knocks at it."""
    for moment in day.every(30, 0.01):
        day.traffic.add(moment, "203.0.113.70", WEB, 443, app_proto="tls", server_name="www.example.gov")
    for moment in day.working(1500):
        visitor = f"198.51.100.{day.dice.randrange(1, 255)}"
        day.traffic.add(
            moment, visitor, WEB, 443, app_proto="tls", server_name="www.example.gov", **moved(2000, 90_000)
        )
    for moment in day.every(40, 0.5):
        knocker = f"192.0.2.{day.dice.randrange(1, 255)}"
        day.traffic.unanswered(moment, knocker, WEB, day.dice.choice((22, 23, 445, 3389, 5900, 8080)))


def web_proxy(day: Day) -> None:
    """A proxy fetches for everybody: hundreds of names, of which one in ten is dead."""
    for moment in day.working(2500):
        number = int(min(250, day.dice.paretovariate(0.7)))
        if day.dice.random() < 0.1:
            day.traffic.unanswered(moment, PROXY, f"192.0.2.{number}", 443)
        else:
            day.web(moment, PROXY, f"198.51.100.{number}", f"site{number}.example.com", down=60_000)


def recursive_resolver(day: Day) -> None:
    """The resolver asks servers all over the world, of which some never answer."""
    for moment in day.working(3000):
        server = (
            f"198.51.100.{day.dice.randrange(1, 255)}"
            if day.dice.random() < 0.8
            else f"192.0.2.{day.dice.randrange(1, 255)}"
        )
        day.traffic.udp(moment, RESOLVER, server, 53, answered=day.dice.random() < 0.93, app_proto="dns")


def log_server_lookups(day: Day) -> None:
    """A log server looks up the name of every address in its log, 600 within an hour."""
    for number in range(600):
        name = f"{number % 250}.{number // 250}.51.198.in-addr.arpa"
        day.asks(100 + number * 6, "10.0.0.111", name, None if number % 3 else "host.example.org", kind="PTR")


def patch_day(day: Day) -> None:
    """Every host fetches a gigabyte from the update server inside within an hour."""
    for host in HOSTS:
        day.traffic.add(
            60 + day.dice.uniform(0, HOUR),
            host,
            "10.0.0.60",
            8530,
            app_proto="http",
            **moved(90_000, 1_000_000_000),
            duration_s=300.0,
        )
