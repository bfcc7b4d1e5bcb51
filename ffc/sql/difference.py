"""What changed between two snapshots of a view's newest rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from ffc.core.types import Type
from ffc.sql import build

TIMES = ("__event_time", "__created")


def difference(
    new: exp.Table | exp.Subquery,
    old: exp.Table | None,
    keys: Mapping[str, Type],
    values: Sequence[str],
) -> exp.Select:
    """Return the rows that are new, changed or gone, about in the order of their encoded keys.

    Columns: the keys; `__gone`; TIMES and `values` of the new row; TIMES of the old one as
    `__old_event_time`, `__old_created` and whether there was one as `__known`. Keys are never null
    and unique in each snapshot, so that the same snapshots always give the same rows in the same
    order.
    """
    fresh = exp.alias_(new.copy(), build.name("n"), table=True)
    carried = [build.column(name, "n") for name in (*TIMES, *values)]
    if old is None:
        nothing = exp.cast(exp.Null(), exp.DataType(this=exp.DType.TIMESTAMP))
        return (
            exp.select(
                *(build.column(key, "n") for key in keys),
                build.named(exp.false(), "__gone"),
                *carried,
                *(build.named(nothing.copy(), f"__old{name[1:]}") for name in TIMES),
                build.named(exp.false(), "__known"),
            )
            .from_(fresh)
            .order_by(*_encoded_order({k: build.column(k, "n") for k in keys}, keys))
        )
    joined = [exp.EQ(this=build.column(k, "n"), expression=build.column(k, "o")) for k in keys]
    first = next(iter(keys))
    gone = exp.Is(this=build.column(first, "n"), expression=exp.Null())
    known = build.is_not_null(build.column(first, "o"))
    changed = [build.differs(build.column(c, "n"), build.column(c, "o")) for c in (*TIMES, *values)]
    either: dict[str, exp.Expr] = {
        k: exp.Coalesce(this=build.column(k, "n"), expressions=[build.column(k, "o")]) for k in keys
    }
    return (
        exp.select(
            *(build.named(value.copy(), key) for key, value in either.items()),
            build.named(gone, "__gone"),
            *carried,
            *(build.named(build.column(name, "o"), f"__old{name[1:]}") for name in TIMES),
            build.named(known, "__known"),
        )
        .from_(fresh)
        .join(
            exp.alias_(old.copy(), build.name("o"), table=True),
            on=build.every(joined),
            join_type="FULL OUTER",
        )
        .where(exp.or_(gone.copy(), exp.Not(this=known.copy()), *changed))
        .order_by(*_encoded_order(either, keys))
    )


def _encoded_order(values: Mapping[str, exp.Expr], kinds: Mapping[str, Type]) -> list[exp.Expr]:
    """Return the order of keys as bytes, in which a text's length goes before it.

    A store that sorts its keys takes rows in this order many times as fast as in another.
    """
    found: list[exp.Expr] = []
    for name, value in values.items():
        if kinds[name].name == "string":
            found.append(exp.Length(this=value.copy()))
        found.append(value.copy())
    return found


def in_order(changes: exp.Table, keys: Mapping[str, Type]) -> exp.Select:
    """Return the rows of a difference that was kept as a table, in the order that it had."""
    columns = {key: build.column(key) for key in keys}
    return exp.select("*").from_(changes.copy()).order_by(*_encoded_order(columns, keys))


def advanced(
    old: exp.Table,
    changes: exp.Table,
    new: exp.Table,
    keys: Iterable[str],
    values: Sequence[str],
) -> tuple[exp.Select, exp.Delete, exp.Insert, exp.Alter]:
    """Return the rows of a snapshot by the one before and what changed; and how that becomes it.

    The statements delete, insert and rename: they are one transaction, or the query is a new table.
    """
    names = [*keys, *TIMES, *values]
    columns = [build.column(name) for name in names]
    kept = exp.Not(this=_changed(changes, list(keys)))
    present = exp.Not(this=build.column("__gone"))
    arriving = exp.select(*columns).from_(changes.copy()).where(present)
    staying = exp.select(*(c.copy() for c in columns)).from_(_as_old(old)).where(kept)
    both = exp.union(staying, arriving.copy(), distinct=False)
    whole = exp.select("*").from_(both.subquery(build.name("rows")))
    delete = exp.Delete(this=_as_old(old), where=exp.Where(this=kept.this.copy()))
    target = exp.Schema(this=old.copy(), expressions=[build.name(name) for name in names])
    insert = exp.Insert(this=target, expression=arriving)
    renamed = exp.AlterRename(this=exp.Table(this=build.name(new.name)))
    rename = exp.Alter(this=old.copy(), kind="TABLE", actions=[renamed])
    return whole, delete, insert, rename


def _as_old(old: exp.Table) -> exp.Expr:
    return exp.alias_(old.copy(), build.name("o"), table=True)


def _changed(changes: exp.Table, keys: Sequence[str]) -> exp.Exists:
    """Return the condition that a row of the old snapshot is among what changed."""
    same = [exp.EQ(this=build.column(k, "c"), expression=build.column(k, "o")) for k in keys]
    found = exp.alias_(changes.copy(), build.name("c"), table=True)
    one = exp.select(exp.Literal.number(1)).from_(found).where(build.every(same))
    return exp.Exists(this=one)
