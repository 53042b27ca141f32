"""Reading fields of captured bytes with one check for all, and the Internet checksum."""

from __future__ import annotations

from dataclasses import dataclass

from naive_meter.packet import MalformedError


@dataclass(frozen=True, slots=True)
class Bytes:
    """Captured bytes of a frame; every read names the reason under which its failure is counted."""

    data: bytes

    def need(self, at: int, size: int, end: int, reason: str) -> None:
        """Raise ``MalformedError(reason)`` unless ``size`` bytes at ``at`` are captured and lie before ``end``."""
        if at + size > len(self.data) or at + size > end:
            raise MalformedError(reason)

    def u8(self, at: int) -> int:
        """Return the octet at ``at``."""
        return self.data[at]

    def u16(self, at: int) -> int:
        """Return the big-endian 16-bit number at ``at``."""
        return int.from_bytes(self.data[at : at + 2], "big")

    def u24(self, at: int) -> int:
        """Return the big-endian 24-bit number at ``at``."""
        return int.from_bytes(self.data[at : at + 3], "big")

    def u32(self, at: int) -> int:
        """Return the big-endian 32-bit number at ``at``."""
        return int.from_bytes(self.data[at : at + 4], "big")


def sums_to_zero(data: bytes) -> bool:
    """Return whether the ones'-complement sum of ``data``, checksum field included, is right (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF
