"""Schedules as cron writes them: minute, hour, day of the month, month, day of the week."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NewType

from msgspec import Struct, field

from ffc.core.diagnostics import did_you_mean, listed

# Five fields with one space between them, or one of the words below; each of it was checked.
Cron = NewType("Cron", str)

_MEANT: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
WORDS: Final = tuple(_MEANT)
SHAPE: Final = "a schedule is `minute hour day month weekday`: `0 * * * *` is once an hour"
_MONTHS: Final = {
    month: number
    for number, month in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_WEEKDAYS: Final = {
    day: number for number, day in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
}
# Years in which each longest gap comes: the eight of no 29th of February around 2100 among them.
_YEARS: Final = (date(2095, 1, 1), date(2105, 1, 1))
# The most days that a month can have.
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM: Final = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\w+))?")


class BadCron(Exception):
    """A text that is no schedule; `hints` say what to do, `field` which part is wrong."""

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.hints = hints
        self.field: int | None = None


class _Field(Struct, frozen=True, kw_only=True):
    name: str
    least: int
    most: int
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def range(self) -> str:
        names = f", or {next(iter(self.names))} to {list(self.names)[-1]}" if self.names else ""
        return f"{self.least} to {self.most}{names}"


_FIELDS: Final = (
    _Field(name="minute", least=0, most=59),
    _Field(name="hour", least=0, most=23),
    _Field(name="day of the month", least=1, most=31),
    _Field(name="month", least=1, most=12, names=_MONTHS),
    _Field(name="day of the week", least=0, most=7, names=_WEEKDAYS),
)


def parse_cron(text: str) -> Cron:
    """Return a schedule with its spaces made even; raises BadCron where a text is none."""
    words = text.lower().split()
    if len(words) == 1 and words[0].startswith("@"):
        if words[0] not in WORDS:
            hints = did_you_mean(words[0], WORDS) or (f"there are {listed(WORDS)}",)
            raise BadCron(f"no schedule is called `{text.strip()}`", *hints)
        return Cron(words[0])
    if len(words) != len(_FIELDS):
        seconds = ("leave the seconds out",) if len(words) > len(_FIELDS) else ()
        meant = did_you_mean(f"@{words[0]}", WORDS) if len(words) == 1 else ()
        message = f"a schedule has five fields, not {len(words)}"
        raise BadCron(message, *seconds, *(meant or (SHAPE,)))
    values = []
    for index, (word, part) in enumerate(zip(words, _FIELDS, strict=True)):
        try:
            values.append(_values(word, part))
        except BadCron as problem:
            problem.field = index
            raise
    _check_day(words, values)
    return Cron(" ".join(words))


def longest_gap(cron: Cron) -> int:
    """Return the most seconds between two times of a schedule; a day has 86,400."""
    words = _MEANT.get(cron, cron).split()
    minutes, hours, days, months, weekdays = (
        _values(word, part) for word, part in zip(words, _FIELDS, strict=True)
    )
    either = "*" not in (words[2], words[4])  # a day of the month or of the week, whichever comes
    count = (_YEARS[1] - _YEARS[0]).days
    fires = []
    for number in range(count):
        day = _YEARS[0] + timedelta(days=number)
        by_week = not weekdays.isdisjoint((day.isoweekday(), day.isoweekday() % 7))
        fits = (day.day in days or by_week) if either else (day.day in days and by_week)
        if day.month in months and fits:
            fires.append(number * 86_400)
    times = sorted(hour * 3600 + minute * 60 for hour in hours for minute in minutes)
    over_night = times[0] - times[-1] + max(then - day for day, then in pairwise(fires))
    return max(over_night, *(then - time for time, then in pairwise(times)), 0)


def _values(text: str, part: _Field) -> set[int]:
    """Return every number that a field stands for."""
    found: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise _bad(part, item)
        every, first, last, step = match.groups()
        if step is not None and (not step.isdecimal() or int(step) == 0):
            message = f"the step of the {part.name} must be 1 or more, not `{step}`"
            raise BadCron(message, f"`*/5` is every fifth {part.name}")
        low = part.least if every else _number(first, part)
        high = _number(last, part) if last else part.most if every or step else low
        if low > high:
            message = f"the range `{item}` of the {part.name} goes backwards"
            raise BadCron(message, f"write two ranges: `{first}-{part.most},{part.least}-{last}`")
        found.update(range(low, high + 1, int(step or 1)))
    return found


def _number(text: str, part: _Field) -> int:
    number = part.names.get(text[:3]) if text[:3].isalpha() and len(text) == 3 else None
    if number is None and text.isascii() and text.isdecimal():
        number = int(text[:9])
    if number is None or not part.least <= number <= part.most:
        raise _bad(part, text)
    return number


def _bad(part: _Field, text: str) -> BadCron:
    message = f"the {part.name} of a schedule must be {part.range}, not `{text}`"
    return BadCron(message, *did_you_mean(text, part.names), SHAPE)


def _check_day(words: Sequence[str], values: Sequence[set[int]]) -> None:
    """Refuse a day that no month has; a day of the week beside it would fire all the same."""
    _, _, days, months, _ = values
    if words[4] != "*" or min(days) <= max(_DAYS[month - 1] for month in months):
        return
    names = [name for name, number in _MONTHS.items() if number in months]
    message = f"this schedule never comes: there is no day {min(days)} in {listed(names)}"
    raise BadCron(message, "choose another day, or another month")
