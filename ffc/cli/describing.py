"""The statistics of a build as a table with bars, a line a column, as far as there is room."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from ffc.auth import local_user
from ffc.cli.streams import answer, answer_exactly
from ffc.cli.widths import answer_folded, answer_width
from ffc.connect.session import Session
from ffc.core.characters import cells, encodable, leading, visible
from ffc.manifest.files import encode
from ffc.run.looking.statistics import ColumnStatistics, Statistics, read_statistics

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
# The same where the encoding of the stream has no blocks.
PLAIN: Final = " .:-=+*#@"
_BARS: Final = 10
# How wide what stands between the counts and the bars is: three numbers, two days, or a value.
_NUMBER: Final = 6
_MIDDLE: Final = 22
_LONGEST_NAME: Final = 40
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# The parts of a line of the table, those of its head, and on which side each is filled up.
_HEAD: Final = ("column", "type", "nulls", "distinct", "", "histogram")
# The blanks before each of them.
_GAPS: Final = (0, 2, 1, 1, 2, 2)
# With less room than this for names, the last of the others is left out.
_LEAST: Final = 16
# With less room than this beside a name, its values stand below it.
_NARROW: Final = 24


def show_statistics(session: Session, node: str, output: str) -> None:
    """Write the statistics of a deployed node; raises NotFound."""
    found = read_statistics(session, node, principal=local_user())
    if output == "json":
        answer_exactly(encode(found).decode())
    else:
        answer(render_statistics(found, sys.stdout.encoding))


def render_statistics(found: Statistics, encoding: str | None = None) -> str:
    """Return statistics as text; bars are of blocks if the encoding has them."""
    bars = BLOCKS if encodable(BLOCKS, encoding) == BLOCKS else PLAIN
    head = answer_folded(f"{found.node}, build {found.build}: {found.rows:,} rows")
    blocks = [head, _table(found, bars)]
    frequent = [line for column in found.columns for line in _frequent(column, found.columns)]
    if frequent:
        blocks.append("\n".join([click.style("most frequent", bold=True), *frequent]))
    notes = list(_notes(found))
    if notes:
        blocks.append("\n".join(notes))
    return "\n\n".join(blocks)


def _table(found: Statistics, bars: str) -> str:
    kinds = max([len("type"), *(len(_kind(column)) for column in found.columns)])
    fixed = [kinds, len("nulls"), len("distinct"), _MIDDLE, _BARS]
    while (room := answer_width() - sum(fixed) - sum(_GAPS[: len(fixed) + 1])) < _LEAST:
        fixed.pop()
    room = min(room, max([len("column"), *(cells(_name(c.name)[1]) + 1 for c in found.columns)]))
    widths = (room, *fixed)
    middle = f"{'min':>{_NUMBER}}  {'mean':>{_NUMBER}}  {'max':>{_NUMBER}}"
    head = _line((*_HEAD[:4], middle, _HEAD[5]), widths)
    lines = [
        click.style(head.rstrip(), bold=True),
        _line(["-" * width for width in widths], widths),
    ]
    group = ""
    for column in found.columns:
        view, name = _name(column.name)
        if view and view != group:
            lines.append(click.style(visible(view), dim=True))
        group = view
        lines.append(_row(column, f" {name}" if view else name, widths, bars))
    return "\n".join(lines)


def _name(name: str) -> tuple[str, str]:
    """Return the feature view of a column and its own name there; no view of other columns."""
    view, _, own = name.partition("__")
    return (view, own) if view and own else ("", name)


def _row(column: ColumnStatistics, name: str, widths: Sequence[int], bars: str) -> str:
    total = column.count + column.nulls
    distinct = "" if column.distinct is None else _counted(column.distinct)
    parts = (
        _cut(name, widths[0]),
        _kind(column),
        _percent(column.nulls, total),
        distinct if column.distinct_exact else f"~{distinct}",
        _middle(column, total),
    )
    drawn = _bars(column, bars)
    left = _line(parts, widths[:5])
    told = drawn and len(widths) > len(parts)
    return f"{left}  {click.style(drawn, fg='cyan')}" if told else left.rstrip()


def _line(parts: Sequence[str], widths: Sequence[int]) -> str:
    """Return the first parts of a line beside each other; what is counted stands to the right."""
    shown = [
        " " * (width - cells(part)) + part
        if place in (2, 3)
        else part + " " * (width - cells(part))
        for place, (part, width) in enumerate(zip(parts, widths, strict=False))
    ]
    return "".join(" " * gap + part for gap, part in zip(_GAPS, shown, strict=False))


def _cut(text: str, room: int) -> str:
    """Return a text that fits; of one that is too long both ends are left, which tell it apart."""
    text = visible(text)
    if cells(text) <= room:
        return text
    tail = text[-(room // 2) :]
    return f"{text[: leading(text, room - cells(tail) - 2)]}..{tail}"


def _kind(column: ColumnStatistics) -> str:
    """Return a column's type, without its sizes."""
    return column.type.partition("(")[0].partition("<")[0][:9]


