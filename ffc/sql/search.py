"""The search for an instant: of the rows before a bound the greatest value, in two shapes.

`asof` is for engines with ASOF JOIN (DuckDB's form); `union` puts rows and questions in one list
and looks back along it with a window, which every engine can. Each reads the rows once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlglot import exp

from ffc.sql import build

Shape = Literal["asof", "union"]
TIME: Final = "__t"
_TIMESTAMP: Final = exp.DType.TIMESTAMP


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """For each of some questions: the greatest `value` of the rows that lie before its time.

    `questions` names a CTE with the columns `keys` and `__t`; it asks of the rows with equal keys
    that lie before `__t` less `earlier` seconds, or at it where `inclusive`. Of `rows`, which has
    the columns `keys`, `position` says where a row lies and `value` what it is worth. The answer
    has `keys`, `__t` and `answer`, and nothing of a question that no row lies before.
    """

    questions: str
    keys: Sequence[str]
    earlier: int
    inclusive: bool
    rows: exp.Select
    position: str
    value: str
    answer: str


def search_query(search: Search, shape: Shape) -> exp.Select:
    """Return the query that answers a search."""
    return _SHAPES[shape](search)


def _asof(search: Search) -> exp.Select:
    """Return an ASOF join; rows of which a later one may be worth less are made to rise first."""
    rows = search.rows if search.position == search.value else _frontier(search)
    on = [_equal(key, "r", "q") for key in search.keys]
    position = build.column(search.position, "r")
    on.append(before(position, TIME, "q", search.earlier, search.inclusive))
    own = [build.column(name, "q") for name in (*search.keys, TIME)]
    return (
        exp.select(*own, build.named(build.column(search.value, "r"), search.answer))
        .from_(build.table(search.questions, alias="q"))
        .join(rows.subquery(build.name("r")), on=build.every(on), join_type="ASOF")
    )


def _frontier(search: Search) -> exp.Select:
    """Return the rows with the greatest value up to each in the place of its own."""
    names = (*search.keys, search.position)
    order = [exp.Ordered(this=build.column(search.position))]
    greatest = _running(search, search.keys, order)
    columns = [*map(build.column, names), build.named(greatest, search.value)]
    return exp.select(*columns).from_(search.rows.subquery(build.name("ranked")))


def _union(search: Search) -> exp.Select:
    """Return a list of rows and questions in order, and the greatest value up to each question."""
    nothing = exp.cast(exp.Null(), exp.DataType(this=_TIMESTAMP))
    keys = [build.column(key) for key in search.keys]
    questions = exp.select(
        *keys,
        build.named(_less(build.column(TIME), search.earlier), "__position"),
        build.named(exp.Literal.number(1), "__asks"),
        build.named(build.column(TIME), TIME),
        build.named(nothing, "__value"),
    ).from_(build.table(search.questions))
    rows = exp.select(
        *(key.copy() for key in keys),
        build.named(build.column(search.position), "__position"),
        build.named(exp.Literal.number(0), "__asks"),
        build.named(nothing.copy(), TIME),
        build.named(build.column(search.value), "__value"),
    ).from_(search.rows.subquery(build.name("r")))
    # At one position an exclusive question stands before the rows, an inclusive one behind them.
    asks = exp.Ordered(this=build.column("__asks"), desc=not search.inclusive)
    order = [exp.Ordered(this=build.column("__position")), asks]
    listed = exp.union(questions, rows, distinct=False)
    found = exp.select(
        *(key.copy() for key in keys),
        build.column("__asks"),
        build.column(TIME),
        build.named(_running(search, search.keys, order, "__value"), search.answer),
    ).from_(listed.subquery(build.name("listed")))
    answered = exp.EQ(this=build.column("__asks"), expression=exp.Literal.number(1))
    return (
        exp.select(*(key.copy() for key in keys), build.column(TIME), build.column(search.answer))
        .from_(found.subquery(build.name("found")))
        .where(answered, build.is_not_null(build.column(search.answer)))
    )


def _running(
    search: Search, keys: Sequence[str], order: list[exp.Ordered], value: str = ""
) -> exp.Window:
    """Return the greatest value of the rows of equal keys up to this one and those beside it.

    Without a frame: rows that lie at one position must all count, whichever a join then meets.
    """
    return exp.Window(
        this=exp.Max(this=build.column(value or search.value)),
        partition_by=[build.column(key) for key in keys],
        order=exp.Order(expressions=order),
    )


def before(value: exp.Expr, time: str, table: str, earlier: int, inclusive: bool) -> exp.Expr:
    """Return the condition that a value lies before a table's time less some seconds."""
    compare = exp.LTE if inclusive else exp.LT
    return compare(this=value, expression=_less(build.column(time, table), earlier))


def _less(time: exp.Expr, seconds: int) -> exp.Expr:
    return exp.Sub(this=time, expression=build.seconds(seconds)) if seconds else time


def _equal(name: str, left: str, right: str) -> exp.Expr:
    return exp.EQ(this=build.column(name, left), expression=build.column(name, right))


_SHAPES: Final[dict[Shape, Callable[[Search], exp.Select]]] = {"asof": _asof, "union": _union}
