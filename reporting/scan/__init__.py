"""The scan: captures become flows, flows become alerts, alerts become incidents, and all of it one result.

Orchestration only: reading is in ``sensor``, judging in ``detectors``, keeping in ``store``.
"""

from reporting.scan.pipeline import ScanRequest, scan

__all__ = ["ScanRequest", "scan"]
