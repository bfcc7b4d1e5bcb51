"""The point-in-time query of a training set, from its plan.

Histories hold one row for each key, event time and created (`ffc.sql.history`). So where a view
has no created, or where ranges tell which is the last of an instant, the label joins the winning
row at once (`ffc.sql.search`). Otherwise, and where lookups of views that have their instants from
one source share the search, the label's distinct (keys, t) look for the instant of the row that
wins; the row is then found by equality, and the label joins the answers back. Either way it keeps
exactly its rows. The steps, each a CTE:

- `__label`: the label's columns, the keys as the entities' types, t;
- `__walked_N`: the same with the instant of the row that wins, where an index holds the row;
- `__spine_N`: the distinct questions of some keys;
- `__at_N`: the winner's event time: the greatest of those before t, or, where only what was known
  counts, of those that had become visible by t, at greatest(event time, created);
- `__learned_N`: its created: the greatest, or the greatest before t;
- `__view_N`: the row, by equality.

Names inside the query begin with `__`, as no name of a user's can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
from sqlglot import exp

from ffc.core.types import known_type
from ffc.manifest.records import KeyPair, Pick, Plan, ViewPlan
from ffc.sql import build
from ffc.sql.search import TIME, Search, Shape, before, search_query, walked, with_rows
from ffc.sql.types import literal, sql_type

_TIMESTAMP: Final = exp.DType.TIMESTAMP
_LABEL: Final = "__label"
# The shapes in which each row of the label looks its answer up in an index.
_BY_INDEX: Final = frozenset[Shape]({"lateral", "walk"})


def training_set_query(
    plan: Plan, shape: Shape = "asof", shapes: Mapping[str, Shape] = MappingProxyType({})
) -> exp.Select:
    """Return the training set's rows: its output columns, in order.

    `shapes` are those of the views that are searched in another shape than the others.
    """
    keys = _label_keys(plan.views)
    own = [shapes.get(view.searched, shape) for view in plan.views]
    label = _Label(plan, keys, own)
    select = exp.select(*(_output(plan, i) for i in range(len(plan.output))))
    searches = Counter(map(_search_of, plan.views))
    for index, view in enumerate(plan.views):
        columns = [keys[pair] for pair in _asked(view)]
        lookup = _Lookup(plan, view, columns, own[index], label.ctes)
        if own[index] in _BY_INDEX and lookup.timed:
            instant = label.walk(view, lookup) if own[index] == "walk" else ""
            select = lookup.looked_up(select, f"v{index}", instant)
            continue
        if lookup.names_rows and searches[_search_of(view)] == 1:
            select = with_rows(select, lookup.search(), own[index], f"v{index}")
            continue
        label.ctes[f"__view_{index}"] = lookup.rows()
        on = [*columns, *([TIME] if lookup.timed else [])]
        select = select.join(
            build.table(f"__view_{index}", alias=f"v{index}"),
            on=build.every(_equal(name, f"v{index}", name, _LABEL) for name in on),
            join_type="LEFT",
            copy=False,
        )
    for name, query in label.ctes.items():
        # PostgreSQL reads what is named more than once into a file, by one process.
        kept = False if name == _LABEL and "walk" in own else None
        select.with_(build.name(name), as_=query, materialized=kept, copy=False)
    return select.from_(label.rows, copy=False)


def _search_of(view: ViewPlan) -> ViewPlan:
    """Return what lookups have alike that share a search."""
    return msgspec.structs.replace(view, view="", ttl=None, picks=())


def unshared(plan: Plan) -> Plan:
    """Return a plan in which each view is searched by itself."""
    views = tuple(msgspec.structs.replace(view, searched=view.view) for view in plan.views)
    return msgspec.structs.replace(plan, views=views)


def in_order(rows: exp.Table, plan: Plan, *, sort: bool = True) -> exp.Select:
    """Return a training set's columns from its rows, in an order that follows from the rows alone.

    They are sorted by their columns from left to right. A view's feature follows from the keys and
    the time on its left: rows that are alike in all other columns are alike, so it need not be
    compared. Without `sort` they come as they were written.
    """
    query = exp.select(*(build.column(column.name) for column in plan.output)).from_(rows)
    picked = {pick.column for view in plan.views for pick in view.picks}
    compared = [column.name for column in plan.output if column.name not in picked]
    return query.order_by(*map(build.ascending, compared)) if sort else query


def _asked(view: ViewPlan) -> list[KeyPair]:
    return [KeyPair(view="", label=pair.label, type=pair.type) for pair in view.keys]


def _label_keys(views: Sequence[ViewPlan]) -> dict[KeyPair, str]:
    """Name the label's columns that are asked with, each with each of its types once."""
    pairs = dict.fromkeys(pair for view in views for pair in _asked(view))
    return {pair: f"__k{index}" for index, pair in enumerate(pairs)}


