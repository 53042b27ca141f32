"""Running the installed ``tshark`` over packets: fixed arguments, nothing of the user's profile, bounded in every way.

Wireshark's dissectors are a large body of C that meets hostile bytes here: the process gets the packets on its standard
input and nothing else, may take so much time, memory and output, and is gone when the session ends.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Self

from store.errors import Problem, TaishiError
from store.text import Text

DEBIAN_PACKAGE: Final = "tshark"
"""Debian package of the program."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take.

    Attributes:
        time_s: Wall clock, s (1 … 3600): some 50 000 packets a second are decoded, so this is beyond what one reads.
        output_bytes: Bytes on standard output (1 … 2^31): 64 MB of text are a book of 20 000 pages.
        memory_bytes: Address space (2^28 …): tshark itself takes some 0.5 GB of it, much of that shared libraries.
    """

    time_s: float = 120.0
    output_bytes: int = 64_000_000
    memory_bytes: int = 4_000_000_000


LIMITS: Final = Limits()

_FIXED: Final = ("-n", "-r", "-")
"""No name is looked up anywhere, packets come from standard input (Wireshark, tshark(1))."""

_SAID_BYTES: Final = 1_000_000
"""Bytes the process may write to any file, its standard error among them."""

_SAID_SHOWN: Final = 300
"""Characters of its last complaint that go into a message."""

_NOISE: Final = "Running as user"
"""Beginning of what tshark says to root at every start; no complaint."""


def find_tshark() -> Path:
    """Return the installed program.

    Raises:
        TaishiError: it is not installed.
    """
    found = shutil.which("tshark")
    if found is None:
        raise TaishiError(
            Problem(
                "tshark",
                Text("not found in PATH", "在 PATH 中找不到"),
                Text(
                    f"needed: Wireshark's program for the terminal (Debian package {DEBIAN_PACKAGE})",
                    f"需要：Wireshark 的终端程序（Debian 软件包 {DEBIAN_PACKAGE}）",
                ),
                Text(
                    f"install it (apt-get install {DEBIAN_PACKAGE}), or write the packets with 'taishi packets' and "
                    "open them in Wireshark elsewhere",
                    f"请安装（apt-get install {DEBIAN_PACKAGE}），或用“taishi packets”写出，在别处用 Wireshark 打开",
                ),
            )
        )
    return Path(found)


class Tshark:
    """Runs of the program over one capture; a context manager that leaves no process behind.

    Args:
        program: What ``find_tshark`` found.
        packets: The capture, open for reading; need not have a name any more.
        scratch: An empty private folder: home, profile and working folder of the process.
        limits: What one run may take.

    Attributes:
        cut: Why the last output is not whole, None when it is.
    """

    def __init__(self, program: Path, packets: BinaryIO, scratch: Path, limits: Limits = LIMITS) -> None:
        self.cut: Text | None = None
        self._program = program
        self._packets = packets
        self._scratch = scratch
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that may still run."""
        self._end()

    def lines(self, arguments: Sequence[str]) -> Iterator[str]:
        """Yield what a run prints, line by line without line ends; ``cut`` then says whether something is missing.

        Args:
            arguments: Behind the fixed ones; never anything a user typed but numbers.

        Raises:
            TaishiError: it cannot be started, or ends with an error and printed nothing.
        """
        self._end()
        self.cut, self._late = None, False
        self._packets.seek(0)
        with (self._scratch / "said").open("w+b") as said:
            process = self._start(arguments, said)
            clock = threading.Timer(self._limits.time_s, self._stop_late)
            clock.start()
            printed = 0
            try:
                assert process.stdout is not None
                while printed < self._limits.output_bytes:
                    line = process.stdout.readline(self._limits.output_bytes - printed)
                    if not line:
                        break
                    printed += len(line)
                    yield line.decode("utf-8", "backslashreplace").rstrip("\r\n")
                if printed >= self._limits.output_bytes:
                    self.cut = Text(f"stopped after {printed} bytes of output", f"输出达到 {printed} 字节，已停止")
                    return
                code = process.wait()
            finally:
                clock.cancel()
                self._end()
            self._judge(code, printed, said)

    def _start(self, arguments: Sequence[str], said: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            self._process = subprocess.Popen(
                [str(self._program), *_FIXED, *arguments],
                stdin=self._packets,
                stdout=subprocess.PIPE,
                stderr=said,
                env=self._environment(),
                cwd=self._scratch,
                start_new_session=True,
            )
        except OSError as error:
            raise _failed(Text(f"not started ({error.strerror})", f"未能启动（{error.strerror}）")) from error
        for kind, most in (
            (resource.RLIMIT_AS, self._limits.memory_bytes),
            (resource.RLIMIT_FSIZE, _SAID_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it may have ended already
                resource.prlimit(self._process.pid, kind, (most, most))
        return self._process

    def _environment(self) -> dict[str, str]:
        """Return an environment without the user's: no profile, no plugins of a home, English, UTC."""
        own = str(self._scratch)
        return {
            "PATH": os.defpath,
            "HOME": own,
            "XDG_CONFIG_HOME": own,
            "WIRESHARK_CONFIG_DIR": own,
            "TMPDIR": own,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def _judge(self, code: int, printed: int, said: IO[bytes]) -> None:
        if self._late:
            limit = f"{self._limits.time_s:g} s"
            self.cut = Text(f"stopped after {limit}", f"运行 {limit} 后停止")
        elif code != 0:
            why = _complaint(said)
            found = Text(f"ended with code {code}{why.en}", f"以代码 {code} 结束{why.zh}")
            if printed == 0:
                raise _failed(found)
            self.cut = found

    def _stop_late(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _end(self) -> None:
        """Make sure that no process is left."""
        if self._process is None:
            return
        self._kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()
        self._process = None


def _complaint(said: IO[bytes]) -> Text:
    """Return the last thing the process said on standard error, in brackets; nothing when it said nothing."""
    said.seek(0)
    lines = said.read(_SAID_BYTES).decode("utf-8", "backslashreplace").splitlines()
    told = [line.strip() for line in lines if line.strip() and not line.startswith(_NOISE)]
    if not told:
        return Text("", "")
    last = told[-1][:_SAID_SHOWN]
    return Text(f" ({last})", f"（{last}）")


def _failed(found: Text) -> TaishiError:
    return TaishiError(
        Problem(
            "tshark",
            found,
            Text("needed: a working tshark 3.0 or later", "需要：可正常运行的 tshark 3.0 或更新版本"),
            Text(
                "try 'tshark --version', or write the packets with 'taishi packets' and open them in Wireshark",
                "请试“tshark --version”，或用“taishi packets”写出报文并在 Wireshark 中打开",
            ),
        )
    )
