"""The report is one safe, complete, readable page in both languages."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import reporting.html
from reporting.html import Figures, render_report, write_report
from reporting.html.texts import TEXTS
from reporting.unreadable import reason_text

Report = tuple[dict[str, Any], Figures]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>\x1b[31m\u202eevil{{ 7*7 }}"
VOID = {"meta", "br", "link", "img", "hr", "input"}
TEMPLATES = Path(reporting.html.__file__).parent / "templates"


class Page(HTMLParser):
    """Collects tags and attributes and checks that tags nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag that has no content."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost open tag is the one that ends."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect what is read."""
        if not self._open or self._open[-1] != "style":
            self.text += data + " "


@pytest.fixture(params=["rich", "benign"])
def report(request: pytest.FixtureRequest) -> Report:
    """Each of the two situations."""
    found: Report = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_page_is_well_formed_and_self_contained(report: Report, lang: str) -> None:
    """Tags nest; no script, no event attribute, no style attribute, nothing that is fetched."""
    page = Page(render_report(*report, lang))
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use"})
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") or name in {"style", "src", "srcset", "xlink:href"} for name in attrs)
        if tag == "a":
            assert str(attrs["href"]).startswith("#")
    assert ("html", {"lang": lang}) in page.tags


def test_policy_allows_exactly_the_one_style_block(rich: Report) -> None:
    """The hash in the content security policy is that of the style block."""
    text = render_report(*rich, "en")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'" in text.replace("&#39;", "'")
    assert not re.search(r"url\(|@import", style)


def test_links_lead_somewhere(rich: Report) -> None:
    """Every fragment link has its target, every id is used once."""
    page = Page(render_report(*rich, "zh-CN"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a"} <= {str(name) for name in ids}


def _poisoned(value: Any, key: str = "") -> Any:  # noqa: ANN401  (walks any JSON value)
    """Return the value with the hostile string in place of every text that may come from outside."""
    keep = {"severity", "status", "first", "last", "ts", "written"}
    if isinstance(value, str):
        return value if key in keep else HOSTILE
    if isinstance(value, dict):
        return {name: _poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_poisoned(item, key) for item in value]
    return value


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_strings_from_the_wire_stay_text(rich: Report, lang: str) -> None:
    """A hostile string in every place adds no tag, no attribute, no control or invisible character."""
    result, figures = copy.deepcopy(rich)
    text = render_report(_poisoned(result), _poisoned(figures), lang)
    page, plain = Page(text), Page(render_report(*rich, lang))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "alert(1)" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_everything_of_the_scan_is_on_the_page(rich: Report) -> None:
    """Verdict, incidents with evidence and commands, coverage, talkers, files with hashes, unreadable frames."""
    result, figures = rich
    shown = Page(render_report(result, figures, "en")).text
    wanted = [result["verdict"]["en"], figures["run"]["config_hash"]]
    wanted += [file["sha256"] for file in result["files"]] + [talker["ip"] for talker in result["talkers"]]
    wanted += [reason_text(item["reason"]).en for item in result["unreadable"]]
    wanted += [net["cidr"] for net in result["home_networks"]]
    wanted += [item["text"]["en"] for item in result["blind"]]
    for incident in result["incidents"]:
        wanted += [incident["who"], incident["display_filter"], *incident["next"]]
        wanted += [text["en"] for text in (*incident["evidence"], *incident["innocent"], incident["title"])]
    assert [text for text in wanted if text not in shown] == []
    assert "UTC" in shown


def test_english_page_has_no_chinese(report: Report) -> None:
    """Language en leaves no CJK character in what is read."""
    assert not re.search(r"[\u3400-\u9fff]", Page(render_report(*report, "en")).text)


def test_every_table_names_its_columns_and_rows(rich: Report) -> None:
    """Header cells carry a scope."""
    page = Page(render_report(*rich, "en"))
    heads = [attrs for tag, attrs in page.tags if tag == "th"]
    assert len(heads) > 40
    assert all(attrs.get("scope") in {"col", "row"} for attrs in heads)


def test_broken_conservation_is_said(rich: Report) -> None:
    """A counter that does not add up is shown as a defect, not hidden."""
    result, figures = copy.deepcopy(rich)
    assert "does not hold" not in render_report(result, figures, "en")
    figures["run"]["counters"]["frames.decoded"] -= 1
    assert "does not hold" in render_report(result, figures, "en")


def test_every_text_is_used_and_every_used_text_exists() -> None:
    """The catalogue and the templates agree."""
    sources = [p.read_text(encoding="utf-8") for p in (*TEMPLATES.glob("*.j2"), TEMPLATES.parent / "_view.py")]
    joined = "\n".join(sources)
    used = set(re.findall(r"\bt\.([a-z_0-9]+)", joined)) | set(re.findall(r"texts\[\"([a-z_]+)\"\]", joined))
    assert used <= set(TEXTS)
    by_name = {"traffic", "incidents", "coverage", "talkers", "matrix", "spoken", "unreadable", "provenance"}
    by_name |= {f"{kind}{part}" for kind in ("pauses", "series") for part in ("", "_note")}  # kinds of plots
    composed = {key for key in TEXTS if key.startswith(("status.", "outcome."))}
    assert set(TEXTS) - used - by_name - composed == set()
    assert all(text.en and text.zh for text in TEXTS.values())


def test_missing_keys_are_named_all_at_once(rich: Report) -> None:
    """Every key that is missing is in the one error."""
    result, figures = copy.deepcopy(rich)
    del result["verdict"]
    del result["talkers"]
    with pytest.raises(ValueError, match=r"'verdict'(.|\n)*'talkers'"):
        render_report(result, figures, "en")


def test_uneven_matrix_and_zero_bucket_are_refused(rich: Report) -> None:
    """A matrix that is no rectangle and an interval of no length are named."""
    result, figures = copy.deepcopy(rich)
    figures["matrix"]["cells"][0].pop()
    figures["series"]["bucket_s"] = 0
    with pytest.raises(ValueError, match=r"report matrix(.|\n)*bucket_s"):
        render_report(result, figures, "en")


def test_unknown_language_is_refused(rich: Report) -> None:
    """The error names what is allowed."""
    with pytest.raises(ValueError, match=r"'fr'; allowed: zh-CN, en"):
        render_report(*rich, "fr")


def test_failed_write_leaves_nothing_behind(tmp_path: Path, rich: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a half report nor a temporary file remains when the disk fails."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_report(*rich, tmp_path / "report.html", "en")
    assert list(tmp_path.iterdir()) == []


def test_written_file_is_the_rendered_text(tmp_path: Path, rich: Report) -> None:
    """The file holds exactly the page."""
    path = write_report(*rich, tmp_path / "report.html", "zh-CN")
    assert path.read_text(encoding="utf-8") == render_report(*rich, "zh-CN")
