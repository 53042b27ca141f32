"""Names that machines make for good reasons, and prevalence: what the detectors of names have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.model import Param, Params, Tables, Text

MACHINE_ZONES: Final = "names/machine_zones.csv"
"""Zones below which names are made by machines: block-lists, look-ups of anti-virus programs, content networks."""

MIN_CENSUS: Final = Param(
    20, "hosts", 1, 100000, "a share of fewer hosts means nothing", "house rule: prevalence needs a population"
)
"""Home hosts below which prevalence is unknown."""

COMMON: Final = Param(
    10, "%", 0.1, 100, "what a tenth of the hosts asks for is the site's software", "detectors.md D11 FP: >= 10 %"
)
"""Share of the home hosts from which on a name is common."""

RARE_HOSTS: Final = Param(2, "hosts", 1, 1000, "an implant sits on one or two machines", "detectors.md D11, D17")
"""Hosts up to which a name or mark is rare."""


def home_hosts(tables: Tables) -> int:
    """Return the number of home hosts of the census, 0 without one."""
    table = tables["census"]
    return int(table["home_hosts"][0].as_py()) if table.num_rows else 0


def zones(tables: Tables, kinds: Iterable[str] = ("blocklist", "lookup", "antivirus", "cdn")) -> pa.Table:
    """Return the machine-made zones of some kinds as a table with the column ``zone``."""
    wanted = set(kinds)
    found = [row["zone"] for row in tables[f"rules/{MACHINE_ZONES}"].to_pylist() if row["kind"] in wanted]
    return pa.table({"zone": pa.array(found, pa.string())})


def is_common(hosts: int, census: int, params: Params) -> bool:
    """Tell whether so many hosts are many of a site with ``census`` home hosts; three at least."""
    return census >= params["min_census"] and hosts >= 3 and 100 * hosts >= params["common"] * census


def prevalence(hosts: int, census: int, params: Params) -> tuple[str, ...]:
    """Return the context (``scoring.WEIGHTS``) that prevalence gives; nothing where it is unknown."""
    if census < params["min_census"]:
        return ()
    if 100 * hosts <= 2 * census or hosts <= 1:
        return ("rare",)
    return ("common",) if 2 * hosts >= census else ()


def hosts_text(hosts: int, census: int, params: Params) -> Text:
    """Return how many hosts do the same, as a clause."""
    if census < params["min_census"]:
        return Text(
            f"how rare that is among so few hosts ({census}) cannot be said", f"主机仅 {census} 台，无法判断其罕见程度"
        )
    return Text(f"{hosts} of {census} home hosts do this", f"本单位 {census} 台主机中有 {hosts} 台如此")


def address(value: bytes | None) -> str:
    """Return an address as text, a dash without one."""
    return "-" if value is None else ip_text(value)
