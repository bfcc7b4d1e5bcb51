"""Statistics of a build's columns: computed in the warehouse, read again from observations.

What is kept, by `metric`, with what `window` says of it; `column` is empty for the first two:

`rows`          how many rows the build has
`picked`        how many of them `stddev`, quantiles and histogram are of: all, or about `SAMPLE`
`count`         values that are not null; `nulls` are the others
`distinct`      different values; `about` is the window of an estimate
`not_finite`    values that are NaN or infinite, which no figure below is of; only if there are any
`min` `max` `mean` `stddev`   of numbers, and of times as seconds since 1970 in UTC
`quantile`      the same; the window is which one, from 0 to 1: `0.5` is the median
`histogram`     values from one bound to the next, `[low, high)`; the last holds its end, too
`top`           how often a value is there; the window is the value as text, at most `LONGEST` of it

A column of numbers or times has all of these, strings and bools no figure of a line, bytes neither
nor `top`, any other only `count` and `nulls`. Nothing that may be one person's value is kept of a
column tagged `pii`: it has `count`, `nulls` and `distinct`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct
from sqlglot import exp

from ffc.adapter.offline import Relation
from ffc.adapter.state import Build, StateStore
from ffc.auth import Principal
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.diagnostics import did_you_mean
from ffc.core.errors import NotFound
from ffc.core.types import Type, parse_type
from ffc.manifest.records import Column
from ffc.manifest.upgrades import decode_node
from ffc.run.looking.reading import Deployed, deployed_node
from ffc.sql import statistics as sql

# Of builds with more rows than this, quantiles and histograms are those of about so many of them.
SAMPLE: Final = 50_000
# So many columns are in one statement, and so many of those whose values are counted.
CHUNK: Final = 50
VALUES_CHUNK: Final = 25
BINS: Final = 10
TOP: Final = 10
# Single values are counted in columns that have no more different ones than this.
FEW: Final = 10_000
LONGEST: Final = 100
PRIVATE: Final = "pii"
# The metric of how many rows there are; whatever was measured has it.
ROWS: Final = "rows"
ABOUT: Final = "about"
_DAY: Final = 86_400.0

# (metric, window) to value.
Figures = Mapping[tuple[str, str], float]


@dataclass(slots=True, kw_only=True)
class Measured:
    """A column, and the figures about it as they come: (metric, window) to value."""

    column: Column
    type: Type | None
    figures: dict[tuple[str, str], float] = field(default_factory=dict)
    edges: tuple[float, ...] = ()

    @property
    def is_private(self) -> bool:
        """Tell whether no value of the column may be kept."""
        return PRIVATE in self.column.tags


def measure(
    warehouse: Warehouse, relation: Relation, columns: Sequence[Column]
) -> list[tuple[str, Figures]]:
    """Return figures by column, those of the table under an empty name; raises StoreError."""
    table = table_of(relation)
    measured = [Measured(column=column, type=_type(column)) for column in columns]
    rows = 0.0
    for chunk in _chunks(measured, CHUNK):
        rows = _count(warehouse, table, chunk)
    share = min(1.0, SAMPLE / rows) if rows else 1.0
    lines = [each for each in measured if each.edges]
    picked = rows
    for chunk in _chunks(lines, CHUNK):
        picked = _shape(warehouse, table, chunk, share)
    few = [each for each in measured if 0 < each.figures.get(("distinct", ABOUT), 0) <= FEW]
    for chunk in _chunks(few, VALUES_CHUNK):
        _count_values(warehouse, table, chunk)
    whole = {(ROWS, ""): rows, ("picked", ""): picked}
    return [("", whole), *((each.column.name, each.figures) for each in measured)]


def _type(column: Column) -> Type | None:
    return parse_type(column.type) if column.type else None


def _chunks(columns: Sequence[Measured], size: int) -> Iterator[Sequence[Measured]]:
    for start in range(0, len(columns), size):
        yield columns[start : start + size]


def _count(warehouse: Warehouse, table: exp.Table, chunk: Sequence[Measured]) -> float:
    """Note what needs no earlier answer; return how many rows there are."""
    asked = [(each.column.name, each.type) for each in chunk]
    (row,) = warehouse.rows(sql.figures(table, asked, warehouse.store.dialect))
    rows = _float(row[sql.ROWS])
    for index, each in enumerate(chunk):
        filled = _float(row[f"filled_{index}"])
        each.figures |= {("count", ""): filled, ("nulls", ""): rows - filled}
        if f"distinct_{index}" in row:
            distinct = min(filled, _float(row[f"distinct_{index}"]))
            each.figures["distinct", ABOUT if distinct else ""] = distinct
        if f"finite_{index}" in row and not each.is_private:
            _note_line(each, row, index, filled)
    return rows


def _note_line(each: Measured, row: Mapping[str, object], index: int, filled: float) -> None:
    finite = _float(row[f"finite_{index}"])
    if finite < filled:
        each.figures["not_finite", ""] = filled - finite
    if not finite:
        return
    for metric in ("min", "max", "mean"):
        _note(each, metric, row[f"{metric}_{index}"])
    least, greatest = each.figures["min", ""], each.figures["max", ""]
    each.edges = edges(least, greatest, _unit(each.type))


def _note(each: Measured, metric: str, value: object) -> None:
    """Note a figure, unless there is none: one row has no deviation, a sum may be infinite."""
    if value is not None and math.isfinite(_float(value)):
        each.figures[metric, ""] = _float(value) + 0.0


def _unit(given: Type | None) -> float:
    """Return the step between values of a type that has one, else 0."""
    name = given.name if given is not None else ""
    return {"int32": 1.0, "int64": 1.0, "date": _DAY}.get(name, 0.0)


def edges(least: float, greatest: float, unit: float = 0.0) -> tuple[float, ...]:
    """Return the bounds of equal bins from the least value to the greatest.

    Of whole numbers (of a `unit`) each bin holds the same number of them.
    """
    if unit and greatest - least < 2**53 * unit:
        steps = int((greatest - least) // unit) + 1
        each = -(-steps // BINS)
        return tuple(least + unit * each * place for place in range(-(-steps // each) + 1))
    width = (greatest - least) / BINS
    if not 0 < width < math.inf:
        return (least, greatest)
    inner = [least + width * place for place in range(1, BINS)]
    return (least, *(edge for edge in inner if least < edge < greatest), greatest)


def _shape(
    warehouse: Warehouse, table: exp.Table, chunk: Sequence[Measured], share: float
) -> float:
    """Note how values lie, as the rows have it that are picked; return how many those are."""
    asked = [(e.column.name, e.type, e.edges[1:-1]) for e in chunk if e.type is not None]
    (row,) = warehouse.rows(sql.shapes(table, asked, share, warehouse.store.dialect))
    for index, each in enumerate(chunk):
        seen = _float(row[f"finite_{index}"])
        if not seen:
            continue
        _note(each, "stddev", row[f"stddev_{index}"])
        found = row[f"quantiles_{index}"]
        assert isinstance(found, list)
        for point, value in zip(sql.QUANTILES, found, strict=True):
            each.figures["quantile", str(point)] = _float(value) + 0.0
        over = [seen, *sql.counts_from(row, index, len(each.edges) - 2), 0.0]
        every = each.figures["count", ""] - each.figures.get(("not_finite", ""), 0.0)
        bins = zip(each.edges, each.edges[1:], over, over[1:], strict=False)
        for low, high, more, fewer in bins:
            count = round((more - fewer) * every / seen)
            each.figures["histogram", f"[{low!r}, {high!r})"] = count
    return _float(row[sql.ROWS])


def _count_values(warehouse: Warehouse, table: exp.Table, chunk: Sequence[Measured]) -> None:
    """Note the values that are there most often, and how many there are."""
    names = [each.column.name for each in chunk]
    for row in warehouse.rows(sql.values(table, names, TOP)):
        each = chunk[int(_float(row["column"]))]
        distinct, times = _float(row["distinct"]), _float(row["times"])
        each.figures.pop(("distinct", ABOUT), None)
        each.figures["distinct", ""] = distinct
        shown = sql.kind_of(each.type) != "bytes" and not each.is_private
        # Of many different values, one that is there once is not frequent.
        if shown and (times > 1 or distinct <= TOP):
            text = str(row["value"])[:LONGEST]
            each.figures["top", text] = each.figures.get(("top", text), 0.0) + times


def _float(value: object) -> float:
    return value if isinstance(value, float) else float(str(value))


class Bin(Struct, frozen=True, kw_only=True):
    """About how many values lie from `low`, included, to `high`, which only the last bin holds."""

    low: float
    high: float
    count: int


class Frequent(Struct, frozen=True, kw_only=True):
    """A value that is often there, as text, and how often it is."""

    value: str
    count: int


class ColumnStatistics(Struct, frozen=True, kw_only=True):
    """The figures about a column; what it does not have is null or empty.

    Times are seconds since 1970 in UTC. `distinct` is an estimate unless `distinct_exact`.
    """

    name: str
    type: str
    count: int
    nulls: int
    distinct: int | None = None
    distinct_exact: bool = True
    not_finite: int = 0
    private: bool = False
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    stddev: float | None = None
    quantiles: Mapping[str, float] = {}
    histogram: Sequence[Bin] = ()
    top: Sequence[Frequent] = ()


class Statistics(Struct, frozen=True, kw_only=True):
    """The figures about a build; deviations, quantiles, histograms are of `picked` of its rows."""

    schema: Literal["ffc.statistics/v1"] = "ffc.statistics/v1"
    node: str
    build: str
    created: str
    rows: int
    picked: int
    columns: Sequence[ColumnStatistics]


def read_statistics(
    session: Session, text: str, build: str | None = None, *, principal: Principal
) -> Statistics:
    """Return the statistics of a node's good build, or of another one by its id.

    `text` is what the node is called. Those that were not kept are computed, of the good build.
    Raises NotFound where there is no such node or build, and where it is too late to compute them;
    BadRequest where several nodes may be meant.
    """
    found = deployed_node(session, text, principal=principal)
    wanted = _build(session.state, found, build)
    known = session.state.observations([wanted.id])
    by_column: dict[str, dict[tuple[str, str], float]] = {}
    for each in known:
        by_column.setdefault(each.column, {})[each.metric, each.window] = each.value
    definition = session.state.definitions([(wanted.node, wanted.fingerprint)])
    node = decode_node(next(iter(definition.values()))) if definition else found.node
    if (ROWS, "") not in by_column.get("", {}):
        if wanted != found.build:
            message = f"no statistics of the build `{wanted.id}` of `{node.id}` were kept"
            raise NotFound(message, help=["a target of profiles.yml says which are: `statistics`"])
        warehouse = Warehouse(session.offline, session.schema)
        measured = measure(warehouse, Relation(*wanted.relation), node.columns)
        by_column = {column: dict(figures) for column, figures in measured}
    whole = by_column.pop("")
    columns = [_column(c, by_column[c.name]) for c in node.columns if c.name in by_column]
    return Statistics(
        node=wanted.node,
        build=wanted.id,
        created=wanted.created,
        rows=int(whole[ROWS, ""]),
        picked=int(whole["picked", ""]),
        columns=columns,
    )


def _build(state: StateStore, found: Deployed, wanted: str | None) -> Build:
    """Return the build that is asked for; raises NotFound."""
    if wanted is None and found.build is not None:
        return found.build
    builds = {build.id: build for build in state.builds(found.node.id)}
    if wanted not in builds:
        hints = did_you_mean(wanted or "", builds)
        raise NotFound(f"`{found.node.id}` has no build `{wanted}`", help=hints)
    return builds[wanted]


def _column(column: Column, figures: Mapping[tuple[str, str], float]) -> ColumnStatistics:
    exact = figures.get(("distinct", ""))
    about = figures.get(("distinct", ABOUT))
    distinct = exact if exact is not None else about
    return ColumnStatistics(
        name=column.name,
        type=column.type or column.native,
        count=int(figures["count", ""]),
        nulls=int(figures["nulls", ""]),
        distinct=None if distinct is None else round(distinct),
        distinct_exact=not about,
        not_finite=int(figures.get(("not_finite", ""), 0)),
        private=PRIVATE in column.tags,
        min=figures.get(("min", "")),
        max=figures.get(("max", "")),
        mean=figures.get(("mean", "")),
        stddev=figures.get(("stddev", "")),
        quantiles={w: value for (metric, w), value in figures.items() if metric == "quantile"},
        histogram=sorted(_bins(figures), key=lambda each: (each.low, each.high)),
        top=sorted(
            (
                Frequent(value=w, count=int(value))
                for (metric, w), value in figures.items()
                if metric == "top"
            ),
            key=lambda each: (-each.count, each.value),
        ),
    )


def _bins(figures: Mapping[tuple[str, str], float]) -> Iterator[Bin]:
    for (metric, window), value in figures.items():
        if metric == "histogram":
            low, high = window.strip("[)").split(", ")
            yield Bin(low=float(low), high=float(high), count=int(value))
