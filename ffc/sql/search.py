"""The search for an instant: of the rows before a bound the greatest value, in six shapes.

`asof` is for engines with ASOF JOIN (DuckDB's form); `union` puts rows and questions in one list
and looks back along it with a window, which every engine can. Each reads the rows once, however
they lie. `ranges` and `pairs` compare each question with every row of its keys: `ranges` with how
long the row counts, `pairs` with the bound alone, and takes the greatest. They are faster where no
key has many rows; `shape_for` tells where that is. `lateral` looks each question up in an index on
the history, from its bound backwards, and reads nothing else but rows that were not known yet.
`walk` is for where those are many: it looks along the list as `union` does, in which the questions
keep their columns, and only the row that it found up in the index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Literal

from msgspec import Struct
from sqlglot import exp

from ffc.sql import build

Shape = Literal["asof", "union", "ranges", "pairs", "lateral", "walk"]
TIME: Final = "__t"
_TIMESTAMP: Final = exp.DType.TIMESTAMP
# Where a row stops to count: at the next one of its keys.
_UNTIL: Final = "__until"
# Measured on DuckDB: so many rows of a key are sooner compared than sorted, and so many pairs of a
# question and a row sooner made than a row sorted.
SHORT: Final = 64
PAIRS_A_ROW: Final = 4
# Measured on PostgreSQL: so many rows are sooner read over in an index than one is put in a list.
SKIPPED_A_ROW: Final = 4


class Search(Struct, frozen=True, kw_only=True):
    """For each of some questions: the greatest `value` of the rows that lie before its time.

    `questions` names a CTE with the columns `keys` and `__t`; it asks of the rows with equal keys
    that lie before `__t` less `earlier` seconds, or at it where `inclusive`. Of `rows`, which has
    the columns `keys`, `position` says where a row lies and `value` what it is worth. The answer
    has `keys`, `__t` and `value`, and nothing of a question that no row lies before.

    `carried` are columns that come with the value. They need rows of which no two of a key lie at
    one position, each worth what its position says, and another shape than `union`. `ranges` can do
    with rows that lie at one position if a column `among` tells which of them it is: the greatest.
    """

    questions: str
    keys: Sequence[str]
    earlier: int
    inclusive: bool
    rows: exp.Select
    position: str
    value: str
    carried: Sequence[str] = ()
    among: str = ""


def shape_for(questions: int, rows: int, longest: int) -> Shape:
    """Return the shape that is fastest where no key has more than `longest` of the rows.

    No shape does more than the rows and the questions together are many, times a constant:
    `pairs` makes at most `questions * longest` pairs, `ranges` compares as many.
    """
    if questions * longest <= PAIRS_A_ROW * rows:
        return "pairs"
    return "ranges" if longest <= SHORT else "asof"


def most_skipped(questions: int, rows: int) -> int:
    """Return how many rows an index may be read over for a question, rather than make a list."""
    return SKIPPED_A_ROW * (rows + questions) // max(questions, 1)


def indexed_shape(skipped: float, most: int) -> Shape:
    """Return the shape that is fastest with an index that so many rows are read over in."""
    return "lateral" if skipped <= most else "walk"


def usual_shape(asof_join: bool, indexes: bool) -> Shape:
    """Return the shape for an engine, where nothing is known of the rows."""
    return "asof" if asof_join else "lateral" if indexes else "union"


def search_query(search: Search, shape: Shape) -> exp.Select:
    """Return the query that answers a search."""
    return _SHAPES[shape](search)


def with_rows(select: exp.Select, search: Search, shape: Shape, alias: str) -> exp.Select:
    """Join the row that wins to each of all questions, whose table is `questions` itself.

    A question without an answer stays. The rows have `keys`, `value` and `carried`.
    """
    if shape == "pairs":
        on = [_equal(name, alias, search.questions) for name in (*search.keys, TIME)]
        rows, method = _pairs(search), ""
    else:
        on = _bounds(search, shape, alias, search.questions)
        rows, method = _placed(search, shape), "ASOF" if shape == "asof" else ""
    found = rows.subquery(build.name(alias), copy=False)
    kind = f"{method} LEFT".strip()
    return select.join(found, on=build.every(on), join_type=kind, copy=False)


def _found(search: Search, shape: Shape, join_type: str) -> exp.Select:
    own = [build.column(name, "q") for name in (*search.keys, TIME)]
    return (
        exp.select(*own, build.column(search.value, "r"))
        .from_(build.table(search.questions, alias="q"))
        .join(
            _placed(search, shape).subquery(build.name("r"), copy=False),
            on=build.every(_bounds(search, shape, "r", "q")),
            join_type=join_type,
        )
    )


def _bounds(search: Search, shape: Shape, rows: str, questions: str) -> list[exp.Expr]:
    """Return the conditions under which a row answers a question."""
    on = [_equal(key, rows, questions) for key in search.keys]
    position = build.column(search.position, rows)
    on.append(before(position, TIME, questions, search.earlier, search.inclusive))
    if shape == "ranges":
        asked = _less(build.column(TIME, questions), search.earlier)
        later = exp.GT if search.inclusive else exp.GTE
        on.append(later(this=build.column(_UNTIL, rows), expression=asked))
    return on


def _placed(search: Search, shape: Shape) -> exp.Select:
    """Return the rows, each worth the greatest value up to it; of ranges, until where it counts.

    Of rows at one position all but one count until there, so for no question.
    """
    rising = search.position == search.value
    if rising and shape == "asof":
        return search.rows
    order = [exp.Ordered(this=build.column(search.position))]
    columns: list[exp.Expr] = [*map(build.column, (*search.keys, search.position, *search.carried))]
    if not rising:
        columns.append(build.named(_running(search, search.keys, order), search.value))
    if shape == "ranges":
        ever = exp.cast(exp.Literal.string("infinity"), exp.DataType(this=_TIMESTAMP))
        one, position = exp.Literal.number(1), build.column(search.position)
        following = exp.Lead(this=position, offset=one, default=ever)
        if search.among:
            order.append(exp.Ordered(this=build.column(search.among), nulls_first=True))
        columns.append(build.named(_over(following, search.keys, order), _UNTIL))
    return exp.select(*columns).from_(search.rows.subquery(build.name("ranked"), copy=False))


def _pairs(search: Search) -> exp.Select:
    """Return the greatest of all the values before each question, and what is carried with it."""
    own = [build.column(name, "q") for name in (*search.keys, TIME)]
    value = build.column(search.value, "r")
    found = (
        exp.select(*own, build.named(exp.Max(this=value), search.value))
        .from_(build.table(search.questions, alias="q"))
        .join(
            search.rows.subquery(build.name("r"), copy=False),
            on=build.every(_bounds(search, "pairs", "r", "q")),
            join_type="INNER",
        )
        .group_by(*(column.copy() for column in own))
    )
    if not search.carried:
        return found
    # One value of several columns: the engine's greatest skips those that are null.
    fields = [
        exp.PropertyEQ(this=build.name(name), expression=build.column(name, "r"))
        for name in search.carried
    ]
    carried = exp.ArgMax(this=exp.Struct(expressions=fields), expression=value.copy())
    names = [build.column(name) for name in (*search.keys, TIME, search.value)]
    parts = [
        build.named(exp.Dot(this=build.column("__row"), expression=build.name(name)), name)
        for name in search.carried
    ]
    whole = found.select(build.named(carried, "__row"))
    return exp.select(*names, *parts).from_(whole.subquery(build.name("found"), copy=False))


def walked(search: Search, kept: Sequence[str]) -> exp.Select:
    """Return every question's columns `kept` and its value, null where no row lies before it.

    A list of rows and questions is put in order and looked along once. Of questions without a time
    the value is anything.
    """
    nothing = exp.cast(exp.Null(), exp.DataType(this=_TIMESTAMP))
    questions = exp.select(
        *map(build.column, kept),
        build.named(_less(build.column(TIME), search.earlier), "__position"),
        build.named(exp.Literal.number(1), "__asks"),
        build.named(nothing, "__value"),
    ).from_(build.table(search.questions))
    rows = exp.select(
        *(build.column(name) if name in search.keys else _null(search, name) for name in kept),
        build.named(build.column(search.position), "__position"),
        build.named(exp.Literal.number(0), "__asks"),
        build.named(build.column(search.value), "__value"),
    ).from_(search.rows.subquery(build.name("r"), copy=False))
    # At one position an exclusive question stands before the rows, an inclusive one behind them.
    asks = exp.Ordered(this=build.column("__asks"), desc=not search.inclusive)
    order = [exp.Ordered(this=build.column("__position")), asks]
    found = exp.select(
        *map(build.column, kept),
        build.column("__asks"),
        build.named(_running(search, search.keys, order, "__value"), search.value),
    ).from_(exp.union(questions, rows, distinct=False).subquery(build.name("listed"), copy=False))
    return (
        exp.select(*map(build.column, kept), build.column(search.value))
        .from_(found.subquery(build.name("found"), copy=False))
        .where(exp.EQ(this=build.column("__asks"), expression=exp.Literal.number(1)))
    )


def _null(search: Search, name: str) -> exp.Expr:
    """Return null of a question's column's type, to the digit: a union's would have none."""
    none = exp.select(build.column(name)).from_(build.table(search.questions)).where(exp.false())
    return build.named(exp.Subquery(this=none), name)


def _union(search: Search) -> exp.Select:
    """Return the keys, time and value of the questions that a row lies before."""
    answered = build.is_not_null(build.column(search.value))
    return walked(search, (*search.keys, TIME)).where(answered, copy=False)


def _running(
    search: Search, keys: Sequence[str], order: list[exp.Ordered], value: str = ""
) -> exp.Window:
    """Return the greatest value of the rows of equal keys up to this one and those beside it.

    Without a frame: rows that lie at one position must all count, whichever a join then meets.
    """
    return _over(exp.Max(this=build.column(value or search.value)), keys, order)


def _over(function: exp.Expr, keys: Sequence[str], order: list[exp.Ordered]) -> exp.Window:
    return exp.Window(
        this=function,
        partition_by=[build.column(key) for key in keys],
        order=exp.Order(expressions=[each.copy() for each in order]),
    )


def before(value: exp.Expr, time: str, table: str, earlier: int, inclusive: bool) -> exp.Expr:
    """Return the condition that a value lies before a table's time less some seconds."""
    compare = exp.LTE if inclusive else exp.LT
    return compare(this=value, expression=_less(build.column(time, table), earlier))


def _less(time: exp.Expr, seconds: int) -> exp.Expr:
    return exp.Sub(this=time, expression=build.seconds(seconds)) if seconds else time


def _equal(name: str, left: str, right: str) -> exp.Expr:
    return exp.EQ(this=build.column(name, left), expression=build.column(name, right))


_SHAPES: Final[dict[Shape, Callable[[Search], exp.Select]]] = {
    "asof": partial(_found, shape="asof", join_type="ASOF"),
    "union": _union,
    "ranges": partial(_found, shape="ranges", join_type="INNER"),
    "pairs": _pairs,
}
