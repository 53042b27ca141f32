"""What was asked for on the command line, checked: every mistake in one message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from detectors import registry
from detectors.model import nearest
from reporting.clean import clean
from reporting.judging.evaluation import Params
from store.errors import Problem, TaishiError
from store.text import Text
from store.window import DAY, Window, day_of, day_start

_WRONG_EXIT: Final = 2

_TIMES: Final = Text(
    "allowed: ISO 8601, such as 2026-03-12 or 2026-03-12T08:00:00Z (UTC unless an offset is given)",
    "可用：ISO 8601 时间，如 2026-03-12 或 2026-03-12T08:00:00Z（未写时区即 UTC）",
)
_CORRECT: Final = Text("correct the value", "请改正该值")


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request.

    Attributes:
        window: Range of event time.
        detectors: Ids; None for all.
        params: Detector id to parameter to value.
    """

    window: Window = field(default_factory=Window)
    detectors: tuple[str, ...] | None = None
    params: Params = field(default_factory=dict)


def checked(
    since: str | None, until: str | None, detectors: Sequence[str], params: Sequence[str], *, by_day: bool
) -> Request:
    """Return the request.

    Args:
        since: Start as typed.
        until: End as typed, exclusive.
        detectors: Ids as typed; none means all.
        params: ``detector.name=value`` as typed.
        by_day: Days are evaluated one by one: the range must consist of whole ones.

    Raises:
        TaishiError: with every mistake (exit code 2).
    """
    problems: list[Problem] = []
    start, end = _time("--since", since, problems), _time("--until", until, problems)
    window = Window()
    if start is not None and end is not None and start >= end:
        told = Text(f"{since} is not before {until}", f"{since} 不早于 {until}")
        allowed = Text("allowed: --since before --until", "可用：--since 早于 --until")
        problems.append(Problem("--since", told, allowed, _CORRECT))
    else:
        window = Window(start, end)
        if by_day:
            problems += [_no_day(name, bound) for name, bound in (("--since", start), ("--until", end)) if _cuts(bound)]
    chosen = tuple(dict.fromkeys(detectors))
    problems += [_no_detector("--detector", name) for name in chosen if name not in registry()]
    values = _params(params, chosen, problems)
    if problems:
        raise TaishiError(problems, exit_code=_WRONG_EXIT)
    return Request(window, chosen or None, values)


def _time(option: str, text: str | None, problems: list[Problem]) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        told = Text(f"{clean(text)!r} is no time", f"“{clean(text)}”不是时间")
        problems.append(Problem(option, told, _TIMES, _CORRECT))
        return None
    return found


def _cuts(bound: datetime | None) -> bool:
    return bound is not None and bound != day_start(day_of(bound))


def _no_day(option: str, bound: datetime | None) -> Problem:
    assert bound is not None
    before = day_start(day_of(bound))
    return Problem(
        option,
        Text(
            f"{bound:%Y-%m-%dT%H:%M:%SZ} is not the start of a UTC day", f"{bound:%Y-%m-%dT%H:%M:%SZ} 不是 UTC 日的起点"
        ),
        Text("allowed: whole days, with --by day", "可用：整日（与 --by day 同用时）"),
        Text(
            f"take {before:%Y-%m-%d} or {before + DAY:%Y-%m-%d}", f"请改用 {before:%Y-%m-%d} 或 {before + DAY:%Y-%m-%d}"
        ),
    )


def _no_detector(where: str, name: str) -> Problem:
    known = registry()
    close = nearest(name, known)
    return Problem(
        where,
        Text(f"no detector {clean(name)!r}", f"没有检测器“{clean(name)}”"),
        Text(f"allowed: {', '.join(sorted(known))}", f"可用：{'、'.join(sorted(known))}"),
        Text(f"use {close!r}", f"请改用“{close}”") if close else _CORRECT,
    )


def _params(texts: Iterable[str], chosen: Sequence[str], problems: list[Problem]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for text in texts:
        name, has_value, number = text.partition("=")
        detector, has_name, param = name.partition(".")
        where = f"--param {clean(text)}"
        try:
            value = float(number)
        except ValueError:
            has_value = ""
            value = 0.0
        if not (has_value and has_name):
            told = Text("not of the form detector.name=number", "不是“检测器.参数=数值”的形式")
            allowed = Text("allowed: such as scan_horizontal.min_hosts=20", "可用：如 scan_horizontal.min_hosts=20")
            problems.append(Problem(where, told, allowed, _CORRECT))
        elif detector not in registry():
            problems.append(_no_detector(where, detector))
        elif chosen and detector not in chosen:
            told = Text(f"{detector} does not run", f"{detector} 不在运行之列")
            allowed = Text(f"allowed: of {', '.join(chosen)}", f"可用：{'、'.join(chosen)} 的参数")
            problems.append(
                Problem(where, told, allowed, Text("name it with --detector too", "请同时用 --detector 指定"))
            )
        elif (wrong := _range(where, detector, param, value)) is not None:
            problems.append(wrong)
        else:
            found.setdefault(detector, {})[param] = value
    return found


def _range(where: str, detector: str, param: str, value: float) -> Problem | None:
    known = registry()[detector].params
    if param not in known:
        close = nearest(param, known)
        return Problem(
            where,
            Text(f"{detector} has no parameter {clean(param)!r}", f"{detector} 没有参数“{clean(param)}”"),
            Text(f"allowed: {', '.join(sorted(known)) or 'none'}", f"可用：{'、'.join(sorted(known)) or '无'}"),
            Text(f"use {close!r}", f"请改用“{close}”") if close else _CORRECT,
        )
    own = known[param]
    if own.low <= value <= own.high:
        return None
    span = f"{own.low:g} … {own.high:g} {own.unit}"
    return Problem(
        where,
        Text(f"{value:g} is out of range", f"{value:g} 超出范围"),
        Text(f"allowed: {span}", f"可用：{span}"),
        Text(f"the default is {own.default:g}", f"默认值为 {own.default:g}"),
    )
