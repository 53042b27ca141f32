"""The demo: a day of a made-up office and dispatch network with an intrusion in the evening, as a capture file."""

from reporting.demo.build import write_demo
from reporting.demo.truth import Act, DemoTruth, KnownMaster

__all__ = ["Act", "DemoTruth", "KnownMaster", "write_demo"]
