"""Conversations of a case written for other tools: Zeek's conn.log, Suricata's EVE, OCSF, CSV; streaming."""

from reporting.export.write import FORMATS, NoSuchViewError, export

__all__ = ["FORMATS", "NoSuchViewError", "export"]
