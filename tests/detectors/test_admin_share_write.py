"""admin_share_write: programs on C$ and ADMIN$ are tools carried over; documents and other shares are work."""

from __future__ import annotations

import pytest
from invariance import steady

from detectors.catalogue.admin_share_write import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, TARGET = "10.1.0.5", "10.1.0.9"


def _write(
    traffic: Traffic,
    second: float,
    share: str = "//pc9/C$",
    name: str = "Windows/Temp/a.exe",
    *,
    target: str = TARGET,
    action: str = "created",
    written: int | None = 5000,
    status: int = 0,
) -> None:
    traffic.record(
        "smb",
        second,
        ACTOR,
        target,
        receiver_port=445,
        command="create",
        share=share,
        file_name=name,
        action=action,
        bytes_written=written,
        nt_status=status,
    )


@pytest.mark.parametrize(("share", "name"), [("//pc9/C$", "x/a.exe"), ("//pc9/ADMIN$", "b.DLL"), ("//pc9/d$", "c.ps1")])
def test_programs_on_administrative_shares(traffic: Traffic, share: str, name: str) -> None:
    """Whatever the disk and the kind of program."""
    _write(traffic, 5, share, name)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert alert["severity"] == "medium"
    assert "wrote 1 program(s) of 5000 bytes in all over administrative shares to 1 host(s)" in alert["evidence_en"]
    assert alert["evidence_en"].endswith(f"{share}/{name}.")
    assert "写入 1 个程序，共 5000 字节" in alert["evidence_zh"]


@pytest.mark.parametrize(
    ("share", "name"),
    [("//srv/public", "setup.exe"), ("//srv/print$", "driver.dll"), ("//pc9/IPC$", "svcctl"), ("//pc9/C$", "a.docx")],
)
def test_other_shares_and_files(traffic: Traffic, share: str, name: str) -> None:
    """Ordinary shares, printer drivers, pipes and documents."""
    _write(traffic, 5, share, name)
    assert traffic.run(DETECTOR) == []


def test_reading_and_refusal_write_nothing(traffic: Traffic) -> None:
    """A program that is only opened, or that the server refused."""
    _write(traffic, 5, action="opened", written=None)
    _write(traffic, 6, status=0xC0000022)
    assert traffic.run(DETECTOR) == []


def test_many_targets_are_told_together(traffic: Traffic) -> None:
    """Beyond ten targets of one source the rest is one alert."""
    for n in range(13):
        _write(traffic, n, target=f"10.1.0.{20 + n}")
    found = steady(traffic, traffic.shuffled(), DETECTOR)
    assert sorted(row["target_count"] for row in found) == [1] * 10 + [3]
