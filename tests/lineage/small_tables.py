"""Two tables with few rows and few values, so that changes to any column are soon seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

import pyarrow as pa

_ROWS = 9


def small_tables(seed: int) -> dict[str, pa.Table]:
    """Make the tables that random queries read."""
    random = Random(seed)
    struct = pa.struct([("f", pa.int32()), ("g", pa.int32())])
    kinds: dict[str, tuple[pa.DataType, Callable[[], object]]] = {
        "number": (pa.int32(), lambda: random.choice((None, 0, 0, 1, 1, 2, 2, 3, 3))),
        "text": (pa.string(), lambda: "x" * random.randrange(4)),
        "list": (pa.list_(pa.int32()), lambda: _numbers(random, random.randrange(3))),
        "day": (pa.date32(), lambda: date(2020 + random.randrange(3), 1, 1 + random.randrange(5))),
        "struct": (struct, lambda: dict(zip("fg", _numbers(random, 2), strict=True))),
    }
    number = dict.fromkeys("kabxy", "number")
    t = {**{name: number[name] for name in "kab"}, "s": "text", "l": "list", "d": "day"}
    u = {**{name: number[name] for name in "kxya"}, "q": "text", "e": "day", "m": "struct"}

    def table(columns: dict[str, str]) -> pa.Table:
        arrays = {}
        for name, word in columns.items():
            kind, value = kinds[word]
            arrays[name] = pa.array([value() for _ in range(_ROWS)], kind)
        return pa.table(arrays)

    return {"source.raw.t": table({**t, "p": "struct"}), "source.raw.u": table(u)}


def _numbers(random: Random, count: int) -> list[int]:
    return [random.randrange(4) for _ in range(count)]
