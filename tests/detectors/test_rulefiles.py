"""Rule files: the shipped ones load; a broken one is told by file, line, what was found and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.attack import load_attack_map
from detectors.rulefiles import RULES_DIR, RuleFileError, load_rules

HEADER = "sid,func,subfunc,qualifier,name_en,name_zh,class,severity,attack,source,why"
GOOD = "1,5,,,write coil,写线圈,command,high,T0855,source,why"


def _problems(tmp_path: Path, *lines: str) -> str:
    (tmp_path / "ics").mkdir(exist_ok=True)
    (tmp_path / "ics" / "modbus.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(RuleFileError) as caught:
        load_rules("ics/modbus.csv", tmp_path)
    return str(caught.value)


@pytest.mark.parametrize(
    "path", sorted(set(RULES_DIR.rglob("*.csv")) - set(RULES_DIR.glob("models/*.csv"))), ids=lambda path: path.stem
)
def test_shipped_files_load(path: Path) -> None:
    """Every rule file in the repository is accepted."""
    assert load_rules(str(path.relative_to(RULES_DIR))).num_rows > 0 or path.stem == "models"


def test_techniques_of_industrial_rules_are_mapped() -> None:
    """Every technique named by a rule is in the ATT&CK map."""
    rows = [row for name in ("iec104", "modbus") for row in load_rules(f"ics/{name}.csv").to_pylist()]
    named = {technique for row in rows for technique in row["attack"].split()}
    assert named <= set(load_attack_map())


def test_sids_are_unique_over_files() -> None:
    """A sid means one rule in all protocols."""
    sids = [row["sid"] for name in ("iec104", "modbus") for row in load_rules(f"ics/{name}.csv").to_pylist()]
    assert len(sids) == len(set(sids))


def test_remapped_techniques_are_marked() -> None:
    """What v19 moved is said in the map."""
    attack_map = load_attack_map()
    for name in ("T0803", "T0804", "T0855", "T0856", "T0857", "T0839", "T0812"):
        assert "v19" in attack_map[name].remap
    for name in ("T1562.006", "T1599", "T1036", "T1205"):
        assert attack_map[name].remap == "tactic renamed in v19"


def test_unknown_column_is_told_with_the_nearest(tmp_path: Path) -> None:
    """A mistyped column names the line and the likely meaning."""
    text = _problems(tmp_path, HEADER.replace("severity", "severty"), GOOD)
    assert "rules/ics/modbus.csv:1: unknown column 'severty'; allowed: sid, func" in text
    assert "did you mean 'severity'?" in text
    assert "column 'severity' appears 0 times" in text


def test_all_problems_of_all_lines_at_once(tmp_path: Path) -> None:
    """Every wrong value is listed with its line and what is allowed."""
    text = _problems(
        tmp_path,
        HEADER,
        GOOD,
        GOOD,
        "2,300,,,a,甲,command,high,T0855,s,w",
        "3,5,,,a,甲,comand,loud,T0855;T1,s,",
        "4,5,,,a,甲,command",
        "5,5,,,a, 甲, extra,command,high,T0855,s,w,z",
    )
    assert "modbus.csv:3: 1 is already on line 2" in text
    assert "modbus.csv:4: func is '300'; allowed: a whole number 0 to 255 or nothing" in text
    assert "modbus.csv:5: class is 'comand'; allowed:" in text
    assert "(nearest: command)" in text
    assert "modbus.csv:5: severity is 'loud'" in text
    assert "modbus.csv:5: why is ''; allowed: a text that is not empty" in text
    assert "modbus.csv:6: wrong number of fields" in text
    assert "modbus.csv:7: wrong number of fields" in text


def test_missing_file_and_wrong_encoding(tmp_path: Path) -> None:
    """A file that is not there or not text is an error of ours, not of the library below."""
    with pytest.raises(RuleFileError, match="cannot be read"):
        load_rules("ics/modbus.csv", tmp_path)
    (tmp_path / "roles.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleFileError, match="UTF-8"):
        load_rules("roles.csv", tmp_path)


def test_open_quote_is_told(tmp_path: Path) -> None:
    """A quote that never closes is reported with its line."""
    assert "RFC 4180" in _problems(tmp_path, HEADER, '1,5,,,"open,a')
