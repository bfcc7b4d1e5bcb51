"""What the training-set benchmark asks of whom: data of several shapes, a project, SQL by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many tables, rows in each, labels, features of each table, and keys there are."""

    tables: int
    rows: int
    labels: int
    features: int
    keys: int

    @property
    def values(self) -> list[str]:
        return [f"h{n}.f{f} as v{n}_{f}" for n in range(self.tables) for f in range(self.features)]

    @property
    def columns(self) -> list[str]:
        return [f"v{n}_{f}" for n in range(self.tables) for f in range(self.features)]


SHAPES: Final = {
    "S": Shape(tables=10, rows=100_000, labels=10_000, features=1, keys=10_000),
    "M": Shape(tables=10, rows=1_000_000, labels=1_000_000, features=3, keys=100_000),
    "H": Shape(tables=3, rows=300_000, labels=300_000, features=1, keys=300),
    **{
        f"K{keys}": Shape(tables=3, rows=300_000, labels=300_000, features=1, keys=keys)
        for keys in (30_000, 10_000, 1_000, 100, 10)
    },
}

YEAR: Final = 365 * 86_400 * 1_000_000
FIRST: Final = 1_704_067_200_000_000


def write_project(folder: Path, shape: Shape) -> None:
    """Write a project and its Parquet files: keys and times at random, two rows in 100 tied."""
    data = folder / "data"
    data.mkdir()
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select (hash(i * 7 + 1) % {shape.keys})::bigint as k, make_timestamp("
            f"{FIRST} + (hash(i + 1000000000000) % {YEAR})::bigint) as t, i % 2 = 0 as y "
            f"from range({shape.labels}) r(i)) to '{data / 'label.parquet'}'"
        )
        fresh = shape.rows * 98 // 100
        for n in range(shape.tables):
            values = ", ".join(
                f"(hash(i * {31 + f} + {n}) % 1000000) / 1000.0 as f{f}"
                for f in range(shape.features)
            )
            connection.execute(
                f"copy (select (hash(b * 13 + {n}000000000) % {shape.keys})::bigint as k, "
                f"make_timestamp({FIRST} + (hash(b + {n + 1}0000000000) % {YEAR})::bigint) as e, "
                f"{values} from (select i, i % {fresh} as b from range({shape.rows}) r(i))) "
                f"to '{data / f'raw_{n}.parquet'}'"
            )
    for name, text in _texts(shape):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def _texts(shape: Shape) -> Iterator[tuple[str, str]]:
    yield "ffc.yml", "name: bench\nversion: 1\nprofile: bench\n"
    yield (
        "profiles.yml",
        "bench:\n  target: dev\n  outputs:\n    dev:\n      schema: dev\n"
        "      offline: {type: duckdb, path: .ffc/bench.duckdb}\n",
    )
    features = [f"f{f}" for f in range(shape.features)]
    columns = ["k: int64", "e: timestamp", *(f"{name}: float64" for name in features)]
    tables = {f"raw_{n}": columns for n in range(shape.tables)}
    tables["label"] = ["k: int64", "t: timestamp", "y: bool"]
    declared = [
        f"      - {{name: {table}, file: data/{table}.parquet, columns: ["
        + ", ".join("{{name: {}, type: {}}}".format(*each.split(": ")) for each in own)
        + "]}\n"
        for table, own in tables.items()
    ]
    yield "sources/raw.yml", "sources:\n  - name: raw\n    tables:\n" + "".join(declared)
    listed = ", ".join(f"{{name: {name}, type: float64}}" for name in features)
    views = "".join(
        f"  - {{name: v{n}, entity: customer, source: \"source('raw', 'raw_{n}')\", "
        f"timestamp: e, features: [{listed}]}}\n"
        for n in range(shape.tables)
    )
    yield (
        "features/all.yml",
        "entities:\n  - {name: customer, keys: [{name: k, type: int64}]}\n"
        f"feature_views:\n{views}labels:\n  - {{name: y, source: \"source('raw', 'label')\", "
        "entities: {customer: k}, timestamp: t, column: y}\n",
    )
    picks = "".join(f"      - v{n}.*\n" for n in range(shape.tables))
    yield (
        "training_sets/all.yml",
        f"training_sets:\n  - name: ts\n    label: y\n    features:\n{picks}",
    )


