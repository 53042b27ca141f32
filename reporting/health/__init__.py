"""What ``taishi doctor`` looks at: the installation, the home, the data in it, and what the last captures lost."""

from reporting.health.check import Check, Status
from reporting.health.examine import examine

__all__ = ["Check", "Status", "examine"]