def _percent(part: float, whole: float) -> str:
    """Return a share, to one digit where it is small; `<.1%` is not nothing."""
    if not part or not whole:
        return "-" if not part else "100%"
    share = 100 * part / whole
    if share < 0.1:
        return "<.1%"
    if part < whole and share > 99:
        return ">99%"
    return f"{share:.1f}%" if share < 9.95 else f"{share:.0f}%"


def _counted(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else number(float(count))


def number(value: float) -> str:
    """Return a number in six characters: three digits that count at the least, or with a unit."""
    if value != round(value) and abs(value) < 999.95:
        if abs(value) < 0.0005:
            return f"{value:.0e}".replace("e-0", "e-")
        return f"{value:.{3 - (abs(value) >= 9.9995) - (abs(value) >= 99.995)}f}"
    text = f"{value:,.0f}"
    if len(text) <= _NUMBER:
        return text
    scaled = value
    for unit in "kMGT":
        scaled /= 1000
        texts = [f"{scaled:.{digits}f}{unit}" for digits in (2, 1, 0)]
        fitting = [text for text in texts if len(text) <= _NUMBER and abs(scaled) < 999.5]
        if fitting:
            return fitting[0]
    return f"{value:.0e}".replace("e+", "e")


def _middle(column: ColumnStatistics, total: int) -> str:
    """Return what is between the counts and the bars: numbers, two days, or the first value."""
    if column.private:
        return ""
    if column.min is not None and column.max is not None:
        if column.type in ("timestamp", "date"):
            return f"{_day(column.min)}..{_day(column.max)}"
        shown = (column.min, column.mean, column.max)
        return "  ".join(f"{'' if v is None else number(v):>{_NUMBER}}" for v in shown)
    if column.top:
        share = _percent(column.top[0].count, total)
        return f"{_cut(column.top[0].value, _MIDDLE - len(share) - 1)} {share}"
    return ""


def _day(seconds: float) -> str:
    """Return the day of a time, or its year where Python knows no such day."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).date().isoformat()
    except OverflowError:
        return f"year {1970 + math.floor(seconds / 31_556_952)}"


def _bars(column: ColumnStatistics, bars: str) -> str:
    """Return a bar for each bin, or for each frequent value; none is empty that has a value."""
    counts = [each.count for each in (column.histogram or column.top)]
    highest = max(counts, default=0)
    steps = len(bars) - 1
    if not highest:
        return ""
    return "".join(bars[math.ceil(count / highest * steps)] for count in counts[:_BARS])


def _frequent(column: ColumnStatistics, others: Sequence[ColumnStatistics]) -> Iterator[str]:
    """Yield the values of a column with few, with their shares, on one line."""
    if not column.top or column.distinct is None or column.distinct > _BARS or column.count == 0:
        return
    if column.type in ("timestamp", "date"):
        return
    shown = [each for each in others if each.top and (each.distinct or 0) <= _BARS]
    width = min(_LONGEST_NAME, max(cells(visible(each.name)) for each in shown))
    name = _cut(column.name, width)
    total = column.count + column.nulls
    told, room = "", answer_width() - width - 2
    left = f"{name}{' ' * (width - cells(name))}  "
    if room < _NARROW:
        left, room = f"{name}\n  ", answer_width() - 2
    for each in column.top:
        part = f"{_cut(each.value, 24)} {_percent(each.count, total)}"
        part = f"{told}{'  ' if told else ''}{part}"
        if cells(part) > room - 4:
            told += "  .."
            break
        told = part
    yield f"{left}{told}"


def _notes(found: Statistics) -> Iterator[str]:
    if any(not column.distinct_exact for column in found.columns):
        yield "~ is an estimate"
    if found.picked < found.rows and any(column.histogram for column in found.columns):
        yield f"the histograms are of {found.picked:,} of the rows"
    for column in found.columns:
        if column.not_finite:
            verb = "value is" if column.not_finite == 1 else "values are"
            yield f"{column.not_finite:,} {verb} NaN or infinite: {visible(column.name)}"
    private = sum(column.private for column in found.columns)
    if private:
        them = "1 column is" if private == 1 else f"{private} columns are"
        yield f"{them} tagged `pii`: only counts are kept"
