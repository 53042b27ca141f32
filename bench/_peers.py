"""How each program is called so that it turns a capture into flow records in files, and how its rows are counted.

Every command does the whole way from the pcap to readable or queryable flow records; what is switched off (rules,
parsers, dissection) is named in ``bench/README.md``.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench._measure import Contender

_HERE: Final = Path(__file__).resolve().parent
_RA_FIELDS: Final = (
    "stime ltime flgs proto saddr sport dir daddr dport spkts dpkts sbytes dbytes sappbytes dappbytes "
    "sttl dttl smac dmac svlan dvlan swin dwin sloss dloss tcprtt state"
)
_LINES_PER_READ: Final = 1 << 20
_NFSTREAM: Final = """
import sys
from nfstream import NFStreamer
options = dict(statistical_analysis=True, n_dissections=0, n_meters=1, idle_timeout=60, active_timeout=300)
if __name__ == "__main__":
    NFStreamer(source=sys.argv[1], **options).to_csv(path=sys.argv[2])
"""


def _count_lines(path: Path, but: int = 0) -> int:
    total = 0
    if not path.exists():
        return 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_LINES_PER_READ):
            total += block.count(b"\n")
    return max(0, total - but)


def count_flow_rows(folder: Path) -> int:
    """Return the rows of all flow segments (Parquet files that hold ``segment_seq``) below a folder."""
    return flow_rows_and_bytes(folder)[0]


def flow_rows_and_bytes(folder: Path) -> tuple[int, int]:
    """Return rows and file bytes of all flow segments below a folder."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - the peers must be measurable where pyarrow is missing

    rows, size = 0, 0
    for path in folder.rglob("*.parquet"):
        meta = pq.ParquetFile(path)
        if "segment_seq" in meta.schema_arrow.names:
            rows += meta.metadata.num_rows
            size += path.stat().st_size
    return rows, size


def taishi(program: str, *options: str) -> Contender:
    """Ours, end to end: ``taishi meter FILE --out DIR`` (flows and protocol records as Parquet)."""

    def command(capture: Path, out: Path) -> list[str]:
        return [program, "--home", str(out / "home"), "meter", str(capture), "--out", str(out / "lake"), *options]

    return Contender(" ".join(("taishi", *options)), command, count_flow_rows)


def suricata(config: str = "suricata.yaml") -> Contender:
    """Suricata 7: no rules, checksums not validated, one thread; parsers and records as its configuration says."""

    def command(capture: Path, out: Path) -> list[str]:
        options = ["-S", "/dev/null", "-k", "none", "--runmode", "single", "-l", str(out)]
        return ["suricata", "-c", str(_HERE / config), "-r", str(capture), *options]

    return Contender("suricata", command, lambda out: _count_lines(out / "eve.json"))


def _shell(script: str, *args: Path) -> list[str]:
    return ["/bin/sh", "-euc", script, "sh", *map(str, args)]


def argus() -> Contender:
    """Argus with status records at 300 s (our active time-out), then ra to CSV."""
    script = f'argus -X -m -S 300 -r "$1" -w "$2/a.argus"; ra -n -u -r "$2/a.argus" -c , -s {_RA_FIELDS} >"$2/a.csv"'
    return Contender(
        "argus+ra csv", lambda capture, out: _shell(script, capture, out), lambda out: _count_lines(out / "a.csv", 1)
    )


def nfpcapd() -> Contender:
    """Run nfpcapd with extended flows (300 s active, 60 s idle), then nfdump to CSV; it has one row per direction."""
    script = 'mkdir "$2/n"; nfpcapd -r "$1" -w "$2/n" -e 300,60 -o fat >"$2/log"; nfdump -R "$2/n" -o csv >"$2/n.csv"'
    return Contender(
        "nfpcapd+nfdump csv",
        lambda capture, out: _shell(script, capture, out),
        lambda out: _count_lines(out / "n.csv", 1),
    )


def softflowd() -> Contender:
    """Run softflowd, NetFlow 9 to a discarding local port: no file is written, so this is a lower bound for it."""
    script = 'softflowd -r "$1" -d -6 -a -m 1000000 -v 9 -n 127.0.0.1:9 -p "$2/pid" -c none >"$2/log" 2>&1'

    def rows(out: Path) -> int:
        found = re.search(r"Flows exported: (\d+)", (out / "log").read_text(errors="replace"))
        return int(found[1]) if found else 0

    return Contender("softflowd", lambda capture, out: _shell(script, capture, out), rows)


def nfstream(cache: Path) -> Contender:
    """NFStream 6.6: statistics on, dissection off, one meter process, CSV; in its own virtual environment."""
    python = cache / "nfstream" / "bin" / "python"

    def command(capture: Path, out: Path) -> list[str]:
        return [str(python), "-c", _NFSTREAM, str(capture), str(out / "flows.csv")]

    return Contender("nfstream", command, lambda out: _count_lines(out / "flows.csv", 1))


def available(cache: Path) -> dict[str, Callable[[], Contender]]:
    """Return the peers installed on this machine, by name."""
    found: dict[str, Callable[[], Contender]] = {}
    if shutil.which("suricata"):
        found["suricata"] = suricata
    if shutil.which("argus") and shutil.which("ra"):
        found["argus"] = argus
    if shutil.which("nfpcapd") and shutil.which("nfdump"):
        found["nfdump"] = nfpcapd
    if shutil.which("softflowd"):
        found["softflowd"] = softflowd
    if (cache / "nfstream" / "bin" / "python").exists():
        found["nfstream"] = lambda: nfstream(cache)
    return found


def our_program() -> str:
    """Return the ``taishi`` executable of the running environment, or the first in the path.

    Raises:
        FileNotFoundError: neither exists.
    """
    beside = Path(sys.executable).parent / "taishi"
    program = str(beside) if beside.exists() else shutil.which("taishi")
    if program is None:
        raise FileNotFoundError(f"{beside}: not there; needed: the installed taishi; run `make demo` first")
    return program
