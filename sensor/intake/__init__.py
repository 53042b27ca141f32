"""Logs of other tools into the lake: Zeek (TSV, JSON) and Suricata (EVE).

A log is read block by block (``content``), its lines become columns of text (``zeek_text``, ``json_lines``), and one
SQL query per kind of log (``recipe`` and the modules ``zeek_*``, ``eve_*``) makes the rows of our tables of them
(``bench``). ``foreign`` takes a file in: everything it holds becomes visible at once, or nothing.
"""