def _equal(left: str, left_table: str, right: str, right_table: str) -> exp.Expr:
    return exp.EQ(this=build.column(left, left_table), expression=build.column(right, right_table))


class _Label:
    """The rows that a training set keeps, and the CTEs that they come from."""

    def __init__(self, plan: Plan, keys: Mapping[KeyPair, str], shapes: Sequence[Shape]) -> None:
        own: dict[str, exp.Expr] = {
            f"__c{index}": build.column(column.origin)
            for index, column in enumerate(plan.output)
            if column.role != "feature"
        }
        for pair, name in keys.items():
            own[name] = exp.cast(build.column(pair.label), sql_type(known_type(pair.type)))
        if plan.timestamp:
            own[TIME] = exp.cast(build.column(plan.timestamp), _TIMESTAMP)
        rows = exp.select(*(build.named(column, name) for name, column in own.items()))
        rows = rows.from_(build.reference(plan.label))
        # In the order of an index its pages are read once each, not once for each row.
        for view, shape in zip(plan.views, shapes, strict=True):
            if shape == "walk":
                break
            if shape == "lateral" and view.event_time and plan.timestamp:
                order = [*(keys[pair] for pair in _asked(view)), TIME]
                rows = rows.order_by(*(build.ascending(name) for name in order))
                break
        self.ctes = {_LABEL: rows}
        self._columns = [*own]
        self._last = _LABEL
        self._walked: dict[ViewPlan, str] = {}

    @property
    def rows(self) -> exp.Table:
        """The label's rows with the instants that were walked along for, named `__label`."""
        return build.table(self._last, alias="" if self._last == _LABEL else _LABEL)

    def walk(self, view: ViewPlan, lookup: _Lookup) -> str:
        """Give each row the instant of the row that wins in a view; return the column's name."""
        alike = _search_of(view)
        if alike not in self._walked:
            name = self._walked[alike] = f"__e{len(self._walked)}"
            query = walked(lookup.instants(self._last, name), self._columns)
            self._last = f"__walked_{len(self.ctes)}"
            self.ctes[self._last] = query
            self._columns.append(name)
        return self._walked[alike]


