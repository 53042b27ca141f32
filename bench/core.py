"""Measure the core alone, inside this process: reading, metering without output, metering into Arrow batches.

``python -m bench.core CAPTURE --emit read|none|all`` prints one JSON object: CPU seconds of the loop (interpreter start
and imports excluded), peak resident bytes, and the meter's own counters.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path
from typing import Any, Final

MODES: Final[dict[str, dict[str, Any]]] = {"read": {"emit": "read"}, "none": {"emit": False}, "all": {}}
"""Option sets of the meter: read the file only; full meter, rows dropped before they become columns; full meter."""


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak_bytes() -> int:
    """Return the highest resident size of this program, bytes; unlike getrusage it forgets who started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def meter(capture: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Run the core over a capture, dropping its batches; return CPU seconds, peak bytes, rows and counters."""
    import sensor._wire as wire  # noqa: PLC0415 - the module is compiled: without it the other benchmarks still run

    begin = _cpu_s()
    core = wire.Meter(str(capture), source_id=bytes(32), options_json=json.dumps(options))
    rows = 0
    while (batches := core.read()) is not None:
        for name, batch in batches:
            if name == "flow":
                rows += int(batch.num_rows) if hasattr(batch, "num_rows") else 0
    spent = _cpu_s() - begin
    return {"cpu_s": spent, "peak_bytes": _peak_bytes(), "rows": rows, "counters": dict(core.counters())}


def main() -> int:
    """Print the cost of one mode as JSON; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="Example: python -m bench.core mix.pcap --emit none")
    parser.add_argument("capture", type=Path)
    parser.add_argument("--emit", choices=sorted(MODES), default="none")
    args = parser.parse_args()
    print(json.dumps(meter(args.capture, MODES[args.emit])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