def joined(shape: Shape, join: str, rows: str, also: str = "") -> str:
    """Return the label joined with each history in turn."""
    joins = "\n".join(
        f"{join} ({rows.format(h=f'h{n}')}) h{n} on h{n}.k = l.k and h{n}.e < l.t"
        + also.format(h=f"h{n}")
        for n in range(shape.tables)
    )
    return f"select l.k, l.t, {', '.join(shape.values)}, l.y from label l\n{joins}"


def by_asof(shape: Shape) -> str:
    """Chain ASOF joins of whole rows."""
    return joined(shape, "asof left join", "from {h}")


def by_ranges(shape: Shape) -> str:
    """Find where each row stops to count, and join on that."""
    until = "select *, lead(e, 1, 'infinity') over (partition by k order by e) as z from {h}"
    return joined(shape, "left join", until, " and {h}.z >= l.t")


def by_row_ids(shape: Shape) -> str:
    """Let row id, key and time through each ASOF join, then join by row id."""
    return _by_id(shape, "asof join h{n} on h{n}.k = l.k and h{n}.e < l.t", "from l", "")


def by_pairs(shape: Shape) -> str:
    """Take the greatest of all pairs of a label and an earlier row."""
    row = ", ".join(f"f{f} := h{{n}}.f{f}" for f in range(shape.features))
    join = "join h{n} on h{n}.k = l.k and h{n}.e < l.t group by l.r"
    return _by_id(shape, join, "from l", f"max_by(struct_pack({row}), h{{n}}.e) as s")


def by_folded_keys(shape: Shape) -> str:
    """Fold key and time, less the first, into one integer: as wide as these data allow."""
    folded = f"(k << 45) + (epoch_us({{}}) - {FIRST})"
    row = ", ".join(f"f{f} := f{f}" for f in range(shape.features))
    join = (
        f"asof join (select {folded.format('e')} as q, k, struct_pack({row}) as s from h{{n}}) h{{n}}"
        " on h{n}.q < l.q"
    )
    label = f"from (select *, {folded.format('t')} as q from l) l"
    return _by_id(shape, join, label, "case when h{n}.k = l.k then h{n}.s end as s")


def _by_id(shape: Shape, join: str, label: str, struct: str) -> str:
    ctes = ["l as materialized (select k, t, y, r from label)"]
    for n in range(shape.tables):
        plain = ", ".join(f"h{n}.f{f}" for f in range(shape.features))
        columns = (struct or plain).format(n=n)
        ctes.append(f"a{n} as (select l.r, {columns} {label} {join.format(n=n)})")
    inner = "a{n}.s.f{f} as v{n}_{f}" if struct else "a{n}.f{f} as v{n}_{f}"
    values = [inner.format(n=n, f=f) for n in range(shape.tables) for f in range(shape.features)]
    joins = "\n".join(f"left join a{n} on a{n}.r = l.r" for n in range(shape.tables))
    return f"with {', '.join(ctes)}\nselect l.k, l.t, {', '.join(values)}, l.y from l\n{joins}"


def by_positions(shape: Shape) -> str:
    """Put each ASOF join's rows in the label's order, side by side."""
    values = [
        "(select "
        + ", ".join(f"h{n}.f{f} as v{n}_{f}" for f in range(shape.features))
        + f" from (select r, k, t from label) l asof left join h{n} "
        f"on h{n}.k = l.k and h{n}.e < l.t order by l.r) a{n}"
        for n in range(shape.tables)
    ]
    joins = "\n".join(f"positional join {value}" for value in values)
    return f"select l.k, l.t, {', '.join(shape.columns)}, l.y from label l\n{joins}"


def by_deduplicating(shape: Shape) -> str:
    """Chain ASOF joins of raw rows, of which one of each tie is kept first."""
    order = ", ".join(f"f{f} desc nulls last" for f in range(shape.features))
    first = f"from {{h}} qualify row_number() over (partition by k, e order by {order}) = 1"
    return joined(shape, "asof left join", first)


HAND: Final[dict[str, Callable[[Shape], str]]] = {
    "asof": by_asof,
    "ranges": by_ranges,
    "row ids": by_row_ids,
    "pairs": by_pairs,
    "folded": by_folded_keys,
    "positions": by_positions,
}