class _Lookup:
    """One lookup of a plan: adds the CTEs that it needs, those of its search but once."""

    def __init__(
        self,
        plan: Plan,
        view: ViewPlan,
        keys: Sequence[str],
        shape: Shape,
        ctes: dict[str, exp.Select],
    ) -> None:
        self._view = view
        self._keys = keys
        self._shape = shape
        self._ctes = ctes
        self.timed = bool(plan.timestamp and view.event_time)

    def rows(self) -> exp.Select:
        """Return the winning rows: keys, t where the label has one, `__e`, features."""
        view = self._view
        if not view.event_time:
            return exp.select(*self._columns("")).from_(build.reference(view.view))
        instants = self._instants()
        on = [*self._on("h", "a"), _equal(view.event_time, "h", "__e", "a")]
        if view.created:
            created, learned = build.column(view.created, "h"), build.column("__c", "a")
            same = exp.EQ if self._known else exp.NullSafeEQ
            on.append(same(this=created, expression=learned))
        times = [build.column(TIME, "a")] if self.timed else []
        return (
            exp.select(*self._columns("h"), *times)
            .from_(build.table(instants, alias="a"))
            .join(build.reference(view.view, "h"), on=build.every(on), join_type="INNER")
        )

    def looked_up(self, select: exp.Select, alias: str, instant: str) -> exp.Select:
        """Join the row that wins to each row of the label, found backwards from its time.

        A row that is older than the ttl is no answer, so that none is looked at. Where a list was
        walked along the label's column `instant` is the row's event time.
        """
        view = self._view
        on = self._on("h", _LABEL)
        time = build.column(view.event_time, "h")
        inclusive = view.boundary == "inclusive"
        order = [time.copy()]
        if instant:
            on.append(_equal(view.event_time, "h", instant, _LABEL))
        on.append(before(time, TIME, _LABEL, view.lag + self._delay, inclusive))
        if view.created:
            created = build.column(view.created, "h")
            order.append(created)
            if self._known:
                on.append(before(created.copy(), TIME, _LABEL, view.lag, inclusive))
        if view.ttl is not None:
            on.append(exp.GTE(this=time.copy(), expression=_oldest(view)))
        row = (
            exp.select(*self._columns("h"))
            .from_(build.reference(view.view, "h"))
            .where(build.every(on))
            .order_by(*map(build.descending, order))
            .limit(1)
        )
        lateral = exp.Lateral(
            this=exp.Subquery(this=row), alias=exp.TableAlias(this=build.name(alias))
        )
        return select.join(lateral, on=exp.true(), join_type="LEFT", copy=False)

    @property
    def names_rows(self) -> bool:
        """Whether an instant names a row that can be had with it."""
        if not self.timed or self._shape == "union" or self._shape in _BY_INDEX:
            return False
        return not self._view.created or (self._shape == "ranges" and not self._known)

    def search(self) -> Search:
        """Return the search for the winning row of all that the label asks."""
        view = self._view
        rows = exp.select(*self._columns("")).from_(build.reference(view.view))
        carried = tuple(dict.fromkeys(f"__f_{pick.feature}" for pick in view.picks))
        search = self._search(_LABEL, rows, "__e", view.lag + self._delay)
        if view.created:
            rows = rows.select(build.named(build.column(view.created), "__c"))
            search = msgspec.structs.replace(search, rows=rows, among="__c")
        return msgspec.structs.replace(search, carried=carried)

    @property
    def _known(self) -> bool:
        """Whether only what had been learned by the label's time counts."""
        return self.timed and self._view.as_known and bool(self._view.created)

    def _on(self, history: str, other: str) -> list[exp.Expr]:
        pairs = zip(self._view.keys, self._keys, strict=True)
        return [_equal(pair.view, history, key, other) for pair, key in pairs]

    def _columns(self, table: str) -> list[exp.Expr]:
        view = self._view
        columns = self._history_keys(table)
        time = build.column(view.event_time, table) if view.event_time else exp.true()
        picks = dict.fromkeys(pick.feature for pick in view.picks)
        features = [build.named(build.column(f, table), f"__f_{f}") for f in picks]
        return [*columns, build.named(time, "__e"), *features]

    def _history_keys(self, table: str = "") -> list[exp.Expr]:
        pairs = zip(self._view.keys, self._keys, strict=True)
        return [build.named(build.column(pair.view, table), key) for pair, key in pairs]

    def _instants(self) -> str:
        """Return the CTE that names each question's row: keys, t, `__e` and, if any, `__c`."""
        at = self._cte("__at", self._event_times())
        return self._cte("__learned", self._created(at)) if self._view.created else at

    def _cte(self, kind: str, query: exp.Select) -> str:
        """Return the name of a CTE; one that is there already is used again."""
        alike = (name for name in self._ctes if name.startswith(f"{kind}_"))
        numbered = list(alike)
        for name in numbered:
            if self._ctes[name] == query:
                return name
        self._ctes[f"{kind}_{len(numbered)}"] = query
        return f"{kind}_{len(numbered)}"

    def _spine(self) -> str:
        columns = [build.column(name) for name in (*self._keys, TIME)]
        present = build.every(build.is_not_null(column.copy()) for column in columns)
        query = exp.select(*columns).distinct().from_(build.table(_LABEL)).where(present)
        return self._cte("__spine", query)

    def _event_times(self) -> exp.Select:
        view = self._view
        if not self.timed:
            newest = build.named(exp.Max(this=build.column(view.event_time)), "__e")
            rows = exp.select(*self._history_keys(), newest).from_(build.reference(view.searched))
            return rows.group_by(*(build.column(pair.view) for pair in view.keys))
        return search_query(self.instants(self._spine()), self._shape)

    def instants(self, questions: str, value: str = "__e") -> Search:
        """Return the search for the event time of the row that wins, to be named `value`."""
        view = self._view
        event_time = build.column(view.event_time)
        rows = exp.select(*self._history_keys(), build.named(event_time, value))
        rows = rows.from_(build.reference(view.searched))
        position, earlier = value, view.lag + self._delay
        if self._known:
            position, created = "__u", build.column(view.created)
            visible = exp.Greatest(this=event_time.copy(), expressions=[created], ignore_nulls=True)
            rows = rows.select(build.named(visible, position))
            rows = rows.where(build.is_not_null(created.copy()))
        return msgspec.structs.replace(
            self._search(questions, rows, position, earlier), value=value
        )

    @property
    def _delay(self) -> int:
        return self._view.delay if self._view.as_known and not self._known else 0

    def _search(self, questions: str, rows: exp.Select, position: str, earlier: int) -> Search:
        return Search(
            questions=questions,
            keys=self._keys,
            earlier=earlier,
            inclusive=self._view.boundary == "inclusive",
            rows=rows,
            position=position,
            value="__e",
        )

    def _created(self, at: str) -> exp.Select:
        """Return the instants with the created of the row that wins: the last that counts."""
        view = self._view
        created = build.column(view.created, "h")
        on = [*self._on("h", "a"), _equal(view.event_time, "h", "__e", "a")]
        if self._known:
            on.append(before(created.copy(), TIME, "a", view.lag, view.boundary == "inclusive"))
        names = [*self._keys, *([TIME] if self.timed else []), "__e"]
        own = [build.column(name, "a") for name in names]
        return (
            exp.select(*own, build.named(exp.Max(this=created), "__c"))
            .from_(build.table(at, alias="a"))
            .join(build.reference(view.searched, "h"), on=build.every(on), join_type="INNER")
            .group_by(*(column.copy() for column in own))
        )


