"""Cost of taking in a generated conn.log: rows per CPU-second, all threads. Target: 150 000.

Run: python bench/intake.py [rows]
"""

from __future__ import annotations

import random
import string
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from sensor.intake.bench import Bench
from sensor.intake.foreign import HeldLogs, take_in_log
from sensor.intake.recognise import recognise
from store.lake import Lake

ROWS: Final = 2_000_000
TARGET: Final = 150_000
_FIELDS: Final = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig "
    "local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
)
_TYPES: Final = (
    "time string addr port addr port enum string interval count count string bool bool count string count count count "
    "count set[string]"
)


def write_log(path: Path, rows: int) -> None:
    """Write a conn.log of ordinary connections, the same for the same number of rows."""
    draw = random.Random(7)
    letters = string.ascii_letters + string.digits
    with path.open("w", encoding="ascii") as out:
        out.write("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n")
        out.write("#fields\t" + _FIELDS.replace(" ", "\t") + "\n#types\t" + _TYPES.replace(" ", "\t") + "\n")
        for number in range(rows):
            uid = "C" + "".join(draw.choices(letters, k=17))
            proto, service, history, port = draw.choice(
                (("tcp", "ssl", "ShADadFf", 443), ("tcp", "http", "ShADadfF", 80), ("udp", "dns", "Dd", 53))
            )
            ends = f"10.0.{draw.randrange(20)}.{draw.randrange(250)}\t{draw.randrange(1024, 65_535)}\t"
            ends += f"{draw.randrange(1, 223)}.{draw.randrange(50)}.2.{draw.randrange(9)}\t{port}"
            sizes = f"{draw.random():.6f}\t{draw.randrange(5000)}\t{draw.randrange(50_000)}"
            packets = f"{draw.randrange(1, 50)}\t{draw.randrange(5000, 9000)}\t{draw.randrange(1, 90)}\t{60_000}"
            out.write(
                f"{1_700_000_000 + number / 100:.6f}\t{uid}\t{ends}\t{proto}\t{service}\t{sizes}\tSF\tT\tF\t0\t"
                f"{history}\t{packets}\t-\n"
            )


def main() -> int:
    """Measure and print; return 0 when the target is met."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "conn.log"
        write_log(path, rows)
        lake = Lake(Path(folder) / "lake")
        log = recognise(path)
        if log is None:
            return 1
        begun, clock = time.process_time(), time.perf_counter()
        with Bench("zeek\tbench\t") as bench:
            take_in_log(path, log, lake, "bench", bench, sensor_id="bench", held=HeldLogs(lake, "bench"))
        cpu, wall = time.process_time() - begun, time.perf_counter() - clock
    print(f"{rows} rows: {cpu:.2f} CPU-s, {wall:.2f} s, {rows / cpu:,.0f} rows per CPU-s (target {TARGET:,})")
    return 0 if rows / cpu >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
