"""Start a command and write what it used as JSON: ``_launch.py RESULT COMMAND ARG…``; exits like the command.

A process of its own, because the kernel keeps the largest resident size over fork and exec: a command started straight
from the benchmark would never seem smaller than the benchmark itself (numpy and all).
"""

import json
import os
import sys
import time

if __name__ == "__main__":
    begin = time.monotonic()
    pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(pid, 0)
    spent = {"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": time.monotonic() - begin, "peak_kib": usage.ru_maxrss}
    with open(sys.argv[1], "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would triple the launcher's size
        json.dump(spent, file)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)
