"""Foreign logs of real captures: all of their lines are taken in, and they agree with our own metering."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import communityid
import pytest
from binetflow import binetflow_conversations
from real_captures import folder

from reporting.scan.foreign_logs import find_logs, take_in_logs
from reporting.scan.knowledge import judge
from sensor.intake.zeek_kinds import RECIPES
from sensor.metering import meter_capture
from store.casebook import Casebook
from store.lake import Lake
from store.site import SitePolicy

DATA = folder()
pytestmark = pytest.mark.skipif(
    DATA is None, reason="no real captures: set TAISHI_DATA or put them into ../shared/data"
)
WHOLE = ("apt29-day2-UTICA-A", "apt29-day2-SCRANTON")


def _data() -> Path:
    assert DATA is not None
    return DATA


def _take_in(lake: Lake, *paths: Path, case: str = "t") -> Counter[str]:
    files, results = take_in_logs(find_logs(paths), lake, case)
    assert [file.path for file in files if file.status == "failed"] == []
    rows: Counter[str] = Counter()
    for result in results:
        rows.update(result.rows)
    return rows


def _count(lake: Lake, sql: str, case: str = "t") -> list[dict[str, Any]]:
    with lake.reader(case) as reader:
        found: list[dict[str, Any]] = reader.arrow(sql).to_pylist()
    return found


def _lines(path: Path) -> int:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return sum(1 for line in text.split(b"\n") if line.strip() and not line.lstrip().startswith(b"#"))


@pytest.mark.parametrize(
    "place",
    [
        "flows/rita/proxy_rolling",
        "flows/slips/test10-mixed",
        "flows/slips/test15",
        "flows/slips/port-scan-horizontal",
        "flows/slips/ctu-sme-11-labelled",
    ],
)
def test_every_line_is_taken_in(tmp_path: Path, place: str) -> None:
    """Lines read, refused and left out are the lines of the file; a connection is a row."""
    lake = Lake(tmp_path / "lake")
    _, results = take_in_logs(find_logs([_data() / place]), lake, "t")
    assert results
    for result in results:
        assert result.lines == _lines(result.path), result.path
        if result.log.kind in RECIPES and result.log.kind != "dhcp":
            made = sum(result.rows.values()) + result.refused + sum(result.left_out.values())
            assert made == result.lines, result.path
    refused = sum(result.refused for result in results)
    assert refused == (1 if place.endswith("test10-mixed") else 0)


@pytest.mark.parametrize("name", WHOLE)
def test_both_together_count_each_flow_once(tmp_path: Path, name: str) -> None:
    """Our flows and Zeek's of the same capture: as many conversations as we have, each with Zeek's id beside ours."""
    place = _data() / "oracles" / "zeek-full" / name
    lake = Lake(tmp_path / "lake")
    meter_capture(next(place.glob("*.cap")), lake, "t")
    (alone,) = _count(lake, "SELECT count(*) AS n FROM conversation WHERE ip_version IN (4, 6)")
    made = _take_in(lake, place / "zeek")
    (both,) = _count(lake, "SELECT count(*) AS n, sum(len(flow_uids)) AS uids FROM conversation WHERE ip_version <> 0")
    (parts,) = _count(lake, "SELECT count(*) AS n FROM flow_stored WHERE ip_version <> 0")
    assert both["n"] == alone["n"]
    assert both["uids"] == parts["n"]
    assert made["flow"] + alone["n"] <= parts["n"]


@pytest.mark.parametrize("name", WHOLE)
def test_zeek_and_our_metering_give_the_same_alerts(tmp_path: Path, name: str) -> None:
    """For what both hold: who, whom, which detector."""
    place = _data() / "oracles" / "zeek-full" / name
    found = {}
    for source in ("ours", "zeek"):
        lake = Lake(tmp_path / source)
        if source == "ours":
            meter_capture(next(place.glob("*.cap")), lake, "t")
        else:
            _take_in(lake, place / "zeek")
        casebook = Casebook(tmp_path / f"{source}.sqlite")
        try:
            alerts = judge(lake, "t", SitePolicy(), casebook, "test").alerts.to_pylist()
        finally:
            casebook.close()
        found[source] = {(row["detector"], row["actor_ip"], row["target_ip"], row["severity"]) for row in alerts}
    own = {row for row in found["zeek"] if row[0] != "suricata_alert"}
    assert own == found["ours"]


def _eve_files() -> list[Path]:
    files = sorted((_data() / "truth" / "suricata-eve").rglob("*.eve.jsonl.gz")) if DATA else []
    return files[:: max(1, len(files) // 40)]


@pytest.mark.parametrize("path", _eve_files(), ids=lambda path: path.parent.name + "-" + path.name[:20])
def test_eve_is_read_wholly_with_its_community_ids(tmp_path: Path, path: Path) -> None:
    """As many flows as flow events, each with the community id that Suricata wrote."""
    lake = Lake(tmp_path / "lake")
    events = [json.loads(line) for line in gzip.decompress(path.read_bytes()).split(b"\n") if line.strip()]
    made = _take_in(lake, path)
    flows = [event for event in events if event["event_type"] == "flow"]
    assert made["flow"] == len(flows)
    # Between equal addresses Suricata differs from the reference package, which is what we follow.
    told = Counter(e["community_id"] for e in flows if "community_id" in e and e["src_ip"] != e["dest_ip"])
    ids = [row["community_id"] for row in _count(lake, "SELECT community_id FROM flow_stored")]
    ours = Counter("1:" + base64.b64encode(value).decode() for value in ids if value is not None)
    assert told - ours == Counter()


def test_community_ids_of_zeek_are_those_of_the_package(tmp_path: Path) -> None:
    """TCP, UDP and ICMP over IPv4 and IPv6: the reference package agrees."""
    lake = Lake(tmp_path / "lake")
    _take_in(lake, _data() / "flows" / "slips" / "test10-mixed", _data() / "flows" / "slips" / "ctu-sme-11-labelled")
    sql = (
        "SELECT ip_text(src_ip) AS a, ip_text(dst_ip) AS b, src_port, dst_port, ip_proto, icmp_type, icmp_code, "
        "cid_text(community_id) AS cid FROM flow_stored WHERE ip_proto IN (6, 17)"
    )
    reference = communityid.CommunityID()
    found = _count(lake, sql)
    assert len(found) > 500
    for row in found:
        make = communityid.FlowTuple.make_tcp if row["ip_proto"] == 6 else communityid.FlowTuple.make_udp
        assert reference.calc(make(row["a"], row["b"], row["src_port"], row["dst_port"])) == row["cid"]


def test_binetflow_is_read_for_evaluation() -> None:
    """Every line of the Argus files is a conversation."""
    for path in sorted((_data() / "flows" / "slips" / "binetflow-a").glob("*.binetflow")):
        lines = sum(1 for line in path.read_text().splitlines()[1:] if line.strip())
        assert binetflow_conversations(path).num_rows == lines, path
