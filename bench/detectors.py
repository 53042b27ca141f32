"""CPU seconds of every detector over a generated office, and per million conversations.

Run ``python bench/detectors.py HOSTS DAYS``; 50 hosts and 90 days are 464,300 conversations. The tables are in memory
and whole: what reading and cutting the lake costs is not in it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from campaigns import benign_office  # noqa: E402  (the generators lie beside the tests)

from detectors import registry  # noqa: E402  (as above)


def main(hosts: int, days: int) -> None:
    """Print one line per detector, the dearest first, and the sum."""
    office = benign_office(7, hosts, days)
    start = time.process_time()
    policy_tables = office.policy
    costs = {"policy tables": time.process_time() - start}
    found = {"policy tables": len(policy_tables)}
    for name, detector in registry().items():
        start = time.process_time()
        found[name] = len(office.run(detector))
        costs[name] = time.process_time() - start
    million = office.conversation.num_rows / 1e6
    for name, cost in sorted(costs.items(), key=lambda item: -item[1]):
        print(f"{cost:8.2f} s  {cost / million:8.2f} s per million  {found[name]:5} {name}")
    total = sum(costs.values())
    print(f"{total:8.2f} s  {total / million:8.2f} s per million  {office.conversation.num_rows:,} conversations")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