def _oldest(view: ViewPlan) -> exp.Expr:
    """Return the first time that is not too old, where the view has a ttl."""
    age = build.seconds(view.lag + (view.ttl or 0))
    return exp.Sub(this=build.column(TIME, _LABEL), expression=age)


def _output(plan: Plan, index: int) -> exp.Expr:
    column = plan.output[index]
    if column.role != "feature":
        return build.named(build.column(f"__c{index}", _LABEL), column.name)
    number, view, pick = next(_picked(plan, column.name))
    return build.named(_answer(plan, view, pick, f"v{number}"), column.name)


def _picked(plan: Plan, column: str) -> Iterator[tuple[int, ViewPlan, Pick]]:
    for number, view in enumerate(plan.views):
        for pick in view.picks:
            if pick.column == column:
                yield number, view, pick


def _answer(plan: Plan, view: ViewPlan, pick: Pick, table: str) -> exp.Expr:
    """Return the winner's value, even when it is null; without a winner the default."""
    event_time = build.column("__e", table)
    won = build.is_not_null(event_time)
    if view.ttl is not None and plan.timestamp and view.event_time:
        won = exp.and_(won, exp.GTE(this=event_time.copy(), expression=_oldest(view)))
    value = build.column(f"__f_{pick.feature}", table)
    default = literal(pick.default, known_type(pick.type))
    return exp.Case(ifs=[exp.If(this=won, true=value)], default=default)
