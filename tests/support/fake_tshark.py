"""A stand-in for ``tshark``: reads a capture from standard input and prints in the forms that ``taishi`` asks for.

Put into a folder of PATH by ``install``. It knows packets by number and length only; what it says about them is as
hostile as the wire can be. What it was started with it notes down beside itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HOSTILE = "\x1b[31m\u202egnp.exe\t=1+1"
"""Terminal control, direction override and a formula, in the information of every packet."""

_BODY = r"""
import json, os, struct, sys, time
words = sys.argv[1:]
with open({notes!r}, "a") as notes:
    beside = sorted(os.listdir(os.path.dirname(os.getcwd())))
    notes.write(json.dumps({{"argv": words, "env": dict(os.environ), "beside": beside, "pid": os.getpid()}}) + "\n")
data = sys.stdin.buffer.read()
order = "<" if data[0] in (0xD4, 0x4D) else ">"
lengths, place = [], 24
while place < len(data):
    kept = struct.unpack(order + "I", data[place + 8 : place + 12])[0]
    lengths.append(kept)
    place += 16 + kept
limit = int(words[words.index("-c") + 1]) if "-c" in words else len(lengths)
shown = list(enumerate(lengths, 1))[:limit]
hostile = {hostile!r}
print("Running as user \"root\"", file=sys.stderr)
{trouble}
form = words[words.index("-T") + 1] if "-T" in words else ""
if form == "tabs":
    for number, length in shown:
        print(f"{{number:5}}\t{{number / 8:.9f}}\t 10.0.0.1\tFAKE\t10.0.0.2 \tlen {{length}} {{hostile}}")
elif form == "json":
    packets = [{{"_source": {{"layers": {{"frame": {{"frame.number": str(n), "frame.len": str(length)}},
               "fake": hostile}}}}}} for n, length in shown]
    print("[\n" + ",\n".join(" " * 2 + json.dumps(one, indent=2).replace("\n", "\n  ") for one in packets) + "\n]")
elif form == "fields":
    for _ in lengths:
        print("7\t5\t\t")
elif "-V" in words:
    for number, length in shown:
        print(f"Frame {{number}}: {{length}} bytes\n    " + "deep " * 40 + hostile + "\n")
else:
    print("\n=====\nFollow: tcp,raw\nFilter: tcp.stream eq 7\nNode 0: 10.0.0.1:1\nNode 1: 10.0.0.2:21")
    print("\t" + b"220 ready\r\n".hex() + "\n" + hostile.encode().hex() + "\n\t" + bytes(range(40)).hex() + "\n=====")
"""


def install(folder: Path, trouble: str = "") -> Path:
    """Write the program into ``folder`` and return the file of its notes.

    Args:
        folder: Goes into PATH.
        trouble: Python statements that run before it prints, to misbehave.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notes = folder / "notes"
    body = _BODY.format(notes=str(notes), hostile=HOSTILE, trouble=trouble)
    program = folder / "tshark"
    program.write_text(f"#!{sys.executable} -I\n{body}", encoding="utf-8")
    program.chmod(0o755)
    return notes


def noted(notes: Path) -> list[dict[str, Any]]:
    """Return what every run was started with: ``argv``, ``env``, ``beside`` (files beside its folder), ``pid``."""
    return [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
