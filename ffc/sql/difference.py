"""What changed between two snapshots of a view's newest rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ffc.sql import build

TIMES = ("__event_time", "__created")


def difference(
    new: exp.Table, old: exp.Table | None, keys: Sequence[str], values: Sequence[str]
) -> exp.Select:
    """Return the rows that are new, changed or gone.

    Columns: the keys; `__gone`; TIMES and `values` of the new row; TIMES of the old one as
    `__old_event_time`, `__old_created` and whether there was one as `__known`. Keys are never null
    and unique in each snapshot.
    """
    fresh = exp.alias_(new.copy(), build.name("n"), table=True)
    carried = [build.column(name, "n") for name in (*TIMES, *values)]
    if old is None:
        nothing = exp.cast(exp.Null(), exp.DataType(this=exp.DType.TIMESTAMP))
        return exp.select(
            *(build.column(key, "n") for key in keys),
            build.named(exp.false(), "__gone"),
            *carried,
            *(build.named(nothing.copy(), f"__old{name[1:]}") for name in TIMES),
            build.named(exp.false(), "__known"),
        ).from_(fresh)
    joined = [exp.EQ(this=build.column(k, "n"), expression=build.column(k, "o")) for k in keys]
    gone = exp.Is(this=build.column(keys[0], "n"), expression=exp.Null())
    known = build.is_not_null(build.column(keys[0], "o"))
    changed = [build.differs(build.column(c, "n"), build.column(c, "o")) for c in (*TIMES, *values)]
    either = [
        exp.Coalesce(this=build.column(k, "n"), expressions=[build.column(k, "o")]) for k in keys
    ]
    return (
        exp.select(
            *(build.named(value, key) for key, value in zip(keys, either, strict=True)),
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
    )
