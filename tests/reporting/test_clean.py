"""Strings from the wire are harmless on terminals, in spreadsheets and in Zeek logs."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.clean import clean, csv_cell, zeek_cell

_ANY = st.text(alphabet=st.characters(), max_size=60)


@given(_ANY)
def test_clean_leaves_nothing_that_moves_or_hides(text: str) -> None:
    """No control, format, surrogate, private, unassigned or line-separating character is left."""
    assert not {unicodedata.category(char) for char in clean(text)} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(_ANY)
def test_clean_changes_nothing_twice(text: str) -> None:
    """What is clean stays as it is, so that a string may be cleaned where it is stored and where it is shown."""
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_runs_no_cell(start: str) -> None:
    """A cell that would be a formula begins with an apostrophe."""
    assert csv_cell(f"{start}cmd|' /C calc'!A0").startswith("'")


@given(_ANY)
def test_zeek_cells_hold_no_separator(text: str) -> None:
    """One cell is one cell: printable ASCII without tab, comma or line end, and never a mark by accident."""
    cell = zeek_cell(text)
    assert cell.isascii()
    assert cell.isprintable()
    assert "," not in cell
    assert cell != "-"
    assert (cell == "(empty)") == (text == "")
